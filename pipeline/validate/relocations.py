# SPDX-License-Identifier: GPL-2.0-only
"""Only relocations that the kernel's module loader applies, and that reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.validate.checks import Check

CHECKS: dict[str, Check] = {}
