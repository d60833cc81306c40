# SPDX-License-Identifier: GPL-2.0-only
"""``core`` and ``alloc`` as rustc's metadata, for a target that LLVM does not have.

Checking needs no code generator.  rustc has one that generates nothing (``-Z
codegen-backend=dummy``, ``compiler/rustc_interface/src/util.rs``); with it a target file may give
any layout and name any CPU, because LLVM is never asked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.check.rustc import library_edition
from pipeline.files import cached, digest_files, write_atomic
from pipeline.run import check, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.check.rustc import RustcInfo
    from pipeline.toolchains.model import Arch
    from pipeline.toolchains.probe import Layout

BOOTSTRAP = {"RUSTC_BOOTSTRAP": "1"}
"""Lets a released rustc take ``-Z`` and ``#![feature]``, which mrustc takes without asking."""

_STAND_IN = {"arch": "bpf", "linker-flavor": "bpf"}
"""For a CPU that rustc has no name for: const evaluation asks for a C calling convention, and this
one's is the simplest.  Nothing in ``core`` asks for it by ``cfg``, other than that convention."""

_FROM_RUSTC = ("arch", "cfg-abi", "abi", "cpu", "features", "linker-flavor", "llvm-abiname",
               "llvm-floatabi", "rustc-abi")  # fmt: skip
_EMPTY_BUILTINS = """\
#![feature(compiler_builtins, no_core)]
#![allow(internal_features)]
#![compiler_builtins]
#![no_core]
"""
_SECONDS = 900.0


@dataclass(frozen=True)
class Library:
    """What to call rustc with, so that a crate sees the library: ``flags``, and its key.

    ``measured`` says that it is one for the target's own layout, not rustc's own for its host.
    """

    flags: tuple[str, ...]
    key: object
    measured: bool = True


def host_library(rustc: RustcInfo) -> Library | None:
    """Return rustc's own precompiled library for the machine it runs on, None where it has none."""
    folder = rustc.sysroot / "lib/rustlib" / rustc.host / "lib"
    if next(folder.glob("libcore-*.r*"), None) is None:
        return None
    return Library((f"--target={rustc.host}",), {"rustc": rustc.verbose}, measured=False)


def host_pointer_bits(rustc: RustcInfo) -> int:
    """Return the width of a pointer on the machine that rustc runs on, as it says itself."""
    flags = ["--print", "cfg", "--target", rustc.host]
    words = check([rustc.path, *flags], f"{rustc.path}: no configuration", timeout=60.0)
    for line in words.splitlines():
        if line.startswith("target_pointer_width="):
            return int(line.partition("=")[2].strip('"'))
    return 0


def target_library(rustc: RustcInfo, arch: Arch, layout: Layout) -> Library:
    """Return the library for ``arch`` with the measured ``layout``, built once and then cached.

    ``rustc`` must have its library's source.  :class:`~pipeline.errors.ToolError` where rustc
    cannot build it.
    """
    if rustc.library is None:
        raise ValueError("a rustc without its library's source was not to come here")
    root = rustc.library
    specs = _rustc_targets(rustc)
    spec = target_spec(layout, nearest(specs, arch, layout))
    # A number since a release after 1.85, text before: as rustc writes it itself.
    if any(isinstance(one["target-pointer-width"], str) for one in specs):
        spec["target-pointer-width"] = str(layout.pointer_bits)
    names = [] if spec["arch"] == arch.rust_arch else ["--cfg", f'target_arch="{arch.rust_arch}"']
    allowed = ["-A", "explicit_builtin_cfgs_in_flags"] if names else []
    flags = (*names, *allowed, "-Z", "unstable-options", "-Z", "codegen-backend=dummy")
    files = (path for name in ("core", "alloc") for path in (root / name / "src").rglob("*"))
    digest = digest_files([path for path in files if path.is_file()], base=root)
    key = {"rustc": rustc.verbose, "library": digest, "target": spec, "flags": flags}

    def make(folder: Path) -> None:
        write_atomic(folder / "target.json", json.dumps(spec, indent=1, sort_keys=True))
        write_atomic(folder / "compiler_builtins.rs", _EMPTY_BUILTINS)
        _build(rustc, folder, root / "core/src/lib.rs", "core", flags)
        _build(rustc, folder, folder / "compiler_builtins.rs", "compiler_builtins", flags)
        _build(rustc, folder, root / "alloc/src/lib.rs", "alloc", flags)

    folder = cached("check-core", key, make)
    return Library((*flags, f"--target={folder / 'target.json'}", "-L", str(folder)), key)


