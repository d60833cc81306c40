# SPDX-License-Identifier: GPL-2.0-only
"""A small library that has coretests, for tests of what reads and builds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

_ROOT = """\
#![feature(float_odd)]
#![feature(kept)]

/// Version of `assert_matches`.
macro_rules! shared { () => {}; }

mod bool;
#[cfg(not(none))]
mod num;
"""


FLOATS = """\
use std::ops::Add;

float_test! {
    name: round,
    test {
        assert_eq!(flt(1.0).round(), 1.0);
    }
}

float_test! {
    name: abs,
    test {
        assert_eq!(flt(1.0).abs(), 1.0);
    }
}

#[test]
#[should_panic]
fn plain() {
    panic!();
}
"""


def library(folder: Path) -> Path:
    """Write a library's source with coretests, and return the folder of these."""
    for name, text in {
        "coretests/tests/lib.rs": _ROOT,
        "coretests/tests/bool.rs": "#[test]\npub fn t() {}\n",
        "coretests/tests/num/mod.rs": "mod floats;\n",
        "coretests/tests/num/floats.rs": FLOATS,
        "std/src/num/f32.rs": '#[unstable(feature = "float_odd")]\npub const fn round(self) {}\n',
        "core/src/num/f32.rs": '#[unstable(feature = "kept")]\npub const fn abs(self) {}\n',
    }.items():
        write_atomic(folder / name, text)
    return folder / "coretests/tests"
