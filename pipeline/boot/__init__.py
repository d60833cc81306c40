# SPDX-License-Identifier: GPL-2.0-only
"""Kernels booted under QEMU: what is loaded into them, and what their console says of it."""
