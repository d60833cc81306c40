# SPDX-License-Identifier: GPL-2.0-only
"""Claims about an object, each proved from its bytes."""
