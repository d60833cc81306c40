# SPDX-License-Identifier: GPL-2.0-only
"""Findings and build results as one JSON document, and its views."""
