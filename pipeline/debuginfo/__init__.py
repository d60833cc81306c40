# SPDX-License-Identifier: GPL-2.0-only
"""Types, functions and variables of an object, as its DWARF debug information describes them."""
