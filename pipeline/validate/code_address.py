# SPDX-License-Identifier: GPL-2.0-only
"""Addresses that no loader moves, pointers to code that can be overwritten, calls of data."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.names import readable
from pipeline.validate.calls import calls
from pipeline.validate.code_constant import BUILDS, Used, used
from pipeline.validate.code_flow import FLOWS, Kind
from pipeline.validate.elfdata import (
    SHF_ALLOC,
    SHF_EXECINSTR,
    SHF_WRITE,
    SHN_ABS,
    STT_FUNC,
    STT_OBJECT,
)
from pipeline.validate.finding import Finding, Severity, Skipped, some
from pipeline.validate.listing import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.disassembly import Instruction
    from pipeline.validate.elf import Object
    from pipeline.validate.listing import Function, Listing
    from pipeline.validate.reference import Reference

_USER, _POINTER, _DATA = "code.user-address", "code.writable-pointer", "code.call-data"
# modpost's CRCs are absolute symbols where the architecture has no relative ones
# (include/linux/export-internal.h); .modinfo and the like are read, never followed.
_NUMBERS = re.compile(r"__kcrctab.*|__versions|\.(?:modinfo|comment|note).*")
# What the kernel writes once, or gives back, and the tables that it reads itself.
_NOT_WRITTEN = re.compile(
    r"\.data\.\.ro_after_init|\.data\.rel\.ro.*|\.init\..*|\.exit\..*|__\w+|___\w+|\.altinstruct\w*|"
    r"\.gnu\.linkonce\.this_module|\.smp_locks|\.(?:p?arch|alt|orc|fixup|static_call|jump)\w*.*|"
    r"\.(?:toc|got|plt|opd|sdata\.opd)\b.*|\.rodata.*"
)


@dataclass(frozen=True)
class Absolute:
    """How an architecture's objdump writes an operand at a constant address.

    ``operand`` has the address in its first group, in what is no branch; ``goal`` is the same for
    a whole jump or call that is not relative.  Operands of ``numbers`` (mnemonics) are no
    addresses.  ``free`` are addresses that a module may use: windows to devices, in ``source``.
    ``port`` are instructions with which the kernel's macros reach a device's register.
    """

    operand: re.Pattern[str]
    goal: re.Pattern[str]
    numbers: re.Pattern[str]
    free: tuple[range, ...]
    source: str
    port: re.Pattern[str] = re.compile(r"(?!)")


_ABSOLUTE = {
    "m68k": Absolute(
        re.compile(r"(?:0x)?([0-9a-f]{1,8})"),
        re.compile(r"(?:jsr|jmp) (?:0x)?([0-9a-f]{1,8})"),
        re.compile(r"\.\w+|trap|stop|rtd|lea|pea"),
        # Zorro II and from there up to the top, machines have their registers.
        (range(0x80000000, 0x81000000), range(0xF0000000, 1 << 32)),
        "arch/m68k/include/asm/processor.h, TASK_SIZE; arch/m68k/include/asm/amigahw.h, zTwoBase; "
        "arch/m68k/include/asm/raw_io.h, in_8",
        # inb(0x1fe), inw(0x1fe) of a bus behind a window move a byte, a word at a constant address.
        re.compile(r"(?:move|clr|tst)[bw]"),
    ),
    "arc": Absolute(
        re.compile(r"\[0x([0-9a-f]{1,8})\]"),
        re.compile(r"jl?(?:_s)?(?:\.d)? \[?0x([0-9a-f]{1,8})\]?"),
        re.compile(r"(?!)"),
        (range(0x60000000, 1 << 32),),
        "arch/arc/include/asm/processor.h, TASK_SIZE",
    ),
    "x86_64": Absolute(
        re.compile(r"(?:ds:|%ds:)?0x([0-9a-f]{1,16})"),
        re.compile(r"(?:call|jmp)q? \*(?:ds:|%ds:)?0x([0-9a-f]{1,16})"),
        re.compile(r"\.\w+|l?retq?|enter|int|nop[wl]?"),
        (range(1 << 47, 1 << 64),),
        "arch/x86/include/asm/page_64_types.h, TASK_SIZE_MAX",
    ),
}
_PAGE = 0x1000  # GCC itself makes accesses of address 0 of what it knows to be a null pointer


def user_address(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """No word and no instruction has an address that belongs to programs, not to the kernel."""
    sections = obj.sections
    for relocation in obj.relocations:
        symbol, section = relocation.symbol, sections[relocation.section]
        if symbol.section != SHN_ABS or not section.flags & SHF_ALLOC:
            continue
        if _NUMBERS.fullmatch(section.name) or symbol.name.startswith("__crc_"):
            continue
        address = symbol.value + (relocation.addend or 0)
        if address < _PAGE:
            continue
        yield Finding(
            _USER,
            Severity.WARNING,
            f"{section.name}+{relocation.offset:#x}",
            f"the constant address {address:#x} of the absolute symbol {symbol.name}",
            "the loader leaves it as it is: what a program or nobody has there is used",
            "let the kernel say where it is (ioremap, an exported symbol)",
            "System V ABI, SHN_ABS; kernel/module/main.c, simplify_symbols",
        )
    syntax = _ABSOLUTE.get(reference.arch.name)
    code, flow = listing(obj, reference), FLOWS.get(reference.arch.name)
    if code.reason:
        yield Skipped(_USER, f"instructions were not looked at: {code.reason}")
    elif flow is None or (syntax is None and reference.arch.name not in BUILDS):
        name = reference.arch.name
        yield Skipped(_USER, f"how {name} makes an address is not known here: only words were seen")
    else:
        for function in code.functions:
            if syntax is not None:
                yield from _constant(obj, code, function, syntax, reference.arch.name)
            for use in used(obj, code, function, reference.arch.name):
                yield _use(obj, function, use, BUILDS[reference.arch.name].source)


def _constant(
    obj: Object, code: Listing, function: Function, syntax: Absolute, arch: str
) -> Iterator[Finding]:
    """Yield the instructions of a function that use a constant address."""
    flow = FLOWS[arch]
    instructions = code.within(function)
    for number, instruction in enumerate(instructions):
        kind = flow.kind(instruction)
        address = _address(instruction, kind, syntax)
        if address is None:
            continue
        end = instructions[number + 1].address if number + 1 < len(instructions) else function.end
        if code.moved(function.section, instruction.address, end):
            continue
        calls_it = kind in {Kind.CALL, Kind.LEAVE}
        if not calls_it and (address < _PAGE or any(address in window for window in syntax.free)):
            continue
        is_port = bool(syntax.port.fullmatch(instruction.mnemonic))
        yield _use(
            obj, function, Used(instruction, address, calls_it), syntax.source, is_port=is_port
        )


def _use(
    obj: Object, function: Function, use: Used, source: str, *, is_port: bool = False
) -> Finding:
    """Return what is wrong with the use of a constant address."""
    severity = Severity.NOTE if is_port else Severity.WARNING
    return Finding(
        _USER,
        Severity.ERROR if use.calls else severity,
        f"{obj.sections[function.section].name}+{use.instruction.address:#x}",
        f"“{use.instruction}” in {readable(function.name)} uses the constant address "
        f"{use.address:#x}",
        "the loader leaves it as it is: "
        + (
            "the kernel jumps into whatever is there"
            if use.calls
            else "what a program or nobody has there is used"
        ),
        "name the function or the object, so that there is a relocation",
        source,
    )


def _address(instruction: Instruction, kind: Kind, syntax: Absolute) -> int | None:
    """Return the constant address that an instruction uses, None where it uses none."""
    if kind in {Kind.CALL, Kind.LEAVE} or instruction.mnemonic.startswith(_BRANCHES):
        match = syntax.goal.fullmatch(str(instruction))
        return int(match[1], 16) if match else None
    if syntax.numbers.fullmatch(instruction.mnemonic):
        return None
    for operand in instruction.operands:
        match = syntax.operand.fullmatch(operand)
        if match:
            return int(match[1], 16)
    return None


_BRANCHES = ("b", "db", "j", "call", "loop", "xbegin", "fb")


def writable_pointer(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Count pointers to code in data that stays writable; code itself must not be writable."""
    del reference  # the bytes alone say it
    found: Counter[str] = Counter()
    holders = _holders(obj)
    for relocation in obj.relocations:
        section, goal = obj.sections[relocation.section], relocation.symbol.section
        if not section.flags & SHF_ALLOC or not section.flags & SHF_WRITE:
            continue
        if not _is_code(obj, relocation.symbol.section) and relocation.symbol.type != STT_FUNC:
            continue
        if section.flags & SHF_EXECINSTR:
            yield Finding(
                _POINTER,
                Severity.ERROR,
                f"{section.name}+{relocation.offset:#x}",
                f"a pointer to {_goal(obj, goal, relocation.symbol.name)} in a section that is "
                "both writable and executable",
                "one overwritten word runs code of an attacker's choice",
                "keep code and data in sections of their own",
                "include/linux/module.h, strict_module_rwx",
            )
        elif not _NOT_WRITTEN.fullmatch(section.name):
            found[holders.name(relocation.section, relocation.offset, section.name)] += 1
    if found:
        listed = (f"{readable(name)} ({count})" for name, count in found.items())
        yield Finding(
            _POINTER,
            Severity.NOTE,
            "writable data",
            f"{found.total()} pointers to code in {len(found)} objects: {some(listed)}",
            "a stray write to one of them changes what the kernel runs",
            "make tables that do not change const (in Rust: static, without Cell or mut)",
            "Documentation/security/self-protection.rst, Function pointers and sensitive variables",
        )


