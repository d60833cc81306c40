# SPDX-License-Identifier: GPL-2.0-only
"""Every installed GCC: the probe against GCC's own macros, and toolchains.yaml against objects."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.enums import ENUM_E_MACHINE

from pipeline.toolchains.find import Toolchain, find, installed
from pipeline.toolchains.load import load
from pipeline.toolchains.probe import Layout, probe

if TYPE_CHECKING:
    from pathlib import Path

TOOLCHAINS = load()
MACROS = {"u16": "SHORT", "u32": "INT", "u64": "LONG_LONG", "f32": "FLOAT", "f64": "DOUBLE"}
MACROS |= {"ptr": "POINTER", "long": "LONG", "u128": "INT128"}


@pytest.fixture(params=TOOLCHAINS.names())
def toolchain(request: pytest.FixtureRequest) -> Toolchain:
    arch = TOOLCHAINS.get(request.param)
    if not installed(arch):
        pytest.skip(f"no GCC for {arch.name} is installed")
    return find(arch)


def macros(toolchain: Toolchain, flags: tuple[str, ...]) -> dict[str, str]:
    argv = [str(toolchain.gcc), *flags, "-dM", "-E", "-x", "c", "/dev/null"]
    text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    return dict(re.findall(r"^#define (\w+) (.*)$", text, re.MULTILINE))


def assert_agrees(layout: Layout, known: dict[str, str]) -> None:
    for name, word in MACROS.items():
        assert str(layout.sizes.get(name, "absent")) == known.get(f"__SIZEOF_{word}__", "absent")
    assert layout.sizes["u8"] == layout.alignments["u8"] == 1
    assert layout.char_signed == ("__CHAR_UNSIGNED__" not in known)
    big = known["__BYTE_ORDER__"] == "__ORDER_BIG_ENDIAN__"
    assert layout.big_endian == big
    assert layout.int128 == ("__SIZEOF_INT128__" in known)
    assert layout.pointer_bits == 8 * int(known["__SIZEOF_POINTER__"])


def test_probe_agrees_with_macros_and_entry(toolchain: Toolchain) -> None:
    arch = toolchain.arch
    for flags in (arch.abi_flags, arch.all_flags, ()):
        layout = probe(toolchain, flags)
        assert_agrees(layout, macros(toolchain, flags))
        assert layout.pointer_bits == arch.elf.bits
        assert layout.big_endian == (arch.elf.byte_order == "big")


def test_alignment_agrees_with_alignof(toolchain: Toolchain, tmp_path: Path) -> None:
    """``_Alignof`` in a compile-time assertion is another way to the same number."""
    layout = probe(toolchain, toolchain.arch.abi_flags)
    types = {"u16": "short", "u32": "int", "u64": "long long", "f32": "float", "f64": "double"}
    types |= {"ptr": "char *", "long": "long", "bool": "_Bool"}
    source = tmp_path / "check.c"
    source.write_text(
        "".join(
            f"struct s_{name} {{ {ctype} it; }};\n"
            f'_Static_assert(_Alignof(struct s_{name}) == {layout.alignments[name]}, "{name}");\n'
            for name, ctype in types.items()
        ),
        encoding="ascii",
    )
    argv = [str(toolchain.gcc), *toolchain.arch.abi_flags, "-fsyntax-only", str(source)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_atomics(toolchain: Toolchain, tmp_path: Path, bits: int) -> None:
    """One compare-exchange by itself: inline if, and only if, nothing is left undefined."""
    flags = toolchain.arch.abi_flags
    source, target = tmp_path / "one.c", tmp_path / "one.o"
    source.write_text(
        f"_Bool f(__UINT{bits}_TYPE__ *p, __UINT{bits}_TYPE__ *o, __UINT{bits}_TYPE__ v)"
        "{ return __atomic_compare_exchange_n(p, o, v, 0, 5, 5); }\n",
        encoding="ascii",
    )
    subprocess.run([str(toolchain.gcc), *flags, "-c", source, "-o", target], check=True)
    argv = [str(toolchain.tool("nm")), "--undefined-only", str(target)]
    undefined = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    layout = probe(toolchain, flags)
    # SPARC's register symbols are undefined and have no name: \S leaves them out.
    assert (bits in layout.atomics) == (not re.search(r"U \S", undefined)), undefined
    assert ("ptr" in layout.atomics) == (layout.pointer_bits in layout.atomics)


def test_m68k_rust_part_is_naturally_aligned_and_the_kernel_is_not() -> None:
    arch = TOOLCHAINS.get("m68k")
    if not installed(arch):
        pytest.skip("no GCC for m68k is installed")
    kernel, rust = probe(find(arch), arch.abi_flags), probe(find(arch), arch.all_flags)
    assert [kernel.alignments[name] for name in ("u32", "u64", "f64", "ptr")] == [2, 2, 2, 2]
    assert [rust.alignments[name] for name in ("u32", "u64", "f64", "ptr")] == [4, 4, 4, 4]


def test_compare_exchange_of_parisc_is_a_call() -> None:
    arch = TOOLCHAINS.get("parisc")
    if not installed(arch):
        pytest.skip("no GCC for parisc is installed")
    layout = probe(find(arch), arch.abi_flags)
    assert layout.atomics == ()
    assert layout.atomic_load_store == (8, 16, 32, "ptr")


SOURCE = """\
extern int other(int), data;
static int (*const table[])(int) = { other };
int state = 1;
long long f(long long a, int b, float *c) { return a * b + table[b & 0](data) + state; }
int g(int n) { switch (n) { case 0: return 7; case 1: return other(3); case 2: return 9;
  case 3: return 12; case 4: return other(5); case 5: return 77; default: return data; } }
