# SPDX-License-Identifier: GPL-2.0-only
"""What counts as floating point or vectors, the table of it, and data between instructions."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.toolchains.load import load
from pipeline.validate.disassembly import Instruction
from pipeline.validate.elf import Object
from pipeline.validate.instruction_table import TABLE, rules
from pipeline.validate.listing import Listing
from pipeline.validate.pools import data_ranges, is_data
from tests.unit.elf_writer import Elf, Rel, Sec, Sym


def instruction(text: str, address: int = 0) -> Instruction:
    mnemonic, _, rest = text.partition(" ")
    return Instruction(1, address, mnemonic, tuple(rest.split("|")) if rest else ())


def test_every_architecture_has_an_entry_with_a_source() -> None:
    table = rules()
    assert set(table) == set(load())
    assert all(rule.source for rule in table.values())


# As binutils 2.40 prints them; operands are parted by a bar.
COUNTS = {
    "alpha": [
        "adds $f1|$f2|$f3",
        "ldt $f16|0(a0)",
        "lds $f30|8(sp)",
        "mf_fpcr $f31",
        "itoft a0|$f10",
        "fbne $f10|0x40",
    ],
    "arc": [
        "fdmul r0r1|r2r3|r4r5",
        "fsadd r0|r1|r2",
        "fdcmpf r0|r1",
        "fcvt32_64 r0|r1|4",
        "lr r15|[771]",
        "daddh11 r0|r1|r2",
    ],
    "csky": ["fadds fr0|fr1|fr2", "vadd.u8 vr0|vr1|vr2", "fldd vr0|(r1)"],
    "m68k": [
        "fmoved %fp@(8)|%fp0",
        "fsave %sp@-",
        "fmovemx %fp2-%fp3|%sp@-",
        "fbgt 0x40",
        "fnop",
        "fmovel %fpcr|%d0",
    ],
    "microblaze": ["fadd r3|r4|r5", "fcmp.lt r3|r4|r5", "flt r3|r4", "mts rfsr|r5"],
    "mips": [
        "add.d $f0|$f2|$f4",
        "ldc1 $f0|0(a0)",
        "bc1t 0x40",
        "movf v0|zero|$fcc0",
        ".word 0x78000812",
        "ctc1 a0|c1_fcsr",
    ],
    "nios2": ["custom 253|r2|r4|r5", "custom 224|r2|r4|r5"],
    "openrisc": ["lf.mul.d r12|r13|r3|r4|r5|r6", "lf.add.s r3|r4|r5", "l.mtspr r0|r3|0x14"],
    "parisc": [
        "fldd 0(r1)|fr22",
        "xmpyu fr4|fr5|fr6",
        "fcnvff,sgl,dbl fr4|fr5",
        "ftest",
        "fstw,ma fr4R|4(sp)",
    ],
    "parisc64": ["fadd,dbl fr4|fr5|fr6"],
    "powerpc": [
        "lfd f1|8(r1)",
        "lxvd2x vs0|0|r3",
        "vaddfp v2|v3|v4",
        "fcmpu cr7|f1|f2",
        "efdadd r3|r4|r5",
        "mffs f0",
    ],
    "riscv64": [
        "fld fa5|0(a5)",
        "fmadd.d fa0|fa0|fa1|fa2",
        ".4byte 0x02c5f553",
        "vle32.v v1|(a0)",
        "frcsr a0",
        ".2byte 0x2188",
    ],
    "s390x": ["adb %f0|0(%r2)", "ldgr %f0|%r2", "vl %v0|0(%r2)", "stfpc 8(%r15)", "lzdr %f0"],
    "sh": [
        "fmul fr0|fr1",
        "sts fpscr|r1",
        "lds.l @r15+|fpul",
        "fmov @r0+|fr1",
        "float fpul|dr0",
        "frchg",
    ],
    "sparc64": [
        "faddd %f0|%f2|%f4",
        "ldd [ %fp + 0x8 ]|%f8",
        "stx %fsr|[ %g1 ]",
        "fbne %fcc0|0x40",
        "faligndata %f0|%f2|%f4",
    ],
    "xtensa": ["add.s f0|f1|f2", "lsi f0|a2|4", "wfr f0|a2", "mul.d f0|f1|f2"],
    "x86_64": [
        "mulss %xmm1|%xmm0",
        "fldl 0x8(%rsp)",
        "vaddpd (%rdi)|%ymm1|%ymm0",
        "emms",
        "fxch %st(1)",
        "ldmxcsr (%rsp)",
        "cvttss2si (%rdi)|%eax",
    ],
}
COUNTS_NOT = {
    "alpha": ["fnop", "ldt $f31|0(a0)", "lds $f31|64(a0)", "addq a0|a1|v0", "ldq fp|8(sp)", "excb"],
    "arc": [
        "flag 1",
        "fls r0|r1",
        "ffs r0|r1",
        "vadd2 r2r3|r0r1|0",
        "lr r0|[status32]",
        "ld r0|[fp|-4]",
        "lr r1|[774]",
    ],
    "csky": ["ff0 r0|r1", "ff1 r0|r1", "addu r0|r1|r2", "ld.w r0|(fp|0x4)"],
    "m68k": [
        "movel %fp@(8)|%d0",
        "linkw %fp|#-4",
        "unlk %fp",
        "ff1l %d0",
        "moveal %fp|%a0",
        "bfffo %d0{#0:#8}|%d1",
    ],
    "microblaze": ["addk r3|r4|r5", "mts rmsr|r5", "brlid r15|0"],
    "mips": ["lw v0|8(s8)", "mfc0 v0|c0_status", "div zero|v0|v1", ".word 0x00000812", "c 0"],
    "nios2": ["custom 0|r2|r4|r5", "addi fp|sp|4", "custom 223|r2|r4|r5"],
    "openrisc": ["l.mfspr r3|r0|0x11", "l.sfeq r3|r4", "l.rfe", "l.bf 0x40"],
    "parisc": [
        "fdc r0(r3)",
        "fic r0(sr0|r3)",
        "fdce r0(r3)",
        "ldw -10(sp)|r3",
        "extrw,u r3|30|31|ret0",
    ],
    "parisc64": ["ldd 0(r1)|ret0", "fice r0(sr0|r3)"],
    "powerpc": ["lfence", "lwz r9|-32768(r30)", "mtcrf 128|r3", "bdnz 0xf8", "stwu r1|-16(r1)"],
    "riscv64": [
        "fence rw|rw",
        "fence.i",
        "fence.tso",
        "ld a5|-24(s0)",
        "mv fp|sp",
        ".4byte 0x0000700f",
        ".2byte 0x0000",
    ],
    "s390x": ["larl %r5|0x0", "lg %r3|8(%r2)", "flogr %r2|%r3", "efpk 1"],
    "sh": ["mov.l r8|@-r15", ".word 0xffff", "lds.l @r15+|pr", "mac.l @r1+|@r2+"],
    "sparc64": ["flush %g1", "flushw", "stx %i0|[ %fp + 0x7f7 ]", "rd %fprs|%o5", "restore"],
    "xtensa": ["l32i.n a2|a3|0", "addi a2|a3|1", "s32i a0|a1|0", "retw.n"],
    "x86_64": ["fs", "movsd", "mov %fs:0x28|%rax", "endbr64", "lfence", "stos %al|%es:(%rdi)"],
}


@pytest.mark.parametrize(
    ("arch", "text"), [(arch, one) for arch, texts in COUNTS.items() for one in texts]
)
def test_counts(arch: str, text: str) -> None:
    assert rules()[arch].counts(instruction(text))


@pytest.mark.parametrize(
    ("arch", "text"), [(arch, one) for arch, texts in COUNTS_NOT.items() for one in texts]
)
def test_counts_not(arch: str, text: str) -> None:
    assert not rules()[arch].counts(instruction(text))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("same_as: parisc", "same_as: nowhere", "nowhere has no patterns"),
        ("mnemonics: ['m[ft]_fpcr']", "mnemonics: ['m[ft_fpcr']", "unterminated character set"),
        ("    words: [", "    word: [", "Extra inputs"),
        ("    regions_source: arch/x86", "    #", "belong together"),
    ],
)
def test_a_mistake_in_the_table(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = TABLE.read_text("utf-8")
    assert old in text
    path = tmp_path / "table.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(UserError, match=says):
        rules(path)


def sh_object(tmp_path: Path, code: str, relocations: list[Rel] | None = None) -> Object:
    """Return a little-endian SuperH object whose .text has the ``code`` (halfwords in hex)."""
    words = b"".join(int(word, 16).to_bytes(2, "little") for word in code.split())
    elf = Elf(
        machine=42,
        order="little",
        sections=[Sec(".text", words, flags=6)],
        symbols=[Sym("run", ".text", 0, len(words), type=2), Sym("other")],
        relocations=relocations or [],
    )
    path = tmp_path / "sh.o"
    path.write_bytes(elf.build())
    return Object.read(path)


def ranges(obj: Object, *texts: str) -> list[tuple[int, int]]:
    """Return what is data where objdump prints ``texts``, an instruction for two bytes each."""
    found = [instruction(text, 2 * number) for number, text in enumerate(texts)]
    moves: dict[int, list[object]] = {1: list(obj.relocations)}
    return list(data_ranges(obj, Listing("", {1: found}, (), moves)).get(1, ()))  # type: ignore[arg-type]


def test_a_constant_behind_a_return(tmp_path: Path) -> None:
    obj = sh_object(tmp_path, "d001 000b 0009 0009 fffe ffff")
    texts = ("mov.l 0x8|r0", "rts", "nop", "nop", "fmac fr0|fr15|fr15", ".word 0xffff")
    assert ranges(obj, *texts) == [(8, 12)]


def test_a_constant_that_the_code_runs_into_is_code(tmp_path: Path) -> None:
    obj = sh_object(tmp_path, "d001 0009 0009 0009 fffe ffff")
    texts = ("mov.l 0x8|r0", "nop", "nop", "nop", "fmac fr0|fr15|fr15", ".word 0xffff")
    assert ranges(obj, *texts) == []


@pytest.mark.parametrize("jump", ["bf 0x8", "bra 0x8", "bt.s 0x8"])
def test_a_constant_that_a_branch_goes_to_is_code(tmp_path: Path, jump: str) -> None:
    obj = sh_object(tmp_path, "d001 8b01 000b 0009 fffe ffff")
    texts = ("mov.l 0x8|r0", jump, "rts", "nop", "fmac fr0|fr15|fr15", ".word 0xffff")
    assert ranges(obj, *texts) == []


@pytest.mark.parametrize("call", [("jsr @r1", "nop"), ("mov r1|r2", "trapa #62")])
def test_a_constant_behind_what_does_not_return(tmp_path: Path, call: tuple[str, str]) -> None:
    obj = sh_object(tmp_path, "d001 410b 0009 0009 fffe ffff")
    texts = ("mov.l 0x8|r0", *call, "nop", "fmac fr0|fr15|fr15", ".word 0xffff")
    assert ranges(obj, *texts) == [(8, 12)]


def test_an_address_is_data_whatever_runs_into_it(tmp_path: Path) -> None:
    obj = sh_object(tmp_path, "0009 0009 f000 0000", [Rel(".text", 4, "other", 0, 1)])
    assert ranges(obj, "nop", "nop", "fadd fr0|fr0", ".word 0x0000") == [(4, 8)]


def test_a_table_of_switch(tmp_path: Path) -> None:
    # Three bytes from behind the slot (8): to 0xc, 0xe, 0xc; one to fill up.
    obj = sh_object(tmp_path, "c701 041c 0423 0009 0604 0004 000b 0009")
    jump = ("mova 0x8|r0", "mov.b @(r0,r1)|r4", "braf r4", "nop")
    table = ("mov.b r0|@(r0,r6)", "mov.b r0|@(r0,r0)", "rts", "nop")
    assert ranges(obj, *jump, *table) == [(8, 12)]
    assert is_data([(8, 12)], 11)
    assert not is_data([(8, 12)], 12)


def test_other_architectures_have_none(tmp_path: Path) -> None:
    path = tmp_path / "m.o"
    path.write_bytes(Elf(sections=[Sec(".text", b"\x4e\x75", flags=6)]).build())
    assert ranges(Object.read(path), "rts") == []
