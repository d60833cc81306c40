# SPDX-License-Identifier: GPL-2.0-only
"""Builder ``Compare``: each crate beside what rustc makes of it, and all of that together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import crates

NAME = "compare"


def options(_opts: Any) -> None:
    """Add nothing: the variables of the other tools say what is built, and with which rustc."""


def exists(_env: Any) -> bool:
    """Say that the tool can be used: a missing rustc is told in the table."""
    return True


def generate(env: Any) -> None:
    """Add the pseudo-builder."""
    env.AddMethod(crates.tells_errors(compare), "Compare")


def compare(env: Any) -> Any:
    """Return the node of ``build/<arch>/differences.json``; it fails where one is an error.

    Every crate that ``Crate`` declared for this architecture is compared.
    """
    found = [_one(env, *one) for one in env["LINKED"]]
    output = env.File(f"#build/{env['ARCH_NAME']}/{crates.named(env, 'differences.json')}")
    words = ["differences", "--quiet", "-o", output.get_abspath()]
    words += [node.get_abspath() for node in found]
    shown = crates.shown("-", env["BY"])
    return crates.step(env, shown, "differences", [output], found, words)[0]


def _one(env: Any, name: str, manifest: Any, linked: Any) -> Any:
    """Declare the comparison of one crate; return the node of its ``differences.json``."""
    folder = Path(linked.get_abspath()).parent
    output = folder / "differences.json"
    words = [NAME, linked.get_abspath(), "--arch", env["ARCH_NAME"]]
    words += ["--crate", manifest.get_abspath(), "--out", folder / "native", "-o", output]
    words += crates.kernel_words(env)
    words += crates.option_words(env, "transpiler", "rustc", "mrustc", "rust-src")
    shown = crates.shown(name, env["BY"])
    made = crates.step(env, shown, NAME, [output], [linked, manifest], words)
    tools = [env["RUSTC_IDENTITY"], env["MRUSTC_IDENTITY"], env["GCC_IDENTITY"]]
    env.Depends(made, [env["TARGET_FILE"], env.Value(tools)])
    env.Clean(made, env.fs.Dir(str(folder / "native")))
    crates.comparisons.append((env["ARCH_NAME"], shown, made[0]))
    return made[0]
