# SPDX-License-Identifier: GPL-2.0-only
"""A crate as C and a Makefile: what builds its module needs a kernel tree and GCC, and no Rust."""