class _Holders:
    """Finds the object that a byte of a section belongs to."""

    def __init__(self, obj: Object) -> None:
        self._starts: dict[int, list[tuple[int, str]]] = {}
        for symbol in obj.symbols:
            if symbol.type == STT_OBJECT and symbol.name and symbol.section < len(obj.sections):
                self._starts.setdefault(symbol.section, []).append((symbol.value, symbol.name))
        for starts in self._starts.values():
            starts.sort()

    def name(self, section: int, offset: int, otherwise: str) -> str:
        """Return the name of the last object that starts at or before ``offset``."""
        starts = self._starts.get(section, [])
        at = bisect.bisect_right(starts, offset, key=lambda one: one[0])
        return starts[at - 1][1] if at else otherwise


def _holders(obj: Object) -> _Holders:
    return obj.once("holders of data", lambda: _Holders(obj))


def _is_code(obj: Object, number: int) -> bool:
    """Say whether a section of the object holds code."""
    return 0 < number < len(obj.sections) and bool(obj.sections[number].flags & SHF_EXECINSTR)


def _goal(obj: Object, number: int, name: str) -> str:
    """Return how to call what a relocation is against."""
    if name:
        return readable(name)
    return obj.sections[number].name if number < len(obj.sections) else "code"


def call_data(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """No call goes to an object or into a section that holds no code."""
    code = listing(obj, reference)
    if code.reason or reference.arch.name not in FLOWS:
        name = reference.arch.name
        yield Skipped(_DATA, code.reason or f"how {name} calls is not known here")
        return
    for call in calls(obj, reference):
        symbol = call.symbol
        if symbol is None or not call.sure or not 0 < symbol.section < len(obj.sections):
            continue
        section = obj.sections[symbol.section]
        if section.flags & SHF_EXECINSTR and symbol.type != STT_OBJECT:
            continue
        if symbol.type == STT_FUNC and section.name.startswith(".opd"):
            continue
        yield Finding(
            _DATA,
            Severity.ERROR,
            f"{obj.sections[call.caller.section].name}+{call.address:#x}",
            f"{readable(call.caller.name)} calls {readable(call.name)}, which is in "
            f"{section.name} and is no code",
            "the kernel stops at the first call: data is not executable, or is no instruction",
            "declare it as what it is",
            "System V ABI, SHF_EXECINSTR and STT_FUNC",
        )


CHECKS = {_USER: user_address, _POINTER: writable_pointer, _DATA: call_data}
