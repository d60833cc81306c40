# SPDX-License-Identifier: GPL-2.0-only
"""A freestanding crate, as a user writes one: C sees its statics and functions, and they are right.

The crate has its own panic handler and allocator, and a path dependency; it lies in a folder with
a space in its name.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from pipeline.toolchains.find import Toolchain, find, installed
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.transpile.rust_src import RustSource

REPOSITORY = Path(__file__).parents[2]
CHECKS = Path(__file__).parent / "freestanding/checks.c"
DRIVER = REPOSITORY / "pipeline/runtime/user/driver.c"
ARCHITECTURES = ("m68k", "alpha", "parisc", "sh", "openrisc", "arc")
RUN = ("m68k", "parisc")
BYTES = (1, 2, 0xFF)
HALF = 0x1234
WIDE = 0x0102030405060708
TOOLCHAINS = load()

MANIFEST = """[package]
name = "free-standing"
version = "1.2.3"
edition = "2021"
[dependencies]
dep = { path = "dep" }
[package.metadata.kernel-module]
runtime = "none"
"""
DEP_MANIFEST = '[package]\nname = "dep"\nversion = "0.1.0"\nedition = "2024"\n'
DEP = """#![no_std]
/// Not exported by the module: only the crate's own names are.
#[unsafe(no_mangle)]
pub static mut SHARED: u16 = 0x1234;
pub fn square(x: u32) -> u32 { x.wrapping_mul(x) }
"""
PANIC = "#[panic_handler] fn on_panic(_: &core::panic::PanicInfo) -> ! { loop {} }\n"
ALLOCATOR = """
struct Bump;
static mut HEAP: [u64; 8192] = [0; 8192];
static mut NEXT: usize = 0;
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = (NEXT + layout.align() - 1) & !(layout.align() - 1);
        if start + layout.size() > 65536 { return core::ptr::null_mut(); }
        NEXT = start + layout.size();
        (core::ptr::addr_of_mut!(HEAP) as *mut u8).add(start)
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
#[global_allocator]
static ALLOCATOR: Bump = Bump;
"""
LIB = f"""#![no_std]
extern crate alloc;
use alloc::{{boxed::Box, format, string::String, vec::Vec}};
use core::alloc::{{GlobalAlloc, Layout}};
{ALLOCATOR}{PANIC}
#[no_mangle]
pub static TABLE: [u32; {{ let n = 4; n }}] = {{ let x = 1; [x, 2, 3, 0xdeadbeef] }};
#[no_mangle] pub static mut COUNTER: u32 = 7;
mod inner;
#[export_name = "half_word"] static HALF: u16 = 0x1234;
#[no_mangle] static NEGATIVE: i16 = -2;
#[no_mangle] static WIDE: u64 = 0x0102030405060708;
#[no_mangle] static ZEROES: [u16; 5] = [0; 5];
pub struct Shared(*const u32);
unsafe impl Sync for Shared {{}}
#[no_mangle] static POINTER: Shared = Shared(&TABLE as *const _ as *const u32);
#[cfg(not(ferric))] #[no_mangle] pub static ABSENT: u32 = 1;

