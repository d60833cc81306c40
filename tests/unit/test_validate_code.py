# SPDX-License-Identifier: GPL-2.0-only
"""The checks of code on listings made by hand: no objdump runs here."""

from __future__ import annotations

import dataclasses
import struct
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.load import load
from pipeline.validate.calls import branches, calls
from pipeline.validate.code import CHECKS
from pipeline.validate.code_tables import never_returns, panics, returns, sleeps
from pipeline.validate.disassembly import Instruction
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.listing import Listing, functions
from pipeline.validate.reference import for_arch
from tests.unit.elf_writer import Elf, Rel, Sec, Sym

if TYPE_CHECKING:
    from pathlib import Path

CODE, DATA, WRITTEN = 0x6, 0x2, 0x3
MACHINES = {"m68k": (4, 32), "parisc": (15, 32), "openrisc": (92, 32), "alpha": (0x9026, 64)}
MACHINES["x86_64"] = (62, 64)


def listed(
    tmp_path: Path,
    arch: str,
    text: str,
    *,
    symbols: list[Sym] | None = None,
    relocations: list[Rel] | None = None,
    sections: list[Sec] | None = None,
) -> Object:
    """Return an object whose listing is ``text``: lines of ``name:`` and ``address instruction``.

    A function ends at the next one, the last one at ``end`` alone on a line with its address.
    """
    starts: list[tuple[str, int]] = []
    found: list[Instruction] = []
    names: list[str] = []
    for line in text.strip().splitlines():
        first, _, rest = line.strip().partition(" ")
        if first.endswith(":"):
            names.append(first[:-1])
            continue
        starts += [(name, int(first, 16)) for name in names]
        names = []
        if rest == "end":
            starts.append(("", int(first, 16)))
            continue
        mnemonic, _, operands = rest.partition(" ")
        parts = tuple(operands.split(";")) if operands else ()
        found.append(Instruction(1, int(first, 16), mnemonic, parts))
    machine, bits = MACHINES[arch]
    order = "little" if arch in {"alpha", "x86_64"} else "big"
    elf = Elf(machine=machine, bits=bits, order=order)
    elf.sections = [Sec(".text", bytes(starts[-1][1]), flags=CODE), *(sections or [])]
    for at, (name, start) in enumerate(starts[:-1]):
        elf.symbols.append(Sym(name, ".text", start, starts[at + 1][1] - start, type=2))
    elf.symbols += symbols or []
    elf.relocations = relocations or []
    path = tmp_path / "a.o"
    path.write_bytes(elf.build())
    obj = Object.read(path)
    moves = defaultdict(list)
    for one in sorted(obj.relocations, key=lambda one: one.offset):
        moves[one.section].append(one)
    obj.derived["listing"] = Listing("", {1: found}, functions(obj), moves)
    return obj


def judged(obj: Object, arch: str, check: str) -> list[Finding]:
    results = CHECKS[check](obj, for_arch(load().get(arch), None))
    return [one for one in results if isinstance(one, Finding)]


def test_without_a_listing_nothing_passes(tmp_path: Path) -> None:
    obj = listed(tmp_path, "m68k", "f:\n0 rts\n2 end")
    obj.derived["listing"] = Listing("no objdump", {}, (), {})
    for name, check in CHECKS.items():
        results = list(check(obj, for_arch(load().get("m68k"), None)))
        bytes_alone = name == "code.writable-pointer"
        assert [one for one in results if isinstance(one, Skipped)] or bytes_alone, name
    obj.derived["listing"] = Listing("objdump gave up", {}, (), {}, unreadable=True)
    (found,) = judged(obj, "m68k", "code.disassembly")
    assert found.severity is Severity.ERROR


