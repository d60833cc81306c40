# SPDX-License-Identifier: GPL-2.0-only
"""Ask a GCC for its layout: compile one file, read the object, run nothing.

Every number is written one byte each, so reading needs no byte order; the byte order itself is
read from how GCC stored a 32-bit pattern.  Whether an atomic operation is done inline is read from
the object's undefined symbols: GCC falls back to ``__atomic_*_N`` or ``__sync_*_N`` in a library
that the kernel does not have (GCC manual, "Built-in Functions for Memory Model Aware Atomic
Operations" and "Legacy __sync Built-in Functions").
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Symbol, SymbolTableSection

from pipeline.errors import ToolError
from pipeline.run import check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.toolchains.find import Toolchain

AtomicWidth = Literal[8, 16, 32, 64, "ptr"]

# Our name of a type, and GCC's: these macros are there without any header.
TYPES = {
    "u8": "__UINT8_TYPE__",
    "u16": "__UINT16_TYPE__",
    "u32": "__UINT32_TYPE__",
    "u64": "__UINT64_TYPE__",
    "u128": "ferric_u128",
    "f32": "float",
    "f64": "double",
    "ptr": "void *",
    "bool": "_Bool",
    "long": "long",
}
_WIDTHS: tuple[Literal[8, 16, 32, 64], ...] = (8, 16, 32, 64)
_BIG, _LITTLE = bytes([1, 2, 3, 4]), bytes([4, 3, 2, 1])
_LIBRARY_CALL = re.compile(r"__(?:atomic|sync)_(\w+)_(\d+)")
_SECONDS = 60.0


@dataclass(frozen=True)
class Layout:
    """What one GCC with one set of flags does; ``sizes`` and ``alignments`` are in bytes.

    The keys of both are u8 u16 u32 u64 f32 f64 ptr bool long, and u128 where ``int128`` is true;
    an alignment is that of a member in a struct.  ``atomics`` has the widths in bits (and
    ``"ptr"``) whose compare-exchange is done inline, ``atomic_load_store`` those whose loads and
    stores are.
    """

    pointer_bits: int
    big_endian: bool
    char_signed: bool
    int128: bool
    sizes: Mapping[str, int]
    alignments: Mapping[str, int]
    atomics: tuple[AtomicWidth, ...]
    atomic_load_store: tuple[AtomicWidth, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the fields as values that JSON can write."""
        return {
            **vars(self),
            "sizes": dict(self.sizes),
            "alignments": dict(self.alignments),
            "atomics": list(self.atomics),
            "atomic_load_store": list(self.atomic_load_store),
        }


def probe(toolchain: Toolchain, flags: Sequence[str]) -> Layout:
    """Return the layout of ``toolchain``'s GCC with ``flags``.

    A compiler that refuses a flag, and an object that contradicts itself (its ELF class and its
    pointers, its header's byte order and its data's), is a :class:`ToolError`.
    """
    with tempfile.TemporaryDirectory(prefix="ferric-probe-") as folder:
        source, target = Path(folder) / "probe.c", Path(folder) / "probe.o"
        source.write_text(_source(), encoding="ascii")
        # -fno-lto: with LTO the object holds no data.  -w: no flag makes a warning fatal.
        argv = [str(toolchain.gcc), *flags, "-fno-lto", "-w", "-c", str(source), "-o", str(target)]
        check(argv, f"{toolchain.arch.name}: GCC refuses the probe", timeout=_SECONDS)
        try:
            with target.open("rb") as stream:
                return _read(ELFFile(stream))
        except (OSError, ELFError, ValueError) as error:
            raise ToolError(
                f"{toolchain.arch.name}: the probe's object cannot be used: {error}", argv=argv
            ) from None


def _source() -> str:
    """Return the probe: two constants, and one function per width and atomic operation."""
    facts = ",\n".join(f"  FACTS({ctype})" for name, ctype in TYPES.items())
    atomics = "\n".join(f"ATOMICS({bits})" for bits in _WIDTHS)
    return f"""\
#ifdef __SIZEOF_INT128__
typedef unsigned __int128 ferric_u128;
#else
typedef struct {{}} ferric_u128;
#endif
#define FACTS(T) sizeof(T), __builtin_offsetof(struct {{ char first; T it; }}, it)
const unsigned char ferric_layout[] = {{
{facts},
  (char)-1 < 0
}};
const __UINT32_TYPE__ ferric_order = 0x01020304;
#define ATOMICS(B) \\
  int ferric_exchange_##B(__UINT##B##_TYPE__ *p, __UINT##B##_TYPE__ *old, __UINT##B##_TYPE__ v) \\
  {{ return __atomic_compare_exchange_n(p, old, v, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); }} \\
  __UINT##B##_TYPE__ ferric_load_##B(__UINT##B##_TYPE__ *p) \\
  {{ return __atomic_load_n(p, __ATOMIC_SEQ_CST); }} \\
  void ferric_store_##B(__UINT##B##_TYPE__ *p, __UINT##B##_TYPE__ v) \\
  {{ __atomic_store_n(p, v, __ATOMIC_SEQ_CST); }}
{atomics}
"""


