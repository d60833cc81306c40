# SPDX-License-Identifier: GPL-2.0-only
"""Ferric: Rust kernel modules through C for the architectures that only GCC reaches."""
