# SPDX-License-Identifier: GPL-2.0-only
"""What the tables say: of options, of the operands that instructions write, of names."""

from __future__ import annotations

import pytest

from pipeline.validate import abi_flags
from pipeline.validate.disassembly import Instruction
from pipeline.validate.names import family
from pipeline.validate.registers import _SYNTAX


@pytest.mark.parametrize(
    ("flag", "group"),
    [
        ("-ffixed-8", "register 8"),
        ("-fcall-used-8", "register 8"),
        ("-fno-PIE", "pic"),
        ("-mno-fp-regs", "machine fp-regs"),
        ("-mfp-regs", "machine fp-regs"),
        ("-mcpu=ev5", "machine cpu"),
        ("-fsanitize=undefined", "sanitize=undefined"),
        ("-pg", "profile"),
        ("-mtune=ev6", None),
        ("-fomit-frame-pointer", None),
        ("-O2", None),
    ],
)
def test_which_flags_matter(flag: str, group: str | None) -> None:
    found = abi_flags.classify(flag)
    assert (found[0] if found else None) == group


@pytest.mark.parametrize(
    ("arch", "register", "text", "writes"),
    [
        ("m68k", "%a2", "moveal %d0,%a2", True),
        ("m68k", "%a2", "movel %a2,%d0", False),
        ("m68k", "%a2", "movel %a2@+,%d0", True),
        ("m68k", "%a2", "movel %d0,%a2@-", True),
        ("m68k", "%a2", "movel %a2@(4),%d0", False),
        ("m68k", "%a2", "lea %a0@(8),%a2", True),
        ("m68k", "%a2", "cmpal %d0,%a2", False),
        ("m68k", "%a2", "addql #4,%a2", True),
        ("m68k", "%a2", "moveml %sp@+,%d2-%d3/%a2-%a3", True),
        ("m68k", "%a2", "moveml %sp@+,%d2-%a3", True),
        ("m68k", "%a2", "moveml %sp@+,%d2-%d7/%a3", False),
        ("m68k", "%a2", "moveml %d2/%a2,%sp@-", False),
        ("m68k", "%a2", "exg %a2,%d0", True),
        ("m68k", "%a2", "unlk %a2", True),
        ("m68k", "%a2", "rts", False),
        ("alpha", "t7", "ldq t7,0(sp)", True),
        ("alpha", "t7", "stq t7,0(sp)", False),
        ("alpha", "t7", "stq_c t7,0(sp)", True),
        ("alpha", "t7", "addq a0,a1,t7", True),
        ("alpha", "t7", "addq t7,a1,a0", False),
        ("alpha", "t7", "bis a0,a0,t7", True),
        ("alpha", "t7", "beq t7,40", False),
        ("alpha", "t7", "bsr t7,40", True),
        ("alpha", "t7", "jsr ra,(t12),54", False),
        ("alpha", "t7", "clr t7", True),
        ("openrisc", "r10", "l.lwz r10,0(r1)", True),
        ("openrisc", "r10", "l.sw 0(r1),r10", False),
        ("openrisc", "r10", "l.addi r10,r10,1", True),
        ("openrisc", "r10", "l.lwz r3,0(r10)", False),
        ("openrisc", "r10", "l.sfeq r10,r3", False),
        ("openrisc", "r10", "l.jr r10", False),
        ("riscv64", "tp", "ld tp,0(sp)", True),
        ("riscv64", "tp", "sd tp,0(sp)", False),
        ("riscv64", "tp", "sub tp,tp,a0", True),
        ("sparc64", "%g4", "mov %g1,%g4", True),
        ("sparc64", "%g4", "cmp %g1,%g4", False),
        ("mips", "gp", "lui gp,0x0", True),
        ("mips", "gp", "sw gp,16(sp)", False),
        ("microblaze", "r31", "addk r31,r3,r4", True),
        ("microblaze", "r31", "beqid r31,20", False),
    ],
)
def test_what_an_instruction_writes(arch: str, register: str, text: str, writes: bool) -> None:
    mnemonic, _, rest = text.partition(" ")
    operands = tuple(rest.split(",")) if rest else ()
    assert _SYNTAX[arch](Instruction(1, 0, mnemonic, operands), register) is writes


@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("__udivdi3", "libgcc"),
        ("__popcountdi2", "libgcc"),
        ("__divqu", "libgcc"),
        ("$$divI", "libgcc"),
        ("__sdivsi3_i4i", "libgcc"),
        ("__adddf3", "libgcc (floating point)"),
        ("__fixunsdfdi", "libgcc (floating point)"),
        ("__floatsisf", "libgcc (floating point)"),
        ("__atomic_load_8", "libgcc or libatomic"),
        ("__sync_fetch_and_add_4", "libgcc or libatomic"),
        ("cos", "libm"),
        ("fmodf", "libm"),
        ("malloc", "libc"),
        ("exit", "libc"),
        ("_Unwind_Resume", "libgcc (unwinder)"),
        ("_printk", None),
        ("memcpy", None),
        ("round_jiffies", None),
    ],
)
def test_families_of_names(name: str, library: str | None) -> None:
    found = family(name)
    assert (found.library if found else None) == library
