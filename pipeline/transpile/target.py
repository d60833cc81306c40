# SPDX-License-Identifier: GPL-2.0-only
"""mrustc's target file, written from what the probe read out of GCC's own object.

The keys are those of mrustc's ``docs/target.md`` and ``src/trans/target.cpp`` (0.12).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import UserError

if TYPE_CHECKING:
    from pipeline.toolchains.model import Arch
    from pipeline.toolchains.probe import Layout

_ATOMIC_WIDTHS = (8, 16, 32, 64)
_ALIGNED = ("u16", "u32", "u64", "f32", "f64", "ptr")


def target_file(arch: Arch, layout: Layout) -> str:
    """Return the text of the target file for ``arch`` with the measured ``layout``.

    Raises :class:`UserError` where the layout is one that mrustc gets wrong: its enum niches
    assume that an integer up to the pointer's width is aligned to its size, and it aborts on (or
    worse, overlaps) anything else.
    """
    word = layout.pointer_bits // 8
    for name in ("u16", "u32", "ptr"):
        if layout.alignments[name] != layout.sizes[name]:
            raise UserError(
                f"{arch.name}: {name} is {layout.sizes[name]} bytes aligned to "
                f"{layout.alignments[name]}; mrustc lays out enums only for natural alignment up "
                f"to the word ({word} bytes)",
                where="toolchains.yaml",
                mend=f"give {arch.name} a flag under rust_flags that aligns integers (m68k: "
                "-malign-int)",
            )
    lines = [
        "[target]",
        'family = "unix"',
        'os-name = "none"',
        'env-name = ""',
        "",
        "[backend.c]",
        'variant = "gnu"',
        f'target = "{arch.triples[0]}"',
        # Also where GCC has __int128: mrustc writes some operations on it wrongly (count_ones is
        # that of the low half), and one representation is one set of faults to know.
        "emulate-i128 = true",
        "",
        "[arch]",
        f'name = "{arch.rust_arch}"',
        f"pointer-bits = {layout.pointer_bits}",
        f"is-big-endian = {_toml(layout.big_endian)}",
    ]
    lines += [f"has-atomic-u{width} = {_toml(width in layout.atomics)}" for width in _ATOMIC_WIDTHS]
    lines.append(f"has-atomic-ptr = {_toml(layout.pointer_bits in layout.atomics)}")
    lines += [f"alignments.{name} = {layout.alignments[name]}" for name in _ALIGNED]
    lines.append(f"alignments.u128 = {layout.alignments['u64']}")
    return "\n".join(lines) + "\n"


def _toml(flag: bool) -> str:  # noqa: FBT001 - the value is what is written
    return "true" if flag else "false"
