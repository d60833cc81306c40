# SPDX-License-Identifier: GPL-2.0-only
"""A catalogue of defects: how to make each from something good, and the check that must find it."""
