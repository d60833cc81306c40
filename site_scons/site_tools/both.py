# SPDX-License-Identifier: GPL-2.0-only
"""Builder ``Both``: what the two transpilers made of each crate, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import crates

from pipeline.compare.both import DOCUMENT
from pipeline.transpile.choice import BOTH

if TYPE_CHECKING:
    from collections.abc import Sequence

# Commands for which the two are not compared.
_OTHERS = frozenset({"compare", "dist", "boot"})


def options(_opts: Any) -> None:
    """Add nothing: ``transpiler=both`` is the variable, and the tool ``crate`` has it."""


def exists(_env: Any) -> bool:
    """Say that the tool can be used: a missing transpiler is told before anything is built."""
    return True


def generate(env: Any) -> None:
    """Add the pseudo-builder; without ``transpiler=both`` no crate is there twice."""
    env["PAIRS"] = []
    env.AddMethod(crates.tells_errors(both), "Both")


def both(env: Any, asked: Sequence[str]) -> list[Any]:
    """Return the node of ``build/<arch>/both.json``; it fails where a difference is an error.

    ``asked`` are the targets on the command line.  Without ``transpiler=both`` there is no node.
    """
    if not env["PAIRS"] or (asked and set(asked) <= _OTHERS):
        return []
    twice: dict[str, list[Any]] = {}
    for way, linked in env["PAIRS"]:
        twice.setdefault(way.crate.crate_name, []).append((way, linked))
    found = [_one(env, name, ways) for name, ways in twice.items()]
    output = env.File(f"#build/{env['ARCH_NAME']}/{DOCUMENT}")
    words = ["differences", "--quiet", "-o", output.get_abspath()]
    words += [node.get_abspath() for node in found]
    return crates.step(env, f"-/{BOTH}", "differences", [output], found, words)


def _one(env: Any, name: str, ways: Sequence[Any]) -> Any:
    """Declare the comparison of one crate; return the node of its ``both.json``."""
    (first, _), _ = ways
    folder = first.outputs.out.parent
    words = ["build", first.manifest.get_abspath(), "--only", BOTH, "--transpiler", BOTH]
    words += ["--arch", env["ARCH_NAME"], "--out", folder]
    words += crates.kernel_words(first.env)
    words += crates.option_words(first.env, "mrustc", "rustc", "rust-src")
    sources = [first.manifest, *(linked for _, linked in ways)]
    made = crates.step(env, f"{name}/{BOTH}", BOTH, [folder / DOCUMENT], sources, words)
    tools = [env["RUSTC_IDENTITY"], env["MRUSTC_IDENTITY"], env["GCC_IDENTITY"]]
    env.Depends(made, [*(way.env["TARGET_FILE"] for way, _ in ways), env.Value(tools)])
    env.Clean(made, env.fs.Dir(str(folder)))
    crates.pairs.append((env["ARCH_NAME"], name, made[0]))
    return made[0]
