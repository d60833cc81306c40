# SPDX-License-Identifier: GPL-2.0-only
"""How each architecture's instructions move the stack pointer, as its objdump writes them.

The tables are data: a :class:`Rule` for each form that GCC 12 writes, from the manual named in
``source``.  Registers are known as a constant or as a distance from the stack pointer at entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Op(Enum):
    """What a form does with the named groups of its pattern.

    ``d`` is the register written, ``s`` the one read, ``r`` a second one, ``n`` a number (``h`` one
    that objdump writes in hexadecimal without a prefix, ``m`` one that m68k's writes so where the
    instruction has an index word), ``l`` a list of registers.
    """

    SET = "d = s + n * scale; without s, d = n * scale"
    ADD = "d = s + r"
    SUBTRACT = "d = s - r"
    OR = "d = s | n, of constants; d = s where there is no n"
    XOR = "d = s ^ n, of constants"
    PUSH = "sp moves by scale bytes for each register of l (one without l)"
    POP = "the opposite of PUSH"
    STEP = "s moves by n: a store or a load with a new address in its base register"
    ENTRY = "d = the stack pointer at entry"
    LINK = "push s, s = sp, sp = sp + n: m68k's link"
    UNLINK = "sp = s, pop s"
    LOAD = "d = the constant in the code section at h"
    KEEP = "nothing: sh marks with a small sp code that an interrupt starts again (gUSA)"
    ALIGN = "sp is rounded: at most scale * -n - 1 bytes more"


@dataclass(frozen=True)
class Rule:
    """One form: its mnemonics, its operands between commas, what it does; ``scale`` in bytes."""

    mnemonics: str
    operands: re.Pattern[str]
    op: Op
    scale: int = 1


@dataclass(frozen=True)
class Stack:
    """One architecture: its stack pointer's ``names``, and its forms.

    ``up`` is 1 where the stack grows to higher addresses, else -1.  ``entry`` are the bytes that
    GCC counts in every frame beside what the function itself takes (a return address that the call
    pushed), ``call`` those that a call takes and GCC counts in no frame.  ``target`` is the index
    of the operand that is written, except by mnemonics that match ``writes_none``.
    ``branch`` matches the mnemonics that may go elsewhere in the function.
    """

    source: str
    names: frozenset[str]
    rules: Mapping[str, tuple[Rule, ...]]
    branch: re.Pattern[str]
    target: int
    writes_none: re.Pattern[str]
    up: int = -1
    entry: int = 0
    call: int = 0


_N = r"(?P<n>-?(?:0x)?[0-9a-f]+)"
_H = r"(?P<h>-?(?:0x)?[0-9a-f]+)"


def _stack(  # noqa: PLR0913 - one keyword per member
    source: str,
    names: str,
    forms: tuple[tuple[str, str, Op] | tuple[str, str, Op, int], ...],
    *,
    branch: str,
    target: int,
    none: str,
    up: int = -1,
    entry: int = 0,
    call: int = 0,
) -> Stack:
    """Return the table of one architecture; ``$N`` and ``$H`` in forms stand for numbers."""
    rules: dict[str, list[Rule]] = {}
    for mnemonics, operands, op, *scale in forms:
        text = operands.replace("$N", _N).replace("$H", _H)
        rule = Rule(mnemonics, re.compile(text), op, *scale)
        for mnemonic in mnemonics.split():
            rules.setdefault(mnemonic, []).append(rule)
    return Stack(
        source,
        frozenset(names.split()),
        {mnemonic: tuple(found) for mnemonic, found in rules.items()},
        re.compile(branch),
        target,
        re.compile(none),
        up,
        entry,
        call,
    )


STACKS: Mapping[str, Stack] = {
    "alpha": _stack(
        "Alpha Architecture Handbook, 4.2 (lda, ldah) and 4.4; GCC, alpha_expand_prologue",
        "sp",
        (
            ("lda", r"(?P<d>\w+),$N\((?P<s>\w+)\)", Op.SET),
            ("lda", r"(?P<d>\w+),$N", Op.SET),
            ("ldah", r"(?P<d>\w+),$N\((?P<s>\w+)\)", Op.SET, 65536),
            ("ldah", r"(?P<d>\w+),$N", Op.SET, 65536),
            ("mov", r"(?P<s>[a-z]\w*),(?P<d>\w+)", Op.SET),
            ("mov", r"$N,(?P<d>\w+)", Op.SET),
            ("addq", r"(?P<s>[a-z]\w*),$N,(?P<d>\w+)", Op.SET),
            ("subq", r"(?P<s>[a-z]\w*),$N,(?P<d>\w+)", Op.SET, -1),
            ("addq", r"(?P<s>[a-z]\w*),(?P<r>[a-z]\w*),(?P<d>\w+)", Op.ADD),
            ("subq", r"(?P<s>[a-z]\w*),(?P<r>[a-z]\w*),(?P<d>\w+)", Op.SUBTRACT),
        ),
        branch=r"f?b(eq|ne|[lg][te])|blb[cs]|br",
        target=-1,
        none=r"st.*|f?b(eq|ne|[lg][te])|blb[cs]|br|call_pal|fetch.*",
    ),
    "arc": _stack(
        "ARCv2 ISA Programmer's Reference Manual: push_s, st.aw, enter_s; GCC, arc_expand_prologue",
        "sp",
        (
            ("push_s push", r"\w+", Op.PUSH, 4),
            ("pop_s pop", r"\w+", Op.POP, 4),
            ("pushl", r"\w+", Op.PUSH, 8),
            ("popl", r"\w+", Op.POP, 8),
            ("add add_s", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.SET),
            ("sub sub_s", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.SET, -1),
            ("add1", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.SET, 2),
            ("add2", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.SET, 4),
            ("add3", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.SET, 8),
            ("sub1", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.SET, -2),
            ("sub2", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.SET, -4),
            ("sub3", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.SET, -8),
            ("add add_s", r"(?P<d>\w+),(?P<s>[a-z]\w*),(?P<r>[a-z]\w*)", Op.ADD),
            ("sub sub_s", r"(?P<d>\w+),(?P<s>[a-z]\w*),(?P<r>[a-z]\w*)", Op.SUBTRACT),
            ("mov mov_s", r"(?P<d>\w+),(?P<s>[a-z]\w*)", Op.SET),
            ("mov mov_s", r"(?P<d>\w+),$N", Op.SET),
            (
                "st.aw st.a std.aw std.a stb.aw sth.aw stw.aw stb.a sth.a",
                r"\w+,\[(?P<s>\w+),$N\]",
                Op.STEP,
            ),
            (
                "ld.ab ldd.ab ld.aw ldd.aw ld.a ldb.ab ldh.ab ldw.ab st.ab std.ab",
                r"\w+,\[(?P<s>\w+),$N\]",
                Op.STEP,
            ),
            ("enter_s", r"(?P<l>[\[{].*[\]}])", Op.PUSH, 4),
            ("leave_s", r"(?P<l>[\[{].*[\]}])", Op.POP, 4),
        ),
        branch=r"b.*",
        target=0,
        none=r"st.*|b.*|j.*|cmp.*|tst.*|btst.*|sr|lp|sync|ex.*|prefetch.*",
    ),
    "csky": _stack(
        "C-SKY V2 CPU instruction set manual: push, pop, subi, addi; binutils, csky-dis.c",
        "sp r14",
        (
            ("push push16 push32", r"(?P<l>.*)", Op.PUSH, 4),
            ("pop pop16 pop32", r"(?P<l>.*)", Op.POP, 4),
            ("addi addi16 addi32", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.SET),
            ("subi subi16 subi32", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.SET, -1),
            ("addi addi16 addi32", r"(?P<d>\w+),$N", Op.STEP),
            ("mov mov16 mov32", r"(?P<d>\w+),(?P<s>[a-z]\w*)", Op.SET),
            ("movi movi16 movi32", r"(?P<d>\w+),$N", Op.SET),
            ("movih", r"(?P<d>\w+),$N", Op.SET, 65536),
            ("ori ori32", r"(?P<d>\w+),(?P<s>[a-z]\w*),$N", Op.OR),
            ("addu addu16 addu32", r"(?P<d>\w+),(?P<s>[a-z]\w*),(?P<r>[a-z]\w*)", Op.ADD),
            ("subu subu16 subu32", r"(?P<d>\w+),(?P<s>[a-z]\w*),(?P<r>[a-z]\w*)", Op.SUBTRACT),
        ),
        branch=r"b.*",
        target=0,
        none=r"st.*|b(r|t|f|ez|nez|hz|hsz|lz|lsz).*|cmp.*|j.*|tst.*",
    ),
    "m68k": _stack(
        "M68000 Family Programmer's Reference Manual: link, pea, movem, lea",
        "%sp",
        (
            ("linkw linkl link", r"(?P<s>%\w+),#$N", Op.LINK, 4),
            ("unlk", r"(?P<s>%\w+)", Op.UNLINK, 4),
            ("moveml", r"(?P<l>[^,@]+),%sp@-", Op.PUSH, 4),
            ("moveml", r"%sp@\+,(?P<l>[^,@]+)", Op.POP, 4),
            ("movemw", r"(?P<l>[^,@]+),%sp@-", Op.PUSH, 2),
            ("fmovemx", r"(?P<l>[^,@]+),%sp@-", Op.PUSH, 12),
            ("fmovemx", r"%sp@\+,(?P<l>[^,@]+)", Op.POP, 12),
            ("pea", r"[^+-]*|.*@[+-]|.*\(-.*", Op.PUSH, 4),
            ("movel clrl moveal", r"(?:.*,)?%sp@-", Op.PUSH, 4),
            ("movew moveb clrw clrb movesr move", r"(?:.*,)?%sp@-", Op.PUSH, 2),
            ("movel moveal addl subl tstl addal subal andl orl cmpl", r"%sp@\+(?:,.*)?", Op.POP, 4),
            ("movew moveb moveaw tstw tstb addw subw move", r"%sp@\+(?:,.*)?", Op.POP, 2),
            ("addql addqw addal addaw addil addl addw", r"#$N,(?P<d>%\w+)", Op.STEP),
            ("subql subqw subal subaw subil subl subw", r"#$N,(?P<d>%\w+)", Op.STEP, -1),
            ("lea", r"(?P<s>%\w+)@\((?P<m>-?[0-9a-f]+)\),(?P<d>%\w+)", Op.SET),
            ("lea", r"(?P<s>%\w+)@,(?P<d>%\w+)", Op.SET),
            ("moveal movel", r"(?P<s>%\w+),(?P<d>%\w+)", Op.SET),
            ("moveal movel moveaw moveq movew", r"#$N,(?P<d>%\w+)", Op.SET),
            ("addal addl", r"(?P<r>%\w+),(?P<d>%\w+)", Op.ADD),
            ("subal subl", r"(?P<r>%\w+),(?P<d>%\w+)", Op.SUBTRACT),
        ),
        branch=r"(b|db|fb|fdb)(?!f|tst|set|clr|chg|kpt).*",
        target=-1,
        none=r"(cmp|tst|chk|pea|jmp|jsr|btst).*|b(?!f|set|clr|chg).*|rts|nop",
        call=4,
    ),
    "microblaze": _stack(
        "MicroBlaze Processor Reference Guide: addik, imm; GCC, microblaze_expand_prologue",
        "r1",
        (
            ("addik addi", r"(?P<d>\w+),(?P<s>r\d+),$N", Op.SET),
            ("addk add", r"(?P<d>\w+),(?P<s>r\d+),(?P<r>r\d+)", Op.ADD),
            ("rsubk rsub", r"(?P<d>\w+),(?P<r>r\d+),(?P<s>r\d+)", Op.SUBTRACT),
        ),
        branch=r"b.*",
        target=0,
        none=r"s[bhw].*|b.*|rt.*|imm|mts.*|w[di]c.*",
    ),
    "mips": _stack(
        "MIPS32 Architecture, volume II: addiu, addu, lui; GCC, mips_expand_prologue",
        "sp",
        (
            ("addiu daddiu", r"(?P<d>\w+),(?P<s>\w+),$N", Op.SET),
            ("addiu daddiu", r"(?P<d>\w+),$N", Op.STEP),
            ("addu daddu", r"(?P<d>\w+),(?P<s>\w+),(?P<r>[a-z]\w*)", Op.ADD),
            ("subu dsubu", r"(?P<d>\w+),(?P<s>\w+),(?P<r>[a-z]\w*)", Op.SUBTRACT),
            ("addu daddu", r"(?P<d>\w+),(?P<r>[a-z]\w*)", Op.ADD),
            ("subu dsubu", r"(?P<d>\w+),(?P<r>[a-z]\w*)", Op.SUBTRACT),
            ("move", r"(?P<d>\w+),(?P<s>\w+)", Op.SET),
            ("li", r"(?P<d>\w+),$N", Op.SET),
            ("lui", r"(?P<d>\w+),$N", Op.SET, 65536),
            ("ori", r"(?P<d>\w+),(?P<s>\w+),$N", Op.OR),
            ("ori", r"(?P<d>\w+),$N", Op.OR),
        ),
        branch=r"b.*|j",
        target=0,
        none=r"s[bhwcd]|sw[lr]|sd[lr]|[sl]?wc\d|sdc\d|b.*|j.*|t.*|mt.*|m(ult|add|sub)u?|d?divu?"
        r"|pref|cache|sync|nop|c\..*",
    ),
    "nios2": _stack(
        "Nios II Processor Reference Guide: addi, orhi; GCC, nios2_expand_prologue",
        "sp",
        (
            ("addi", r"(?P<d>\w+),(?P<s>\w+),$N", Op.SET),
            ("subi", r"(?P<d>\w+),(?P<s>\w+),$N", Op.SET, -1),
            ("mov", r"(?P<d>\w+),(?P<s>\w+)", Op.SET),
            ("movi movui", r"(?P<d>\w+),$N", Op.SET),
            ("movhi", r"(?P<d>\w+),$N", Op.SET, 65536),
            ("ori", r"(?P<d>\w+),(?P<s>\w+),$N", Op.OR),
            ("add", r"(?P<d>\w+),(?P<s>\w+),(?P<r>\w+)", Op.ADD),
            ("sub", r"(?P<d>\w+),(?P<s>\w+),(?P<r>\w+)", Op.SUBTRACT),
        ),
        branch=r"b.*",
        target=0,
        none=r"st.*|b.*|jmp|ret|call.*|wr.*|nop",
    ),
    "openrisc": _stack(
        "OpenRISC 1000 Architecture Manual: l.addi, l.movhi; GCC, or1k_expand_prologue",
        "r1",
        (
            ("l.addi", r"(?P<d>\w+),(?P<s>r\d+),$N", Op.SET),
            ("l.movhi", r"(?P<d>\w+),$N", Op.SET, 65536),
            ("l.ori", r"(?P<d>\w+),(?P<s>r\d+),$N", Op.OR),
            ("l.xori", r"(?P<d>\w+),(?P<s>r\d+),$N", Op.XOR),
            ("l.or", r"(?P<d>\w+),(?P<s>r\d+),(?P=s)", Op.SET),
            ("l.add", r"(?P<d>\w+),(?P<s>r\d+),(?P<r>r\d+)", Op.ADD),
            ("l.sub", r"(?P<d>\w+),(?P<s>r\d+),(?P<r>r\d+)", Op.SUBTRACT),
        ),
        branch=r"l\.(bf|bnf|j)",
        target=0,
        none=r"l\.(s[bhwd]|swa|sf.*|j|jal|jr|jalr|bn?f|mt.*|nop|m[as][cb]u?i?)",
    ),
    "parisc": _stack(
        "PA-RISC 1.1 Architecture, chapter 5 (ldo, stwm); GCC, pa_expand_prologue",
        "sp r30",
        (
            ("ldo", r"$H\((?P<s>\w+)\),(?P<d>\w+)", Op.SET),
            ("ldi", r"$H,(?P<d>\w+)", Op.SET),
            ("ldil", r"L%$H,(?P<d>\w+)", Op.SET),
            ("addil", r"L%$H,(?P<s>\w+),(?P<d>\w+)", Op.SET),
            ("copy", r"(?P<s>\w+),(?P<d>\w+)", Op.SET),
            ("add,l add", r"(?P<s>\w+),(?P<r>\w+),(?P<d>\w+)", Op.ADD),
            ("sub", r"(?P<s>\w+),(?P<r>\w+),(?P<d>\w+)", Op.SUBTRACT),
            ("stw,ma stw,mb std,ma std,mb", r"\w+,$H\((?P<s>\w+)\)", Op.STEP),
            ("ldw,ma ldw,mb ldd,ma ldd,mb", r"$H\((?P<s>\w+)\),\w+", Op.STEP),
        ),
        branch=r"(b|bb|be|cmpi?b|addi?b|movi?b|comi?b|com?b)(,.*)?",
        target=-1,
        none=r"st.*|b|b,.*|bb.*|bv.*|be.*|cmpi?b.*|nop|mt.*|break|sync.*|f[di]c.*|p[di]tlb.*",
        up=1,
    ),
    "powerpc": _stack(
        "Power ISA, book I, 3.3.1 (stwu, stwux); GCC, rs6000_emit_prologue",
        "r1",
        (
            ("stwu stdu", r"\w+,$N\((?P<s>r\d+)\)", Op.STEP),
            ("stwux stdux", r"\w+,(?P<d>r\d+),(?P<r>r\d+)", Op.ADD),
            ("addi addic", r"(?P<d>r\d+),(?P<s>r\d+),$N", Op.SET),
            ("addis", r"(?P<d>r\d+),(?P<s>r\d+),$N", Op.SET, 65536),
            ("li", r"(?P<d>r\d+),$N", Op.SET),
            ("lis", r"(?P<d>r\d+),$N", Op.SET, 65536),
            ("ori", r"(?P<d>r\d+),(?P<s>r\d+),$N", Op.OR),
            ("mr", r"(?P<d>r\d+),(?P<s>r\d+)", Op.SET),
            ("add", r"(?P<d>r\d+),(?P<s>r\d+),(?P<r>r\d+)", Op.ADD),
            ("lwz ld", r"(?P<d>r\d+),0\(r1\)", Op.ENTRY),
        ),
        branch=r"b.*",
        target=0,
        none=r"st.*|b.*|cmp.*|mt.*|tw.*|nop|sync|isync|dcb.*|icb.*",
    ),
    "riscv64": _stack(
        "RISC-V Unprivileged ISA, 2.4 and 'Assembly Programmer's Handbook'",
        "sp",
        (
            ("add addi", r"(?P<d>\w+),(?P<s>[a-z]\w*),(?P<n>-?\d+)", Op.SET),
            ("add", r"(?P<d>\w+),(?P<s>[a-z]\w*),(?P<r>[a-z]\w*)", Op.ADD),
            ("sub", r"(?P<d>\w+),(?P<s>[a-z]\w*),(?P<r>[a-z]\w*)", Op.SUBTRACT),
            ("mv", r"(?P<d>\w+),(?P<s>\w+)", Op.SET),
            ("li", r"(?P<d>\w+),$N", Op.SET),
            ("lui", r"(?P<d>\w+),$N", Op.SET, 4096),
            ("addw addiw", r"(?P<d>\w+),(?P<s>[a-z]\w*),(?P<n>-?\d+)", Op.SET),
        ),
        branch=r"b.*|j",
        target=0,
        none=r"f?s[bhwdq]|b.*|j|jr|ret|call|tail|fence.*|ecall|nop",
    ),
    "s390x": _stack(
        "z/Architecture Principles of Operation, chapter 7 (lay, aghi); GCC, s390_emit_prologue",
        "%r15",
        (
            ("lay la", r"(?P<d>%r\d+),$N\((?P<s>%r\d+)\)", Op.SET),
            ("aghi agfi algfi", r"(?P<d>%r\d+),$N", Op.STEP),
            ("slgfi", r"(?P<d>%r\d+),$N", Op.STEP, -1),
            ("aghik", r"(?P<d>%r\d+),(?P<s>%r\d+),$N", Op.SET),
            ("lgr", r"(?P<d>%r\d+),(?P<s>%r\d+)", Op.SET),
            ("lghi lgfi", r"(?P<d>%r\d+),$N", Op.SET),
            ("agr", r"(?P<d>%r\d+),(?P<r>%r\d+)", Op.ADD),
            ("sgr", r"(?P<d>%r\d+),(?P<r>%r\d+)", Op.SUBTRACT),
            ("sgrk slgrk", r"(?P<d>%r\d+),(?P<s>%r\d+),(?P<r>%r\d+)", Op.SUBTRACT),
            ("lmg", r"%r\d+,(?P<d>%r15),.*", Op.ENTRY),
            ("lg lgdr", r"(?P<d>%r15),.*", Op.ENTRY),
        ),
        branch=r"j.*|br.*|c.*j.*",
        target=0,
        none=r"st.*|j.*|b.*|c.*|t.*|mv.*|xc|oc|nc|nop.*",
        entry=0,
    ),
    "sh": _stack(
        "SH-4 Software Manual, chapter 10; GCC, sh_expand_prologue and output_stack_adjust",
        "r15",
        (
            ("mov.l sts.l stc.l fmov.s fmov movml.l", r"[\w:]+,@-r15", Op.PUSH, 4),
            ("mov.l lds.l ldc.l fmov.s fmov", r"@r15\+,[\w:]+", Op.POP, 4),
            ("mov.w", r"\w+,@-r15", Op.PUSH, 2),
            ("mov.b", r"\w+,@-r15", Op.PUSH, 1),
            ("mov.w", r"@r15\+,\w+", Op.POP, 2),
            ("add", r"#$N,(?P<d>r\d+)", Op.STEP),
            ("mov", r"#-\d+,(?P<d>r15)", Op.KEEP),
            ("mov", r"#$N,(?P<d>r\d+)", Op.SET),
            ("mov", r"(?P<s>r\d+),(?P<d>r\d+)", Op.SET),
            ("add", r"(?P<r>r\d+),(?P<d>r\d+)", Op.ADD),
            ("sub", r"(?P<r>r\d+),(?P<d>r\d+)", Op.SUBTRACT),
            ("mov.l", r"$H,(?P<d>r\d+)", Op.LOAD, 4),
            ("mov.w", r"$H,(?P<d>r\d+)", Op.LOAD, 2),
        ),
        branch=r"b[tfr].*",
        target=-1,
        none=r"b[tfr].*|bs.*|cmp/.*|tst|j.*|rt.*|nop|lds|ldc",
    ),
    "sparc64": _stack(
        "SPARC V9 Architecture Manual, appendix A (save, restore); GCC, sparc_expand_prologue",
        "%sp %o6",
        (
            ("save", r"(?P<s>%sp),$N,(?P<d>%sp)", Op.SET),
            ("save", r"(?P<s>%sp),(?P<r>%\w+),(?P<d>%sp)", Op.ADD),
            ("add", r"(?P<s>%\w+),$N,(?P<d>%\w+)", Op.SET),
            ("sub", r"(?P<s>%\w+),$N,(?P<d>%\w+)", Op.SET, -1),
            ("add", r"(?P<s>%\w+),(?P<r>%\w+),(?P<d>%\w+)", Op.ADD),
            ("sub", r"(?P<s>%\w+),(?P<r>%\w+),(?P<d>%\w+)", Op.SUBTRACT),
            ("mov", r"(?P<s>%\w+),(?P<d>%\w+)", Op.SET),
            ("mov", r"$N,(?P<d>%\w+)", Op.SET),
            ("sethi", r"%hi\($N\),(?P<d>%\w+)", Op.SET),
            ("or", r"(?P<s>%\w+),$N,(?P<d>%\w+)", Op.OR),
            ("xor", r"(?P<s>%\w+),$N,(?P<d>%\w+)", Op.XOR),
        ),
        branch=r"f?b.*",
        target=-1,
        none=r"st.*|f?b.*|cmp|b?tst|call|jmp|return|ret|retl|restore|flush.*|nop|wr|prefetch.*",
    ),
    "x86_64": _stack(
        "Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2",
        "%rsp %esp",
        (
            ("push pushq pushf pushfq", r".*", Op.PUSH, 8),
            ("pop popq popf popfq", r".*", Op.POP, 8),
            ("add addq", r"\$$N,(?P<d>%\w+)", Op.STEP),
            ("sub subq", r"\$$N,(?P<d>%\w+)", Op.STEP, -1),
            ("lea", r"$N\((?P<s>%\w+)\),(?P<d>%\w+)", Op.SET),
            ("mov movq", r"(?P<s>%\w+),(?P<d>%\w+)", Op.SET),
            ("mov movq movabs", r"\$$N,(?P<d>%\w+)", Op.SET),
            ("add", r"(?P<r>%\w+),(?P<d>%\w+)", Op.ADD),
            ("sub", r"(?P<r>%\w+),(?P<d>%\w+)", Op.SUBTRACT),
            ("and", r"\$$N,%rsp", Op.ALIGN),
            ("leave leaveq", r"", Op.UNLINK, 8),
        ),
        branch=r"j.*|loop.*",
        target=-1,
        none=r"cmp.*|test.*|j.*|call.*|nop.*|bt|push.*|ud2|ret.*",
        entry=8,
    ),
    "xtensa": _stack(
        "Xtensa Instruction Set Architecture Reference Manual: entry, movsp; windowed calls",
        "a1 sp",
        (
            ("entry", r"(?P<d>a1),$N", Op.STEP, -1),
            ("addi addi.n addmi", r"(?P<d>a\d+),(?P<s>a\d+),$N", Op.SET),
            ("movsp mov mov.n", r"(?P<d>a\d+),(?P<s>a\d+)", Op.SET),
            ("movi movi.n", r"(?P<d>a\d+),$N", Op.SET),
            ("add add.n", r"(?P<d>a\d+),(?P<s>a\d+),(?P<r>a\d+)", Op.ADD),
            ("sub", r"(?P<d>a\d+),(?P<s>a\d+),(?P<r>a\d+)", Op.SUBTRACT),
        ),
        branch=r"b.*|j|loop.*",
        target=0,
        none=r"s(8|16|32)i.*|b.*|j.*|call.*|ret.*|loop.*|nop.*|w[sx]r.*|memw|s32.*",
    ),
}
STACKS = {**STACKS, "parisc64": STACKS["parisc"]}
