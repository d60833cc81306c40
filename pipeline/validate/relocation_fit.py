# SPDX-License-Identifier: GPL-2.0-only
"""Numbers in bit fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.toolchains.model import RelocationRule


def wrapped(value: int, bits: int) -> int:
    """Return ``value`` as a signed number of ``bits`` bits holds it."""
    half = 1 << (bits - 1)
    return (value + half) % (1 << bits) - half


def low_bits(rule: RelocationRule, value: int) -> bool:
    """Say whether the low bits, which the field has no room for, are zero."""
    return not value & (1 << rule.shift) - 1


def fits(rule: RelocationRule, value: int, address_bits: int, bits: int = 0) -> bool:
    """Say whether ``value`` (in bytes, signed) fits the field, or one of ``bits`` bits instead."""
    bits = bits or rule.bits
    if not bits:
        return True
    number, half = value >> rule.shift, 1 << (bits - 1)
    if rule.sign == "unsigned":
        return value % (1 << address_bits) >> rule.shift < 2 * half
    lowest = -2 * half if rule.sign == "negative" else -half
    highest = {"signed": half, "either": 2 * half, "negative": 0}[rule.sign]
    return lowest <= number < highest