#[no_mangle] pub extern "C" fn compute(n: u32) -> u32 {{
    let squares: Vec<u32> = (0..n).map(dep::square).collect();
    let sum = Box::new(squares.iter().sum::<u32>());
    let text: String = format!("{{}}", *sum);
    unsafe {{ COUNTER += 1; }}
    text.parse::<u32>().unwrap().wrapping_add(TABLE[(n % 4) as usize])
}}
#[export_name = "renamed"] pub extern "C" fn chosen(x: u32) -> u32 {{ x + 1 }}
#[inline] #[no_mangle] pub extern "C" fn inlined(x: u32) -> u32 {{ x + 2 }}
pub struct Methods;
impl Methods {{ #[unsafe(no_mangle)] pub extern "C" fn method(x: u32) -> u32 {{ x + 3 }} }}
#[no_mangle] pub extern "C" fn shared() -> u32 {{
    unsafe {{ dep::SHARED += 1; dep::SHARED as u32 }}
}}
"""
INNER = """const RAW: &[u8; 3] = include_bytes!("bytes");
pub mod deep { #[unsafe(no_mangle)] static BYTES: [u8; 3] = *super::RAW; }
"""
EXPORTED = {
    *("TABLE", "COUNTER", "BYTES", "half_word", "NEGATIVE", "WIDE", "ZEROES", "POINTER"),
    *("compute", "renamed", "inlined", "method", "shared"),
}


def table() -> list[int]:
    return [1, 2, 3, 0xDEADBEEF]


def compute(n: int) -> int:
    """What the crate's ``compute`` gives, by the definition of it."""
    return (sum(i * i for i in range(n)) + table()[n % 4]) & 0xFFFFFFFF


SEEN = [
    ("TABLE", *table()),
    ("COUNTER", 7),
    ("compute", compute(5), compute(100)),
    ("COUNTER", 9),
    ("compute", compute(3)),
    ("COUNTER", 1001),
    ("BYTES", *BYTES),
    ("half_word", HALF),
    ("NEGATIVE", 2**64 - 2),
    ("WIDE", WIDE),
    ("ZEROES", 0, 0, 0, 0, 0),
    ("POINTER", 1, table()[0]),
    ("misaligned", 0, 0, 0, 0, 0, 0),
    ("functions", 2, 3, 4),
    ("shared", HALF + 1),
]


def write_crate(root: Path, lib: str = LIB, more: Mapping[str, str] | None = None) -> Path:
    """Write the crate, or one with another ``lib.rs`` and more files."""
    files = {
        "Cargo.toml": MANIFEST,
        "src/lib.rs": lib,
        "dep/Cargo.toml": DEP_MANIFEST,
        "dep/src/lib.rs": DEP,
        **(more or {}),
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def run(argv: Sequence[str | Path], *, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in argv]
    return subprocess.run(
        words, cwd=REPOSITORY, capture_output=True, text=True, timeout=timeout, check=False
    )


def build(crate: Path, arch: str, out: Path, *, gate: str) -> subprocess.CompletedProcess[str]:
    options: list[str | Path] = [sys.executable, "-m", "pipeline", "build", crate, "--arch", arch]
    return run([*options, "--kernel", "none", "--gate", gate, "--out", out])


def succeed(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, f"{result.args}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(autouse=True)
def needs_mrustc(rust_source: RustSource) -> None:
    """What is tested here is mrustc's part: without it, and its library, all are skipped."""


def toolchain(name: str) -> Toolchain:
    arch = TOOLCHAINS.get(name)
    if not installed(arch):
        pytest.skip(f"no GCC for {arch.name} is installed")
    return find(arch)


def build_whole(tools: Toolchain, folder: Path) -> Path:
    """Build the crate below ``folder``; return its object.  The crate's own folder is untouched."""
    crate = write_crate(folder / "user crate")
    (crate / "src/inner.rs").write_text(INNER)
    (crate / "src/bytes").write_bytes(bytes(BYTES))
    before = {path: path.stat().st_mtime_ns for path in crate.rglob("*")}
    succeed(build(crate, tools.arch.name, folder / "out put", gate="auto"))
    assert {path: path.stat().st_mtime_ns for path in crate.rglob("*")} == before
    return folder / "out put/free_standing.o"


def contents(module: Path) -> dict[str, bytes]:
    """Return the bytes of each global symbol of an object, by name; a function's are its code."""
    found = {}
    with module.open("rb") as stream:
        elf = ELFFile(stream)
        table = elf.get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        for symbol in table.iter_symbols():
            if symbol["st_info"]["bind"] != "STB_GLOBAL" or symbol["st_shndx"] == "SHN_UNDEF":
                continue
            section = elf.get_section(symbol["st_shndx"])
            data = section.data() if section["sh_type"] != "SHT_NOBITS" else b""
            start, size = symbol["st_value"], symbol["st_size"]
            found[symbol.name] = data[start : start + size].ljust(size, b"\0")
    return found


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_symbols_are_the_crates_and_have_its_bytes(name: str, tmp_path: Path) -> None:
    tools = toolchain(name)
    found = contents(build_whole(tools, tmp_path))
    assert found.keys() == EXPORTED
    order = tools.arch.elf.byte_order
    assert found["TABLE"] == b"".join(value.to_bytes(4, order) for value in table())
    assert found["COUNTER"] == (7).to_bytes(4, order)
    assert found["BYTES"] == bytes(BYTES)
    assert found["half_word"] == HALF.to_bytes(2, order)
    assert found["NEGATIVE"] == (-2).to_bytes(2, order, signed=True)
    assert found["WIDE"] == WIDE.to_bytes(8, order)
    assert found["ZEROES"] == bytes(10)


@pytest.mark.parametrize("name", RUN)
def test_what_c_sees(name: str, tmp_path: Path) -> None:
    tools = toolchain(name)
    emulator = shutil.which(f"qemu-{tools.arch.qemu.user}")
    if emulator is None:
        pytest.skip(f"qemu-{tools.arch.qemu.user} is not installed")
    program = tmp_path / "program"
    flags = [*tools.arch.abi_flags, "-O1", "-ffreestanding", "-Wall", "-Wextra", "-Werror"]
    flags += ["-fno-tree-loop-distribute-patterns", "-nostdlib", "-static"]
    module = build_whole(tools, tmp_path)
    succeed(run([tools.gcc, *flags, DRIVER, CHECKS, module, "-lgcc", "-o", program]))
    lines = succeed(run([emulator, program], timeout=120)).splitlines()
    words = [line.split() for line in lines]
    assert [(name, *(int(value, 16) for value in values)) for name, *values in words] == SEEN


HEAD = f"#![no_std]\n{PANIC}"
ENTRY = '#[no_mangle] pub extern "C" fn entry() {}\n'
ALLOCATES = (
    "extern crate alloc;\n"
    '#[no_mangle] pub extern "C" fn entry() -> u32 { *alloc::boxed::Box::new(3) }\n'
)


def test_a_crate_may_have_a_main_and_edition_2015(tmp_path: Path) -> None:
    toolchain("m68k")
    nested = ALLOCATOR.replace("#[global_allocator]\nstatic ALLOCATOR: Bump = Bump;", "")
    lib = (
        f"#![no_std]\nuse core::alloc::{{GlobalAlloc, Layout}};\n{PANIC}{nested}{ALLOCATES}"
        "mod deep { use super::Bump; #[global_allocator] static A: Bump = Bump; }\n"
        '#[no_mangle] pub extern "C" fn main() -> i32 { 7 }\n'
    )
    crate = write_crate(tmp_path / "user crate", lib)
    (crate / "Cargo.toml").write_text(MANIFEST.replace("2021", "2015"))
    succeed(build(crate, "m68k", tmp_path / "out", gate="off"))
    found = contents(tmp_path / "out/free_standing.o")
    assert found.keys() == {"entry", "main"}


@pytest.mark.parametrize(
    ("lib", "more", "said"),
    [
        (f"{HEAD}{ALLOCATES}", {}, r"no.*#\[global_allocator\].*mend: add"),
        (f"#![no_std]\n{ENTRY}", {}, r"no #\[panic_handler\].*mend: give it one"),
        (
            f'{HEAD}{ENTRY}\n#[link_section = ".init"]\npub fn early() {{}}\n',
            {},
            r"user crate/src/lib\.rs:5: mrustc ignores #\[link_section\] on functions",
        ),
        (
            f"{HEAD}{ENTRY}#[no_mangle] static GOOD: u32 = 1;\nfn broken() {{ let; }}\n",
            {},
            r"user crate/src/lib\.rs:[56]: mrustc",
        ),
        (
            f'{HEAD}{ENTRY}#[no_mangle] pub extern "C" fn twice() -> u32 {{ dep::square(2) }}\n',
            {"dep/src/lib.rs": f'{DEP}#[unsafe(no_mangle)] pub extern "C" fn twice() {{}}\n'},
            r"twice is defined twice: by free_standing and by dep",
        ),
        (
            f'{HEAD}{ENTRY}#[export_name = "entry"] static OTHER: u32 = 1;\n',
            {},
            r"lib\.rs:4: the exported name entry is taken",
        ),
    ],
)
def test_refusals(lib: str, more: Mapping[str, str], said: str, tmp_path: Path) -> None:
    toolchain("m68k")
    crate = write_crate(tmp_path / "user crate", lib, more)
    # Without rustc's word on the crate: what is said of it is to be Ferric's own.
    result = build(crate, "m68k", tmp_path / "out", gate="off")
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    assert re.search(said, result.stderr, re.DOTALL), result.stderr
