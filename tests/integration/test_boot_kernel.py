# SPDX-License-Identifier: GPL-2.0-only
"""What only a running kernel can tell: modules of both transpilers in kernels under QEMU."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.boot.boards import load_boards
from pipeline.boot.decode import decode
from pipeline.boot.machine import Booted, Kernel, boot, emulator, modules_result
from pipeline.boot.plan import MOUNTS, Step, make_plan, read_plan
from pipeline.boot.qemu import Limits
from pipeline.errors import UserError
from pipeline.kernel.auto import auto_tree
from pipeline.stages import Options, build
from pipeline.toolchains.load import load
from pipeline.validate import verb as validate_verb
from pipeline.validate.finding import Severity
from tests.integration.boot import spoil

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain
    from pipeline.transpile.choice import Transpiler

REPOSITORY = Path(__file__).parents[2]
SAMPLES = REPOSITORY / "samples"
# Not openrisc: the loader of Linux 6.1 does not know the relocations of its modules.
ARCHITECTURES = ("m68k", "alpha", "parisc", "sh", "x86_64", "s390x")
NAMES = ("hello", "journal", "selftest")
BAD = """\
#![no_std]
use kernel::prelude::*;
module! { type: Bad }
struct Bad;
impl kernel::Module for Bad {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let at = module_parameters::at.value() as usize;
        let values = [1u32, 2, 3];
        if at < 16 {
            pr_info!("got {}\\n", values.get(at).expect("no such element"));
        } else {
            pr_info!("got {}\\n", look(at as *const u32));
        }
        Ok(Bad)
    }
}
#[inline(never)]
fn look(at: *const u32) -> u32 {
    // SAFETY: none; the pointer is bad on purpose.
    unsafe { at.read_volatile() }
}
"""


@dataclass
class Machine:
    """A kernel of one architecture with modules by one transpiler, each built when asked for."""

    kernel: Kernel
    transpiler: Transpiler
    work: Path

    def module(self, crate: Path) -> Path:
        """Build a crate, see that nothing is found against it, and return its ``.ko``."""
        out = self.work / crate.name
        made = out / f"{crate.name}.ko"
        if made.is_file():
            return made
        tree, arch = self.kernel.tree, self.kernel.board.arch
        options = Options(
            crate, arch, out, kernel=str(tree.build), gate="off", transpiler=self.transpiler
        )
        verdict = build(options, lambda _step: None)
        assert verdict.count(Severity.ERROR) == 0
        return made

    def boot(self, files: dict[str, bytes], steps: Sequence[Step], log: Path) -> Booted:
        """Boot, to an end that must come soon."""
        return boot(self.kernel, files, steps, log, Limits(silence=90.0, total=400.0))


@pytest.fixture(scope="session")
def kernel_of(
    request: pytest.FixtureRequest, toolchain_of: Callable[[str], Toolchain]
) -> Callable[[str], Kernel]:
    """Return a function from an architecture to its kernel; m68k's is built where it is not."""

    def named(name: str) -> Kernel:
        board = load_boards().get(name)
        toolchain = toolchain_of(name)
        if board is None:
            pytest.skip(f"Ferric knows no board for {name}")
        try:
            emulator(board)
            if name == "m68k":
                return Kernel(request.getfixturevalue("m68k_tree"), toolchain, board)
            return Kernel(auto_tree(toolchain.arch, toolchain, build=False), toolchain, board)
        except UserError as error:
            pytest.skip(error.what)

    return named


@pytest.fixture(scope="session", params=ARCHITECTURES)
def machine(
    request: pytest.FixtureRequest,
    kernel_of: Callable[[str], Kernel],
    transpiler: Transpiler,
    tmp_path_factory: pytest.TempPathFactory,
) -> Machine:
    """Each architecture whose kernel is here, with each transpiler."""
    work = tmp_path_factory.mktemp(f"{request.param}-{transpiler}")
    return Machine(kernel_of(request.param), transpiler, work)


@pytest.fixture(scope="session")
def m68k(
    kernel_of: Callable[[str], Kernel],
    transpiler: Transpiler,
    tmp_path_factory: pytest.TempPathFactory,
) -> Machine:
    """m68k, with each transpiler."""
    return Machine(kernel_of("m68k"), transpiler, tmp_path_factory.mktemp(f"m68k-{transpiler}"))


def test_every_sample_alone_and_two_together_in_both_orders(
    machine: Machine, tmp_path: Path
) -> None:
    files = {name: machine.module(SAMPLES / name) for name in NAMES}
    own = {name: read_plan(SAMPLES / name / "boot.plan", name) for name in NAMES}
    contents = {f"{name}.ko": path.read_bytes() for name, path in files.items()}
    booted = machine.boot(contents, make_plan(NAMES, own), tmp_path / "log")
    result = modules_result(machine.kernel, booted, files, machine.transpiler)
    assert [(one.module, one.state, one.reasons) for one in result.modules] == [
        (name, "ok", ()) for name in NAMES
    ]
    assert booted.run.stopped == ""


