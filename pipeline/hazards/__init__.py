# SPDX-License-Identifier: GPL-2.0-only
"""What mrustc is known to get wrong, as data, and a run of it against the mrustc at hand."""
