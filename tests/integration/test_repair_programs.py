# SPDX-License-Identifier: GPL-2.0-only
"""Programs through mrustc and the repair pass do what rustc's build of them does, panics too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.programs.emulated import emulator
from pipeline.programs.many import one_crate, run_each
from pipeline.programs.small import emulated, native, write_crate
from pipeline.target import resolve
from pipeline.transpile.repair.unit import Guard

if TYPE_CHECKING:
    from pipeline.transpile.choice import Transpiler
    from pipeline.transpile.mrustc import Mrustc
    from pipeline.transpile.rust_src import RustSource

ARITHMETIC = Path(__file__).parent / "repair/arithmetic.rs"
# Format strings and the like, for which mrustc gets another text, and what C lays out otherwise.
FORMS = ("formats", "labels", "statics", "tails")
HEAD = """use core::fmt::Write;
#[inline(never)]
fn b<T: Copy>(x: T) -> T {
    unsafe { core::ptr::read_volatile(&x) }
}
"""
OUT_OF_BOUNDS = "index out of bounds: the len is {} but the index is {}"
PANICS = {
    "array": ("let a = [1u32, 2, 3, 4]; show(o, a[b(3)]); show(o, a[b(4)]);",
              OUT_OF_BOUNDS.format(4, 4)),
    "slice": ("let a = [1u32, 2, 3]; let s = &a[b(1)..]; show(o, s[b(1)]); show(o, s[b(2)]);",
              OUT_OF_BOUNDS.format(2, 2)),
    "write": ("let mut a = [1u32, 2]; a[b(1)] = 9; show(o, a[1]); a[b(2)] += 1; show(o, a[0]);",
              OUT_OF_BOUNDS.format(2, 2)),
    "constant": ("let a = [1u32, 2, 3]; let s = &a[..b(2)]; show(o, s[2]);",
                 OUT_OF_BOUNDS.format(2, 2)),
    "nested": ("let a = [[1u32, 2], [4, 5]]; show(o, a[b(1)][b(1)]); show(o, a[b(1)][b(3)]);",
               OUT_OF_BOUNDS.format(2, 3)),
    "divide": ("show(o, b(7u32) / b(2)); show(o, b(7u32) / b(0));", "attempt to divide by zero"),
    "minimum": ("show(o, (b(i64::MIN) / b(-1)) as u32);", "attempt to divide with overflow"),
    "remainder": ("show(o, (b(i8::MIN) % b(-1)) as u32);",
                  "attempt to calculate the remainder with overflow"),
    "wide": ("show(o, (b(7u128) % b(0)) as u32);",
             "attempt to calculate the remainder with a divisor of zero"),
    "pattern": ("if let [x, .., y] = &b([1u32, 2])[..] { show(o, *x + *y) } None::<u8>.unwrap();",
                "called `Option::unwrap()` on a `None` value"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def tools(mrustc: Mrustc, rust_source: RustSource, rustc: Path) -> None:
    """Both compilers are needed: rustc's build is the reference."""


def same(arch: str, source: str, folder: Path, *, heap: bool = False) -> str:
    """Build and run both ways; return the output where it is the same."""
    crate = write_crate(folder / "crate", source, heap=heap)
    expected = native(crate, folder / "native")
    assert expected.kind == "ran", expected.why
    found = emulated(crate, arch, "mrustc", folder / arch)
    if found.kind == "refused" and ("not installed" in found.why or "not found" in found.why):
        pytest.skip(found.why)
    assert found.kind == "ran", found.why
    assert found.output.splitlines() == expected.output.splitlines()
    assert found.status == expected.status
    return found.output


@pytest.mark.parametrize("arch", ["m68k", "parisc"])
def test_arithmetic(arch: str, tmp_path: Path) -> None:
    output = same(arch, ARITHMETIC.read_text(encoding="utf-8"), tmp_path)
    assert len(output.splitlines()) > 4000


