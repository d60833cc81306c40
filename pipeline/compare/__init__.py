# SPDX-License-Identifier: GPL-2.0-only
"""What was built beside what rustc makes of the same crate: every difference, with its reason."""