def target_spec(layout: Layout, base: dict[str, Any] | None) -> dict[str, Any]:
    """Return rustc's target file for what was measured, on ``base`` where rustc has the CPU.

    ``base`` is a target of rustc with the same CPU, width and byte order.  The keys are those of
    ``rustc_target``'s ``src/spec/json.rs``, the layout string is LLVM's
    (https://llvm.org/docs/LangRef.html#data-layout), with alignments in bits.
    """
    bits = {name: 8 * alignment for name, alignment in layout.alignments.items()}
    pointer = layout.pointer_bits
    widths = sorted(width for width in layout.atomics if isinstance(width, int))
    data_layout = [
        "E" if layout.big_endian else "e",
        f"p:{pointer}:{bits['ptr']}",
        *(f"i{width}:{bits[f'u{width}']}" for width in (16, 32, 64)),
        f"i128:{bits.get('u128', bits['u64'])}",
        f"f32:{bits['f32']}",
        f"f64:{bits['f64']}",
    ]
    spec = {key: base[key] for key in _FROM_RUSTC if key in base} if base else dict(_STAND_IN)
    if "rustc-abi" in spec:
        # It asks for features by which floats are passed, and with no code generator has none.
        spec = {key: spec[key] for key in spec if key not in ("rustc-abi", "features")}
    spec |= {
        "llvm-target": "none",
        "data-layout": "-".join(data_layout),
        "target-pointer-width": pointer,
        "target-endian": "big" if layout.big_endian else "little",
        "os": "none",
        "target-family": ["unix"],  # as in the target file for mrustc: both see one configuration
        "panic-strategy": "abort",
        "atomic-cas": bool(widths),
        "max-atomic-width": widths[-1] if widths else 0,
    }
    return spec | ({"min-atomic-width": widths[0]} if widths else {})


def _rustc_targets(rustc: RustcInfo) -> list[dict[str, Any]]:
    """Return the target files of all of rustc's own targets; none where it does not list them."""
    flags = ["-Z", "unstable-options", "--print", "all-target-specs-json"]
    result = run([rustc.path, *flags], env=BOOTSTRAP, timeout=60.0)
    return [] if result.exit_status != 0 else list(json.loads(result.output).values())


def nearest(specs: Sequence[dict[str, Any]], arch: Arch, layout: Layout) -> dict[str, Any] | None:
    """Return rustc's own target nearest to ``arch``, None where it does not know the CPU."""
    endian = "big" if layout.big_endian else "little"
    fitting = [
        spec
        for spec in specs
        if spec["arch"] == arch.rust_arch
        and int(spec["target-pointer-width"]) == layout.pointer_bits
        and spec.get("target-endian", "little") == endian
    ]
    return min(fitting, key=lambda spec: spec.get("os", "none") != "none", default=None)


def _build(rustc: RustcInfo, folder: Path, source: Path, name: str, flags: tuple[str, ...]) -> None:
    """Write the metadata of one crate of the library into ``folder``."""
    argv: list[str | Path] = [rustc.path, *flags, "--target", folder / "target.json", "-L", folder]
    argv += ["--crate-name", name, "--crate-type", "lib", "--emit=metadata"]
    # The empty crate, which is ours, is of any.
    own = source.parent == folder
    argv += ["--edition", "2021" if own else library_edition(source)]
    argv += ["--cap-lints", "allow", "-C", "panic=abort", "-C", "debug-assertions=no"]
    argv += ["--out-dir", folder, source]
    what = f"rustc could not check its own {name} for this target"
    log = folder / f"{name}.log"
    check(argv, what, log=log, env=BOOTSTRAP, timeout=_SECONDS)
