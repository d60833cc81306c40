# SPDX-License-Identifier: GPL-2.0-only
"""The reader of debug information: every form and version, and no bytes that make it fail."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.debuginfo.information import DebugInfo, debug_information
from pipeline.debuginfo.model import Base, DwarfError, Member, Pointer, Record
from pipeline.validate.elf import Object
from tests.unit.elf_writer import Elf, Rel, Sec, Sym

# A unit, a base type, a struct, a member, a bit-field, a pointer, a variable, a function that is
# declared, a parameter, and a namespace: tag, children, (attribute, form) pairs.
ABBREVIATIONS = [
    (0x11, 1, [(0x25, 0x08), (0x13, 0x0B)]),
    (0x24, 0, [(0x0B, 0x0B), (0x3E, 0x0B), (0x03, 0x08)]),
    (0x13, 1, [(0x03, 0x08), (0x0B, 0x0B), (0x3A, 0x0B)]),
    (0x0D, 0, [(0x03, 0x08), (0x49, 0x13), (0x38, 0x0B)]),
    (0x0D, 0, [(0x03, 0x08), (0x49, 0x13), (0x0B, 0x0B), (0x0C, 0x0B), (0x0D, 0x0B), (0x38, 0x0B)]),
    (0x0F, 0, [(0x0B, 0x0B), (0x49, 0x13)]),
    (0x34, 0, [(0x03, 0x08), (0x49, 0x13), (0x3F, 0x19), (0x02, 0x0A)]),
    (0x2E, 1, [(0x03, 0x08), (0x6E, 0x08), (0x27, 0x19), (0x3F, 0x19), (0x3C, 0x19)]),
    (0x05, 0, [(0x49, 0x13)]),
    (0x39, 1, [(0x03, 0x08)]),
]


def abbreviations() -> bytes:
    table = b""
    for code, (tag, children, attributes) in enumerate(ABBREVIATIONS, 1):
        table += bytes([code, tag, children])
        table += b"".join(bytes(pair) for pair in attributes) + b"\0\0"
    return table + b"\0"


def unit(order: str, body: bytes, version: int = 4) -> bytes:
    """Return a unit of 32-bit DWARF; its entries begin at byte 11."""
    prefix = ">" if order == "big" else "<"
    rest = struct.pack(f"{prefix}HIB", version, 0, 4) + body
    return struct.pack(f"{prefix}I", len(rest)) + rest


def entries(order: str) -> tuple[bytes, dict[str, int]]:
    """Return a unit's entries and the offsets of the types among them."""
    prefix = ">" if order == "big" else "<"
    body, at = b"", {}

    def add(name: str, data: bytes) -> None:
        nonlocal body
        at[name] = 11 + len(body)
        body += data

    def ref(name: str) -> bytes:
        return struct.pack(f"{prefix}I", at[name])

    add("unit", b"\x01GNU C17\0\x0c")
    add("int", b"\x02\x04\x05int\0")
    add("S", b"\x03S\0\x08\x01")
    add("a", b"\x04a\0" + ref("int") + b"\x00")
    add("flag", b"\x05flag\0" + ref("int") + b"\x04\x03\x05\x04")
    add("end", b"\0")
    add("pointer", b"\x06\x04" + ref("S"))
    add("pool", b"\x07pool\0" + ref("S") + b"\x05\x03" + bytes(4))
    add("take", b"\x08ZRG4take\0take\0")
    add("p0", b"\x09" + ref("pointer"))
    add("end take", b"\0")
    add("module", b"\x0ainner\0")
    add("T", b"\x03T\0\x00\x01\0")
    add("end all", b"\0\0")
    return body, at


def elf(order: str, info: bytes, name: str = ".debug_info", flags: int = 0, **more: bytes) -> Elf:
    return Elf(
        order=order,
        sections=[
            Sec(".text", b"\x4e\x75", flags=6),
            Sec(name, info, flags=flags),
            Sec(".debug_abbrev", more.get("abbrev", abbreviations())),
        ],
        symbols=[Sym("pool", ".text", 1)],
    )


def information(tmp_path: Path, file: Elf) -> DebugInfo | str:
    path = tmp_path / "object.o"
    path.write_bytes(file.build())
    return debug_information(Object.read(path))


