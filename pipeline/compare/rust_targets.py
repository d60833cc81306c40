# SPDX-License-Identifier: GPL-2.0-only
"""What rustc says of its own targets: which one is an architecture's, and how it lays out data."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.check.library import BOOTSTRAP
from pipeline.run import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.check.rustc import RustcInfo
    from pipeline.toolchains.model import Arch

_SECONDS = 60.0
# What the data layout says nothing of has these alignments in bits: rustc's TargetDataLayout
# (compiler/rustc_abi/src/lib.rs, `impl Default`).
_DEFAULTS = {"i8": 8, "i16": 16, "i32": 32, "i64": 32, "i128": 32, "f32": 32, "f64": 64, "p": 64}
_NAMES = {"i8": "u8", "i16": "u16", "i32": "u32", "i64": "u64", "i128": "u128"}


@dataclass(frozen=True)
class RustTarget:
    """A target that rustc has: its ``name``, and its specification as rustc prints it."""

    name: str
    arch: str
    pointer_bits: int
    big_endian: bool
    os: str
    environment: str
    data_layout: str

    @property
    def alignments(self) -> dict[str, int]:
        """The alignments in bytes of u8 u16 u32 u64 u128 f32 f64 ptr, by the data layout.

        The layout string is LLVM's (https://llvm.org/docs/LangRef.html#data-layout), read as rustc
        does: 128 bits without a word of their own are aligned as the widest integer that has one.
        """
        bits = dict(_DEFAULTS)
        widest, said_128 = 0, False
        for word in self.data_layout.split("-"):
            head, *rest = word.split(":")
            try:
                if head in bits and head != "p" and rest:
                    bits[head] = int(rest[0])
                    width = int(head[1:]) if head.startswith("i") else 0
                    said_128 = said_128 or width == 128
                    if 64 <= width < 128 and width >= widest:
                        widest = width
                elif head in {"p", "p0"} and len(rest) > 1:
                    bits["p"] = int(rest[1])
            except ValueError:
                continue
        if widest and not said_128:
            bits["i128"] = bits[f"i{widest}"]
        named = {_NAMES.get(key, "ptr" if key == "p" else key): n // 8 for key, n in bits.items()}
        return named | {"bool": named["u8"], "char": named["u32"]}


@functools.cache
def targets(rustc: RustcInfo) -> Mapping[str, RustTarget]:
    """Return all targets of a rustc by name; none where it does not say (before 1.81 or so)."""
    flags = ["-Z", "unstable-options", "--print", "all-target-specs-json"]
    result = run([rustc.path, *flags], env=BOOTSTRAP, timeout=_SECONDS)
    if result.exit_status != 0 or result.timed_out:
        return {}
    return {name: _target(name, spec) for name, spec in json.loads(result.output).items()}


def _target(name: str, spec: dict[str, Any]) -> RustTarget:
    return RustTarget(
        name,
        spec["arch"],
        int(spec["target-pointer-width"]),
        spec.get("target-endian", "little") == "big",
        spec.get("os", "none"),
        spec.get("env", ""),
        spec["data-layout"],
    )


def host_target(rustc: RustcInfo) -> RustTarget | None:
    """Return the target of the machine that rustc runs on, None where it does not say."""
    return targets(rustc).get(rustc.host)


def target_of(rustc: RustcInfo, arch: Arch) -> RustTarget | None:
    """Return rustc's target for an architecture's CPU, width and byte order, None without one.

    Of several, Linux with the GNU environment first, for what most people build for; then bare
    metal; then any.
    """
    fitting = [
        target
        for target in targets(rustc).values()
        if (target.arch, target.pointer_bits, target.big_endian)
        == (arch.rust_arch, arch.elf.bits, arch.elf.byte_order == "big")
    ]

    def rank(target: RustTarget) -> tuple[bool, bool, int, str]:
        linux = (target.os, target.environment) == ("linux", "gnu")
        return not linux, target.os != "none", len(target.name), target.name

    return min(fitting, key=rank, default=None)
