# SPDX-License-Identifier: GPL-2.0-only
"""Defects of m68k objects: another compiler, another flag, another layout of a type."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pipeline.validate.finding import Severity
from tests.integration.defects.defect import Defect, edited, good_object, of_source, section_of
from tests.integration.defects.workshop import OBJECT

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.validate.elf import Object
    from tests.integration.defects.workshop import Workshop

# Six values that live across a call need more registers than GCC saves without a2.
_PRESSURE = """
int extra(int *a, int *b, int *c, int *d)
{
    int s = 0;
    for (int i = 0; i < 9; i++) s += helper(*a++) + helper(*b++) + helper(*c++) + helper(*d++);
    return s;
}
"""
_RUST = """
#![feature(no_core, lang_items)]
#![no_core]
#[lang = "pointee_sized"] trait P {}
#[lang = "meta_sized"] trait M: P {}
#[lang = "sized"] trait S: M {}
#[lang = "copy"] trait C {}
impl C for i32 {}
#[no_mangle] pub extern "C" fn run(x: i32) -> i32 { x }
"""


def _rustc(shop: Workshop, _good: Path) -> Path:
    path = shop.new("rust.o")
    source = path.with_suffix(".rs")
    source.write_text(_RUST)
    options = ["--target", "m68k-unknown-linux-gnu", "--crate-type", "lib", "--emit", "obj"]
    for compiler in ("/usr/bin/rustc", "rustc"):
        try:
            subprocess.run(
                [compiler, *options, "-o", path, source],
                check=True,
                capture_output=True,
                env={"RUSTC_BOOTSTRAP": "1", "PATH": "/usr/bin:/bin"},
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return path
    pytest.skip("no rustc here makes m68k code")


def _clang(shop: Workshop, _good: Path) -> Path:
    if shutil.which("clang") is None:
        pytest.skip("no clang")
    path = shop.new("clang.o")
    source = path.with_suffix(".c")
    source.write_text("int run(int x) { return x + 1; }\n")
    done = subprocess.run(
        ["clang", "--target=m68k-linux-gnu", "-c", source, "-o", path],
        check=False,
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("this clang makes no m68k code")
    return path


def _clang_linked_in(shop: Workshop, good: Path) -> Path:
    part = _clang(shop, good)
    hidden = shop.objcopy("m68k", part, "--redefine-sym=run=extra")
    return shop.link("m68k", "-r", good, hidden)


_FOREIGN = ("provenance.compiler", "provenance.flags-unproven", "provenance.foreign")

_COMPILERS = [
    Defect("rustc", "provenance.compiler", good_object("m68k"), _rustc, also=frozenset(_FOREIGN)),
    Defect("clang", "provenance.foreign", good_object("m68k"), _clang, also=frozenset(_FOREIGN)),
    Defect(
        "clang-linked-in",
        "provenance.compiler",
        good_object("m68k"),
        _clang_linked_in,
        also=frozenset(_FOREIGN),
    ),
]
_FLAGS = [
    of_source(
        "no-ffixed-a2",
        "provenance.fixed-register",
        _PRESSURE,
        without=["-ffixed-a2"],
        also=["provenance.flags"],
    ),
    of_source("no-fshort-wchar", "provenance.flags", without=["-fshort-wchar"]),
    of_source("another-processor", "provenance.flags", "", "-m68020"),
    of_source("short-enums", "provenance.flags", "", "-fshort-enums"),
    of_source("unsigned-char", "provenance.flags", "", "-funsigned-char"),
    of_source("packed", "provenance.flags", "", "-fpack-struct=1"),
    of_source("nothing-shows-the-flags", "provenance.flags-unproven", record=False),
    of_source(
        "pic",
        "relocations.type",
        "int shared; int extra(void) { return shared++; }",
        "-fPIC",
        also=["provenance.flags", "symbols.global", "symbols.undefined"],
    ),
    of_source(
        "stack-protector",
        "symbols.undefined",
        "int extra(int x) { char b[64]; helper((int)b); return b[x]; }",
        "-fstack-protector-all",
        also=["provenance.flags"],
    ),
    of_source(
        "common",
        "symbols.common",
        "int extra[10]; int *run2(void);",
        "-fcommon",
        also=["provenance.flags"],
    ),
    of_source(
        "unwind-tables",
        "sections.eh-frame",
        "",
        "-fasynchronous-unwind-tables",
        severity=Severity.WARNING,
    ),
]
_TWO_BYTES_OFF = """
struct pair { short kind; %s int value; };
int extra(struct pair *p)%s
"""


def _two_bytes_off(shop: Workshop, _good: Path, *, pad: str) -> Path:
    caller = OBJECT + _TWO_BYTES_OFF % ("", ";")
    caller += "int shared(struct pair *p) { return extra(p); }"
    callee = _TWO_BYTES_OFF % (pad, "{ return p->value + p->kind; }")
    parts = [shop.compile("m68k", text, "-g") for text in (caller, callee)]
    whole = shop.link("m68k", "-r", *parts)
    return shop.objcopy("m68k", whole, "--localize-symbol=shared")


def _another_completion(shop: Workshop, _good: Path) -> Path:
    source = (
        "struct completion { short done; int more; };\n"
        "void wait_for_completion(struct completion *);\n"
        "void extra(struct completion *c) { if (c->more) wait_for_completion(c); }"
    )
    return shop.compile("m68k", OBJECT + source, "-g")


_BORDER = [
    Defect(
        "member-two-bytes-off",
        "border.layout",
        lambda shop: _two_bytes_off(shop, shop.folder, pad=""),
        lambda shop, good: _two_bytes_off(shop, good, pad="short pad;"),
    ),
    Defect(
        "member-two-bytes-wider",
        "border.layout",
        lambda shop: _two_bytes_off(shop, shop.folder, pad=""),
        lambda shop, good: _two_bytes_off(shop, good, pad="int kind2 : 16;"),
    ),
    Defect(
        "not-the-kernels-struct",
        "border.layout",
        good_object("m68k"),
        _another_completion,
    ),
]


def _another_producer(obj: Object, data: bytearray) -> None:
    section = section_of(obj, ".debug_str")
    content = obj.content(section)
    at = section.offset + content.index(b"GNU C")
    data[at : at + 3] = b"Foo"


_PRODUCER = [
    Defect(
        "debug-information-of-another-compiler",
        "provenance.producer",
        lambda shop: shop.compile("m68k", OBJECT, "-g"),
        edited(_another_producer),
    ),
]
DEFECTS = [*_COMPILERS, *_FLAGS, *_BORDER, *_PRODUCER]
