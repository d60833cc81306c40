# SPDX-License-Identifier: GPL-2.0-only
"""Modules spoiled in many ways: what we say of each beside what a running kernel says."""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pipeline.boot.plan import MOUNTS, Step
from pipeline.errors import UserError
from pipeline.validate.elf import Object
from pipeline.validate.finding import Severity
from pipeline.validate.judge import judge
from pipeline.validate.verb import against
from tests.integration.boot import spoil
from tests.integration.boot.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.boot.machine import Kernel
    from pipeline.validate.reference import Reference

HELLO = Path(__file__).parents[2] / "samples/hello"
# What is done to a good module.  Left out is what a kernel does not look at before it uses it:
# there it answers nothing (Linux 6.1: the index of a relocation's symbol, the size of
# .gnu.linkonce.this_module; 6.12: whether that section is writable).
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
    "vermagic": spoil.replaced(".modinfo", b"vermagic=6.", b"vermagic=7."),
    "no-vermagic": spoil.replaced(".modinfo", b"vermagic=", b"vermagik="),
    "no-licence": spoil.replaced(".modinfo", b"license=GPL", b"licence=GPL"),
    "other-licence": spoil.replaced(".modinfo", b"license=GPL\0", b"license=XYZ\0"),
    "unknown-symbol": spoil.symbol_name("_printk"),
    "symbol-common": spoil.symbol_section("_printk", spoil.SHN_COMMON),
    "symbol-section": spoil.symbol_section("init_module", 0x7FFF),
    "relocation-type": spoil.relocation_type(".rela.gnu.linkonce.this_module", 0x77),
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
    "names-type": spoil.section(".shstrtab", "sh_type", 1),
    "names-none": spoil.header("e_shstrndx", 0),
    "header-flags": spoil.header("e_flags", 0x00F00000),
    "section-byte-beyond": spoil.past_the_end,
    "section-wraps": spoil.beyond_all_addresses(".comment"),
    "section-0-address": spoil.section("", "sh_addr", 16),
    "modinfo-not-loaded": spoil.flags(".modinfo", spoil.SHF_ALLOC),
    "modinfo-no-bytes": spoil.section(".modinfo", "sh_type", 8),
    "this-module-not-loaded": spoil.flags(".gnu.linkonce.this_module", spoil.SHF_ALLOC),
    "this-module-unaligned": spoil.section(".gnu.linkonce.this_module", "sh_addralign", 1),
    "code-writable": spoil.code_of("init_module", spoil.SHF_WRITE),
    "data-thread-local": spoil.flags(".data", spoil.SHF_TLS),
    "relocations-without-addends": spoil.section(".rela.gnu.linkonce.this_module", "sh_type", 9),
    "parameter-half": spoil.shorter("__param", 3),
    "unused-unknown": spoil.undefined_and_unused(spoil.STB_GLOBAL),
    "unused-unknown-local": spoil.undefined_and_unused(spoil.STB_LOCAL),
    "unused-unknown-weak": spoil.undefined_and_unused(spoil.STB_WEAK),
    "known-weak": spoil.binding("_printk", spoil.STB_WEAK),
    "init-undefined": spoil.symbol_section("init_module", 0),
    "strings-other": spoil.section(".symtab", "sh_link", 1),
    "symbols-size": spoil.section(".symtab", "sh_entsize", 3),
    "vermagic-empty": spoil.modinfo(b"vermagic", b"vermagic="),
    "alignment-none": spoil.section(".data", "sh_addralign", 0),
    "compressed": lambda data: gzip.compress(data, mtime=0),
    "data-compressed": spoil.flags(".data", spoil.SHF_COMPRESSED),
    "init-absolute": spoil.symbol_section("init_module", spoil.SHN_ABS),
    "init-livepatch": spoil.symbol_section("init_module", spoil.SHN_LIVEPATCH),
    "relocations-livepatch": spoil.flags(
        ".rela.gnu.linkonce.this_module", spoil.SHF_RELA_LIVEPATCH
    ),
    "symbol-extended": spoil.symbol_section("_printk", spoil.SHN_XINDEX),
    "unused-register": spoil.undefined_and_unused(spoil.STB_GLOBAL, spoil.STT_REGISTER),
    "name-taken": spoil.renamed(b"random"),
    "name-taken-by-core": spoil.renamed(b"kernel"),
    "name-free": spoil.renamed(b"rondom"),
    "vermagic-twice": spoil.modinfo(b"description", b"vermagic=x"),
}


