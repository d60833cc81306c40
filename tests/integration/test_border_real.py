# SPDX-License-Identifier: GPL-2.0-only
"""Debug information of real compilers, and the border between real units."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from pipeline.compile.object import compile_c
from pipeline.crate.graph import load_crate
from pipeline.debuginfo.information import DebugInfo, debug_information
from pipeline.debuginfo.model import Record
from pipeline.stages import Options, Outputs, run_compile, run_transpile
from pipeline.target import resolve
from pipeline.toolchains.find import find, installed
from pipeline.toolchains.load import load
from pipeline.validate.border import layout
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.reference import for_arch, kernel_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain
    from pipeline.transpile.rust_src import RustSource

SOURCE = """
struct inner { char a; int b; };
union either { int number; char bytes[6]; };
struct S {
  char c; long long d; struct inner e[3]; int bf1:3, bf2:12; unsigned char z:1;
  union either u; struct { short x; long y; }; struct fwd *f; int (*cb)(struct S *, unsigned);
  short flexible[];
};
enum E { A, B = -1, C = 300 };
extern int imported(struct S *, enum E, const char *, ...);
extern struct S pool;
int defined(struct S *s) { return imported(s, A, "x") + pool.c; }
"""
_ENTRY = re.compile(r"<(\d+)><[0-9a-f]+>: Abbrev Number: \d+ \(DW_TAG_(\w+)\)")
_ATTRIBUTE = re.compile(r"DW_AT_(name|byte_size|data_member_location|data_bit_offset)\s*: *(.*)")


def run(argv: list[object], cwd: Path) -> str:
    done = subprocess.run(
        [str(word) for word in argv], cwd=cwd, check=True, capture_output=True, text=True
    )
    return done.stdout


def information(path: Path) -> DebugInfo:
    found = debug_information(Object.read(path))
    assert isinstance(found, DebugInfo), found
    return found


def structs(listing: str) -> dict[str, tuple[int, list[tuple[str, int]]]]:
    """Return what readelf says: each named record's size, its members and their bytes."""
    found: dict[str, tuple[int, list[tuple[str, int]]]] = {}
    tag, values, record = "", {}, ""
    lines = [*listing.splitlines(), " <1><0>: Abbrev Number: 1 (DW_TAG_end)"]
    for line in lines:
        entry = _ENTRY.search(line)
        if entry is None:
            match = _ATTRIBUTE.search(line)
            if match:
                values[match[1]] = match[2].split("): ")[-1].split("\t")[0].strip()
            continue
        if tag in ("structure_type", "union_type"):
            record = values.get("name", "")
            if record and "byte_size" in values:
                found[record] = (int(values["byte_size"]), [])
        elif tag == "member" and record in found:
            place = int(values.get("data_member_location", "0").split()[-1].strip(")"))
            if "data_bit_offset" in values:
                place = int(values["data_bit_offset"]) // 8
            found[record][1].append((values.get("name", ""), place))
        tag, values = entry[2], {}
    return found


@pytest.mark.parametrize("name", ["m68k", "alpha", "arc", "parisc", "sh", "openrisc", "s390x"])
@pytest.mark.parametrize(
    "flags",
    [("-gdwarf-5",), ("-gdwarf-4",), ("-g", "-gz=zlib"), ("-g", "-gz=zlib-gnu")],
    ids=lambda flags: flags[-1],
)
def test_layouts_agree_with_readelf(
    name: str,
    flags: tuple[str, ...],
    toolchain_of: Callable[[str], Toolchain],
    tmp_path: Path,
) -> None:
    toolchain = toolchain_of(name)
    (tmp_path / "a.c").write_text(SOURCE)
    (tmp_path / "b.c").write_text("struct B { short s; long long l; } b; int f(void) { return 1; }")
    abi = toolchain.arch.abi_flags
    for unit in ("a", "b"):
        run([toolchain.gcc, *abi, "-Os", *flags, "-c", f"{unit}.c"], tmp_path)
    run([toolchain.tool("ld"), "-r", "-o", "whole.o", "a.o", "b.o"], tmp_path)
    wanted = structs(run([toolchain.tool("readelf"), "--debug-dump=info", "whole.o"], tmp_path))
    assert {"S", "inner", "either", "B"} <= wanted.keys()
    info = information(tmp_path / "whole.o")
    found = {}
    for path, refs in info.named_types.items():
        record = info.type(refs[0])
        if isinstance(record, Record):
            members = [(member.name, member.offset) for member in record.members]
            found[path] = (record.size, members)
    assert found == wanted
    (imported,) = (one for one in info.functions if one.name == "imported")
    assert imported.declaration
    assert imported.signature.variadic
    assert len(imported.signature.parameters) == 3


