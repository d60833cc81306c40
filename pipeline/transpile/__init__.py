# SPDX-License-Identifier: GPL-2.0-only
"""Rust to C with mrustc: target file, library, crates."""
