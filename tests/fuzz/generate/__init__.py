# SPDX-License-Identifier: GPL-2.0-only
"""Random Rust programs: valid, deterministic, ending, and independent of width and byte order."""
