# SPDX-License-Identifier: GPL-2.0-only
"""Types that cross between languages have the layout that the kernel's C gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.validate.checks import Check

CHECKS: dict[str, Check] = {}
