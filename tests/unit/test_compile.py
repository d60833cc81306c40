# SPDX-License-Identifier: GPL-2.0-only
"""Which of the kernel's flags the Rust part gets, and how floating point is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.compile.flags import code_flags
from pipeline.compile.floats import without_floats
from pipeline.compile.transparent import as_pointers
from pipeline.errors import UserError
from pipeline.toolchains.load import load
from pipeline.toolchains.probe import Layout
from pipeline.transpile.target import target_file

KBUILD = [
    *"m68k-linux-gnu-gcc -Wp,-MMD,./.probe.o.d -nostdinc -I./include -include ./k.h".split(),
    *"-D__KERNEL__ -fmacro-prefix-map=./= -Wall -Werror=implicit-int -isystem /x".split(),
    *"-fno-strict-aliasing -fshort-wchar -std=gnu11 -m68040 -pipe -ffreestanding".split(),
    *"-ffixed-a2 -Os -DMODULE -c -o probe.o probe.c".split(),
]

FLOATS = """\
struct s_Plain {
\tuint32_t _0;
};
struct s_Holds {
\tdouble _0;
};
struct s_Nested {
\tstruct s_Holds _0;
};
struct s_Points {
\tstruct s_Holds *_0;
};
// PROTO extern "Rust" ::"core"::a
uint32_t a(
\t\tuint32_t arg0 // f64 is only said here
\t\t)
;
// ::"core"::a
uint32_t a(
\t\tuint32_t arg0 // f64 is only said here
\t\t)

{
\treturn arg0;	// double
}
// ::"core"::b
static float b(
\t\tfloat arg0
\t\t)

{
\treturn arg0;
}
// ::"core"::c
void c(
\t\tstruct s_Nested arg0
\t\t)

{
\treturn;
}
// ::"core"::d
void d(
\t\tstruct s_Points arg0
\t\t)

{
\treturn;
}
"""


def layout(**changes: Any) -> Layout:
    sizes = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "f32": 4, "f64": 8, "ptr": 4}
    values: dict[str, Any] = {
        "pointer_bits": 32,
        "big_endian": True,
        "char_signed": True,
        "int128": False,
        "sizes": sizes,
        "alignments": {**sizes, "u64": 4, "f64": 4},
        "atomics": (8, 16, 32, "ptr"),
        "atomic_load_store": (8, 16, 32, "ptr"),
    }
    return Layout(**{**values, **changes})


def test_only_flags_that_can_change_code_are_kept() -> None:
    assert code_flags(KBUILD) == (
        "-fno-strict-aliasing",
        "-fshort-wchar",
        "-std=gnu11",
        "-m68040",
        "-ffreestanding",
        "-ffixed-a2",
        "-Os",
    )


# As mrustc writes __m128d: one line for the array, an offset before each member.
ARRAYS = """\
typedef struct t_A2 { double  DATA[2]; } t_A2 ; // [f64; 2]
typedef struct t_A3 { double  *DATA[3]; } t_A3 ; // [&f64; 3]
struct s_Vector  {
\t/*@0*/t_A2 _0; // [f64; 2]
} ;
struct s_References  {
\t/*@0*/t_A3 _0; // [&f64; 3]
} ;
// ::"core"::a
t_A2 a(
\t\t)

{
\treturn;
}
// ::"core"::b
struct s_Vector b(
\t\t)

{
\treturn;
}
// ::"core"::c
void c(
\t\tstruct s_References arg0
\t\t)

{
\treturn;
}
"""


def test_functions_with_floating_point_are_left_out_and_lines_stay() -> None:
    text, dropped = without_floats(FLOATS)
    assert dropped == ["b", "c"]
    assert text.count("\n") == FLOATS.count("\n")
    assert "uint32_t a(" in text
    assert "void d(" in text
    assert "static float b(" not in text


def test_an_array_of_floats_counts_and_one_of_pointers_to_them_does_not() -> None:
    kept, dropped = without_floats(ARRAYS)
    assert dropped == ["a", "b"]
    assert "void c(" in kept


def test_the_target_file_says_what_the_probe_read() -> None:
    text = target_file(load()["m68k"], layout())
    for line in (
        "pointer-bits = 32",
        "is-big-endian = true",
        "has-atomic-u64 = false",
        "has-atomic-ptr = true",
        "alignments.u64 = 4",
        'name = "m68k"',
        "emulate-i128 = true",
    ):
        assert line in text.splitlines()


def test_a_target_without_compare_exchange_has_no_atomics() -> None:
    text = target_file(load()["parisc"], layout(atomics=(), atomic_load_store=(8, 16, 32)))
    assert "has-atomic-u32 = false" in text
    assert "has-atomic-ptr = false" in text


def test_a_layout_that_mrustc_gets_wrong_is_refused() -> None:
    packed = {"u8": 1, "u16": 2, "u32": 2, "u64": 2, "f32": 2, "f64": 2, "ptr": 2}
    with pytest.raises(UserError, match="u32 is 4 bytes aligned to 2"):
        target_file(load()["m68k"], layout(alignments=packed))


def test_every_header_of_the_runtime_is_guarded() -> None:
    headers = sorted((Path(__file__).parents[2] / "pipeline/runtime/include").glob("*.h"))
    assert headers
    for header in headers:
        assert f"#ifndef FERRIC_{header.stem.upper()}_H" in header.read_text()


NON_NULL = """\
struct s_ZRG3c4core3ptr8non_null7NonNull1gT0;
struct s_ZRG3c4core3ptr8non_null7NonNull1gT0  {
\t/*@0*/tUNIT *_0; // *const ()
} ;
struct s_ZRG3c4core3ptr8non_null7NonNull1gSCa  {
\t/*@0*/SLICE_PTR _0; // *const [u8]
} ;
struct s_Other {
\tstruct s_ZRG3c4core3ptr8non_null7NonNull1gT0 _0;
\tstruct s_ZRG3c4core3ptr8non_null7NonNull1gSCa _1;
};
"""


def test_a_thin_non_null_becomes_a_transparent_union_and_nothing_else() -> None:
    lines = as_pointers(NON_NULL).splitlines()
    assert lines[0] == "union s_ZRG3c4core3ptr8non_null7NonNull1gT0;"
    assert lines[1] == "union s_ZRG3c4core3ptr8non_null7NonNull1gT0 {"
    assert lines[3].startswith("} __attribute__((transparent_union))")
    assert lines[4].startswith("struct s_ZRG3c4core3ptr8non_null7NonNull1gSCa")
    assert lines[7] == "struct s_Other {"
    assert lines[8] == "\tunion s_ZRG3c4core3ptr8non_null7NonNull1gT0 _0;"
    assert lines[9] == "\tstruct s_ZRG3c4core3ptr8non_null7NonNull1gSCa _1;"