@pytest.mark.parametrize("version", ["2", "3"])
def test_older_versions_say_the_same(
    version: str, toolchain_of: Callable[[str], Toolchain], tmp_path: Path
) -> None:
    toolchain = toolchain_of("m68k")
    (tmp_path / "a.c").write_text(SOURCE)
    found = []
    for flag in ("-gdwarf-5", f"-gdwarf-{version}"):
        run([toolchain.gcc, "-Os", flag, "-gstrict-dwarf", "-c", "a.c"], tmp_path)
        info = information(tmp_path / "a.o")
        record = info.type(info.named_types["S"][0])
        assert isinstance(record, Record)
        found.append([dataclasses.replace(member, type=0) for member in record.members])
    assert found[0] == found[1]


def judged(path: Path, name: str, tree: KernelTree | None = None) -> list[Finding | Skipped]:
    arch = load().get(name)
    toolchain = find(arch) if installed(arch) else None
    reference = for_arch(arch, toolchain)
    if tree is not None and toolchain is not None:
        reference = dataclasses.replace(reference, kernel=kernel_of(tree, toolchain))
    return list(layout(Object.read(path), reference))


CALLER = "struct shared {{ char a; {pad} int b; }}; int take(struct shared *s);\n"
CALLER += "int enter(struct shared *s) {{ return take(s) + s->b; }}\n"
CALLEE = "struct shared { char a; int b; }; int take(struct shared *s) { return s->b; }\n"


@pytest.mark.parametrize("name", ["m68k", "alpha", "parisc", "sh"])
def test_a_member_two_bytes_off_between_units(
    name: str, toolchain_of: Callable[[str], Toolchain], tmp_path: Path
) -> None:
    toolchain = toolchain_of(name)
    # Where int is aligned to 4, a short is still in its padding; two of them are not.
    for pad, bad in (("", False), ("short pad[3];", True)):
        (tmp_path / "a.c").write_text(CALLER.format(pad=pad))
        (tmp_path / "b.c").write_text(CALLEE)
        for unit in ("a", "b"):
            run([toolchain.gcc, "-Os", "-g", "-c", f"{unit}.c"], tmp_path)
        run([toolchain.tool("ld"), "-r", "-o", "whole.o", "a.o", "b.o"], tmp_path)
        results = judged(tmp_path / "whole.o", name)
        if not bad:
            assert results == []
            continue
        (finding,) = results
        assert isinstance(finding, Finding)
        assert finding.severity is Severity.ERROR
        assert finding.place.startswith("take: parameter 1")
        assert "a.c: struct shared" in finding.evidence
        assert "b.c: struct shared" in finding.evidence


RUST = """
#![no_std]
#[panic_handler] fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
#[repr(C)] pub struct Shared { a: u8, b: i32 }
extern "C" { fn shim_take(s: *mut Shared) -> i32; }
#[no_mangle] pub extern "C" fn enter(s: *mut Shared) -> i32 { unsafe { shim_take(s) + (*s).b } }
"""
CARGO = """
[package]
name = "border"
version = "0.1.0"
edition = "2021"
[package.metadata.kernel-module]
license = "GPL"
runtime = "none"
"""


