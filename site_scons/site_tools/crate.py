# SPDX-License-Identifier: GPL-2.0-only
"""Builder ``Crate``: the stages of one crate for one architecture, each a command of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import crates
from SCons.Scanner import Scanner

from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.kernel.auto import has_config
from pipeline.stages import Outputs
from pipeline.transpile.crates import Units
from pipeline.transpile.rust_src import ENVIRONMENT as RUST_SRC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.crate.model import Crate

# The stages that see Rust and of the target only its layout, and the later ones that read what
# Cargo.toml says of the module.
_RUST = ("check", "transpile")
_METADATA = ("link", "module", "validate", "dist")


def options(opts: Any) -> None:
    """Add the variables that choose crates and compilers."""
    opts.Add("module", "path of a crate of your own, to build instead of the samples", "")
    opts.Add(
        "transpiler",
        "who turns Rust into C: auto (mrustc where it is found, else rustc), mrustc, rustc, or "
        "both, to build with each and compare (with boot: load what each made)",
        "auto",
    )
    opts.Add("mrustc", "path of mrustc, where it is not on PATH", "")
    opts.Add(
        "rust_src", "Rust's library source that the transpiler takes: a folder or an archive", ""
    )
    opts.Add(
        "rustc",
        "path of the rustc that checks types and borrows, and that transpiler=rustc takes",
        "",
    )
    opts.Add(
        "gate",
        "check types and borrows with rustc first: auto (where there is one), off, require",
        "auto",
    )
    opts.Add(
        "overflow_checks",
        "make + - * of your crates panic on overflow, as a debug build does: no, yes",
        "no",
    )


def exists(_env: Any) -> bool:
    """Say that the tool can be used: a missing mrustc is told when a crate needs it."""
    return True


def generate(env: Any) -> None:
    """Add the pseudo-builder and the scanner of crates."""
    env["BY"] = ""  # the transpiler, where each crate is built with both
    env["CRATE_SCANNER"] = Scanner(crates.scan_crate, name="CrateScanner")
    env.AddMethod(crates.tells_errors(crate_outputs), "Crate")
    env.AddMethod(compile_commands, "CompileCommands")


def crate_outputs(env: Any, path: Path) -> Any:
    """Declare all stages of the crate at ``path``; return the node of its ``findings.json``."""
    crate = load_crate(path)
    crates.crate_files(crate.manifest_path)
    out = crates.PROJECT / "build" / env["ARCH_NAME"] / crate.crate_name / env["BY"]
    way = _Way(env, crate, Outputs(out, crate.crate_name))
    files = way.outputs
    gate = way.stage("check", [files.gate], [way.manifest])
    # Only mrustc needs a root program beside the crate.
    root = env["transpiler"] == "mrustc"
    c_paths = [files.c_file, *([files.root_c] if root else [])]
    object_paths = [files.crate_object, *([files.root_object] if root else [])]
    *c_files, units = way.stage("transpile", [*c_paths, files.units], [way.manifest, *gate])
    if _cache_is_gone(files.units):
        env.AlwaysBuild([*c_files, units])
    objects = way.stage("compile", object_paths, c_files)
    final = linked = way.stage("link", [files.linked], [*objects, units])
    if way.makes_module:
        final = way.stage("module", [files.module], [*final, c_files[0]])
    findings = way.stage("validate", [files.findings], [*final, *gate, objects[0]])[0]
    env.Clean(findings, env.fs.Dir(str(out)))
    crates.verdicts.append((env["ARCH_NAME"], crate.crate_name, env["BY"], findings))
    env["C_FILES"] += c_files
    env["LINKED"].append((crate.crate_name, way.manifest, linked[0]))
    env["WAYS"].append((way, [findings, units, *c_files]))
    if env["BY"]:
        env["PAIRS"].append((way, linked[0]))
    return findings


def compile_commands(env: Any) -> Any:
    """Return the node of ``build/<arch>/compile_commands.json``: how each C file is compiled."""
    output = env.File(f"#build/{env['ARCH_NAME']}/{crates.named(env, 'compile_commands.json')}")
    words = ["commands", "--arch", env["ARCH_NAME"], *crates.kernel_words(env)]
    words += ["--transpiler", env["transpiler"]]
    words += ["-o", output.get_abspath(), *(node.get_abspath() for node in env["C_FILES"])]
    made = crates.step(env, crates.shown("-", env["BY"]), "commands", [output], [], words)
    env.Depends(made, env["TARGET_FILE"])
    return made[0]


class _Way:
    """One crate on its way through the stages."""

    def __init__(self, env: Any, crate: Crate, outputs: Outputs) -> None:
        self.env = env
        self.crate = crate
        self.outputs = outputs
        self.manifest = crates.file(env, crate.manifest_path)
        tree = env["kernel"] != "auto" or has_config(env["ARCH"])
        self.makes_module = env["kernel"] != "none" and tree and crate.module.runtime == "kernel"

    def stage(self, name: str, targets: Sequence[Path], sources: Sequence[Any]) -> list[Any]:
        """Declare one stage and return its targets."""
        env = self.env
        words = ["build", self.manifest.get_abspath(), "--only", name]
        words += ["--arch", env["ARCH_NAME"], "--out", self.outputs.out]
        words += crates.kernel_words(env)
        words += crates.option_words(env, "transpiler", "mrustc", "rust-src", "rustc", "gate")
        words += crates.option_words(env, "overflow-checks")
        shown = crates.shown(self.crate.crate_name, env["BY"])
        made = crates.step(env, shown, name, targets, sources, words)
        target = env["LAYOUT_FILE" if name in _RUST else "TARGET_FILE"]
        env.Depends(made, [target, env.Value(self._tools(name))])
        if name in _METADATA:
            env.Depends(made, self.manifest)
        return made

    def _tools(self, name: str) -> list[str]:
        """Return what a stage depends on beside files: the tools that it runs."""
        env = self.env
        rust_src = [crates.identity(env["rust_src"]), os.environ.get(RUST_SRC, "")]
        return {
            "check": [env["RUSTC_IDENTITY"]],
            "transpile": [env[f"{env['transpiler'].upper()}_IDENTITY"], *rust_src],
            "dist": [env[f"{env['transpiler'].upper()}_IDENTITY"], env["GCC_IDENTITY"], *rust_src],
        }.get(name, [env["GCC_IDENTITY"]])


def _cache_is_gone(units: Path) -> bool:
    """Say whether the user's cache no longer has the library's C that an earlier run named."""
    if not units.is_file():
        return False
    try:
        known = Units.read(units)
    except UserError:
        return True
    return not all(Path(one.c_file).is_file() for one in (*known.dependencies, *known.library))
