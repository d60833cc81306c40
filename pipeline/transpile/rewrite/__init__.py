# SPDX-License-Identifier: GPL-2.0-only
"""What mrustc reads wrongly in a source, written otherwise in the copy that it gets."""