"""


def test_elf_header_of_a_real_object(toolchain: Toolchain, tmp_path: Path) -> None:
    arch = toolchain.arch
    source, target = tmp_path / "real.c", tmp_path / "real.o"
    source.write_text(SOURCE, encoding="ascii")
    for level in ("-Os", "-O2"):
        subprocess.run(
            [str(toolchain.gcc), *arch.abi_flags, level, "-c", source, "-o", target], check=True
        )
        with target.open("rb") as stream:
            elf = ELFFile(stream)
            machine = elf["e_machine"]
            assert ENUM_E_MACHINE.get(machine, machine) == arch.elf.machine
            assert elf.elfclass == arch.elf.bits
            assert elf.little_endian == (arch.elf.byte_order == "little")
            assert elf["e_flags"] & arch.elf.flags_mask == arch.elf.flags
            comment = elf.get_section_by_name(".comment")
            assert comment is not None
            assert comment.data().strip(b"\0").decode() == toolchain.comment


def test_relocation_names_are_those_of_binutils(toolchain: Toolchain, tmp_path: Path) -> None:
    """What readelf calls a number that a real object has is what toolchains.yaml calls it."""
    arch = toolchain.arch
    # The kernel has older names for these numbers.
    renamed = {"R_PARISC_DLTIND21L": "R_PARISC_LTOFF21L"}
    renamed |= {"R_PARISC_DLTIND14R": "R_PARISC_LTOFF14R"}
    renamed |= {"R_OR1K_32": "R_OR32_32", "R_OR1K_LO_16_IN_INSN": "R_OR32_CONST"}
    renamed |= {"R_OR1K_HI_16_IN_INSN": "R_OR32_CONSTH", "R_OR1K_INSN_REL_26": "R_OR32_JUMPTARG"}
    source, target = tmp_path / "real.c", tmp_path / "real.o"
    source.write_text(SOURCE, encoding="ascii")
    flags = [*arch.abi_flags, "-O2", "-fno-asynchronous-unwind-tables"]
    subprocess.run([str(toolchain.gcc), *flags, "-c", source, "-o", target], check=True)
    argv = [str(toolchain.tool("readelf")), "-rW", str(target)]
    text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    found = set(re.findall(r"^[0-9a-f]+\s+([0-9a-f]+)\s+(R_\w+)", text, re.MULTILINE))
    assert found
    seen = 0
    for info, name in found:
        kind = int(info, 16) & 0xFF
        ours = {number: ours for ours, number in arch.relocations.items()}.get(kind)
        if ours is not None:
            seen += 1
            assert ours == renamed.get(name, name)
    assert seen, f"no relocation of {arch.name}'s loader in {sorted(found)}"


def test_spelling_of_fixed_registers(toolchain: Toolchain, tmp_path: Path) -> None:
    """Code that reads a reserved register is shown by objdump with the name in toolchains.yaml."""
    arch = toolchain.arch
    if not arch.fixed_registers:
        pytest.skip(f"{arch.name} reserves no register")
    for fixed in arch.fixed_registers:
        name = (fixed.flag or f"-ffixed-{fixed.register_}").removeprefix("-ffixed-")
        name = {"gp": "$28"}.get(name, name.lstrip("%"))
        source, target = tmp_path / "one.c", tmp_path / "one.o"
        source.write_text(
            f'register long kept __asm__("{name}");\nlong f(void) {{ return kept; }}\n',
            encoding="ascii",
        )
        flags = [*arch.abi_flags, "-O2"]
        subprocess.run([str(toolchain.gcc), *flags, "-c", source, "-o", target], check=True)
        argv = [str(toolchain.tool("objdump")), "-d", "--no-show-raw-insn", str(target)]
        text = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        assert re.search(rf"(?<![\w%]){re.escape(fixed.register_)}\b", text), text
