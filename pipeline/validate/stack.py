# SPDX-License-Identifier: GPL-2.0-only
"""What every function and every chain of calls takes of the kernel's stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.validate.checks import Check

CHECKS: dict[str, Check] = {}
