# SPDX-License-Identifier: GPL-2.0-only
"""rustc as the witness of a crate's checks: where each is, and whether its value is ever used."""