def _read(elf: ELFFile) -> Layout:
    """Turn the probe's object into a :class:`Layout`; ``ValueError`` says what is wrong with it."""
    symbols = _symbols(elf)
    data = _bytes(elf, symbols, "ferric_layout", 2 * len(TYPES) + 1)
    names = list(TYPES)
    int128 = data[2 * names.index("u128")] != 0
    sizes = {name: data[2 * index] for index, name in enumerate(names)}
    alignments = {name: data[2 * index + 1] for index, name in enumerate(names)}
    if not int128:
        del sizes["u128"], alignments["u128"]
    pointer_bits = 8 * sizes["ptr"]
    if elf.elfclass != pointer_bits:
        raise ValueError(f"ELF class {elf.elfclass}, but pointers of {pointer_bits} bits")
    exchanges, accesses = _inline(symbols, pointer_bits)
    return Layout(
        pointer_bits=pointer_bits,
        big_endian=_big_endian(elf, symbols),
        char_signed=data[-1] == 1,
        int128=int128,
        sizes=MappingProxyType(sizes),
        alignments=MappingProxyType(alignments),
        atomics=exchanges,
        atomic_load_store=accesses,
    )


def _symbols(elf: ELFFile) -> dict[str, Symbol]:
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        raise ValueError("no symbol table")  # noqa: TRY004 - it is about the file
    return {symbol.name: symbol for symbol in table.iter_symbols()}


def _defined(symbols: dict[str, Symbol], name: str) -> int:
    """Return the number of the section that holds ``name``."""
    section = symbols[name]["st_shndx"] if name in symbols else None
    if not isinstance(section, int):
        raise ValueError(f"{name} is not in it")  # noqa: TRY004 - it is about the file
    return section


def _bytes(elf: ELFFile, symbols: dict[str, Symbol], name: str, size: int) -> bytes:
    """Return the ``size`` bytes of the object ``name``; its section may be padded (ARC's is)."""
    section = elf.get_section(_defined(symbols, name))
    start = symbols[name]["st_value"]
    data: bytes = section.data()[start : start + size]
    if symbols[name]["st_size"] != size or len(data) != size:
        raise ValueError(f"{name} has {symbols[name]['st_size']} bytes, expected {size}")
    return data


def _big_endian(elf: ELFFile, symbols: dict[str, Symbol]) -> bool:
    """Return the byte order of GCC's data, which has to be the one that the ELF header says."""
    pattern = _bytes(elf, symbols, "ferric_order", len(_BIG))
    if pattern not in {_BIG, _LITTLE}:
        raise ValueError(f"0x01020304 is stored as {pattern.hex(' ')}: no byte order known")
    if (pattern == _BIG) == elf.little_endian:
        raise ValueError(f"0x01020304 is stored as {pattern.hex(' ')}: EI_DATA says otherwise")
    return pattern == _BIG


def _inline(
    symbols: dict[str, Symbol], pointer_bits: int
) -> tuple[tuple[AtomicWidth, ...], tuple[AtomicWidth, ...]]:
    """Return the widths of inline compare-exchanges, and those of inline loads and stores."""
    called = [
        (match[1], 8 * int(match[2]))
        for name, symbol in symbols.items()
        if symbol["st_shndx"] == "SHN_UNDEF" and (match := _LIBRARY_CALL.fullmatch(name))
    ]
    access_calls = {bits for operation, bits in called if operation in {"load", "store"}}
    exchange_calls = {bits for operation, bits in called if operation not in {"load", "store"}}
    for bits in _WIDTHS:
        _defined(symbols, f"ferric_exchange_{bits}")
    return _without(exchange_calls, pointer_bits), _without(access_calls, pointer_bits)


def _without(called: set[int], pointer_bits: int) -> tuple[AtomicWidth, ...]:
    inline: list[AtomicWidth] = [bits for bits in _WIDTHS if bits not in called]
    return (*inline, "ptr") if pointer_bits in inline else tuple(inline)
