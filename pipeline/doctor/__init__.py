# SPDX-License-Identifier: GPL-2.0-only
"""Which tools are here, what is missing, and where that comes from."""
