# SPDX-License-Identifier: GPL-2.0-only
"""The repair pass: its grammar, each repair on a line of mrustc's C, and what it refuses."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from pipeline.transpile.repair.expression import Places
from pipeline.transpile.repair.prelude import _REPLACED, without_helpers
from pipeline.transpile.repair.stand_in import NO_C
from pipeline.transpile.repair.statement import Line
from pipeline.transpile.repair.tokens import UnknownFormError, split
from pipeline.transpile.repair.unit import Repairs, repair_unit

if TYPE_CHECKING:
    from pathlib import Path

TYPES = {"var0": "uintptr_t", "var1": "float", "arg0": "t_ZRTA4Ce*", "arg1": "SLICE_PTR"}
PLACES = Places(TYPES, {"t_ZRTA4Ce": 4}, {"var8"})


def call(name: str) -> str:
    """The comment that follows a line which stands for an intrinsic."""
    return f'// ^ Call( _5 = "{name}"::<u32,>( _3, _4, ), bb1, bb2)'


def repaired(line: str, below: str = "", *, checked: bool = False) -> tuple[str, dict[str, int]]:
    counts: Counter[str] = Counter()

    def rest(start: str) -> str:
        return below[below.index(start) :] if start in below else ""

    text = Line(line, PLACES, counts, below=rest, checked=checked).repaired()
    return text.partition("\t//")[0].strip(), dict(counts)


def test_words_of_a_line() -> None:
    words, comment = split('\tvar0 = f("a // b", -1.5e-3f)/*x*/;\t// y "z')
    assert words == ["var0", "=", "f", "(", '"a // b"', ",", "-", "1.5e-3f", ")", ";"]
    assert comment == '// y "z'


def test_a_character_that_c_has_not() -> None:
    with pytest.raises(UnknownFormError, match="no word"):
        split("\tvar0 = `1`;")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("rv = ((*arg0).DATA)[var0];", "((*arg0).DATA)[ferric_index(var0, FERRIC_LENGTH("),
        ("rv = ((uint32_t *)arg1.PTR)[var0];", "[ferric_index(var0, arg1.META)]"),
        ("rv = ((uint32_t *)arg1.PTR)[7];", "[ferric_index(7, arg1.META)]"),
        ("((uint8_t *)arg1.PTR)[var0] = 0x1;", "[ferric_index(var0, arg1.META)] = 0x1"),
        ("rv = (((struct s_Z *)arg1.PTR)->_0)[var0];", "[ferric_index(var0, arg1.META)]"),
        ("rv = (*arg0).DATA[4];", "ferric_index(4, FERRIC_LENGTH((*arg0).DATA))"),
        ("ZRG1f( (var2.DATA)[var0], 1 );", "(var2.DATA)[ferric_index(var0, "),
    ],
)
def test_index_is_checked(line: str, expected: str) -> None:
    text, counts = repaired(f"\t{line}\t// _1 = Use(_2)")
    assert expected in text
    assert counts == {"index": 1}


def test_the_rest_of_a_pattern_may_begin_at_the_end() -> None:
    line = " = &((uint8_t *)arg1.PTR)[1];\t// _8 = Borrow(Shared, a1*.1)"
    rest = "\tvar7 = make_sliceptr(var8, var6);\t// _7 = MakeDst(_8, _6)"
    assert "ferric_index(1, arg1.META + 1)" in repaired("\tvar8" + line, rest)[0]
    assert "ferric_index(1, arg1.META)" in repaired("\tvar9" + line, rest)[0]
    # `&raw const slice[1]`, given to a function.
    other = '\t// ^ Call( _7 = ::"core"::ptr::swap<u8,>( _8, _6, ), bb1, bb2)'
    assert "ferric_index(1, arg1.META)" in repaired("\tvar8" + line, other)[0]


def test_nested_index_reads_its_length_from_the_checked_place() -> None:
    text, counts = repaired("\trv = ((uint8_t *)((SLICE_PTR *)arg1.PTR)[var0].PTR)[var2];")
    assert counts == {"index": 2}
    assert text.count("ferric_index(var0, arg1.META)") == 2


@pytest.mark.parametrize("line", ["\trv = (*arg0).DATA[3];", "\tvar5.DATA[i] = var6;"])
def test_index_that_needs_no_check(line: str) -> None:
    assert repaired(line) == (line.strip(), {})


@pytest.mark.parametrize(
    ("line", "expected", "kind"),
    [
        ("var2 = var3 + 0x1;", "var2 = FERRIC_ADD(var2, var3, 0x1);", "arithmetic"),
        ("var2 = var3 - -5;", "var2 = FERRIC_SUB(var2, var3, -5);", "arithmetic"),
        (
            "(*var2) = (*var2) * var4;",
            "(*var2) = FERRIC_MUL((*var2), (*var2), var4);",
            "arithmetic",
        ),
        ("var2 = var3 / var4;", "var2 = FERRIC_DIV(var2, var3, var4);", "division"),
        ("var2 = var3 % 0xaull;", "var2 = FERRIC_REM(var2, var3, 0xaull);", "division"),
        ("var2 = var3 << var4.lo;", "var2 = FERRIC_SHL(var2, var3, var4.lo);", "shift"),
        ("var2 = remainderf(var3, var4);", "var2 = fmodf(var3, var4);", "float remainder"),
    ],
)
def test_operation(line: str, expected: str, kind: str) -> None:
    assert repaired(f"\t{line}\t// _2 = BinOp(_3 X _4)") == (expected, {kind: 1})


def test_overflow_checks() -> None:
    text, _ = repaired("\tvar2 = var3 + var4;\t// _2 = BinOp(_3 ADD _4)", checked=True)
    assert text == "var2 = FERRIC_ADD_CHECKED(var2, var3, var4);"
    text, _ = repaired("\tvar2 = var3 / var4;\t// _2 = BinOp(_3 DIV _4)", checked=True)
    assert text == "var2 = FERRIC_DIV(var2, var3, var4);"


@pytest.mark.parametrize(
    ("line", "expected", "kind"),
    [
        ("var2 = -var3;\t// _2 = UniOp(NEG _3)", "var2 = FERRIC_NEG(var2, var3);", "arithmetic"),
        ("rv = (uint8_t )var1;\t// retval = Cast(_1 as u8)", "rv = FERRIC_CAST(uint8_t, var1);",
         "float cast"),
        ("rv = (uint8_t )var9._0;\t// retval = Cast(_9.0 as u8)",
         "rv = FERRIC_CAST(uint8_t, var9._0);", "cast"),
        ("rv.lo = var3; rv.hi = var3 < 0 ? -1 : 0;\t// retval = Cast(_3 as u128)",
         "rv = FERRIC_CAST_128(rv, var3);", "cast"),
    ],
)  # fmt: skip
def test_one_operand(line: str, expected: str, kind: str) -> None:
    assert repaired(f"\t{line}") == (expected, {kind: 1})


def test_strings_beside_one_another() -> None:
    line = '\trv = make_sliceptr((void*)"\\x01" "e", 2);\t// retval = Constant(b"")'
    assert repaired(line)[1] == {}


def test_match_on_128_bits_looks_at_both_halves() -> None:
    text, counts = repaired("\tswitch(var3.lo) {", "default: goto bb2;")
    assert text == "if (var3.hi != FERRIC_SIGN_128(var3)) goto bb2; switch (var3.lo) {"
    assert counts == {"match": 1}


def test_niche_of_128_bits() -> None:
    text, counts = repaired("\tif( var3._0.lo == 0 && var3._0.hi != 0 )")
    assert text == "if ((var3._0.lo | var3._0.hi) != 0)"
    assert counts == {"niche": 1}


def test_cast_between_integers_stays() -> None:
    line = "\trv = (uint8_t )var0;\t// retval = Cast(_0 as u8)"
    assert repaired(line) == ("rv = (uint8_t )var0;", {})


ROTATE = (
    "{ uint32_t v = arg4; unsigned shift = arg5; "
    "uint32_t rv = (v >> shift) | (v << (32 - shift)); rv = rv;};"
)
WIDE = (
    "{ uint128_t v = arg4; unsigned shift = arg5; if(shift < 64) { rv.lo = (v.lo << shift) | "
    "(v.hi >> (64 - shift)); rv.hi = (v.hi << shift) | (v.lo >> (64 - shift)); } "
    "else { shift -= 64; "
    "rv.lo = (v.hi << shift) | (v.lo >> (64 - shift)); rv.hi = (v.lo << shift) | "
    "(v.hi >> (64 - shift)); }};"
)
SATURATED = (
    "if( __builtin_add_overflow(arg4, arg5, &rv)) { rv = (arg4 < 0 ? -0x8000000l : 0x7FFFFFFFl); };"
)
LEADING = "rv = (arg4 != 0 ? __builtin_clz(arg4) : sizeof(uint8_t )*8);"


@pytest.mark.parametrize(
    ("line", "intrinsic", "expected"),
    [
        (ROTATE, "rotate_right", "rv = FERRIC_ROTATE_RIGHT(rv, arg4, arg5); ;"),
        (WIDE, "rotate_left", "rv = FERRIC_ROTATE_LEFT(rv, arg4, arg5); ;"),
        (SATURATED, "saturating_add", "rv = FERRIC_SATURATING_ADD(rv, arg4, arg5); ;"),
        (LEADING, "ctlz", "rv = FERRIC_CTLZ(uint8_t, arg4);"),
        ("rv = __builtin_popcountll(arg4);", "ctpop", "rv = FERRIC_POPCOUNT(arg4);"),
        ("rv = *(volatile uint8_t **)arg4;", "volatile_load", "rv = *(uint8_t * volatile *)arg4;"),
        ("rv = (arg4 > arg5) ? arg4 : arg5;", "maxnumf32",
         "rv = ((arg4 > arg5) || arg5 != arg5) ? arg4 : arg5;"),
        ("rv = roundf(arg4);", "round_ties_even_f32", "rv = rintf(arg4);"),
        ("rv = arg4 / arg5;", "unchecked_div", "rv = FERRIC_DIV(rv, arg4, arg5);"),
    ],
)  # fmt: skip
def test_intrinsic(line: str, intrinsic: str, expected: str) -> None:
    text, counts = repaired(f"\t{line}", call(intrinsic))
    assert text == expected
    assert sum(counts.values()) == 1


@pytest.mark.parametrize(
    ("line", "intrinsic"),
    [
        ("rv = arg4 + arg5;", "arith_offset"),
        ("rv = arg4.META * 4;", "size_of_val"),
        ("memcpy( arg4, arg5, arg6 * sizeof(uint8_t ));", "copy_nonoverlapping"),
        ("rv = roundf(arg4);", "roundf32"),
    ],
)
def test_arithmetic_of_places_stays(line: str, intrinsic: str) -> None:
    text, counts = repaired(f"\t{line}", call(intrinsic))
    assert (text, counts) == (line, {})


@pytest.mark.parametrize(
    "line",
    [
        "rv = arg4 + arg5;",
        "ZRG1f( arg4 + arg5 );",
        "rv = arg4[var0];",
        "rv = ((uint8_t *)arg1.PTR)[var0 + 1];",
        "rv = arg4 ? arg5 : arg6;",
        "while(arg4) { }",
        "arg4;",
        ROTATE.replace("32 -", "31 -"),
        SATURATED.replace("0x7FFF", "0x7FFE"),
    ],
)
def test_what_has_no_rule_is_an_error(line: str) -> None:
    below = call("rotate_right" if line[0] == "{" else "saturating_add" if line[0] == "i" else "f")
    with pytest.raises(UnknownFormError):
        repaired(f"\t{line}", below)


def test_a_vector_does_not_link() -> None:
    line = "\tfor(int i = 0; i < 4; i++) ((int32_t*)&var8)[i] = ((int32_t*)&var9)[i];"
    text, counts = repaired(line, call("simd_cast"))
    assert text.endswith("ferric_mrustc_has_no_simd_cast(); }")
    assert counts == {"vector": 1}
    with pytest.raises(UnknownFormError):
        repaired(line, call("rotate_left"))


@pytest.mark.parametrize(
    ("line", "below", "what"),
    [
        ('assert(!"TODO: Platform intrinsic \\"simd_neg\\"");', call("simd_neg"), "simd_neg"),
        ("abort();", call("float_to_int_unchecked"), "float_to_int_unchecked"),
        ("abort();\t// _1 = Cast(_2 as f16)", "", "this_cast"),
        ("abort();", call("abort"), ""),
        ("abort();\t// _1 = Use(_2)", "", ""),
        ("default: abort();", call("simd_neg"), ""),
    ],
)
def test_what_mrustc_has_no_c_for_does_not_link(line: str, below: str, what: str) -> None:
    text, counts = repaired(f"\t{line}", below)
    code = line.partition("\t")[0]
    assert counts == ({"stop": 1} if what else {})
    assert text.strip() == (
        f"{{ extern void {NO_C}{what}(void); {NO_C}{what}(); }}" if what else code
    )


def unit(body: str) -> str:
    """A file of mrustc's C: the head with its helpers, and one function."""
    names = sorted(_REPLACED - {"__mrustc_revmap", "__mrustc_bitrev128", "uint128_to_int128"})
    first = [name for name in names if not name.startswith("__mrustc")]
    lines = ["/*", "typedef struct { uint64_t lo, hi; } uint128_t;"]
    lines += [f"static inline uint128_t {name}(uint128_t v) {{ }}" for name in first]
    lines += ["static inline int128_t uint128_to_int128(uint128_t a) { }"]
    lines += ["static const uint8_t __mrustc_revmap[16] = { 0 };"]
    lines += [f"static inline uint8_t {n}(uint8_t v) {{ }}" for n in names if n not in first]
    lines += ["static inline uint128_t __mrustc_bitrev128(uint128_t v) { }"]
    head = (
        "// ::f\nuint32_t  ZRG1f(\n\t\tt_ZRTA4Ce *arg0, // &[u32; 4]\n\t\tuintptr_t arg1 // usize\n"
    )
    array = "typedef struct t_ZRTA4Ce  { uint32_t  DATA[4]; } t_ZRTA4Ce ; // [u32; 4]\n"
    return "\n".join(lines) + f"\n{array}{head}\t\t) // -> u32\n\n{{\n\tuint32_t rv;\n{body}}}\n"


