# SPDX-License-Identifier: GPL-2.0-only
"""No instruction writes a register that the kernel keeps for itself.

This does not rest on anything that a compiler says of itself: the code is disassembled.  The
kernel's own switch of tasks writes such a register; a module never does.  Saving a register and
restoring it counts: between the two it holds something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.listing import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

_CHECK = "provenance.fixed-register"


@dataclass(frozen=True)
class Syntax:
    """Which operand an architecture's instructions write, by mnemonic.

    ``usual`` is its index (0 the first, -1 the last); mnemonics matching ``none`` write no
    operand, those matching ``first`` the first one.
    """

    usual: int
    none: re.Pattern[str]
    first: re.Pattern[str] = re.compile(r"(?!)")

    def writes(self, instruction: Instruction, register: str) -> bool:
        """Say whether ``instruction`` writes ``register``."""
        if not instruction.operands or self.none.fullmatch(instruction.mnemonic):
            return False
        at = 0 if self.first.fullmatch(instruction.mnemonic) else self.usual
        return instruction.operands[at] == register


_M68K_READS = re.compile(r"(cmp|tst|chk|pea|jmp|jsr|btst).*")
_M68K_FIRST = re.compile(r"unlk|link[wl]?|exg")
_M68K_ORDER = [f"%d{number}" for number in range(8)] + [f"%a{number}" for number in range(6)]
_M68K_ORDER += ["%fp", "%sp"]


def _m68k(instruction: Instruction, register: str) -> bool:
    """M68000 Family Programmer's Reference Manual: the last operand, and every @+ and @-."""
    operands = instruction.operands
    if not operands:
        return False
    if any(f"{register}@{sign}" in operand for operand in operands for sign in "+-"):
        return True
    if _M68K_FIRST.fullmatch(instruction.mnemonic) and operands[0] == register:
        return True
    if _M68K_READS.fullmatch(instruction.mnemonic):
        return False
    if instruction.mnemonic.startswith("movem"):
        return register in _m68k_list(operands[-1])
    return operands[-1] == register


def _m68k_list(operand: str) -> set[str]:
    """Return the registers of a movem list: ``%d2-%d7/%a2``."""
    found: set[str] = set()
    for part in operand.split("/"):
        first, _, last = part.partition("-")
        if first in _M68K_ORDER and (last or first) in _M68K_ORDER:
            found.update(
                _M68K_ORDER[_M68K_ORDER.index(first) : _M68K_ORDER.index(last or first) + 1]
            )
    return found


_SYNTAX: dict[str, Callable[[Instruction, str], bool]] = {
    "m68k": _m68k,
    # Alpha Architecture Handbook: memory and branch formats name Ra first, operates Rc last.
    "alpha": Syntax(
        usual=-1,
        none=re.compile(
            r"st(?![lq]_c).*|f?b(eq|ne|[lg][te])|blb[cs]|(call_pal|fetch|ecb|wh64|itof).*"
        ),
        first=re.compile(r"ld.*|st[lq]_c|br|bsr|jmp|jsr.*|ret|rpcc|rc|rs"),
    ).writes,
    # OpenRISC 1000 Architecture Manual: rD first; stores, compares and branches have none.
    "openrisc": Syntax(
        usual=0, none=re.compile(r"l\.(s[bhwd]|swa|sf.*|j|jal|jr|jalr|bn?f|mt.*|m[as][cb]u?i?)")
    ).writes,
    # RISC-V Unprivileged ISA, chapter "Assembly Programmer's Handbook": rd first.
    "riscv64": Syntax(
        usual=0,
        none=re.compile(
            r"f?s[bhwdq]|b(eq|ne|[lg][te])[uz]?|j|jr|ret|call|tail|csr[wsc]i?|fence.*|sfence.*|ecall"
        ),
    ).writes,
    # SPARC V9 Architecture Manual, appendix G: the last operand; stores have memory there.
    "sparc64": Syntax(
        usual=-1, none=re.compile(r"cmp|b?tst|call|jmp|return|flush|prefetch.*")
    ).writes,
    # MIPS32 Architecture, volume II: rd or rt first; sc writes whether it succeeded.
    "mips": Syntax(
        usual=0,
        none=re.compile(
            r"s[bhwd]|sw[lr]|sd[lr]|[sl]?wc\d|sdc\d|b|b(al|eq|ne|[lg][te]|c).*|j|jr|jal|t.*|mt.*|m(ult|add|sub)u?|pref|cache|c\..*"
        ),
    ).writes,
    # MicroBlaze Processor Reference Guide: rD first; plain branches and returns have none.
    "microblaze": Syntax(
        usual=0,
        none=re.compile(r"s[bhw].*|b(?!rl|ral|s|rk).*|br|bra|rt.*|mts.*|n?c?put.*|w[di]c.*"),
    ).writes,
}


def fixed_registers(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """No instruction writes a register that toolchains.yaml says the kernel keeps."""
    registers = reference.arch.fixed_registers
    if not registers:
        yield Skipped(_CHECK, f"the kernel keeps no register for itself on {reference.arch.name}")
        return
    writes = _SYNTAX.get(reference.arch.name)
    if writes is None:
        name = reference.arch.name
        yield Skipped(_CHECK, f"which operands instructions of {name} write is not known here")
        return
    code = listing(obj, reference)
    if code.reason:
        yield Skipped(_CHECK, code.reason)
        return
    names = {section.number: section.name for section in obj.sections}
    for register in registers:
        name = register.register_
        for instruction in chain.from_iterable(code.instructions.values()):
            if writes(instruction, name):
                # GCC gives each function its type; what has none was written by hand, as the
                # kernel's own assembly that saves the register and restores it.
                by_hand = code.function_at(instruction.section, instruction.address) is None
                yield _finding(
                    f"{names.get(instruction.section, '?')}+{instruction.address:#x}",
                    f"{instruction} writes {name}",
                    f"{name} holds {register.reason}: the kernel goes on with a wrong one and "
                    "crashes or corrupts memory",
                    f"compile with {register.flag}" if register.flag else "",
                    register.source,
                    Severity.WARNING if by_hand else Severity.ERROR,
                )


def _finding(
    place: str, evidence: str, meaning: str, mend: str, source: str, severity: Severity
) -> Finding:
    """Return a finding of this check."""
    return Finding(
        _CHECK,
        severity,
        place,
        evidence,
        meaning,
        mend or "compile it with the kernel's GCC and flags",
        source,
    )


CHECKS = {_CHECK: fixed_registers}