def good(tmp_path: Path, file: Elf) -> DebugInfo:
    found = information(tmp_path, file)
    assert isinstance(found, DebugInfo), found
    return found


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("order", ["big", "little"])
def test_types_functions_and_variables(tmp_path: Path, order: str, version: int) -> None:
    body, at = entries(order)
    file = elf(order, unit(order, body, version))
    place = body.index(b"pool\0") + 11 + 5 + 4 + 2
    file.relocations = [Rel(".debug_info", place, "pool", 2)]
    info = good(tmp_path, file)
    assert info.type(at["int"]) == Base("int", 4, 5)
    record = info.type(at["S"])
    assert isinstance(record, Record)
    # DWARF 2 counts a bit-field's place from its unit's most significant bit.
    first = 8 * 4 + (3 if order == "big" else 32 - 3 - 5)
    assert record.members == (
        Member("a", at["int"], 0),
        Member("flag", at["int"], first // 8, first, 5),
    )
    assert info.type(at["pointer"]) == Pointer(at["S"], 4)
    (variable,) = info.variables
    assert (variable.symbol, variable.external, variable.place) == ("pool", True, (1, 3))
    (function,) = info.functions
    assert (function.name, function.symbol) == ("ZRG4take", "take")
    assert function.declaration
    assert [one.type for one in function.signature.parameters] == [at["pointer"]]
    assert set(info.named_types) == {"S", "inner::T"}
    assert info.size(at["S"]) == 8


def test_compressed_by_either_way(tmp_path: Path) -> None:
    body, at = entries("big")
    whole = unit("big", body)
    packed = zlib.compress(whole)
    header = struct.pack(">III", 1, len(whole), 1)
    standard = good(tmp_path, elf("big", header + packed, flags=0x800))
    old = b"ZLIB" + struct.pack(">Q", len(whole)) + packed
    older = good(tmp_path, elf("big", old, name=".zdebug_info"))
    for info in (standard, older):
        assert info.type(at["int"]) == Base("int", 4, 5)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (struct.pack(">III", 1, 1 << 30, 1), "compressed bytes are said to hold"),
        (struct.pack(">III", 1, 7, 1), "does not hold the 7 bytes"),
        (struct.pack(">III", 9, 7, 1), "compressed in an unknown way"),
        (b"\0", "has no header"),
    ],
)
def test_compression_is_bounded(tmp_path: Path, header: bytes, why: str) -> None:
    packed = zlib.compress(bytes(4000)) if len(header) > 1 else b""
    found = information(tmp_path, elf("big", header + packed, flags=0x800))
    assert isinstance(found, str)
    assert why in found


def test_several_sections_each_with_its_own_relocations(tmp_path: Path) -> None:
    """As COMDAT groups have them: a word counts in the section that its relocation names."""
    body, at = entries("big")
    one = unit("big", body)
    file = elf("big", one)
    file.sections.append(Sec(".debug_info.2", one))
    data = file.build().replace(b".debug_info.2\0", b".debug_info\0\0\0")
    path = tmp_path / "object.o"
    path.write_bytes(data)
    info = debug_information(Object.read(path))
    assert isinstance(info, DebugInfo)
    assert [item.offset for item in info.units] == [0, 0]
    assert info.type(len(one) + at["int"]) == Base("int", 4, 5)


def test_no_debug_information(tmp_path: Path) -> None:
    assert information(tmp_path, Elf(sections=[Sec(".text")])) == "there is no debug information"


def test_references_that_lead_nowhere(tmp_path: Path) -> None:
    body, _ = entries("big")
    info = good(tmp_path, elf("big", unit("big", body)))
    for ref in (-5, 3, 11 + len(body), 1 << 40):
        with pytest.raises(DwarfError):
            info.type(ref)


@pytest.mark.parametrize("shape", ["flat", "deep", "children", "flags"])
def test_a_megabyte_of_entries_takes_no_time(tmp_path: Path, shape: str) -> None:
    abbrev = {
        "flat": bytes([1, 0x11, 1, 0, 0, 2, 0x34, 0, 0, 0, 0]),
        "deep": bytes([1, 0x11, 1, 0, 0, 2, 0x34, 1, 0, 0, 0]),
        "children": bytes([1, 0x11, 1, 0, 0, 2, 0x13, 1, 0, 0, 0]),
        "flags": bytes([1, 0x11, 1, 0, 0, 2, 0x34, 0] + [0x3F, 0x19] * 4000 + [0, 0, 0]),
    }[shape]
    file = elf("big", unit("big", b"\1" + b"\2" * (1 << 20)), abbrev=abbrev)
    start = time.process_time()
    info = information(tmp_path, file)
    if isinstance(info, DebugInfo):
        try:
            for variable in info.variables:
                info.type(variable.type)
            for refs in info.named_types.values():
                info.type(refs[0])
        except DwarfError as error:
            assert "more entries" in str(error) or "do not end" in str(error)  # noqa: PT017
    assert time.process_time() - start < 2


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_change_of_bytes_gets_an_exception_out(tmp_path: Path, data: st.DataObject) -> None:
    body, _ = entries("big")
    info, abbrev = bytearray(unit("big", body)), bytearray(abbreviations())
    for part in (info, abbrev):
        for _ in range(data.draw(st.integers(0, 4))):
            part[data.draw(st.integers(0, len(part) - 1))] = data.draw(st.integers(0, 255))
    found = information(tmp_path, elf("big", bytes(info), abbrev=bytes(abbrev)))
    if isinstance(found, str):
        return
    try:
        for function in found.functions:
            for parameter in function.signature.parameters:
                found.size(parameter.type)
        for variable in found.variables:
            found.size(variable.type)
        for refs in found.named_types.values():
            found.type(refs[0])
    except DwarfError:
        pass