def test_unit_is_repaired_and_counted(tmp_path: Path) -> None:
    c_file = tmp_path / "u.c"
    c_file.write_text(
        unit("\trv = ((*arg0).DATA)[arg1];\t// retval = Use(a0*[_1])\n\treturn rv;\n")
    )
    repairs = repair_unit(c_file)
    text = c_file.read_text()
    assert "\n#include <ferric_guard.h>\n" in text
    assert "static inline uint128_t" not in text
    assert "[ferric_index(arg1, FERRIC_LENGTH((*arg0).DATA))];\t// retval = Use(" in text
    assert repairs.functions == 1
    record = json.loads(Repairs.beside(c_file).read_text())
    assert record["sites"] == repairs.sites == {"helper": len(_REPLACED), "index": 1}
    assert record["overflow_checks"] is False


STAND_IN = """\
// EXTERN extern "C" ::"core"::core_arch::x86::ssse3::pshufb128
static struct s_V  ZRG4c4core9pshufb1280g(
\t\tstruct s_V arg0 // ::"core"::core_arch::simd::u8x16/*S*/
\t\t) // -> ::"core"::core_arch::simd::u8x16/*S*/
{
\tstruct s_V  rv;
\tconst uint8_t* src = (const uint8_t*)&arg0;
\tfor(int i = 0; i < 16; i ++) dst[i] = (mask[i] < 0x80 ? src[i] : 0);
\treturn rv;
}
"""


