# SPDX-License-Identifier: GPL-2.0-only
"""Rust's meaning put back into mrustc's C, between transpiling and compiling (docs/repair.md)."""