ENDS = {
    "return": ("m68k", "0 rts\n2 end", None),
    "padding": ("m68k", "0 rts\n2 nop\n4 end", None),
    "jump": ("m68k", "0 bras 0\n2 end", None),
    "trap": ("m68k", "0 trap #7\n2 end", None),
    "another trap": ("m68k", "0 trap #0\n2 end", Severity.ERROR),
    "arithmetic": ("m68k", "0 addql #1;%d0\n2 end", Severity.ERROR),
    "only padding": ("m68k", "0 nop\n2 end", Severity.ERROR),
    "conditional": ("m68k", "0 beqs 0\n2 end", Severity.ERROR),
    "dead end": ("m68k", "0 rts\n2 addql #1;%d0\n4 end", None),
    "reached by a branch": ("m68k", "0 beqs 4\n2 rts\n4 addql #1;%d0\n6 end", Severity.ERROR),
    "behind a table": ("m68k", "0 jmp %pc@(2,%d0:w)\n4 addql #1;%d0\n6 end", Severity.WARNING),
    "delay slot": ("parisc", "0 bv r0(rp)\n4 ldo 1(r26);ret0\n8 end", None),
    "nullified return": (
        "parisc",
        "0 cmpclr,= r20;r24;r0\n4 bv,n r0(rp)\n8 ldi 0;ret0\nc end",
        Severity.ERROR,
    ),
    "always": ("parisc", "0 addib,tr 1;r20;0\n4 xor ret0;r19;ret0\n8 end", None),
    "slot of nothing": ("openrisc", "0 l.jr r9\n4 l.nop 0x0\n8 end", None),
    "compare": ("openrisc", "0 l.bf 0\n4 l.nop 0x0\n8 l.addi r1;r1;4\nc end", Severity.ERROR),
    "line of a trap": ("alpha", "0 bugchk\n4 .long 0x2a\n8 call_pal 0x1\nc ble a0;0\n10 end", None),
}


@pytest.mark.parametrize(("arch", "text", "severity"), ENDS.values(), ids=ENDS.keys())
def test_ends(tmp_path: Path, arch: str, text: str, severity: Severity | None) -> None:
    found = judged(listed(tmp_path, arch, f"f:\n{text}"), arch, "code.fall-through")
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_a_call_at_the_end(tmp_path: Path) -> None:
    text = "f:\n0 jsr 0\n6 end"

    def of(symbol: Sym) -> list[Severity]:
        obj = listed(
            tmp_path, "m68k", text, symbols=[symbol], relocations=[Rel(".text", 2, symbol.name)]
        )
        return [one.severity for one in judged(obj, "m68k", "code.fall-through")]

    assert of(Sym("panic")) == []
    assert of(Sym("ZRG2c4core9panicking9panic_fmt0g")) == []
    assert of(Sym("whatever")) == [Severity.NOTE]
    assert of(Sym("mutex_lock")) == [Severity.ERROR]


@pytest.mark.parametrize(("ending", "count"), [("trap #7", 0), ("bras 6", 0), ("rts", 1)])
def test_a_function_of_the_object_that_never_returns(
    tmp_path: Path, ending: str, count: int
) -> None:
    text = f"f:\n0 bsrs 6\n2 nop\n4 nop\ng:\n6 {ending}\n8 end"
    found = judged(listed(tmp_path, "m68k", text), "m68k", "code.fall-through")
    assert len(found) == count


def test_a_long_chain_of_calls_comes_to_an_end(tmp_path: Path) -> None:
    text = "\n".join(f"f{n}:\n{2 * n:x} bsrs {2 * n + 2:x}" for n in range(2000)) + "\nfa0 end"
    *_, last = judged(listed(tmp_path, "m68k", text), "m68k", "code.fall-through")
    assert last.severity is Severity.NOTE
    assert "f1999" in last.place


def test_an_empty_function(tmp_path: Path) -> None:
    empty = Sym("empty", ".text", 2, 0, bind=0, type=2)
    text = "f:\n0 rts\n2 end"
    (found,) = judged(listed(tmp_path, "m68k", text, symbols=[empty]), "m68k", "code.fall-through")
    assert (found.severity, found.place) == (Severity.WARNING, "empty")
    data = [Sec(".rodata", bytes(4), flags=DATA)]
    used = [Rel(".rodata", 0, "empty")]
    obj = listed(tmp_path, "m68k", text, symbols=[empty], relocations=used, sections=data)
    (found,) = judged(obj, "m68k", "code.fall-through")
    assert found.severity is Severity.ERROR


