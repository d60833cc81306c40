# SPDX-License-Identifier: GPL-2.0-only
"""What of Rust's library is another text for mrustc, by crate and architecture."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.toolchains.load import load
from pipeline.transpile.mends import changed, concerned, mends

CPUS = "stdarch/crates/core_arch/src/mod.rs"
MODULES = """\
pub mod arch {
    #[cfg(any(target_arch = "s390x", doc))]
    pub mod s390x {}
}
#[cfg(any(target_arch = "s390x", doc))]
mod s390x;
"""


@pytest.mark.parametrize("arch", sorted({load()[name].rust_arch for name in load()} - {"s390x"}))
def test_the_library_is_the_same_for_all_but_one_architecture(arch: str) -> None:
    """So are the keys of what is cached of it."""
    assert concerned("core", arch) == mends()
    assert concerned("alloc", arch) == {}


def test_a_module_of_one_cpu_that_mrustc_cannot_read_is_left_out() -> None:
    found = concerned("core", "s390x")
    assert {name: edits for name, edits in found.items() if name != CPUS} == mends()
    assert concerned("alloc", "s390x") == {}
    text = changed(MODULES, found[CPUS], Path(CPUS))
    assert text.count("#[cfg(any())]") == 2
    assert "target_arch" not in text
