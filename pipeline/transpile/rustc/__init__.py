# SPDX-License-Identifier: GPL-2.0-only
"""Rust to C by rustc's front end: its representation, read as text, written as C."""