def test_a_wrong_stand_in_for_an_instruction_does_not_link(tmp_path: Path) -> None:
    c_file = tmp_path / "lib.c"
    c_file.write_text(unit("\treturn rv;\n") + STAND_IN)
    assert repair_unit(c_file).sites["stand-in"] == 1
    body = c_file.read_text().partition("pshufb128\n")[2]
    assert "ferric_mrustc_has_no_pshufb128(); } abort();" in body
    assert "src" not in body


def test_a_stand_in_that_ends_the_program_does_not_link(tmp_path: Path) -> None:
    c_file = tmp_path / "lib.c"
    stop = '\tassert(!"Extern LLVM: llvm.x86.ssse3.pshuf.b.128"); abort();\n'
    c_file.write_text(
        unit("\treturn rv;\n") + re.sub(r"\{\n(?:.+\n)+\}", f"{{\n{stop}}}", STAND_IN)
    )
    assert repair_unit(c_file).sites["stand-in"] == 1
    assert c_file.read_text().endswith("ferric_mrustc_has_no_pshufb128(); } abort();\n}\n")


SHOWN = """\
// <::"core"::{} as ::"core"::fmt::Debug>::fmt<'static,'static,>
static bool  ZRG1g(
\t\tvoid *arg0 // &'static u8
\t\t) // -> bool

{{
\tbool rv;
\treturn rv;
}}
"""


