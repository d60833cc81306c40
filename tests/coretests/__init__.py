# SPDX-License-Identifier: GPL-2.0-only
"""The tests of Rust's own ``core``, through each transpiler."""
