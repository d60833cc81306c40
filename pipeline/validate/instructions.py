# SPDX-License-Identifier: GPL-2.0-only
"""No floating-point or vector instruction outside the places where the kernel allows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.validate.checks import Check

CHECKS: dict[str, Check] = {}
