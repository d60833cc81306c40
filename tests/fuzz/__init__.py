# SPDX-License-Identifier: GPL-2.0-only
"""Programs that look for inputs that Ferric does not bear with; a short run of each is a test."""
