# SPDX-License-Identifier: GPL-2.0-only
"""Code that must not be there, and code that somebody has to know of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.validate.checks import Check

CHECKS: dict[str, Check] = {}
