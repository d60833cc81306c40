# SPDX-License-Identifier: GPL-2.0-only
"""Small Rust programs without an operating system, built and run in every way that there is.

A program is the text of a crate's root that defines ``fn program(out: &mut Out)``.  What it writes
to ``out`` (a ``core::fmt::Write``) is its log; a panic ends it with the line ``panic: MESSAGE``.
The same crate is built by rustc for this machine, which is the reference, and through a transpiler
for another one, where QEMU's user-mode emulation runs it.  With a heap, ``alloc`` is there, too.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline import stages
from pipeline.check.rustc import find_rustc
from pipeline.crate.graph import load_crate
from pipeline.errors import FerricError, ToolError, UserError
from pipeline.files import write_atomic
from pipeline.run import check, run
from pipeline.target import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.target import Target
    from pipeline.transpile.choice import Transpiler

USER = Path(__file__).resolve().parents[1] / "pipeline" / "runtime" / "user"
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


def write_crate(folder: Path, source: str, *, heap: bool = False, edition: str = "2021") -> Path:
    """Write the crate of a program; inner attributes that ``source`` begins with stay first."""
    lines = source.splitlines(keepends=True)
    at = 0
    while at < len(lines) and (lines[at].startswith(("#![", "//")) or not lines[at].strip()):
        at += 1
    extra = _HEAP.format(words=_HEAP_WORDS) if heap else ""
    # The program's own text comes last: what is said of its lines is easy to find.
    text = "".join(["#![no_std]\n", *lines[:at], _HEAD, extra, *lines[at:]])
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
        link: list[str | Path] = [_host_compiler(), "-O1", USER / "hosted.c", library]
        # alloc as rustc ships it names the personality of unwinding, which nothing here calls.
        link += ["-Wl,--defsym=rust_eh_personality=0", "-o", program]
        check(link, "the host's linker refuses the program", log=out / "link.log")
    except FerricError as error:
        return Ran("broken", why=str(error))
    return _run([program])


def emulated(
    crate: Path,
    arch: str,
    transpiler: Transpiler,
    out: Path,
    *,
    rust_src: str = "",
    target: Target | None = None,
) -> Ran:
    """Build the crate as Ferric does, with no kernel, and run it under emulation.

    ``arch`` may be this machine's own, which needs no emulation.  ``target`` spares asking GCC
    again where many programs are built.
    """
    try:
        target = target or resolve(arch, "none", transpiler)
        program = _built(crate, target, transpiler, out, rust_src)
    except UserError as error:
        return Ran("refused", why=str(error))
    except ToolError as error:
        return Ran("broken", why=str(error))
    if target.arch.name == "x86_64":
        return _run([program])
    emulator = shutil.which(f"qemu-{target.arch.qemu.user}")
    if emulator is None:
        return Ran("refused", why=f"qemu-{target.arch.qemu.user} is not installed (qemu-user)")
    return _run([emulator, program])


def _built(crate: Path, target: Target, transpiler: Transpiler, out: Path, rust_src: str) -> Path:
    options = stages.Options(
        crate, target.arch.name, out, kernel="none", gate="off", rust_src=rust_src,
        transpiler=transpiler, roots=("run",),
    )  # fmt: skip
    loaded = load_crate(crate)
    outputs = stages.Outputs(out, loaded.crate_name)
    stages.run_transpile(options, target, loaded, outputs)
    stages.run_compile(target, outputs)
    stages.run_link(options, target, loaded, outputs)
    return link_program(target, outputs.linked, out / "program")


def link_program(target: Target, module: Path, program: Path) -> Path:
    """Link an object that has ``run`` with the driver for its architecture; return the program.

    libgcc stands in for the arithmetic that a kernel exports to its modules.
    """
    if target.arch.name == "x86_64":
        # The kernel's flags give no code that a position-independent program could hold.
        argv: list[str | Path] = [target.toolchain.gcc, "-O1", "-no-pie", USER / "hosted.c", module]
        check([*argv, "-o", program], "the test is not linked", log=program.with_suffix(".log"))
        return program
    flags = [*target.arch.abi_flags, "-O1", "-ffreestanding", "-nostdlib", "-static"]
    flags += ["-fno-tree-loop-distribute-patterns", "-Wl,--entry=_start"]
    flags += [one.flag for one in target.flags.declared if one.flag.startswith("-O")]
    if target.toolchain.triple.endswith("-elf"):
        # The linker script of a bare-metal compiler starts at 0, where Linux maps nothing.
        flags.append("-Wl,-Ttext-segment=0x10000")
    argv = [target.toolchain.gcc, *flags, USER / "driver.c", module, "-lgcc", "-o", program]
    check(argv, "the test is not linked", log=program.with_suffix(".log"))
    return program


def _host_compiler() -> str:
    found = shutil.which("gcc") or shutil.which("cc")
    if found is None:
        raise UserError("no C compiler of this machine", mend="install gcc")
    return found


def _run(argv: list[str | Path]) -> Ran:
    done = run(argv, timeout=_RUN_SECONDS)
    if done.timed_out:
        return Ran("endless", why=f"no end after {_RUN_SECONDS:.0f} s")
    return Ran("ran", done.exit_status, done.output[:_MOST_OUTPUT])
