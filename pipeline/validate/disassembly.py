# SPDX-License-Identifier: GPL-2.0-only
"""The instructions of an object, as the architecture's own objdump prints them.

On m68k and arc GCC puts the tables of ``switch`` between the instructions, and objdump takes them
for code.  They are found (:mod:`pipeline.validate.jump_tables`) and overwritten by ``nop``, so that
what is left is code alone; only sections in which that moves the start of an instruction are
printed again.
"""

from __future__ import annotations

import contextlib
import gc
import re
import struct
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import UserError
from pipeline.run import check
from pipeline.validate import jump_tables
from pipeline.validate.elfdata import SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS, SHT_STRTAB

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pipeline.validate.elf import Object
    from pipeline.validate.elfdata import Section

MAX_CODE = 16 << 20  # bytes: objdump prints some twenty for each
MAX_CODE_SECTIONS = 50_000
# Measured with binutils 2.40: a megabyte of core's code takes 0.1 s on m68k and 2.1 s on arc; of
# random bytes 0.3 s and 15 s.
_SECONDS = 2.0
_SECONDS_PER_MEGABYTE = 4.0
_ROUNDS = 4  # the kernel's vmlinux.o and the library core need two and one
_SECTION = "Disassembly of section "
_COMMENT = re.compile(r"\s*<[^>]*>|\s+[#!;].*$")
_OPERAND = re.compile(r"(?:[^,({\[]|[({\[][^)}\]]*[)}\]])+")
# Branches of arc have the distance as operand and the goal as comment.
_GOAL = re.compile(r"(?<=[\t ,])-?(?:0x)?[0-9a-f]+\s*;((?:0x)?[0-9a-f]+)(?: <.*)?$")
# Printed once, in the middle of a line, by binutils' arc-dis.c.
_WARNING = re.compile(r"\nWarning: disassembly may be wrong.*\nUse -M.*\n\t*")
_NESTED = re.compile(r"[({\[][^)}\]]*,")

_Parts = tuple[str, tuple[str, ...]]


class Instruction(NamedTuple):
    """One instruction: the number of its section, its byte offset there, its text in parts."""

    section: int
    address: int
    mnemonic: str
    operands: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.mnemonic} {','.join(self.operands)}".strip()


def code_size(obj: Object) -> int:
    """Return the bytes of code in the object."""
    return sum(section.size for section in _code(obj))


def disassemble(obj: Object, objdump: Path) -> Mapping[int, Sequence[Instruction]]:
    """Return all instructions by section, in order of address.

    Raises :class:`ToolError` where objdump cannot read the object or does not come to an end, and
    :class:`UserError` for more code sections than any compiler makes.
    """
    code = _code(obj)
    if len(code) > MAX_CODE_SECTIONS:
        raise UserError(f"{len(code)} sections of code are more than {MAX_CODE_SECTIONS}")
    with _no_collection():
        found = _objdump(obj, objdump, obj.data, code)
        if obj.machine in jump_tables.NOPS:
            _without_jump_tables(obj, objdump, found)
    return found


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python's collector of cycles still: it would look through each instruction again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _code(obj: Object) -> list[Section]:
    """Return the sections that hold instructions."""
    return [
        section
        for section in obj.sections
        if section.flags & SHF_EXECINSTR and section.type != SHT_NOBITS and section.size
    ]


def _objdump(
    obj: Object, objdump: Path, data: bytes | bytearray, wanted: Collection[Section]
) -> dict[int, list[Instruction]]:
    """Run objdump over the ``wanted`` sections of ``data`` and read what it prints.

    It gets a copy without symbols and relocations.  With them it took over two minutes for 5 MB of
    8,000 sections, and it would print names that a hostile file chose.
    """
    size = sum(section.size for section in wanted)
    limit = _SECONDS + _SECONDS_PER_MEGABYTE * size / (1 << 20)
    with tempfile.TemporaryDirectory(prefix="ferric-") as folder:
        copy = Path(folder) / "object.o"
        copy.write_bytes(_only_code(obj, data, wanted))
        argv = [str(objdump), "-d", "-w", "-z", "--no-show-raw-insn", str(copy)]
        output = check(argv, f"objdump cannot read {obj.path.name}", timeout=limit)
    return _read(_WARNING.sub("", output) if "\nWarning: " in output else output, wanted)


