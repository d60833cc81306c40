# SPDX-License-Identifier: GPL-2.0-only
"""A target file for rustc, on an LLVM target whose types lie in memory as GCC's do.

rustc makes its representation for a layout that LLVM has; LLVM generates no code from it.  So the
CPU does not matter, only width, byte order and alignment do, and the way in which rustc writes what
C passes by value: it has to be recognisable, because it is refused (see ``border.py``).
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.check.library import BOOTSTRAP
from pipeline.errors import ToolError, UserError
from pipeline.run import run
from pipeline.transpile.rustc.ir import Float, Int, Ptr, Type
from pipeline.transpile.rustc.layout import DataLayout

if TYPE_CHECKING:
    from pipeline.check.rustc import RustcInfo
    from pipeline.toolchains.probe import Layout

_SECONDS = 120.0
_KEPT = ("arch", "abi", "cfg-abi", "cpu", "llvm-abiname", "llvm-floatabi", "linker-flavor",
         "rustc-abi", "target-c-int-width")  # fmt: skip
_COMPARED: dict[str, Type] = {"u16": Int(16), "u32": Int(32), "u64": Int(64), "u128": Int(128),
             "f32": Float("float"), "f64": Float("double"), "ptr": Ptr()}  # fmt: skip
_DIFFERS = re.compile(r"differs from LLVM target's `[^`]*` default layout, `([^`]*)`")
_NOTHING = "#![feature(no_core)]\n#![no_core]\n"


@dataclass(frozen=True)
class _Base:
    """A target of rustc, and the LLVM triple to take instead of its own where that is named."""

    name: str
    triple: str = ""


# LLVM's NetBSD/Arm is the one 32-bit target of either byte order that aligns 64 bits to four bytes
# (llvm/lib/TargetParser/ARMTargetParser.cpp, computeDefaultTargetABI: apcs-gnu).
_BASES = (
    _Base("mips-unknown-linux-gnu"),
    _Base("mipsel-unknown-linux-gnu"),
    _Base("armeb-unknown-linux-gnueabi", "armeb-unknown-netbsd"),
    _Base("arm-unknown-linux-gnueabi", "arm-unknown-netbsd"),
    _Base("s390x-unknown-linux-gnu"),
    _Base("powerpc64-unknown-linux-gnu"),
    _Base("powerpc64le-unknown-linux-gnu"),
)
_UNWANTED = {
    "mips": "+soft-float",
    "arm": "+strict-align",
}
"""Features by CPU, instead of the base's: none that ``core`` would use an instruction for."""


def rust_layout(layout: Layout) -> Layout:
    """Return the layout that Rust's types have: GCC's, with natural alignment up to the word.

    LLVM has no layout with less: on m68k, where the ABI gives two bytes to everything larger,
    Rust's own types are aligned to four.  Types that cross to C there are ``packed(2)``.
    """
    word = layout.pointer_bits // 8
    alignments = dict(layout.alignments)
    for name in ("u16", "u32", "u64", "f32", "f64", "ptr", "long"):
        alignments[name] = max(alignments[name], min(layout.sizes[name], word))
    return replace(layout, alignments=alignments)


def target_spec(rustc: RustcInfo, layout: Layout, arch: str) -> dict[str, Any]:
    """Return the target file for the measured ``layout``.

    :class:`~pipeline.errors.UserError` where no target that this rustc has lays out types so.
    """
    specs = _all_specs(rustc)
    wanted = rust_layout(layout)
    seen = []
    for base in _BASES:
        if base.name not in specs:
            continue
        spec = _spec(specs[base.name], wanted, base.triple)
        if spec is None:
            continue
        text = _ask_layout(rustc, spec)
        if text is None:
            continue
        differences = _differences(DataLayout.read(text), wanted)
        if not differences:
            return spec | {"data-layout": text}
        seen.append(f"{base.name}: {', '.join(differences)}")
    raise UserError(
        f"{rustc.title} has no target with the layout of {arch} ({'; '.join(seen) or 'none'})",
        where=str(rustc.path),
        mend="take another rustc (rustc=PATH), or transpiler=mrustc",
    )


def _all_specs(rustc: RustcInfo) -> dict[str, Any]:
    argv: list[str | Path] = [
        rustc.path,
        "-Z",
        "unstable-options",
        "--print",
        "all-target-specs-json",
    ]
    result = run(argv, env=BOOTSTRAP, timeout=_SECONDS)
    if result.exit_status != 0:
        raise ToolError(
            f"{rustc.path} does not list its targets",
            argv=result.argv, exit_status=result.exit_status, tail=result.output[-2000:],
        )  # fmt: skip
    specs: dict[str, Any] = json.loads(result.output)
    return specs


def _spec(base: dict[str, Any], layout: Layout, triple: str) -> dict[str, Any] | None:
    """Return the target file on a base, None where width or byte order is another."""
    endian = base.get("target-endian", "little")
    if int(base["target-pointer-width"]) != layout.pointer_bits:
        return None
    if (endian == "big") != layout.big_endian:
        return None
    widths = sorted(width for width in layout.atomics if isinstance(width, int))
    spec = {key: base[key] for key in _KEPT if key in base}
    spec |= {
        "llvm-target": triple or base["llvm-target"],
        "data-layout": base["data-layout"],
        "target-pointer-width": base["target-pointer-width"],
        "target-endian": endian,
        "os": "none",
        "target-family": ["unix"],  # as in the target file for mrustc: both see one configuration
        "panic-strategy": "abort",
        "atomic-cas": bool(widths),
        "max-atomic-width": widths[-1] if widths else 0,
    }
    if base["arch"] in _UNWANTED:
        spec["features"] = _UNWANTED[base["arch"]]
        spec.pop("cpu", None)
    return spec


def _ask_layout(rustc: RustcInfo, spec: dict[str, Any]) -> str | None:
    """Return LLVM's layout for a target file, None where this LLVM does not have the CPU."""
    with tempfile.TemporaryDirectory(prefix="ferric-rustc-") as name:
        folder = Path(name)
        (folder / "target.json").write_text(json.dumps(spec), encoding="utf-8")
        (folder / "nothing.rs").write_text(_NOTHING, encoding="ascii")
        argv: list[str | Path] = [rustc.path, "-Z", "unstable-options"]
        argv += ["--target", folder / "target.json", "--crate-type", "lib", "--emit=llvm-ir"]
        argv += ["-C", "panic=abort", "--out-dir", folder, folder / "nothing.rs"]
        result = run(argv, env=BOOTSTRAP, timeout=_SECONDS)
    if result.exit_status == 0:
        return str(spec["data-layout"])
    found = _DIFFERS.search(result.output)
    return found[1] if found else None


def _differences(found: DataLayout, wanted: Layout) -> list[str]:
    """Return the alignments in which a layout is not the one that is wanted."""
    return [
        f"{name} aligned to {found.alignment(kind)}, not {wanted.alignments[name]}"
        for name, kind in _COMPARED.items()
        if name in wanted.alignments
        and (name != "u128" or wanted.int128)
        and found.alignment(kind) != wanted.alignments[name]
    ]
