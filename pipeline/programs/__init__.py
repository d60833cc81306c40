# SPDX-License-Identifier: GPL-2.0-only
"""Objects as programs: linked with nothing but system calls, and run under emulation."""
