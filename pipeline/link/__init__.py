# SPDX-License-Identifier: GPL-2.0-only
"""Objects to one module: only what the roots reach, nothing global but what was meant."""
