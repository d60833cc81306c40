# SPDX-License-Identifier: GPL-2.0-only
"""What the module says of itself is complete and fits the kernel that is to load it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.validate.checks import Check

CHECKS: dict[str, Check] = {}
