# SPDX-License-Identifier: GPL-2.0-only
"""mrustc, repaired, has the faults that the catalogue leaves; rustc's front end has none."""

from __future__ import annotations

import functools
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.hazards.catalogue import catalogue, program
from pipeline.hazards.measure import behaviour, expected, measure
from pipeline.programs.emulated import emulator
from pipeline.programs.many import one_crate, run_each
from pipeline.programs.small import PANIC_STATUS, Ran, emulated, native, write_crate
from pipeline.stages import Options, Outputs, run_check
from pipeline.target import resolve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.target import Target
    from pipeline.toolchains.find import Toolchain
    from pipeline.transpile.choice import Transpiler
    from pipeline.transpile.mrustc import Mrustc
    from pipeline.transpile.rust_src import RustSource


# Asking for byte order, in a crate that has floats in constants, is refused.
ALONE = ("ne-bytes-const", "transmute-const")
ARCHES = ("m68k", "parisc", "sh", "alpha", "x86_64")
# The other kernels, and so their flags, have no floating point, for which a libgcc would do.
WITH_FLOATS = ("m68k",)
FLOAT = re.compile(r"\bf(32|64)\b|(?<!-)\b\d+\.\d")


@dataclass(frozen=True)
class Together:
    """A crate in ``folder`` that has all programs of ``names``, and how each ends natively."""

    folder: Path
    names: tuple[str, ...]
    expected: tuple[Ran, ...]


@pytest.fixture(scope="module", autouse=True)
def tools(rustc: Path, toolchain_of: Callable[[str], Toolchain]) -> None:
    """Skip where the reference, the compiler or the emulator is absent."""
    toolchain_of("m68k")
    if shutil.which("qemu-m68k") is None:
        pytest.skip("qemu-m68k is not installed")


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Together]:
    """Return the maker of a crate, for an architecture, of the programs that mrustc can build."""
    folder = tmp_path_factory.mktemp("hazards")

    @functools.cache
    def make(floats: bool) -> Together:
        texts = {
            name: program(name)
            for name, one in catalogue().items()
            if "stops" not in (one.mrustc, one.guarded) and name not in ALONE
        }
        texts = {name: text for name, text in texts.items() if floats or not FLOAT.search(text)}
        return all_of(texts, folder / ("floats" if floats else "integers"))

    return lambda arch: make(arch in WITH_FLOATS)


def all_of(texts: dict[str, str], folder: Path) -> Together:
    """Return one crate of all programs, with what each does natively."""
    bodies = [text.replace("fn program(", "pub fn program(") for text in texts.values()]
    crate = write_crate(folder / "crate", one_crate(bodies, out=True))
    built = native(crate, folder / "native")
    assert built.kind == "ran", built.why
    ends = run_each([], folder / "native" / "program", range(len(texts)))
    assert {one.status for one in ends} == {0, PANIC_STATUS}
    return Together(folder, tuple(texts), tuple(ends))


def behaviours(together: Together, transpiler: Transpiler, target: Target) -> dict[str, str]:
    """Return what each program does through a transpiler, held against the native one."""
    arch = target.arch.name
    out = together.folder / transpiler / arch
    built = emulated(together.folder / "crate", arch, transpiler, out, target=target)
    assert built.kind == "ran", built.why
    ran = run_each(emulator(target), out / "program", range(len(together.names)))
    pairs = zip(together.names, ran, together.expected, strict=True)
    return {name: behaviour(ours, theirs) for name, ours, theirs in pairs}


def runnable(arch: str, transpiler: Transpiler, toolchain_of: Callable[[str], Toolchain]) -> Target:
    """Return the target of an architecture; skip where its GCC or its emulator is absent."""
    toolchain_of(arch)
    target = resolve(arch, "none", transpiler)
    try:
        emulator(target)
    except UserError as error:
        pytest.skip(str(error))
    return target


@pytest.mark.parametrize("arch", ARCHES)
def test_mrustc_is_as_the_catalogue_says(
    arch: str,
    together: Callable[[str], Together],
    mrustc: Mrustc,
    rust_source: RustSource,
    toolchain_of: Callable[[str], Toolchain],
) -> None:
    measured = {one for entry in catalogue().values() for one in entry.versions}
    if not mrustc.banner.startswith(tuple(f"mrustc v{one}" for one in measured)):
        pytest.skip(f"{mrustc.banner} is none of the versions measured")
    target = runnable(arch, "mrustc", toolchain_of)
    programs = together(arch)
    wanted = {name: expected(catalogue()[name], target) for name in programs.names}
    assert behaviours(programs, "mrustc", target) == wanted
    assert list(wanted.values()).count("wrong") > 10


