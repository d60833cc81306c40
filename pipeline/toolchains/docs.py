# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline.toolchains.docs``: bring docs/architectures.md up to date with the data.

What stands between the two markers is written from ``toolchains.yaml``; the rest is prose and is
left alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError
from pipeline.files import write_if_changed
from pipeline.toolchains.load import load

if TYPE_CHECKING:
    from pipeline.toolchains.load import Toolchains
    from pipeline.toolchains.model import Arch

PAGE = Path(__file__).resolve().parents[2] / "docs" / "architectures.md"
BEGIN = "<!-- begin: written by python -m pipeline.toolchains.docs -->"
END = "<!-- end -->"


def render_table(toolchains: Toolchains) -> str:
    """Return the table of all architectures, in Markdown, one row for each."""
    rows = [
        ("Name", "Also called", "Kernel ARCH", "ELF", "Debian package", "QEMU user / system"),
        ("---",) * 6,
        *(_row(toolchains.get(name)) for name in toolchains),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def render_details(toolchains: Toolchains) -> str:
    """Return a section per architecture: why it is GCC-only, its deviations, what is reserved."""
    return "\n".join(_details(toolchains.get(name)) for name in toolchains)


def render_workarounds(toolchains: Toolchains) -> str:
    """Return the deviations that some versions of GCC need on every architecture, as a list."""
    items = [
        f"- `{one.flag}` before GCC {one.fixed_in}: {one.reason} (Source: {one.source}.)\n"
        for one in toolchains.workarounds
    ]
    faults = [
        f"- {one.arch}: `{one.flag}` where the GCC at hand has the fault: {one.reason} "
        f"(Source: {one.source}.)\n"
        for one in toolchains.compiler_faults
    ]
    return (
        "Deviations on every architecture, by GCC's version:\n\n"
        + ("".join(items) or "None.\n")
        + "\nDeviations for a fault that is looked for in the GCC at hand:\n\n"
        + ("".join(faults) or "None.\n")
    )


def updated(page: str, toolchains: Toolchains) -> str:
    """Return ``page`` with what is between the markers written anew."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UserError(f"the markers {BEGIN} and {END} are not both there", where=str(PAGE))
    body = "\n".join(
        [render_table(toolchains), render_workarounds(toolchains), render_details(toolchains)]
    )
    return f"{before}{BEGIN}\n\n{body}\n{END}{after}"


def _row(arch: Arch) -> tuple[str, ...]:
    elf = arch.elf
    return (
        f"`{arch.name}`",
        ", ".join(arch.aliases),
        arch.kernel_arch,
        f"{elf.machine_name} ({elf.machine:#x}), {elf.bits} bits, {elf.byte_order} endian",
        f"`{arch.package}`" if arch.package else "none",
        f"{arch.qemu.user or '-'} / {arch.qemu.system or '-'}",
    )


def _details(arch: Arch) -> str:
    lines = [f"### `{arch.name}`: {arch.title}", ""]
    if arch.gcc_only is None:
        lines.append("- Here to compare with: rustc reaches it too.")
    else:
        lines.append(f"- Why only GCC: {arch.gcc_only.reason} (Source: {arch.gcc_only.source}.)")
    if arch.advice:
        lines.append(f"- Compiler: {arch.advice}")
    lines += [
        f"- Deviation, Rust part only: `{flag.flag}`. {flag.reason}" for flag in arch.rust_flags
    ]
    if not arch.rust_flags:
        lines.append("- Deviations: none.")
    for fixed in arch.fixed_registers:
        by = f"by `{fixed.flag}`" if fixed.flag else "without a flag"
        lines.append(f"- Reserved {by}: `{fixed.register_}`, {fixed.reason} ({fixed.source}).")
    elf = arch.elf
    lines.append(f"- `e_flags & {elf.flags_mask:#x}` is {elf.flags:#x}: {elf.flags_note}.")
    lines.append(f"- Module loader: {', '.join(f'`{name}`' for name in arch.relocations)}.")
    lines.append(f"  Source: {arch.relocations_source}.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_if_changed(PAGE, updated(PAGE.read_text(encoding="utf-8"), load()))