@pytest.mark.parametrize("name", FORMS)
def test_forms(name: str, tmp_path: Path) -> None:
    source = ARITHMETIC.with_name(f"{name}.rs").read_text(encoding="utf-8")
    same("m68k", source, tmp_path, heap="alloc::" in source)


@pytest.mark.parametrize("arch", ["m68k", "parisc"])
def test_panics(arch: str, tmp_path: Path) -> None:
    show = 'fn show(o: &mut Out, x: u32) { writeln!(o, "{}", x).unwrap(); }\n'
    head = f"{HEAD}{show}#[allow(unconditional_panic)]\n"
    texts = [f"{head}pub fn program(o: &mut Out) {{ {body} }}\n" for body, _ in PANICS.values()]
    crate = write_crate(tmp_path / "crate", one_crate(texts, out=True))
    numbers = range(len(PANICS))
    assert native(crate, tmp_path / "native").kind == "ran"
    expected = run_each([], tmp_path / "native/program", numbers)
    target = resolve(arch, "none", "mrustc")
    built = emulated(crate, arch, "mrustc", tmp_path / "ours", target=target)
    if built.kind == "refused" and ("not installed" in built.why or "not found" in built.why):
        pytest.skip(built.why)
    assert built.kind == "ran", built.why
    found = run_each(emulator(target), tmp_path / "ours/program", numbers)
    for (name, (_, message)), one, other in zip(PANICS.items(), found, expected, strict=True):
        assert (name, one) == (name, other)
        assert one.output.splitlines()[-1] == f"panic: {message}"


OVERFLOWS = {
    "add": "show(o, u32::from(b(200u8) + b(99)));",
    "subtract": "show(o, b(1u32) - b(2));",
    "multiply": "show(o, (b(i64::MAX) * b(2)) as u32);",
    "negate": "show(o, -b(i16::MIN) as u32);",
    "shift left": "show(o, b(1u32) << b(32u32));",
    "shift right": "show(o, (b(-1i128) >> b(128u32)) as u32);",
    "shift by more than 32 bits can say": "show(o, (b(1u128) << b(1u64 << 32)) as u32);",
    "shift backwards": "show(o, (b(1i128) << b(-1i32)) as u32);",
    "add wide": "show(o, (b(u128::MAX) + b(1)) as u32);",
    "subtract wide": "show(o, (b(i128::MIN) - b(1)) as u32);",
    "multiply wide": "show(o, (b(i128::MAX) * b(-2)) as u32);",
    "negate wide": "show(o, -b(i128::MIN) as u32);",
}


@pytest.mark.parametrize("transpiler", ["mrustc", "rustc"])
def test_overflow_panics_where_it_is_asked_for(transpiler: Transpiler, tmp_path: Path) -> None:
    arms = "".join(f"{n} => {{ {body} }}\n" for n, body in enumerate(OVERFLOWS.values()))
    show = 'fn show(o: &mut Out, x: u32) { writeln!(o, "{}", x).unwrap(); }\n'
    text = f"pub fn program(o: &mut Out) {{ match b(WHICH_ONE) {{ {arms} _ => {{}} }} }}\n"
    texts = [HEAD + show + text.replace("WHICH_ONE", f"{n}u8") for n in range(len(OVERFLOWS))]
    crate = write_crate(tmp_path / "crate", one_crate(texts, out=True))
    numbers = range(len(OVERFLOWS))
    for checks in (False, True):
        folder = tmp_path / str(checks)
        flags = ["-Coverflow-checks=yes"] if checks else []
        assert native(crate, folder / "native", flags=flags).kind == "ran"
        expected = run_each([], folder / "native/program", numbers)
        target = resolve("m68k", "none", transpiler)
        built = emulated(
            crate,
            "m68k",
            transpiler,
            folder / "ours",
            target=target,
            guard=Guard(overflow_checks=checks),
        )
        assert built.kind == "ran", built.why
        assert run_each(emulator(target), folder / "ours/program", numbers) == expected
        assert all(one.output.startswith("panic: attempt to ") is checks for one in expected)
