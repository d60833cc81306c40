# SPDX-License-Identifier: GPL-2.0-only
"""The user's Cargo package: manifest, path dependencies, source files."""
