# SPDX-License-Identifier: GPL-2.0-only
"""Defects of m68k objects: code and data that must not be there, or that one has to know of."""

from __future__ import annotations

from pipeline.validate.finding import Severity
from tests.integration.defects.defect import of_source

_DEEP = "".join(
    f"__attribute__((noinline, noclone)) static int deep{n}(int x)\n"
    f"{{ char room[1000]; asm volatile('' :: 'r'(room) : 'memory');"
    f" return {f'deep{n + 1}(x) + room[x]' if n < 9 else 'room[x]'}; }}\n".replace("'", '"')
    for n in reversed(range(10))
)

DEFECTS = [
    of_source(
        "float-multiplication",
        "instructions.float",
        "float extra(float *a, float *b) { return *a * *b; }",
    ),
    of_source(
        "float-state-saved",
        "instructions.float",
        'void extra(void *p) { asm volatile("fsave %0" : "=m"(*(char (*)[216])p)); }',
    ),
    of_source(
        "float-emulated",
        "symbols.undefined",
        "float extra(float *a, float *b) { return *a * *b; }",
        "-msoft-float",
        also=["provenance.flags"],
    ),
    of_source(
        "udivdi3",
        "symbols.undefined",
        "unsigned long long extra(unsigned long long a, unsigned long long b) { return a / b; }",
    ),
    of_source(
        "libc",
        "symbols.undefined",
        "void *malloc(unsigned long); void *extra(void) { return malloc(9); }",
    ),
    of_source(
        "weak",
        "symbols.undefined",
        "void gone(void) __attribute__((weak)); void extra(void) { gone(); }",
        severity=Severity.WARNING,
    ),
    of_source(
        "thread-local",
        "symbols.tls",
        "static __thread int own; int extra(void) { return own++; }",
        also=["sections.tls", "relocations.type", "symbols.undefined"],
    ),
    of_source(
        "thread-local-section",
        "sections.tls",
        "static __thread int own = 5; int extra(void) { return own++; }",
        also=["symbols.tls", "relocations.type", "symbols.undefined"],
    ),
    of_source("another-global", "symbols.global", "int more(void) { return 1; }"),
    of_source(
        "constructor",
        "sections.constructors",
        "static int seen; __attribute__((constructor)) static void extra2(void) { seen++; }\n"
        "int extra(void) { return seen; }",
    ),
    of_source(
        "write-execute",
        "sections.write-execute",
        'asm(".section .hot,\\"awx\\"; nop; rts; .previous");',
    ),
    of_source(
        "branch-by-16-bits",
        "relocations.type",
        'int extra(void) { asm volatile("bsr.w helper"); return 0; }',
    ),
    of_source(
        "address-in-a-byte",
        "relocations.type",
        'asm(".data; .byte helper; .previous");',
    ),
    of_source(
        "big-frame",
        "stack.frame",
        "void extra(void) { char room[9000]; helper((int)room); }",
        also=["stack.chain"],
    ),
    of_source(
        "large-frame",
        "stack.frame",
        "void extra(void) { char room[2000]; helper((int)room); }",
        severity=Severity.WARNING,
    ),
    of_source("deep-chain", "stack.chain", _DEEP + "int extra(int x) { return deep0(x); }"),
    of_source(
        "recursion",
        "stack.unknown",
        "int extra(int x) { return x ? helper(extra(x - 1)) : 0; }",
        severity=Severity.NOTE,
    ),
    of_source(
        "alloca",
        "stack.unknown",
        "int extra(int x) { char room[x]; helper((int)room); return room[0]; }",
        severity=Severity.NOTE,
    ),
    of_source(
        "fall-through",
        "code.fall-through",
        'int extra(int x) { asm volatile("nop"); __builtin_unreachable(); }',
    ),
    of_source(
        "call-of-a-user-address",
        "code.user-address",
        "void extra(void) { ((void (*)(void))0x80004000)(); }",
    ),
    of_source(
        "use-of-a-user-address",
        "code.user-address",
        "int extra(void) { return *(volatile int *)0x40001000; }",
        severity=Severity.WARNING,
    ),
    of_source(
        "call-of-data",
        "code.call-data",
        "static int words[4] = { 0x4e754e75 };\n"
        "int extra(int x) { words[x]++; return ((int (*)(void))words)(); }",
    ),
    of_source(
        "panic",
        "code.panic",
        "void _ZN4core9panicking5panic17h0123456789abcdefE(void) __attribute__((noreturn));\n"
        "void extra(int x) { if (x) _ZN4core9panicking5panic17h0123456789abcdefE(); }",
        severity=Severity.NOTE,
        also=["symbols.undefined", "provenance.foreign"],
    ),
    of_source(
        "sleep",
        "code.sleep",
        "void msleep(unsigned); void extra(void) { msleep(9); }",
        severity=Severity.NOTE,
    ),
    of_source(
        "pointer-in-writable-data",
        "code.writable-pointer",
        "static int (*table[2])(int) = { helper, twice };\n"
        "int extra(int x) { table[x & 1] = helper; return table[!x](x); }",
        severity=Severity.NOTE,
    ),
    of_source(
        "pointer-beside-code",
        "code.writable-pointer",
        'asm(".section .hot,\\"awx\\"; .long run; rts; .previous");',
        also=["sections.write-execute"],
    ),
    of_source(
        "fifty-thousand-sections",
        "code.disassembly",
        'asm(".altmacro; .macro one n; .section .text.\\\\n,\\"ax\\"; rts; .endm;'
        ' .set n, 0; .rept 50001; one %n; .set n, n + 1; .endr; .text");',
    ),
]
