# SPDX-License-Identifier: GPL-2.0-only
"""Small Rust programs without an operating system, built and run in every way that there is.

A program is the text of a crate's root that defines ``fn program(out: &mut Out)``.  What it writes
to ``out`` (a ``core::fmt::Write``) is its log; a panic ends it with the line ``panic: MESSAGE``.
The same crate is built by rustc for this machine, which is the reference, and through a transpiler
for another one, where QEMU's user-mode emulation runs it.  With a heap, ``alloc`` is there, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipeline.check.rustc import find_rustc
from pipeline.crate.graph import load_crate
from pipeline.errors import FerricError, ToolError
from pipeline.files import write_atomic
from pipeline.programs.emulated import build_emulated, emulator, link_hosted
from pipeline.run import check, run
from pipeline.stages import Options
from pipeline.target import resolve
from pipeline.transpile.repair.unit import AS_RELEASED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.check.gate import Mode
    from pipeline.target import Target
    from pipeline.transpile.choice import Transpiler
    from pipeline.transpile.repair.unit import Guard

PANIC_STATUS = 134
_BUILD_SECONDS, _RUN_SECONDS, _MOST_OUTPUT = 600.0, 60.0, 4 << 20
_MANIFEST = """\
[package]
name = "program"
version = "0.1.0"
edition = "{edition}"
[package.metadata.kernel-module]
runtime = "none"
"""
_HEAD = """\
pub struct Out;
extern "C" {
    fn selftest_write(text: *const u8, len: usize);
    fn selftest_abort() -> !;
}
impl core::fmt::Write for Out {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        unsafe { selftest_write(text.as_ptr(), text.len()) };
        Ok(())
    }
}
#[no_mangle]
pub extern "C" fn run() -> i32 {
    program(&mut Out);
    0
}
#[panic_handler]
fn panicked(info: &core::panic::PanicInfo<'_>) -> ! {
    let text = info.message();
    let _written = core::fmt::Write::write_fmt(&mut Out, format_args!("panic: {}\\n", text));
    unsafe { selftest_abort() }
}
"""
_PLACED = (
    'format_args!("panic: {}\\n", text)',
    'format_args!("panic: {} at {}\\n", text, info.location().unwrap())',
)
_HEAP = """\
extern crate alloc;
struct Heap(core::cell::UnsafeCell<[u64; {words}]>, core::cell::Cell<usize>);
unsafe impl Sync for Heap {{}}
#[global_allocator]
static HEAP: Heap = Heap(core::cell::UnsafeCell::new([0; {words}]), core::cell::Cell::new(0));
unsafe impl core::alloc::GlobalAlloc for Heap {{
    unsafe fn alloc(&self, layout: core::alloc::Layout) -> *mut u8 {{
        let base = self.0.get() as usize;
        let start = (base + self.1.get() + layout.align() - 1) & !(layout.align() - 1);
        if start + layout.size() > base + 8 * {words} {{
            return core::ptr::null_mut();
        }}
        self.1.set(start + layout.size() - base);
        start as *mut u8
    }}
    unsafe fn dealloc(&self, _pointer: *mut u8, _layout: core::alloc::Layout) {{}}
}}
"""
_HEAP_WORDS = 1 << 17


@dataclass(frozen=True)
class Ran:
    """How a program ended.

    ``kind`` is ``ran`` (its ``status`` and ``output`` count), ``refused`` (a
    :class:`~pipeline.errors.UserError` at build time), ``broken`` (a tool failed while building) or
    ``endless``; ``why`` is the message of the last three.
    """

    kind: Literal["ran", "refused", "broken", "endless"]
    status: int = 0
    output: str = ""
    why: str = ""


def write_crate(
    folder: Path, source: str, *, heap: bool = False, edition: str = "2021", places: bool = False
) -> Path:
    """Write the crate of a program; inner attributes that ``source`` begins with stay first.

    With ``places`` a panic's line ends in ``at FILE:LINE:COLUMN``.
    """
    lines = source.splitlines(keepends=True)
    at = 0
    while at < len(lines) and (lines[at].startswith(("#![", "//")) or not lines[at].strip()):
        at += 1
    extra = _HEAP.format(words=_HEAP_WORDS) if heap else ""
    # The program's own text comes last: what is said of its lines is easy to find.
    head = _HEAD.replace(*_PLACED) if places else _HEAD
    text = "".join(["#![no_std]\n", *lines[:at], head, extra, *lines[at:]])
    write_atomic(folder / "Cargo.toml", _MANIFEST.format(edition=edition))
    write_atomic(folder / "src" / "lib.rs", text)
    return folder


def native(crate: Path, out: Path, *, flags: Sequence[str] = ()) -> Ran:
    """Build the crate with rustc for this machine (release arithmetic, no unwinding) and run it."""
    out.mkdir(parents=True, exist_ok=True)
    rustc = find_rustc(None)
    loaded = load_crate(crate)
    library, program = out / "libprogram.a", out / "program"
    argv: list[str | Path] = [rustc.path, "--edition", loaded.edition, "--crate-type=staticlib"]
    argv += ["-Cpanic=abort", "-Copt-level=1", "-Coverflow-checks=no", "-Cdebug-assertions=no"]
    argv += ["--cap-lints=allow", "--crate-name=program", *flags, loaded.lib_path, "-o", library]
    environment = {"RUSTC_BOOTSTRAP": "1"}
    try:
        what = "rustc does not build the program"
        check(argv, what, env=environment, log=out / "rustc.log", timeout=_BUILD_SECONDS)
        link_hosted([library], program)
    except FerricError as error:
        return Ran("broken", why=str(error))
    return _run([program])


def emulated(  # noqa: PLR0913 - one keyword per choice of a build
    crate: Path,
    arch: str,
    transpiler: Transpiler,
    out: Path,
    *,
    rust_src: str = "",
    target: Target | None = None,
    guard: Guard = AS_RELEASED,
    gate: Mode = "off",
) -> Ran:
    """Build the crate as Ferric does, with no kernel, and run it under emulation.

    ``arch`` may be this machine's own, which needs no emulation.  ``target`` spares asking GCC
    again where many programs are built.  ``guard`` says how mrustc's C is repaired, ``gate``
    whether the crate is checked first.
    """
    try:
        target = target or resolve(arch, "none", transpiler)
        command = emulator(target)
        options = Options(
            crate, target.arch.name, out, kernel="none", gate=gate, rust_src=rust_src,
            transpiler=transpiler, roots=("run",), guard=guard,
        )  # fmt: skip
        program = build_emulated(options, target)
    except ToolError as error:
        return Ran("broken", why=str(error))
    except FerricError as error:
        return Ran("refused", why=str(error))
    return _run([*command, program])


def _run(argv: Sequence[str | Path]) -> Ran:
    done = run(argv, timeout=_RUN_SECONDS)
    if done.timed_out:
        return Ran("endless", why=f"no end after {_RUN_SECONDS:.0f} s")
    return Ran("ran", done.exit_status, done.output[:_MOST_OUTPUT])
