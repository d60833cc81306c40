# SPDX-License-Identifier: GPL-2.0-only
"""The mrustc at hand has the faults of the catalogue, and rustc's front end has none of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.hazards.catalogue import catalogue, program
from pipeline.hazards.measure import measure
from pipeline.programs.small import emulated, native, write_crate
from pipeline.stages import Options, Outputs, run_check
from pipeline.target import resolve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.toolchains.find import Toolchain
    from pipeline.transpile.mrustc import Mrustc
    from pipeline.transpile.rust_src import RustSource

SEVERAL = ("index-slice", "let-underscore", "float-promoted", "wide-static", "drop-order")
PANICS = ("index_array", "index_slice", "divide_by_zero", "remainder_by_zero", "divide_overflow")


@pytest.fixture(autouse=True)
def tools(rustc: Path, toolchain_of: Callable[[str], Toolchain]) -> None:
    """Skip where the reference, the compiler or the emulator is absent."""
    toolchain_of("m68k")
    if shutil.which("qemu-m68k") is None:
        pytest.skip("qemu-m68k is not installed")


@pytest.mark.parametrize("name", SEVERAL)
def test_mrustc_is_as_the_catalogue_says(
    name: str, mrustc: Mrustc, rust_source: RustSource, tmp_path: Path
) -> None:
    entry = catalogue()[name]
    if not mrustc.banner.startswith(tuple(f"mrustc v{one}" for one in entry.versions)):
        pytest.skip(f"{mrustc.banner} is none of the versions measured")
    target = resolve("m68k", "none", "mrustc")
    found = measure(name, entry, target, str(rust_source.library), tmp_path)
    assert found.known, found


def test_rustc_has_none_of_the_faults(tmp_path: Path) -> None:
    texts = {name.replace("-", "_"): program(name) for name in catalogue()}
    # A panic ends the program: those that mean to come after all others, and one of them is run.
    last = [name for name, text in texts.items() if "black_box(0)" in text]
    names = [name for name in texts if name not in PANICS] + last[:1]
    modules = "".join(
        f"mod {name} {{ use crate::Out;\n{texts[name].replace('fn program', 'pub fn program')} }}\n"
        for name in names
    )
    calls = "".join(f"{name}::program(out);" for name in names)
    crate = write_crate(tmp_path / "crate", f"{modules}fn program(out: &mut Out) {{ {calls} }}\n")
    theirs = native(crate, tmp_path / "native")
    assert theirs.output.endswith("panic: attempt to divide by zero\n"), theirs
    assert emulated(crate, "m68k", "rustc", tmp_path / "out") == theirs


@pytest.mark.parametrize("statement", ["let _ = Guard(1);", "_ = Guard(1);", "lose!(Guard(1));"])
def test_a_destructor_that_mrustc_would_lose_is_refused(
    statement: str, tmp_path: Path, mrustc: Mrustc, rust_source: RustSource
) -> None:
    source = (
        "pub struct Guard(u32);\nimpl Drop for Guard { fn drop(&mut self) {} }\n"
        "macro_rules! lose { ($value:expr) => { let _ = $value; } }\n"
        f"fn program(_out: &mut Out) {{ {statement} }}\n"
    )
    crate = write_crate(tmp_path / "crate", source)
    for gate in ("auto", "off"):
        options = Options(crate, "m68k", tmp_path / gate, kernel="none", gate=gate)
        target = resolve("m68k", "none", "mrustc")
        outputs = Outputs(options.out, "program")
        with pytest.raises(UserError, match=r"(?s)let _ = \$value|Guard\(1\)|lib\.rs:\d+.*mrustc"):
            run_check(options, target, load_crate(crate), outputs)
    assert emulated(crate, "m68k", "rustc", tmp_path / "out").kind == "ran"


def test_a_discarded_result_is_no_destructor(tmp_path: Path, rustc: Path) -> None:
    crate = write_crate(
        tmp_path / "crate",
        "use core::fmt::Write;\nfn program(out: &mut Out) {\n"
        'let _ = writeln!(out, "x");\nlet _ = core::hint::black_box(5);\n}\n',
    )
    for gate in ("auto", "off"):
        options = Options(crate, "m68k", tmp_path / gate, kernel="none", gate=gate)
        run_check(
            options, resolve("m68k", "none", "mrustc"), load_crate(crate), Outputs(options.out, "p")
        )


@pytest.mark.parametrize(
    "name", ["drop-in-tail", "drop-before-else", "let-underscore", "underscore-assigned"]
)
def test_rustc_sees_what_mrustc_would_drop_otherwise(
    name: str, tmp_path: Path, mrustc: Mrustc, rust_source: RustSource
) -> None:
    crate = write_crate(tmp_path / "crate", program(name))
    options = Options(crate, "m68k", tmp_path / "out", kernel="none", gate="require")
    target = resolve("m68k", "none", "mrustc")
    with pytest.raises(UserError, match=r"program: mrustc (drops|does not)") as caught:
        run_check(options, target, load_crate(crate), Outputs(options.out, "program"))
    assert "src/lib.rs" in str(caught.value)
    assert "transpiler=rustc" in caught.value.mend
