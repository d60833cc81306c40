# SPDX-License-Identifier: GPL-2.0-only
"""The kernel gives this module the symbols that it asks for, by licence and namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.validate.checks import Check

CHECKS: dict[str, Check] = {}
