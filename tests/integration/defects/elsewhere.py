# SPDX-License-Identifier: GPL-2.0-only
"""Defects of objects of the other architectures that only GCC reaches, without a kernel tree."""

from __future__ import annotations

from pipeline.validate.finding import Severity
from tests.integration.defects.defect import Defect, good_object, of_source

_MULTIPLY = "float extra(float *a, float *b) { return *a * *b; }"
_INTEGER = "long long extra(unsigned a, unsigned b) { return (unsigned long long)a * b; }"
_SHARED = "int shared; int *extra(void) { return &shared; }"
_OWN = "static __thread int own; int extra(void) { return own++; }"
_TLS = ["symbols.tls", "sections.tls", "relocations.type", "symbols.undefined", "provenance.flags"]
_PIC = ["provenance.flags", "symbols.global", "symbols.undefined", "relocations.type"]


def _asm(text: str) -> str:
    return f'void extra(void) {{ asm volatile("{text}"); }}'


_ALPHA = [
    of_source(
        "float",
        "instructions.float",
        _MULTIPLY,
        "-mfp-regs",
        without=["-mno-fp-regs"],
        arch="alpha",
        also=["provenance.flags"],
    ),
    of_source("float-asm", "instructions.float", _asm("adds $f1,$f2,$f3"), arch="alpha"),
    of_source("fixed-register", "provenance.fixed-register", _asm("addq $1,$2,$8"), arch="alpha"),
    of_source("no-ffixed-8", "provenance.flags", without=["-ffixed-8"], arch="alpha"),
    of_source("thread-local", "sections.tls", _OWN, arch="alpha", also=_TLS),
    of_source(
        "branch-too-far",
        "relocations.range",
        'asm(".section .far,\\"a\\"; br extra; .space 0x500000; .globl extra; extra: ret");',
        arch="alpha",
    ),
]
_PARISC = [
    of_source(
        "float",
        "instructions.float",
        _MULTIPLY,
        without=["-mdisable-fpregs"],
        arch="parisc",
        also=["provenance.flags"],
    ),
    of_source(
        "integers-multiplied-by-the-unit",
        "instructions.float",
        _INTEGER,
        without=["-mdisable-fpregs"],
        arch="parisc",
        also=["provenance.flags"],
    ),
    of_source("pic", "relocations.type", _SHARED, "-fPIC", arch="parisc", also=_PIC),
    of_source("thread-local", "symbols.tls", _OWN, arch="parisc", also=_TLS),
    of_source(
        "call-too-far",
        "relocations.range",
        'asm(".section .far,\\"ax\\"\\n.globl extra\\nextra:\\n'
        '.skip 0x50000\\nb,l extra,%r2\\nnop\\n.previous");',
        arch="parisc",
        also=["code.fall-through"],
    ),
]
_SH = [
    of_source(
        "float",
        "instructions.float",
        _MULTIPLY,
        "-m4",
        without=["-m4-nofpu", "-Wa,-isa=sh4-up"],
        arch="sh",
        also=["provenance.flags"],
    ),
    of_source("float-state", "instructions.float", _asm("lds r4,fpscr"), arch="sh"),
    of_source("pic", "relocations.type", _SHARED, "-fPIC", arch="sh", also=_PIC),
    of_source("thread-local", "sections.tls", _OWN, arch="sh", also=_TLS),
    of_source(
        "library-division",
        "symbols.undefined",
        "unsigned long long extra(unsigned long long a, unsigned long long b) { return a / b; }",
        arch="sh",
        severity=Severity.WARNING,
    ),
]
_OPENRISC = [
    of_source(
        "float",
        "instructions.float",
        _MULTIPLY,
        "-mhard-float",
        arch="openrisc",
        also=["provenance.flags"],
    ),
    of_source(
        "fixed-register", "provenance.fixed-register", _asm("l.addi r10,r10,4"), arch="openrisc"
    ),
    of_source(
        "halves-that-the-loader-does-not-know",
        "relocations.type",
        "static int kept; int extra(int x) { int was = kept; kept = x; return was; }",
        arch="openrisc",
        severity=Severity.WARNING,
    ),
    of_source(
        "no-delay-slots",
        "identity.flags",
        'asm(".nodelay");',
        arch="openrisc",
    ),
]
_ARC = [
    of_source(
        "float",
        "instructions.float",
        _MULTIPLY,
        "-mfpu=fpus_all",
        arch="arc",
        also=["provenance.flags"],
    ),
    of_source("pic", "relocations.type", _SHARED, "-fPIC", arch="arc", also=_PIC),
    of_source("thread-local", "sections.tls", _OWN, arch="arc", also=_TLS),
    of_source(
        "common",
        "symbols.common",
        "int extra[4];",
        "-fcommon",
        arch="arc",
        also=["provenance.flags"],
    ),
]


def _byte_order() -> Defect:
    """Return the defect of an object of the same machine in the other byte order."""
    return Defect(
        "other-byte-order",
        "identity.byte-order",
        good_object("mips"),
        lambda shop, _good: shop.compile(
            "mips", "int run(int x) { return x; }", "-EL", without=["-EB"]
        ),
        "mips",
        frozenset({"provenance.flags"}),
    )


def _class() -> Defect:
    """Return the defect of an object of the same machine with the other width."""
    return Defect(
        "other-width",
        "identity.class",
        good_object("mips"),
        lambda shop, _good: shop.compile(
            "mips",
            "int run(int x) { return x; }",
            "-mabi=64",
            "-march=mips64r2",
        ),
        "mips",
        frozenset({"provenance.flags", "identity.flags"}),
    )


_MIPS = [
    of_source(
        "half-an-address",
        "relocations.pair",
        _asm("lui $2,%hi(run)"),
        arch="mips",
    ),
]
DEFECTS = [*_MIPS, *_ALPHA, *_PARISC, *_SH, *_OPENRISC, *_ARC, _byte_order(), _class()]