def test_calls_through_registers_and_branches(tmp_path: Path) -> None:
    text = """
        f:
        0 lea 0;%a2
        6 jsr %a2@
        8 jsr %a2@
        a bsrs 12
        c moveal %a0@;%a2
        e jsr %a2@
        10 rts
        g:
        12 bset #1;%d0
        18 rts
        1a end
    """
    moves = [Rel(".text", 2, "mutex_lock"), Rel(".text", 0x14, "flags")]
    data = [Sec(".data", bytes(4), flags=WRITTEN)]
    obj = listed(
        tmp_path,
        "m68k",
        text,
        symbols=[Sym("mutex_lock"), Sym("flags", ".data", 0, 4, type=1)],
        relocations=moves,
        sections=data,
    )
    found = calls(obj, for_arch(load().get("m68k"), None))
    assert [(one.address, one.name) for one in found] == [
        (6, "mutex_lock"),
        (8, "mutex_lock"),
        (10, "g"),
    ]
    (note,) = judged(obj, "m68k", "code.sleep")
    assert note.severity is Severity.NOTE
    assert note.place == "mutex_lock"
    assert note.evidence.startswith("2 sites: f (.text+0x6), f (.text+0x8)")
    assert "no line table" in note.evidence


def test_a_call_of_data(tmp_path: Path) -> None:
    data = [Sec(".data", bytes(4), flags=WRITTEN)]
    moves = [Rel(".text", 2, "table")]
    obj = listed(
        tmp_path,
        "m68k",
        "f:\n0 jsr 0\n6 rts\n8 end",
        symbols=[Sym("table", ".data", 0, 4, type=1)],
        relocations=moves,
        sections=data,
    )
    (found,) = judged(obj, "m68k", "code.call-data")
    assert (found.severity, found.place) == (Severity.ERROR, ".text+0x0")
    assert "f calls table, which is in .data" in found.evidence


def test_panics_are_counted_and_named(tmp_path: Path) -> None:
    fmt = "ZRG2c4core9panicking9panic_fmt0g"
    text = f"f:\n0 jsr 0\n6 jsr 0\n{fmt}:\nc jsr 0\n12 trap #7\n14 end"
    moves = [Rel(".text", 2, fmt), Rel(".text", 8, fmt), Rel(".text", 0xE, "rust_begin_unwind")]
    obj = listed(tmp_path, "m68k", text, symbols=[Sym("rust_begin_unwind")], relocations=moves)
    (found,) = judged(obj, "m68k", "code.panic")
    assert found.place == "core::panicking::panic_fmt"
    assert found.evidence.startswith("2 sites: f (.text+0x0), f (.text+0x6)")
    assert judged(obj, "m68k", "code.fall-through") == []


def test_bugs_have_their_file_and_line(tmp_path: Path) -> None:
    table = struct.pack(">IIHH", 0, 0, 77, 0) + struct.pack(">IIHH", 0, 0, 78, 1)
    sections = [
        Sec("__bug_table", table, flags=WRITTEN),
        Sec(".rodata.str", b"a.c\0", flags=DATA),
    ]
    moves = [
        Rel("__bug_table", at, symbol)
        for at, symbol in ((0, "f"), (4, "file"), (12, "f"), (16, "file"))
    ]
    obj = listed(
        tmp_path,
        "m68k",
        "f:\n0 trap #7\n2 end",
        symbols=[Sym("file", ".rodata.str", bind=0)],
        relocations=moves,
        sections=sections,
    )
    (found,) = judged(obj, "m68k", "code.panic")
    assert (found.place, found.evidence) == ("BUG()", "1 site: f (a.c:77)")


CONSTANTS = {
    "call": ("m68k", "jsr 12345678", Severity.ERROR),
    "load": ("m68k", "movel 40001000;%d0", Severity.WARNING),
    "device": ("m68k", "moveb ff000000;%d0", None),
    "null": ("m68k", "clrb 0", None),
    "number": ("m68k", "pea 40001000", None),
    "branch": ("m68k", "bsrl 1234", None),
    "x86 store": ("x86_64", "movl $0x0;0x401000", Severity.WARNING),
    "x86 per cpu": ("x86_64", "mov %gs:0x1028;%rax", None),
    "x86 call": ("x86_64", "call *0x401000", Severity.ERROR),
    "x86 branch": ("x86_64", "call 0x401000", None),
}