@pytest.mark.parametrize("name", [*ALONE, "const-match"])
def test_a_constant_is_right_or_refused(
    name: str, mrustc: Mrustc, rust_source: RustSource, tmp_path: Path
) -> None:
    target = resolve("m68k", "none", "mrustc")
    found = measure(name, catalogue()[name], target, str(rust_source.library), tmp_path)
    assert found.behaviour == found.expected, found
    assert "::NUMBERS wrongly" in found.ours.why or name in ALONE


def test_what_is_folded_wrongly_is_refused(
    mrustc: Mrustc, rust_source: RustSource, tmp_path: Path
) -> None:
    target = resolve("m68k", "none", "mrustc")
    entry = catalogue()["folded-float"]
    found = measure("folded-float", entry, target, str(rust_source.library), tmp_path)
    assert found.known, found
    assert "is not rounded to f32 before" in found.ours.why


@pytest.mark.parametrize(
    ("name", "what"), [("type-name-shown", "type_name"), ("vector-negated", "simd_neg")]
)
def test_what_has_no_right_c_is_refused_where_it_is_reached(
    name: str, what: str, mrustc: Mrustc, rust_source: RustSource, tmp_path: Path
) -> None:
    target = resolve("m68k", "none", "mrustc")
    found = measure(name, catalogue()[name], target, str(rust_source.library), tmp_path)
    assert found.known, found
    assert found.ours.kind == "refused"
    assert f"for what the crate reaches: {what}\n" in found.ours.why


def test_a_call_that_rust_runs_is_run(
    mrustc: Mrustc, rust_source: RustSource, tmp_path: Path
) -> None:
    target = resolve("m68k", "none", "mrustc")
    entry = catalogue()["promoted-call"]
    found = measure("promoted-call", entry, target, str(rust_source.library), tmp_path)
    assert (found.behaviour, found.known) == ("right", True), found


def test_one_that_mrustc_cannot_build(
    mrustc: Mrustc, rust_source: RustSource, tmp_path: Path
) -> None:
    entry = catalogue()["panic-location"]
    target = resolve("m68k", "none", "mrustc")
    found = measure("panic-location", entry, target, str(rust_source.library), tmp_path)
    assert (found.expected, found.known) == ("stops", True), found


@pytest.mark.parametrize("arch", ARCHES)
def test_rustc_has_none_of_the_faults(
    arch: str, together: Callable[[str], Together], toolchain_of: Callable[[str], Toolchain]
) -> None:
    target = runnable(arch, "rustc", toolchain_of)
    found = behaviours(together(arch), "rustc", target)
    assert {name: one for name, one in found.items() if one != "right"} == {}


@pytest.mark.parametrize(
    "statement", ["let _ = { Guard(1) };", "_ = { Guard(1) };", "lose!(Guard(1));"]
)
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


def test_what_a_call_returns_and_a_literal_is_dropped(tmp_path: Path, rustc: Path) -> None:
    crate = write_crate(
        tmp_path / "crate",
        "use core::fmt::Write;\nstruct Guard(u8);\nimpl Drop for Guard { fn drop(&mut self) {} }\n"
        "fn guard() -> Guard { Guard(1) }\nfn program(out: &mut Out) {\n"
        'let _ = writeln!(out, "x");\nlet _ = core::hint::black_box(5);\n'
        "let _ = guard();\n_ =\nguard();\nlet _ = Guard(2);\n_ = [Guard(3)];\n}\n",
    )
    for gate in ("auto", "off"):
        options = Options(crate, "m68k", tmp_path / gate, kernel="none", gate=gate)
        run_check(
            options, resolve("m68k", "none", "mrustc"), load_crate(crate), Outputs(options.out, "p")
        )


@pytest.mark.parametrize(
    "name",
    [n for n, one in catalogue().items() if (one.ferric, one.by) == ("refused", "gate")],
)
def test_rustc_sees_what_mrustc_would_drop_otherwise(
    name: str, tmp_path: Path, mrustc: Mrustc, rust_source: RustSource
) -> None:
    crate = write_crate(tmp_path / "crate", program(name))
    options = Options(crate, "m68k", tmp_path / "out", kernel="none", gate="require")
    target = resolve("m68k", "none", "mrustc")
    with pytest.raises(UserError, match=r"mrustc") as caught:
        run_check(options, target, load_crate(crate), Outputs(options.out, "program"))
    assert "src/lib.rs" in str(caught.value)
    assert "transpiler=rustc" in caught.value.mend
