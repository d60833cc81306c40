# SPDX-License-Identifier: GPL-2.0-only
"""Rust to C by rustc's front end: its intermediate representation, read as text and written as C."""