@pytest.mark.parametrize(("arch", "text", "severity"), CONSTANTS.values(), ids=CONSTANTS.keys())
def test_constant_addresses(
    tmp_path: Path, arch: str, text: str, severity: Severity | None
) -> None:
    obj = listed(tmp_path, arch, f"f:\n0 {text}\n8 end")
    found = judged(obj, arch, "code.user-address")
    assert [one.severity for one in found] == ([severity] if severity else [])
    moved = listed(
        tmp_path,
        arch,
        f"f:\n0 {text}\n8 end",
        symbols=[Sym("x")],
        relocations=[Rel(".text", 2, "x")],
    )
    assert judged(moved, arch, "code.user-address") == []


def test_words_with_absolute_symbols(tmp_path: Path) -> None:
    sections = [Sec(".data", bytes(8), flags=WRITTEN), Sec("__kcrctab", bytes(4), flags=DATA)]
    symbols = [Sym("user", 0xFFF1, 0x40001000), Sym("zero", 0xFFF1, 0), Sym("__crc_x", 0xFFF1, 1)]
    moves = [Rel(".data", 0, "user"), Rel(".data", 4, "zero"), Rel("__kcrctab", 0, "__crc_x")]
    obj = listed(
        tmp_path,
        "m68k",
        "f:\n0 rts\n2 end",
        symbols=symbols,
        relocations=moves,
        sections=sections,
    )
    (found,) = judged(obj, "m68k", "code.user-address")
    assert (found.place, found.severity) == (".data+0x0", Severity.WARNING)
    assert "0x40001000" in found.evidence


@pytest.mark.parametrize(
    ("name", "flags", "severity"),
    [
        (".data", WRITTEN, Severity.NOTE),
        (".rodata", DATA, None),
        (".data..ro_after_init", WRITTEN, None),
        (".init.data", WRITTEN, None),
        (".both", 0x7, Severity.ERROR),
    ],
)
def test_pointers_to_code(tmp_path: Path, name: str, flags: int, severity: Severity | None) -> None:
    obj = listed(
        tmp_path,
        "m68k",
        "f:\n0 rts\n2 end",
        symbols=[Sym("ops", name, 0, 8, type=1)],
        relocations=[Rel(name, 0, "f"), Rel(name, 4, "ops")],
        sections=[Sec(name, bytes(8), flags=flags)],
    )
    found = judged(obj, "m68k", "code.writable-pointer")
    assert {one.severity for one in found} == ({severity} if severity else set())
    if severity is Severity.NOTE:
        assert "1 pointers to code in 1 objects: ops (1)" in found[0].evidence


@pytest.mark.parametrize(
    ("symbol", "does"),
    [
        ("ZRG2c4core9panicking9panic_fmt0g", True),
        ("_ZN4core6option13unwrap_failed17h0123456789abcdefE", True),
        ("_RNvNtNtC4core5slice5index26slice_start_index_len_fail", True),
        ("ZRG3c4core5slice5index24slice_end_index_len_fail0g.constprop.0", True),
        ("rust_begin_unwind", True),
        ("core_panicking", False),
        ("parse_failed", False),
        ("ZRG2c5mycar14probe_has_fail0g", False),
    ],
)
def test_what_panics(symbol: str, does: bool) -> None:
    assert bool(panics(symbol)) is does
    assert never_returns(symbol) is does


def test_what_sleeps() -> None:
    assert "mutex.c" in sleeps("mutex_lock_interruptible")
    assert sleeps("spin_lock") == sleeps("down_the_road") == ""
    assert returns("schedule")
    assert not returns("do_exit")


def test_a_hostile_listing_takes_little_time(tmp_path: Path) -> None:
    text = "\n".join(f"f{n}:\n{n * 6:x} jsr 0" for n in range(3000)) + f"\n{18000:x} end"
    moves = [Rel(".text", n * 6 + 2, f"f{(n * 7 + 1) % 3000}") for n in range(3000)]
    obj = listed(tmp_path, "m68k", text, relocations=moves)
    reference = dataclasses.replace(for_arch(load().get("m68k"), None))
    for check in CHECKS.values():
        assert len(list(check(obj, reference))) <= 3001


def test_what_is_a_branch() -> None:
    assert all(branches(word) for word in ("bf", "bf.s", "bt.s", "bra", "jsr", "bne", "l.bf"))
    assert not any(branches(word) for word in ("bfextu", "bfins", "bset", "bic", "mov"))
