# SPDX-License-Identifier: GPL-2.0-only
"""Architectures as data: `toolchains.yaml`, the GCC that is found for each, and what it answers."""