@pytest.mark.parametrize(
    ("type_", "right"),
    [
        ("marker::PhantomData<u32,>/*S*/", True),
        ("marker::PhantomData<[u8; 4],>/*S*/", True),
        ('marker::PhantomData<::"p"::Own/*S*/,>/*S*/', False),
        ("marker::PhantomData<&'static u8,>/*S*/", False),
        ("marker::variance::PhantomCovariant<(u8, ),>/*S*/", False),
        ("mem::maybe_uninit::MaybeUninit<u32,>/*U*/", False),
        ('option::Option<::"p"::Own/*S*/,>/*E*/', True),
    ],
)
def test_a_name_of_a_type_that_core_shows_is_rusts(type_: str, right: bool, tmp_path: Path) -> None:
    c_file = tmp_path / "lib.c"
    c_file.write_text(unit("\treturn rv;\n") + SHOWN.format(type_))
    assert ("type name" not in repair_unit(c_file).sites) == right
    assert ("ferric_mrustc_has_no_type_name(); }" not in c_file.read_text()) == right


PAUSE = STAND_IN.replace("pshufb128", "pause").replace(
    "".join(
        line + "\n"
        for line in STAND_IN.splitlines()
        if line.startswith(("\tconst", "\tfor", "\tret"))
    ),
    '\t__asm__ __volatile__ ("pause");\n\treturn ;\n',
)