# What we refuse and this kernel loads, each on purpose; a change of one of them fails the test.
STRICTER = {
    "names-type": "Linux 6.12 refuses it",
    "strings-type": "Linux 6.12 refuses it",
    "byte-order": "Linux 6.1 does not look at EI_DATA; kmod and binutils read the file by it",
    "class": "Linux 6.1 does not look at EI_CLASS; kmod and binutils read the file by it",
    "symbols-half": "Linux 6.1 leaves the half symbol out; no tool would have written it",
    "modinfo-twice": "Linux 6.1 takes the first, 6.12 refuses it",
    "depends": "the kernel leaves that to modprobe, which would not find the other module",
    "other-name": "the kernel goes by struct module, modprobe by .modinfo: they are to agree",
    "init-not-relocated": "the kernel loads a module that does nothing and never goes",
    "alignment-of-three": "the loader computes with it as a power of two: here nothing overlaps",
    "debug-relocations": "the loader does not look at them; debuggers and decoders do",
    "no-licence": "the kernel only taints itself; modpost stops (missing MODULE_LICENSE)",
    "header-flags": "Linux does not look at e_flags here; linkers and decoders do",
    "modinfo-no-bytes": "the loader reads what is at the offset; no other tool does",
    "code-writable": "kernels with CONFIG_STRICT_MODULE_RWX refuse it",
    "data-thread-local": "the loader has no thread-local storage: it is ordinary data",
    "parameter-half": "the kernel leaves the parameter out, of which .modinfo tells",
    "export-half": "the kernel leaves it out here, and reads past it where it looks a name up",
    "constructor": "this kernel calls no constructors: what they set up is not",
    "pointer-to-modinfo": "the loader frees .modinfo once the module is loaded",
    "pointer-to-not-loaded": "the loader frees the file that the pointer is left to",
    "data-compressed": "the loader takes the bytes as they are, whatever they are compressed from",
    "init-absolute": "the kernel loads it and never calls its init, whose address is 0",
    "init-livepatch": "the kernel loads it and never calls its init, whose address is 0",
    "relocations-livepatch": "the kernel loads a module that does nothing: it passes over them",
}
# What Linux 6.12 loads and 6.1 does not.
LATER = {
    "modinfo-not-loaded": "6.12 finds .modinfo without SHF_ALLOC, too",
    "alignment-of-a-gigabyte": "6.12 lays data out by itself; it is not aligned as it asks to be",
}
# Where we are not stricter: this kernel refuses it, too (parisc's has CONFIG_STRICT_MODULE_RWX,
# looks at the class, and takes a symbol whose value is 0 for an unknown one), or the architecture
# has no flags to compare.
ALIKE = {
    "parisc": {
        "class",
        "header-flags",
        "symbols-half",
        "code-writable",
        "init-absolute",
        "init-livepatch",
    }
}


# Assembly that is linked to the good module.  = is a tab (on parisc what begins a line is a label),
# WORD is an address.
EXPORT = """
=.section __ksymtab,"a"
=.balign 4
=WORD here, name, none
=.section .rodata.names,"a"
name:
=.asciz "_printk"
none:
=.asciz ""
=.section .data.here,"aw"
=.balign 4
here:
=.long 0
"""
# Two parameters of 32 bits with the same name.
PARAMETERS = """
=.section __param,"a"
=.balign 4
=WORD name, __this_module, param_ops_int
=.short MODE
=.byte 0,0
=WORD value
=WORD name, __this_module, param_ops_int
=.short MODE
=.byte 0,0
=WORD value
=.section .rodata.names,"a"
name:
=.asciz "mine"
=.section .data.value,"aw"
=.balign 4
value:
=.long 0
"""
IN_DATA = '=.section .data.there,"aw"\n=.balign 4\n'
LINKED = {
    "export-twice": EXPORT.replace(
        "=WORD here", "=.globl __ksymtab__printk\n__ksymtab__printk:\n=WORD here"
    ),
    "export-twice-nameless": EXPORT,
    "export-half": '=.section __ksymtab,"a"\n=.balign 4\n=.long 0\n',
    "constructor": '=.section .ctors,"aw"\n=.balign 4\n=WORD 0\n',
    "per-cpu-on-one": '=.section .data..percpu,"aw"\n=.balign 4\n=.long 5\n',
    "weak-in-data": f"{IN_DATA}=.weak maybe\n=WORD maybe\n",
    "unknown-in-debug": '=.section .debug_mine,""\n=.balign 4\n=WORD not_there\n',
    "pointer-to-modinfo": '=.section .modinfo,"a"\nmine:\n=.asciz "x=y"\n'
    + IN_DATA
    + "=WORD mine\n",
    "pointer-to-not-loaded": '=.section .mine,""\nmine:\n=.long 7\n' + IN_DATA + "=WORD mine\n",
    "parameter-twice": PARAMETERS.replace("MODE", "0"),
    "parameter-twice-shown": PARAMETERS.replace("MODE", "0444"),
    "gpl-only": f"{IN_DATA}=WORD init_uts_ns\n",
    "gpl-only-proprietary": f"{IN_DATA}=WORD init_uts_ns\n",
    "namespace": f"{IN_DATA}=WORD insert_resource_expand_to_fit\n",
    "checksums-other-release": '=.section __versions,"a"\n=.balign 4\n=.space 64\n',
}
# What a module is called that is not called hello.
NAMES = {"name-free": "rondom"}
# What is done to some of them after that.
AFTER: dict[str, spoil.Spoil] = {
    "gpl-only-proprietary": spoil.modinfo(b"license", b"license=XYZ"),
    "checksums-other-release": spoil.replaced(".modinfo", b"vermagic=6.", b"vermagic=7."),
}


