# SPDX-License-Identifier: GPL-2.0-only
"""The sections are such as the kernel's module loader lays out and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.validate.checks import Check

CHECKS: dict[str, Check] = {}
