# SPDX-License-Identifier: GPL-2.0-only
"""Where mrustc runs destructors otherwise than rustc, the gate refuses the program."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.check import diagnostics
from pipeline.check.drops import lost
from pipeline.check.gate import HAZARDS, hazards
from pipeline.check.mir import FLAGS, bodies
from pipeline.check.uses import Scene, Uses
from pipeline.check.visible import Visible
from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.programs.emulated import emulator
from pipeline.programs.many import one_crate, run_each
from pipeline.programs.small import emulated, native, write_crate
from pipeline.run import run
from pipeline.stages import Options, Outputs, run_check
from pipeline.target import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.toolchains.find import Toolchain
    from pipeline.transpile.mrustc import Mrustc
    from pipeline.transpile.rust_src import RustSource

HERE = Path(__file__).parent / "destructors"
EDITION = "2021"
IN_A_CRATE = 150
HEAP = (
    "use alloc::{boxed::Box, vec::Vec, vec, rc::Rc, sync::Arc};\n"
    "use alloc::collections::{BTreeMap, VecDeque, btree_map::Entry};\n"
)
# Both take two guards, so they are refused wherever they are called; core's forms are mended.
ELSEWHERE = {"args_order", "args_block"}


def forms(name: str) -> dict[str, str]:
    parts = (HERE / name).read_text(encoding="utf-8").split("=== ")[1:]
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


@pytest.fixture(scope="module", autouse=True)
def tools(rustc: Path, toolchain_of: Callable[[str], Toolchain]) -> None:
    toolchain_of("m68k")
    if shutil.which("qemu-m68k") is None:
        pytest.skip("qemu-m68k is not installed")


def refused(crate: Path, names: list[str], rustc: Path, out: Path) -> set[str]:
    """Return the programs of a crate that the gate would refuse, by the lines that it names."""
    root = crate / "src" / "lib.rs"
    text = root.read_text(encoding="utf-8")
    begins = [
        text.count("\n", 0, one.start()) + 1
        for one in re.finditer(r"^mod p\d+ ", text, re.MULTILINE)
    ]
    base: list[str | Path] = [
        rustc,
        "--edition",
        EDITION,
        "--crate-type=lib",
        "-Cpanic=abort",
        root,
    ]
    env = {"RUSTC_BOOTSTRAP": "1"}
    lints = [word for lint in HAZARDS for word in ("--force-warn", lint)]
    shape = ["--error-format=json", "--emit=metadata"]
    said = run([*base, *lints, *shape, "-o", out / "x.rmeta"], env=env, timeout=300.0)
    assert said.exit_status == 0, said.output
    every_one, loaded = diagnostics.read(said.output), load_crate(crate)
    assert every_one
    shown = [one for lint in HAZARDS for one in hazards(loaded, every_one, lint)]
    lines = [int(n) for one in shown for n in re.findall(r"--> \S+lib\.rs:(\d+):", one.rendered)]
    done = run([*base, "--cap-lints=allow", *FLAGS, "-o", out / "x.mir"], env=env, timeout=300.0)
    assert done.exit_status == 0, done.output
    every = list(bodies((out / "x.mir").read_text(encoding="utf-8")))
    source, uses = Visible({root: text}, EDITION), Uses(every)
    for body in every:
        lines += [one.span.line for one in lost(Scene(body, source, uses)) if one.span]
    found = (
        max((i for i, begin in enumerate(begins) if begin <= line), default=-1) for line in lines
    )
    return {names[index] for index in found if index >= 0}


@pytest.mark.parametrize("file", ["forms.txt", "heap.txt"])
def test_no_form_differs_that_the_gate_lets_through(
    file: str, tmp_path: Path, rustc: Path, mrustc: Mrustc, rust_source: RustSource
) -> None:
    every, heap = list(forms(file).items()), file == "heap.txt"
    target = resolve("m68k", "none", "mrustc")
    wrong, let_through, stopped = set(), set(), set()
    for at in range(0, len(every), IN_A_CRATE):
        names = [name for name, _ in every[at : at + IN_A_CRATE]]
        folder = tmp_path / str(at)
        head = "#![allow(warnings)]\n" + HEAP * heap + (HERE / "support.rs").read_text("utf-8")
        text = head + one_crate([forms(file)[name] for name in names], out=False)
        crate = write_crate(folder / "crate", text, heap=heap, edition=EDITION)
        ran = []
        for built, command, program in (
            (native(crate, folder / "native", flags=["-Copt-level=0"]), [], folder / "native"),
            (emulated(crate, "m68k", "mrustc", folder / "ours", target=target),
             emulator(target), folder / "ours"),
        ):  # fmt: skip
            assert built.kind == "ran", built.why
            ran.append(run_each(command, program / "program", range(len(names))))
        differ = {name for name, a, b in zip(names, *ran, strict=True) if a != b}
        stopped |= refused(crate, names, rustc, folder)
        wrong |= differ
        let_through |= differ - stopped - ELSEWHERE
    assert let_through == set()
    assert len(wrong) >= (70 if file == "forms.txt" else 3)
    # What is refused and right in the run that was made is a way that the run did not take.
    assert len(stopped - wrong) < len(every) / 15


@pytest.mark.parametrize(
    "text",
    [
        "fn f(r: Result<u32, u32>) -> u32 { match r { Ok(x) => x, Err(_) => 0 } }",
        "fn f<T>(a: T, _b: T) -> T { a }\npub fn g() -> u32 { f(1, 2) }",
        "fn f<T: PartialOrd>(a: T, b: T) -> T { if a > b { a } else { b } }",
        "fn f(r: Result<G, u32>) -> u32 { match r { Ok(g) => g.0, Err(_) => 0 } }",
        "fn f(r: Option<G>) -> u32 { if let Some(g) = r { g.0 } else { 0 } }",
        "fn f(g: &G, h: &G) -> bool { g.0 == 1 && h.0 == 2 }",
    ],
)  # fmt: skip
def test_what_mrustc_gets_right_is_not_refused(text: str, tmp_path: Path, rustc: Path) -> None:
    source = "pub struct G(u32);\nimpl Drop for G { fn drop(&mut self) {} }\n"
    crate = write_crate(tmp_path / "crate", f"{source}{text}\nfn program(_out: &mut Out) {{}}\n")
    options = Options(crate, "m68k", tmp_path / "out", kernel="none", gate="require")
    target = resolve("m68k", "none", "mrustc")
    run_check(options, target, load_crate(crate), Outputs(options.out, "program"))


def test_what_is_put_in_for_a_type_parameter_counts(tmp_path: Path, rustc: Path) -> None:
    crate = write_crate(
        tmp_path / "crate",
        "pub struct G(u32);\nimpl Drop for G { fn drop(&mut self) {} }\n"
        "fn f<T>(_a: T, _b: T) {}\nfn program(_out: &mut Out) { f(G(1), G(2)); }\n",
    )
    options = Options(crate, "m68k", tmp_path / "out", kernel="none", gate="require")
    target = resolve("m68k", "none", "mrustc")
    with pytest.raises(UserError, match=r"arguments of a function(?s:.*)lib\.rs:\d+: T, in f"):
        run_check(options, target, load_crate(crate), Outputs(options.out, "program"))


def test_without_rustc_a_crate_with_destructors_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crate = write_crate(
        tmp_path / "crate",
        "pub struct G(u32);\nimpl Drop for G { fn drop(&mut self) {} }\n"
        "fn program(_out: &mut Out) {}\n",
    )

    def none(_named: Path | None) -> None:
        raise UserError("no rustc")

    monkeypatch.setattr("pipeline.check.gate.find_rustc", none)
    options = Options(crate, "m68k", tmp_path / "out", kernel="none", gate="auto")
    target = resolve("m68k", "none", "mrustc")
    with pytest.raises(UserError, match="there is no rustc to tell which") as caught:
        run_check(options, target, load_crate(crate), Outputs(options.out, "program"))
    assert "install rustc" in caught.value.mend