@pytest.fixture(scope="module")
def transpiled(
    rust_source: RustSource,
    toolchain_of: Callable[[str], Toolchain],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return the object of a crate, through mrustc."""
    toolchain_of("m68k")
    folder = tmp_path_factory.mktemp("crate")
    (folder / "src").mkdir()
    (folder / "src/lib.rs").write_text(RUST)
    (folder / "Cargo.toml").write_text(CARGO)
    options = Options(
        folder, "m68k", folder / "out", kernel="none", rust_src=str(rust_source.library)
    )
    crate, target = load_crate(folder), resolve("m68k", "none")
    outputs = Outputs(options.out, crate.crate_name)
    run_transpile(options, target, crate, outputs)
    run_compile(target, outputs)
    return outputs.crate_object


@pytest.mark.slow
@pytest.mark.parametrize(("packing", "bad"), [("", True), ("__attribute__((aligned(4)))", False)])
def test_a_repr_c_struct_through_mrustc(
    packing: str, bad: bool, transpiled: Path, tmp_path: Path
) -> None:
    """Rust aligns i32 to 4 bytes; m68k's kernel to 2: the member is two bytes off."""
    target = resolve("m68k", "none")
    shim = f"struct shared {{ unsigned char a; int b {packing}; }};\n"
    shim += "int shim_take(struct shared *s) { return s->b; }\n"
    (tmp_path / "shim.c").write_text(shim)
    run([target.toolchain.gcc, *target.flags.kernel, "-g", "-c", "shim.c"], tmp_path)
    run([target.toolchain.tool("ld"), "-r", "-o", "whole.o", transpiled, "shim.o"], tmp_path)
    results = judged(tmp_path / "whole.o", "m68k")
    if not bad:
        assert results == []
        return
    (finding,) = results
    assert isinstance(finding, Finding)
    assert finding.severity is Severity.ERROR
    assert "struct border::Shared" in finding.evidence
    assert "byte 4" in finding.evidence
    assert "member b of 4 bytes at byte 2" in finding.evidence


@pytest.mark.parametrize("name", ["m68k", "alpha", "sh"])
def test_debug_information_changes_no_instruction_and_names_no_place(
    name: str, toolchain_of: Callable[[str], Toolchain], tmp_path: Path
) -> None:
    toolchain_of(name)
    target = resolve(name, "none")
    objcopy = target.toolchain.tool("objcopy")
    made = []
    for folder in ("here", "there/deeper"):
        place = tmp_path / folder
        place.mkdir(parents=True)
        source = "struct s { int a; };\nint f(struct s *p) { return p->a * 3; }\nint g = 1;\n"
        (place / "a.c").write_text(source)
        compile_c(target.toolchain, target.flags, place / "a.c", place / "with.o")
        compile_c(target.toolchain, target.flags, place / "a.c", place / "bare.o", debug=False)
        content = (place / "with.o").read_bytes()
        assert str(tmp_path).encode() not in content
        assert information(place / "with.o").named_types["s"]
        made.append(content)
        for one in ("with", "bare"):
            run([objcopy, "-O", "binary", "-j", ".text.f", f"{one}.o", f"{one}.bin"], place)
        assert (place / "with.bin").read_bytes() == (place / "bare.bin").read_bytes() != b""
    assert made[0] == made[1]


IMPORTER = """
struct module; struct timer_list {{ {first} int wrong; }};
extern int mod_timer(struct timer_list *timer, unsigned long expires);
extern void *kmemdup(const void *src, {size} len, unsigned int gfp);
int enter(struct timer_list *t) {{ kmemdup(t, 1, 2); return mod_timer(t, 3) + t->wrong; }}
"""


def test_what_the_kernel_exports(m68k_tree: KernelTree, tmp_path: Path) -> None:
    toolchain = find(load().get("m68k"))
    source = IMPORTER.format(first="short a;", size="unsigned long long")
    (tmp_path / "a.c").write_text(source)
    run([toolchain.gcc, "-Os", "-g", "-c", "a.c"], tmp_path)
    results = judged(tmp_path / "a.o", "m68k", m68k_tree)
    findings = {one.place.split(":")[0]: one for one in results if isinstance(one, Finding)}
    assert findings.keys() == {"mod_timer", "kmemdup"}
    assert "the kernel's headers: struct timer_list" in findings["mod_timer"].evidence
    assert "unsigned long long" in findings["kmemdup"].evidence or (
        "long long unsigned int" in findings["kmemdup"].evidence
    )
    without = judged(tmp_path / "a.o", "m68k")
    assert [type(one) for one in without] == [Skipped]
