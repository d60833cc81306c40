# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree: source, configuration, flags, exported symbols, modpost."""
