# SPDX-License-Identifier: GPL-2.0-only
"""The layout that a crate's C was made for, as C that no other compiler takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.toolchains.probe import TYPES

if TYPE_CHECKING:
    from pipeline.toolchains.probe import Layout

_WIDE = "u128"
_WIDE_C = "unsigned __int128"


def layout_source(layout: Layout) -> str:
    """Return a C file that compiles only where GCC lays out types as ``layout`` says.

    Sizes and alignments are in bytes; an alignment is that of a member in a structure, as it was
    asked for.  Atomics are not asserted: one that is not done inline is a call of a function that
    no kernel has, and modpost names it.
    """
    lines = [
        "// SPDX-License-Identifier: GPL-2.0-only",
        "// The layout that this C was made for. Where one of these fails, the compiler or its",
        "// flags are for another machine, and the module would be wrong: do not take it out.",
        "#define SIZE(type, bytes) \\",
        '\t_Static_assert(sizeof(type) == (bytes), "made for a " #type " of " #bytes " bytes")',
        "#define ALIGNED(type, bytes) \\",
        "\t_Static_assert(__builtin_offsetof(struct { char first; type it; }, it) == (bytes), \\",
        '\t\t       "made for a " #type " aligned to " #bytes " bytes")',
        "",
    ]
    for name, size in layout.sizes.items():
        c_type = _WIDE_C if name == _WIDE else TYPES[name]
        lines += [f"SIZE({c_type}, {size});", f"ALIGNED({c_type}, {layout.alignments[name]});"]
    order = "big" if layout.big_endian else "little"
    sign, word = ("<", "signed") if layout.char_signed else (">", "unsigned")
    is_order = f"__BYTE_ORDER__ == __ORDER_{order.upper()}_ENDIAN__"
    lines += [
        f'_Static_assert({is_order}, "made for {order}-endian");',
        f'_Static_assert((char)-1 {sign} 0, "made for a char that is {word}");',
    ]
    if not layout.int128:
        lines += ["#ifdef __SIZEOF_INT128__", "#error made for a compiler without __int128"]
        lines += ["#endif"]
    return "\n".join(lines) + "\n"