# One transpiler: who wrote the code of a module changes nothing in how it is loaded.
@pytest.fixture(scope="module", params=["m68k", "parisc"])
def machine(
    request: pytest.FixtureRequest,
    kernel_of: Callable[[str], Kernel],
    rustc: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Machine:
    """Two architectures, whose loaders and linkers are not alike."""
    assert rustc.is_file()
    return Machine(kernel_of(request.param), "rustc", tmp_path_factory.mktemp(request.param))


def _linked(machine: Machine, good: Path, folder: Path, pieces: dict[str, str]) -> dict[str, bytes]:
    """Return the good module with each piece of assembly linked to it."""
    prefix = machine.kernel.toolchain.prefix
    found = {}
    for name, text in pieces.items():
        source, part, whole = (folder / f"{name}.{end}" for end in ("s", "o", "whole.ko"))
        source.write_text(f"\n{text}".replace("\n=", "\n\t").replace("WORD", ".long"))
        subprocess.run([f"{prefix}gcc", "-c", source, "-o", part], check=True)
        linker = f"{prefix}ld"
        quiet = "--no-warn-execstack"
        subprocess.run([linker, "-r", quiet, "-o", whole, good, part], check=True)
        found[name] = AFTER.get(name, bytes)(whole.read_bytes())
    return found


class Verdict(NamedTuple):
    """What we say: good, or not; and the errors that we say the kernel will give."""

    good: bool
    errors: frozenset[str] = frozenset()


def _verdict(path: Path, reference: Reference) -> Verdict:
    try:
        found = judge(Object.read(path), reference).findings
    except UserError:
        return Verdict(good=False)
    meanings = [one.meaning for one in found if one.severity is Severity.ERROR]
    errors = (name for text in meanings for name in re.findall(r"\bE[A-Z]{3,}\b", text))
    return Verdict(not meanings, frozenset(errors))


class Compared(NamedTuple):
    """Which modules we refuse and the kernel loads, and all that both said, for a failure."""

    stricter: set[str]
    table: list[str]


def _compare(machine: Machine, files: dict[str, bytes], tmp_path: Path) -> Compared:
    """Judge modules, and load them; what the kernel refuses, we refuse for the same error."""
    steps = [*MOUNTS, *(Step(f"try {n}.ko {NAMES.get(n, 'hello')}", (n,)) for n in files)]
    contents = {f"{name}.ko": data for name, data in files.items()}
    booted = machine.boot(contents, steps, tmp_path / "log")
    loads, answers = {}, {}
    for name, outcome in zip(files, booted.judge.outcomes[len(MOUNTS) :], strict=True):
        assert outcome.ok, (name, outcome.lines)
        (answers[name],) = (one for one in outcome.lines if one.startswith("# try"))
        loads[name] = answers[name].endswith(" loaded")
    kernel, said, verdicts = machine.kernel, {}, {}
    reference = against(kernel.toolchain.arch, kernel.tree.build)
    for name, data in files.items():
        path = tmp_path / f"{name}.ko"
        path.write_bytes(data)
        verdicts[name], said[name] = _verdict(path, reference)
    table = [f"{name}: we say {verdicts[name]}; {answers[name]}" for name in files]
    assert {name for name in files if verdicts[name] and not loads[name]} == set(), table
    other = [
        f"{answers[name]}, and we said {sorted(said[name])}"
        for name in files
        if said[name] and not loads[name] and answers[name].split()[-1] not in said[name]
    ]
    assert other == []
    return Compared({name for name in files if loads[name] and not verdicts[name]}, table)


def test_our_verdict_and_the_kernel_s(machine: Machine, tmp_path: Path) -> None:
    """No module that we call good is refused by the kernel, nor the other way round.

    Where both refuse one, the kernel's error is what we had said.
    """
    module = machine.module(HELLO)
    good = module.read_bytes()
    files = {name: change(good) for name, change in SPOILED.items()}
    assert [name for name, data in files.items() if data == good] == ["good"]
    files |= _linked(machine, module, tmp_path, LINKED)
    refused, table = _compare(machine, files, tmp_path)
    stricter = set(STRICTER) - ALIKE.get(machine.kernel.board.arch, set())
    if machine.kernel.tree.release.startswith("6.1."):
        assert refused == stricter, table
    else:
        assert refused <= stricter | set(LATER), table


def test_more_per_cpu_data_than_the_kernel_has_room_for(
    kernel_of: Callable[[str], Kernel], rustc: Path, tmp_path: Path
) -> None:
    """Of Ferric's own kernels s390x's is the one for several CPUs."""
    assert rustc.is_file()
    machine = Machine(kernel_of("s390x"), "rustc", tmp_path)
    pieces = {
        f"per-cpu-{size}": f'=.section .data..percpu,"aw"\n=.balign 8\n=.space {size}\n'
        for size in (8 << 10, (8 << 10) + 8)
    }
    files = _linked(machine, machine.module(HELLO), tmp_path, pieces)
    assert _compare(machine, files, tmp_path).stricter == set()
