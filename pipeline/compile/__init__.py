# SPDX-License-Identifier: GPL-2.0-only
"""C to an object with the kernel's GCC and the kernel's flags."""