def _meminfo(lines: Sequence[str]) -> dict[str, int]:
    """Return what ``cat /proc/meminfo`` showed, in KiB."""
    found = (re.fullmatch(r"# (\w+): +(\d+) kB", line) for line in lines)
    return {match[1]: int(match[2]) for match in found if match}


def test_memory_does_not_drift_while_a_module_comes_and_goes(
    machine: Machine, tmp_path: Path
) -> None:
    """Three times 200 loads, after 200 to warm up.

    What is lost each time is lost in each of the three: 21 bytes or more are, 200 times, more than
    a page of 4096 bytes, so the figure changes in every one.  What is taken once (a slab that
    grows, a list of free pages for this CPU) changes it in one of them and not in the others.
    """
    module = machine.module(SAMPLES / "journal")
    repeated = Step("repeat 200 both load journal | unload journal", ("journal",))
    show = Step("cat /proc/meminfo")
    steps = (*MOUNTS, *(repeated, show) * 4)
    booted = machine.boot({"journal.ko": module.read_bytes()}, steps, tmp_path / "log")
    assert [one.failures() for one in booted.judge.outcomes] == [[]] * len(steps)
    seen = [_meminfo(one.lines) for one in booted.judge.outcomes if one.step == show]
    for name, sign in (("MemFree", -1), ("MemAvailable", -1), ("Slab", 1), ("VmallocUsed", 1)):
        values = [one[name] for one in seen]
        growth = [sign * (after - before) for before, after in pairwise(values)]
        assert len(growth) == 3
        assert min(growth) <= 0, (name, values)