def _read(output: str, wanted: Collection[Section]) -> dict[int, list[Instruction]]:
    """Return the instructions that objdump printed of the ``wanted`` sections, by section."""
    # objdump goes through them in order; their names may come again, or not be printable.
    numbers = iter(sorted(section.number for section in wanted))
    found: dict[int, list[Instruction]] = {}
    number, into = 0, list[Instruction]()
    known: dict[str, _Parts] = {}
    mnemonics: dict[str, str] = {}
    new = tuple.__new__
    for line in output.split("\n"):
        place, tab, text = line.partition(":\t")
        if not tab:
            if line.startswith(_SECTION):
                number = next(numbers, 0)
                into = found.setdefault(number, [])
            continue
        try:
            address = int(place, 16)
        except ValueError:  # a warning of objdump's
            continue
        parts = known.get(text)
        if parts is None:
            parts = known[text] = _parts(text, mnemonics)
        # A NamedTuple's own constructor takes three times as long.
        into.append(new(Instruction, (number, address, *parts)))
    return found


def _parts(text: str, mnemonics: dict[str, str]) -> _Parts:
    """Return the mnemonic and the operands of an instruction's text, without comments."""
    words = text.split(None, 1)
    if not words:
        return "", ()
    mnemonic = mnemonics.setdefault(words[0], words[0])
    if len(words) == 1:
        return mnemonic, ()
    rest = words[1]
    if ";" in rest and mnemonic.startswith("b"):
        rest = _GOAL.sub(r"\1", "," + rest)[1:]
    if "<" in rest or " " in rest or "\t" in rest:
        rest = _COMMENT.sub("", rest).strip()
    if not _NESTED.search(rest) and " " not in rest:
        return mnemonic, tuple(rest.split(",")) if rest else ()
    return mnemonic, tuple(word.strip() for word in _OPERAND.findall(rest))


def _only_code(obj: Object, data: bytes | bytearray, wanted: Collection[Section]) -> bytes:
    """Return ``data`` with the headers of all sections but the ``wanted`` ones marked as unused.

    Tables of strings stay: one of them has the sections' names.
    """
    wide = obj.bits == 64
    prefix = ">" if obj.byte_order == "big" else "<"
    (start,) = struct.unpack_from(prefix + ("Q" if wide else "I"), data, 40 if wide else 32)
    keep = {section.number for section in wanted}
    copy = bytearray(data)
    for section in obj.sections:
        # sh_type and sh_flags are the second and third member of a header of 64 or 40 bytes.
        header = start + section.number * (64 if wide else 40)
        if section.number in keep:
            # A group, or another section that this one belongs to, is no longer there.
            flags = SHF_ALLOC | SHF_EXECINSTR
            struct.pack_into(prefix + ("Q" if wide else "I"), copy, header + 8, flags)
        elif section.type != SHT_STRTAB:
            struct.pack_into(f"{prefix}I", copy, header + 4, 0)
    return bytes(copy)


def _without_jump_tables(obj: Object, objdump: Path, found: dict[int, list[Instruction]]) -> None:
    """Overwrite the jump tables in ``found`` by instructions that do nothing."""
    nop = jump_tables.NOPS[obj.machine]
    patched = bytearray(obj.data)
    named: dict[int, set[int]] = defaultdict(set)
    for symbol in obj.symbols:
        named[symbol.section].add(symbol.value)
    places = jump_tables.places(obj)
    unsettled = _code(obj)
    for _ in range(_ROUNDS):
        again = []
        for section in unsettled:
            instructions = found.get(section.number, ())
            known = (obj.machine, places.get(section.number, {}), named[section.number])
            tables = jump_tables.tables(obj.content(section), instructions, *known)
            for start, end in tables:
                patched[section.offset + start : section.offset + end] = nop * ((end - start) // 2)
            if tables and _blank(found[section.number], tables):
                again.append(section)
        if not again:
            break
        found.update(_objdump(obj, objdump, patched, again))
        unsettled = again


def _blank(instructions: list[Instruction], tables: Sequence[tuple[int, int]]) -> bool:
    """Replace what stands in the tables by ``nop``; say whether the code behind one is not right.

    Where an instruction begins just behind a table, objdump was in step again.
    """
    starts = {one.address for one in instructions}
    last = instructions[-1].address if instructions else 0
    if any(end <= last and end not in starts for _, end in tables):
        return True
    waiting = iter(tables)
    start, end = next(waiting)
    kept: list[Instruction] = []
    for one in instructions:
        while one.address >= end:
            start, end = next(waiting, (1 << 64, 1 << 64))
        if one.address < start:
            kept.append(one)
        elif one.address == start:
            kept += (Instruction(one.section, at, "nop", ()) for at in range(start, end, 2))
    instructions[:] = kept
    return False
