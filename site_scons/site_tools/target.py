# SPDX-License-Identifier: GPL-2.0-only
"""Builder ``Target``: compiler, kernel tree, flags and layout of an architecture, as one JSON file."""

from __future__ import annotations

from pathlib import Path

import crates


def options(opts):
    """Add the variables that choose the kernel."""
    opts.Add(
        "kernel",
        "kernel tree: auto (Ferric's own, built once and cached), none (stop at objects), or the "
        "path of a configured and built tree",
        "auto",
    )


def exists(env):  # noqa: ARG001 - SCons's interface
    """Say that the tool can be used: each architecture looks for its own compiler."""
    return True


def generate(env):
    """Add the pseudo-builder."""
    env.AddMethod(target_file, "Target")


def target_file(env):
    """Return the node of ``build/<arch>/target.json``."""
    output = env.File(f"#build/{env['ARCH_NAME']}/target.json")
    words = ["target", "--arch", env["ARCH_NAME"], "--kernel", env["kernel"]]
    words += ["-o", output.get_abspath()]
    made = crates.step(env, "-", "target", [output], [], words)
    env.Depends(made, env.Value([env["GCC_IDENTITY"], _tree_identity(env["kernel"])]))
    return made[0]


def _tree_identity(kernel):
    """Return what changes when the user's tree is built again, or the source package changes."""
    if kernel == "none":
        return ""
    if kernel == "auto":
        archives = sorted(Path("/usr/src").glob("linux-source-*.tar.*"))
        return [crates.identity(str(path)) for path in archives]
    names = (".config", "Module.symvers", "include/config/kernel.release")
    return [crates.identity(str(Path(kernel).expanduser() / name)) for name in names]
