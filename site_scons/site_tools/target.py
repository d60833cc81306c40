# SPDX-License-Identifier: GPL-2.0-only
"""Builder ``Target``: an architecture's compiler, kernel tree, flags and layout, as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import crates


def options(opts: Any) -> None:
    """Add the variables that choose the kernel."""
    opts.Add(
        "kernel",
        "kernel tree: auto (Ferric's own, built once and cached), none (stop at objects), or the "
        "path of a configured and built tree",
        "auto",
    )
    opts.Add(
        "kernel_version",
        "which of the kernel sources in /usr/src kernel=auto is built from, as 6.1; without it the "
        "newest",
        "",
    )


def exists(_env: Any) -> bool:
    """Say that the tool can be used: each architecture looks for its own compiler."""
    return True


def generate(env: Any) -> None:
    """Add the pseudo-builder."""
    env.AddMethod(target_file, "Target")


def target_file(env: Any) -> Any:
    """Return the nodes of ``build/<arch>/target.json`` and, with the layout alone, ``layout.json``.

    A change of the first is one for GCC's stages, a change of the second one for Rust's.
    """
    names = [crates.named(env, name) for name in ("target.json", "layout.json")]
    outputs = [env.File(f"#build/{env['ARCH_NAME']}/{name}") for name in names]
    words = ["target", "--arch", env["ARCH_NAME"], *crates.kernel_words(env)]
    words += ["--transpiler", env["transpiler"]]
    words += ["-o", outputs[0].get_abspath(), "--layout", outputs[1].get_abspath()]
    made = crates.step(env, crates.shown("-", env["BY"]), "target", outputs, [], words)
    _clean(env, made, outputs[0])
    env.Depends(made, env.Value([env["GCC_IDENTITY"], _tree_identity(env["kernel"])]))
    return made


def _clean(env: Any, made: Any, output: Any) -> None:
    """Have ``-c`` remove the architecture's folder; for one crate of many, what a kill left in it.

    Temporary folders of this project begin with ``.ferric-``.
    """
    folder = Path(output.get_abspath()).parent
    gone = sorted(folder.glob(".ferric-*")) if env["module"] else [folder]
    env.Clean(made, [env.fs.Entry(str(path)) for path in gone])


def _tree_identity(kernel: str) -> list[str]:
    """Return what changes when the user's tree is built again, or the source package changes."""
    if kernel == "none":
        return []
    if kernel == "auto":
        archives = sorted(Path("/usr/src").glob("linux-source-*.tar.*"))
        return [crates.identity(str(path)) for path in archives]
    names = (".config", "Module.symvers", "include/config/kernel.release")
    return [crates.identity(str(Path(kernel) / name)) for name in names]
