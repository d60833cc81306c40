# SPDX-License-Identifier: GPL-2.0-only
"""The gate: rustc's type and borrow checker, which mrustc has not."""
