# SPDX-License-Identifier: GPL-2.0-only
"""How each architecture's instructions end a run of code, as its objdump writes them.

``call`` and ``leave`` match the mnemonic; ``stop`` and ``pad`` the whole text, and no group in them
has alternatives.  The manuals named in ``source`` say which instructions have a delay slot: one
instruction behind it that is executed before the jump.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.validate.disassembly import Instruction


class Kind(Enum):
    """What an instruction does to the flow of control.

    A LEAVE goes somewhere else for good (a return, a jump); a STOP is a trap, behind which nothing
    is executed in a module that works; a PAD does nothing; any other may go on behind itself.
    """

    OTHER = 0
    CALL = 1
    LEAVE = 2
    STOP = 3
    PAD = 4

    # By identity, as there is one of each: Enum's own hash is a call in Python, a million a module.
    __hash__ = object.__hash__


_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True)
class Flow:
    """One architecture's instructions.

    Where ``is_call`` is there, its match of the whole text decides between a call and a jump: one
    that keeps a return address is a call.  ``slot`` matches the whole text of those with a delay
    slot, ``skips`` that of instructions that may leave the next one out, ``computed`` that of jumps
    to a place that only a register or a table has.  ``register`` finds the register that a jump or
    call goes through; ``address`` matches the whole text of instructions that, with a relocation,
    put an address into the operand number ``target``.  ``after_stop`` is the number of bytes of
    data behind a STOP, ``bias`` what is added to a relocation's goal to have the place called.
    """

    source: str
    call: re.Pattern[str]
    leave: re.Pattern[str]
    stop: re.Pattern[str]
    pad: re.Pattern[str]
    slot: re.Pattern[str] = _NOTHING
    is_call: re.Pattern[str] | None = None
    skips: re.Pattern[str] = _NOTHING
    computed: re.Pattern[str] = _NOTHING
    register: re.Pattern[str] = _NOTHING
    address: re.Pattern[str] = _NOTHING
    target: int = -1
    after_stop: int = 0
    bias: int = 0
    _known: dict[str, Kind] = field(default_factory=dict, repr=False, compare=False)

    def kind(self, instruction: Instruction) -> Kind:
        """Return what ``instruction`` does."""
        mnemonic = instruction.mnemonic
        found = self._known.get(mnemonic)
        if found is None:
            found = self._known[mnemonic] = self._of(mnemonic)
        if found is Kind.OTHER:
            return found
        if self.is_call is not None and found in {Kind.CALL, Kind.LEAVE}:
            return Kind.CALL if self.is_call.fullmatch(str(instruction)) else Kind.LEAVE
        if found in {Kind.STOP, Kind.PAD}:
            text = str(instruction)
            whole = self.stop if found is Kind.STOP else self.pad
            return found if whole.fullmatch(text) else Kind.OTHER
        return found

    def delays(self, instruction: Instruction) -> bool:
        """Say whether the instruction behind this jump or call is executed before it."""
        return bool(self.slot.fullmatch(str(instruction)))

    def _of(self, mnemonic: str) -> Kind:
        """Return the kind by the mnemonic alone; STOP and PAD may depend on the operands."""
        if self.call.fullmatch(mnemonic):
            return Kind.CALL
        if self.leave.fullmatch(mnemonic):
            return Kind.LEAVE
        # A pattern of a whole text starts with the mnemonic: try it with what may follow.
        if _starts(self.stop, mnemonic):
            return Kind.STOP
        return Kind.PAD if _starts(self.pad, mnemonic) else Kind.OTHER


def _starts(whole: re.Pattern[str], mnemonic: str) -> bool:
    """Say whether one of the alternatives of ``whole`` starts with this mnemonic."""
    return any(
        re.fullmatch(part.split(" ", 1)[0], mnemonic) is not None
        for part in whole.pattern.split("|")
    )


FLOWS: dict[str, Flow] = {
    "alpha": Flow(
        "Alpha Architecture Handbook, chapter 4; arch/alpha/include/asm/bug.h",
        call=re.compile("bsr|jsr|jsr_coroutine"),
        leave=re.compile("ret|jmp|br|rti|retsys"),
        stop=re.compile("bugchk|gentrap|halt|bpt|call_pal 0x81|call_pal 0xaa"),
        pad=re.compile("nop|unop|fnop|lnop"),
        register=re.compile(r".*\((\w+)\)(?:,.*)?"),
        address=re.compile(r"ldq .*"),
        target=0,
        after_stop=12,
        computed=re.compile(r"jmp .*"),
    ),
    "arc": Flow(
        "ARCv2 ISA Programmer's Reference Manual, chapter 5",
        call=re.compile(r"(?:bl|jl|bl_s|jl_s)(?:\.d)?"),
        leave=re.compile(r"(?:b|j|b_s|j_s|bi|bih)(?:\.d)?|rtie|leave_s"),
        stop=re.compile("trap_s.*|swi.*|swi_s.*|unimp_s|brk|brk_s|flag.*"),
        pad=re.compile("nop|nop_s"),
        slot=re.compile(r"[a-z_]+\.d .*"),
        register=re.compile(r"[a-z_.]+ \[(\w+)\]"),
        address=re.compile(r"mov(?:_s)? \w+,.*"),
        target=0,
        computed=re.compile(r"(?:j|j_s)(?:\.d)? \[(?!blink).*|bih? .*"),
    ),
    "m68k": Flow(
        "M68000 Family Programmer's Reference Manual; arch/m68k/include/asm/bug.h (trap #7)",
        call=re.compile("jsr|bsr[bswl]?"),
        leave=re.compile("rts|rtd|rte|rtr|jmp|bra[bswl]?"),
        stop=re.compile("trap #7|illegal|stop.*|halt"),
        pad=re.compile("nop|tpf|tpfw.*|tpfl.*|orib #0,%d0"),
        register=re.compile(r"\w+ (%a\d)@"),
        address=re.compile(r"lea [^@]*,%a\d|movea?l #[^@]*,%[ad]\d"),
        computed=re.compile(r"jmp %pc@\(.*"),
    ),
    "microblaze": Flow(
        "MicroBlaze Processor Reference Guide, chapter 5",
        call=re.compile("br(?:a)?l(?:i)?d|brki?"),
        leave=re.compile("bra?i?d?|rt[sibe]d"),
        stop=re.compile("bri 0"),
        pad=re.compile("or r0, r0, r0|or r0,r0,r0|nop"),
        slot=re.compile(r"(?:br\w*d|rt[sibe]d|b[a-z]{2,3}i?d) .*"),
        computed=re.compile(r"bra?d? .*"),
    ),
    "mips": Flow(
        "MIPS32 Architecture, volume II; arch/mips/include/asm/bug.h (break 0x200)",
        call=re.compile("jal|jalr|bal|jalrc|jialc|balc"),
        leave=re.compile("j|jr|b|jrc|jic|bc|eret|deret|jr.hb"),
        stop=re.compile("break.*|teq zero,zero.*|sdbbp.*"),
        pad=re.compile("nop|ssnop|ehb"),
        slot=re.compile(r"(?:j|jr|jr\.hb|b|jal|jalr|bal)(?: .*)?"),
        register=re.compile(r"(?:jalr|jr) (?:ra,)?(\w+)"),
        address=re.compile(r"(?:lui|addiu) \w+,.*"),
        target=0,
        computed=re.compile(r"jr(?!.* ra$) .*|j (?!ra)[a-z]\w .*"),
    ),
    "nios2": Flow(
        "Nios II Processor Reference Guide, chapter 8",
        call=re.compile("call|callr"),
        leave=re.compile("ret|jmp|jmpi|br|eret|bret"),
        stop=re.compile("break.*|trap.*"),
        pad=re.compile("nop"),
        computed=re.compile(r"jmp .*"),
    ),
    "openrisc": Flow(
        "OpenRISC 1000 Architecture Manual, chapter 5",
        call=re.compile(r"l\.jalr?"),
        leave=re.compile(r"l\.jr?|l\.rfe"),
        stop=re.compile(r"l\.trap.*|l\.sys.*"),
        pad=re.compile(r"l\.nop.*"),
        slot=re.compile(r"l\.(?:j|jr|jal|jalr|bf|bnf) .*"),
        register=re.compile(r"l\.(?:jr|jalr) (\w+)"),
        address=re.compile(r"l\.(?:movhi|ori|addi) .*"),
        target=0,
        computed=re.compile(r"l\.jr r(?!9$)\d+"),
    ),
    "parisc": Flow(
        "PA-RISC 1.1 Architecture, chapter 6; arch/parisc/include/asm/bug.h (break 31)",
        call=re.compile("(?:b,l|bl|be,l|ble|bve,l|blr|b,gate|gate|b,l,push)(?:,n)?"),
        leave=re.compile(
            "(?:b|bv|be|bve|bve,pop|rfi|rfi,r)(?:,n)?|(?:addi?b|movi?b|cmpi?b),tr(?:,n)?"
        ),
        stop=re.compile("break.*|addi,tc,<> 1,r0,r0"),
        pad=re.compile("nop"),
        is_call=re.compile(
            r"(?:b,l|bl|b,gate|gate|b,l,push)(?:,n)? .*,(?!r0$)\w+|(?:be,l|ble|bve,l)(?:,n)? .*"
        ),
        # With ",n" the instruction behind it is there but not executed.
        slot=re.compile(
            r"(?:b|bv|be|bve|bl|ble|blr|gate)(?:,l|,gate|,pop|,push)*(?:,n)? .*"
            r"|(?:addi?b|movi?b|cmpi?b),tr(?:,n)? .*"
        ),
        skips=re.compile(
            r"(?!(?:addi?b|movi?b|cmpi?b|bb|b|be|bv)\b)\w+(?:,\w+)*,"
            r"(?:[<>]{0,2}=?|\*?(?:sv|nsv|od|ev|tr|nuv|znv|uv|vnz|sbz|shz|sdc|nbz|nhz)) .*"
        ),
        computed=re.compile(r"bv(?:,n)? (?!r0\(rp\)).*|blr.*|be(?:,n)? .*"),
    ),
    "powerpc": Flow(
        "Power ISA, book I; arch/powerpc/include/asm/bug.h (twi 31)",
        call=re.compile("bl|bla|bctrl|blrl"),
        leave=re.compile("b|ba|blr|bctr|rfid?"),
        stop=re.compile("trap|twui.*|twi 31,.*|tdui.*"),
        pad=re.compile("nop|xnop"),
        computed=re.compile(r"bctr"),
    ),
    "riscv64": Flow(
        "RISC-V Unprivileged ISA, chapter 2; arch/riscv/include/asm/bug.h (ebreak)",
        call=re.compile("jal|jalr|call|c.jalr|c.jal"),
        leave=re.compile("j|jr|ret|tail|mret|sret|c.j|c.jr"),
        stop=re.compile("ebreak|unimp|c.ebreak|c.unimp"),
        pad=re.compile("nop|c.nop"),
        is_call=re.compile(r"(?:jalr?|c\.jalr?|call)(?: (?!zero).*)?"),
        computed=re.compile(r"jr (?!ra$)\w+"),
        register=re.compile(r"(?:jalr|jr) (?:ra,)?(\w+)"),
        address=re.compile(r"auipc .*"),
        target=0,
    ),
    "s390x": Flow(
        "z/Architecture Principles of Operation, chapter 7; arch/s390/include/asm/bug.h (mc)",
        call=re.compile("brasl|bras|basr|bas"),
        leave=re.compile("j|jg|br|b|lpswe|lpswey"),
        stop=re.compile("mc .*|.long 0x.*|.insn .*"),
        pad=re.compile("nop.*|nopr.*|jgnop.*|jnop.*|bcr 0,.*|brcl 0,.*"),
        bias=-2,
        computed=re.compile(r"b .*|br %r(?!14$)\d+"),
    ),
    "sh": Flow(
        "SH-4 Software Manual, chapter 10; arch/sh/include/asm/bug.h (trapa #0x3e)",
        call=re.compile("jsr|bsr|bsrf|jsr/n"),
        leave=re.compile("rts|rte|jmp|bra|braf|rts/n|rtv/n"),
        stop=re.compile("trapa.*|brk"),
        pad=re.compile("nop|.word 0x0000"),
        slot=re.compile(r"(?:jsr|bsr|bsrf|rts|rte|jmp|bra|braf)(?: .*)?"),
        register=re.compile(r"(?:jsr|jmp) @(r\d+)"),
        address=re.compile(r"mov\.l (?:0x)?[0-9a-f]+,r\d+"),
        computed=re.compile(r"jmp .*|braf .*"),
    ),
    "sparc64": Flow(
        "The SPARC Architecture Manual V9, appendix A; arch/sparc/include/asm/bug.h (ta 5)",
        call=re.compile("call|jmpl"),
        leave=re.compile(r"ret|retl|return|jmp|rett|retry|done|ba?(?:,a)?(?:,pt|,pn)?"),
        stop=re.compile("ta .*|illtrap.*|unimp.*"),
        pad=re.compile("nop"),
        slot=re.compile(r"(?:ret|retl|return|jmp|jmpl|rett|call|ba?(?:,p[tn])?)(?: .*)?"),
        computed=re.compile(r"jmp .*"),
    ),
    "x86_64": Flow(
        "Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2",
        call=re.compile("callq?"),
        leave=re.compile("retq?|jmpq?|iretq?|sysretq?|sysexit|lret"),
        stop=re.compile("ud2|ud1.*|ud2a|int3|hlt"),
        pad=re.compile(r"nop[wl]?.*|data16.*|cs nopw.*|xchg %ax,%ax|int3|lea 0x0\(%rsi.*"),
        register=re.compile(r"(?:call|jmp)q? \*(%r\w+)"),
        address=re.compile(r"movq? \$0x0,%r\w+|lea 0x0\(%rip\),%r\w+"),
        bias=4,
        computed=re.compile(r"(?:notrack )?jmpq? \*.*"),
    ),
}
# PA-RISC 2.0 Architecture, chapter 6: the same instructions, and conditions of 64 bits.
FLOWS["parisc64"] = FLOWS["parisc"]