def test_parameters(machine: Machine, tmp_path: Path) -> None:
    module = machine.module(SAMPLES / "hello")
    steps = (
        *MOUNTS,
        Step("load hello greetings=3 name=QEMU", ("hello",), ("Hello, QEMU! (3 of 3)",)),
        Step("fails EEXIST load hello", ("hello",)),
        Step("unload hello", ("hello",), ("Goodbye after 3 greetings",)),
        Step("fails EINVAL load hello greetings=many", ("hello",)),
        Step("fails ENOENT unload hello", ("hello",)),
    )
    booted = machine.boot({"hello.ko": module.read_bytes()}, steps, tmp_path / "log")
    *good, many, _ = booted.judge.outcomes
    assert [one.failures() for one in good] == [[]] * len(good)
    assert many.ok
    assert [one.what for one in many.faults] == ["module parameter"]
    assert "`many' invalid for parameter `greetings'" in "\n".join(many.lines)


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A module that panics (at=3 to 15) or reads from a bad address (at=16 and above)."""
    crate = tmp_path / "bad"
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text(
        '[package]\nname = "bad"\nversion = "0.1.0"\nedition = "2021"\n'
        '[package.metadata.kernel-module]\nlicense = "GPL"\n'
        'parameters.at = { type = "u32", default = 1, description = "Where" }\n'
    )
    (crate / "src/lib.rs").write_text(BAD)
    return crate


def test_a_panic_and_a_bad_pointer_say_where_in_rust(
    m68k: Machine, bad: Path, tmp_path: Path
) -> None:
    module = m68k.module(bad)
    files = {"bad.ko": module.read_bytes()}
    panicked = m68k.boot(files, [*MOUNTS, Step("load bad at=9", ("bad",))], tmp_path / "panic")
    rustc = m68k.transpiler == "rustc"
    place = " at src/lib.rs:10:49"
    last = panicked.judge.outcomes[-1]
    said = next(i for i, line in enumerate(last.lines) if "panicked" in line)
    assert last.lines[said] == f"bad: panicked{place}: no such element"
    assert any("kernel BUG at ferric_kernel.c:" in line for line in last.lines[said:])
    assert last.faults[0].what == "BUG"
    assert not last.ok

    read = m68k.boot(files, [*MOUNTS, Step("load bad at=64", ("bad",))], tmp_path / "oops")
    (one, *_) = read.judge.outcomes[-1].faults
    assert one.what == "Oops"
    frames = decode(one.lines, {"bad": module}, m68k.kernel.toolchain)
    text = "\n".join(map(str, frames))
    # mrustc's C has its own line numbers: the function's Rust path, and the line of the C.
    assert ("look at ./src/lib.rs:20" if rustc else "bad::Bad as kernel::module::Module") in text
    assert rustc or re.search(r"at \./bad\.c:\d+", text)


def test_the_selftest_in_the_kernel_gives_the_native_log(machine: Machine, tmp_path: Path) -> None:
    native = _native_log(tmp_path)
    module = machine.module(SAMPLES / "selftest")
    steps = [*MOUNTS, Step("load selftest", ("selftest",)), Step("unload selftest", ("selftest",))]
    booted = machine.boot({"selftest.ko": module.read_bytes()}, steps, tmp_path / "log")
    lines = [one.removeprefix("selftest: ") for one in booted.judge.outcomes[3].lines]
    log = [
        one for one in lines if re.match(r"KTAP|1\.\.\d|(not )?ok \d+ \w+ ([0-9a-f]{16}|#)", one)
    ]
    assert len(log) >= 40
    native = [one for one in native if not one.startswith("#")]
    # The only reason for which an architecture may skip a test that the reference has.
    skipped = {_test(one) for one in log if one.endswith("# SKIP no compare-and-swap")}
    assert [one for one in log if _test(one) not in skipped] == [
        one for one in native if _test(one) not in skipped
    ]


def _test(line: str) -> str:
    """Return the name of the test that a result is of, empty for any other line."""
    match = re.match(r"(?:not )?ok \d+ (\w+)", line)
    return match[1] if match else ""


def _native_log(out: Path) -> list[str]:
    rustc = shutil.which("rustc")
    if rustc is None:
        pytest.skip("rustc is not installed")
    flags = ["--edition=2021", "-Copt-level=1", "-Cdebug-assertions=on", "--out-dir", str(out)]
    core = SAMPLES / "selftest/core/src/lib.rs"
    native = REPOSITORY / "tests/integration/selftest/native.rs"
    library = ["--crate-name=selftest_core", "--crate-type=rlib", str(core)]
    subprocess.run([rustc, *flags, *library], check=True, capture_output=True)
    extern = f"selftest_core={out}/libselftest_core.rlib"
    program = ["--crate-name=native", "--extern", extern, str(native)]
    subprocess.run([rustc, *flags, *program], check=True, capture_output=True)
    done = subprocess.run([out / "native"], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


# What is done to a good module.  Left out is what Linux 6.1 does not look at before it uses it (the
# index of a relocation's symbol, the size of .gnu.linkonce.this_module): there it answers nothing.
SPOILED: dict[str, spoil.Spoil] = {
    "good": lambda data: data,
    "machine": spoil.header("e_machine", 40),
    "byte-order": spoil.other_order,
    "class": spoil.other_class,
    "executable": spoil.header("e_type", 2),
    "magic": lambda data: b"\x7fELG" + data[4:],
    "empty": lambda _data: b"",
    "text": lambda _data: b"not a module\n" * 20,
    "truncated-header": lambda data: data[:40],
    "truncated-half": lambda data: data[: len(data) // 2],
    "truncated-byte": lambda data: data[:-1],
    "headers-beyond": spoil.header("e_shoff", 0x7FFFFFF0),
    "headers-size": spoil.header("e_shentsize", 41),
    "headers-none": spoil.header("e_shnum", 0),
    "headers-many": spoil.header("e_shnum", 60000),
    "names-index": spoil.header("e_shstrndx", 9999),
    "names-of-code": spoil.header("e_shstrndx", 1),
    "section-beyond": spoil.section(".text", "sh_offset", 0x7FFFFFF0),
    "section-huge": spoil.section(".text", "sh_size", 0x7FFFFFF0),
    "section-name": spoil.section(".modinfo", "sh_name", 0x7FFFFFF0),
    "symbols-link": spoil.section(".symtab", "sh_link", 9999),
    "symbols-gone": spoil.section(".symtab", "sh_type", 1),
    "no-this-module": spoil.replaced(
        ".shstrtab", b".gnu.linkonce.this_module\0", b".gnu.linkonce.thus_module\0"
    ),
    "no-modinfo": spoil.replaced(".shstrtab", b".modinfo\0", b".modinfu\0"),
    "vermagic": spoil.replaced(".modinfo", b"vermagic=6.1.", b"vermagic=6.9."),
    "no-vermagic": spoil.replaced(".modinfo", b"vermagic=", b"vermagik="),
    "no-licence": spoil.replaced(".modinfo", b"license=GPL", b"licence=GPL"),
    "other-licence": spoil.replaced(".modinfo", b"license=GPL\0", b"license=XYZ\0"),
    "unknown-symbol": spoil.symbol_name("_printk"),
    "symbol-common": spoil.symbol_section("_printk", spoil.SHN_COMMON),
    "symbol-section": spoil.symbol_section("init_module", 0x7FFF),
    "relocation-type": spoil.relocation_type(".rela.text", 0x77),
    "signature": lambda data: data + b"garbage~Module signature appended~\n",
    "trailing": lambda data: data + b"\0" * 100,
    "section-0-type": spoil.section("", "sh_type", 1),
    "section-0-size": spoil.section("", "sh_size", 4),
    "names-end": spoil.last_byte(".shstrtab"),
    "strings-end": spoil.last_byte(".strtab"),
    "strings-type": spoil.section(".strtab", "sh_type", 1),
    "symbols-half": spoil.shorter(".symtab", 3),
    "symbols-twice": spoil.section(".comment", "sh_type", 2),
    "modinfo-end": spoil.last_byte(".modinfo"),
    "modinfo-twice": spoil.named_as(".comment", ".modinfo"),
    "vermagic-tail": spoil.replaced(".modinfo", b"mod_unload", b"mod_unloax"),
    "vermagic-short": spoil.modinfo(b"vermagic", b"vermagic=6.1"),
    "livepatch": spoil.modinfo(b"description", b"livepatch=Y"),
    "staging": spoil.modinfo(b"description", b"staging=Y"),
    "depends": spoil.modinfo(b"description", b"depends=another"),
    "other-name": spoil.modinfo(b"name", b"name=hallo"),
    "no-name": spoil.replaced(".gnu.linkonce.this_module", b"hello", b"\0" * 5),
    "init-not-relocated": spoil.section(".rela.gnu.linkonce.this_module", "sh_type", 1),
    "alignment-of-a-gigabyte": spoil.section(".data", "sh_addralign", 1 << 30),
    "alignment-of-three": spoil.section(".data", "sh_addralign", 3),
    "memory": spoil.section(".bss", "sh_size", 0x7FFFFFF0),
    "debug-relocations": spoil.section(".rela.debug_line", "sh_info", 9999),
}


# What we refuse and this kernel loads, each on purpose; a change of one of them fails the test.
STRICTER = {
    "byte-order": "Linux 6.1 does not look at EI_DATA; kmod and binutils read the file by it",
    "class": "Linux 6.1 does not look at EI_CLASS; kmod and binutils read the file by it",
    "symbols-half": "Linux 6.1 leaves the half symbol out; no tool would have written it",
    "modinfo-twice": "Linux 6.1 takes the first; the compiler's mark (.comment) is gone",
    "depends": "the kernel leaves that to modprobe, which would not find the other module",
    "other-name": "the kernel goes by struct module, modprobe by .modinfo: they are to agree",
    "init-not-relocated": "the kernel loads a module that does nothing and never goes",
    "alignment-of-three": "the loader computes with it as a power of two: here nothing overlaps",
    "debug-relocations": "the loader does not look at them; debuggers and decoders do",
    "no-licence": "the kernel only taints itself; modpost stops (missing MODULE_LICENSE)",
}


def _verdict(path: Path, tree: KernelTree) -> bool:
    parser = argparse.ArgumentParser()
    validate_verb.add_parser(parser.add_subparsers())
    argv = ["validate", str(path), "--kernel", str(tree.build), "--arch", "m68k"]
    return validate_verb.main(parser.parse_args(argv)) == 0


def test_our_verdict_and_the_kernel_s(m68k: Machine, tmp_path: Path) -> None:
    """No module that we call good is refused by the kernel, nor the other way round."""
    good = m68k.module(SAMPLES / "hello").read_bytes()
    files = {name: change(good) for name, change in SPOILED.items()}
    assert [name for name, data in files.items() if data == good] == ["good"]
    steps = [*MOUNTS, *(Step(f"try {name}.ko hello", (name,)) for name in files)]
    contents = {f"{name}.ko": data for name, data in files.items()}
    booted = m68k.boot(contents, steps, tmp_path / "log")
    loads, answers = {}, {}
    for name, outcome in zip(files, booted.judge.outcomes[len(MOUNTS) :], strict=True):
        assert outcome.ok, (name, outcome.lines)
        (answers[name],) = (one for one in outcome.lines if one.startswith("# try"))
        loads[name] = answers[name].endswith(" loaded")
    verdicts = {}
    for name, data in files.items():
        path = tmp_path / f"{name}.ko"
        path.write_bytes(data)
        verdicts[name] = _verdict(path, m68k.kernel.tree)
    table = [f"{name}: we say {verdicts[name]}; {answers[name]}" for name in files]
    assert {name for name in files if verdicts[name] and not loads[name]} == set(), table
    assert {name for name in files if loads[name] and not verdicts[name]} == set(STRICTER), table
    assert sum(loads.values()) == len(STRICTER) + sum(verdicts.values())


def test_boards_are_of_known_architectures() -> None:
    assert set(load_boards()) <= set(load())
