# SPDX-License-Identifier: GPL-2.0-only
"""Constants that mrustc computes: held against a second computation, put right or refused."""