def test_a_right_stand_in_stays(tmp_path: Path) -> None:
    c_file = tmp_path / "lib.c"
    c_file.write_text(unit("\treturn rv;\n") + PAUSE)
    assert "stand-in" not in repair_unit(c_file).sites
    assert '__asm__ __volatile__ ("pause");' in c_file.read_text()


def test_a_loop_of_cs_own_elsewhere_is_refused(tmp_path: Path) -> None:
    c_file = tmp_path / "lib.c"
    c_file.write_text(unit("\treturn rv;\n") + STAND_IN.replace("// EXTERN extern", "//"))
    with pytest.raises(UserError, match="mrustc wrote C that the repair pass does not know"):
        repair_unit(c_file)


def test_unknown_statement_names_its_line(tmp_path: Path) -> None:
    c_file = tmp_path / "u.c"
    c_file.write_text(unit("\tasm goto;\n"))
    before = c_file.read_text()
    line = 1 + before.split("\n").index("\tasm goto;")
    with pytest.raises(UserError, match=re.escape(f"{c_file}:{line}: ")):
        repair_unit(c_file)
    assert c_file.read_text() == before


def test_helpers_of_another_mrustc_are_refused() -> None:
    lines = unit("").split("\n")
    lines.insert(3, "static inline uint128_t new_helper(uint128_t v) { }")
    with pytest.raises(UnknownFormError, match="new_helper"):
        without_helpers(lines)
