# SPDX-License-Identifier: GPL-2.0-only
"""Builders ``Boot`` and ``Boots``: every module in a real kernel under QEMU, and all of that."""

from __future__ import annotations

import shutil
from typing import Any

import crates

from pipeline.boot.boards import load_boards
from pipeline.boot.plan import FILE_NAME

NAME = "boot"
DOCUMENT = "boot.json"


def options(_opts: Any) -> None:
    """Add nothing: the variables of the other tools say what is built, and for which kernel."""


def exists(_env: Any) -> bool:
    """Say that the tool can be used: a missing QEMU is told by the step that needs it."""
    return True


def generate(env: Any) -> None:
    """Add the pseudo-builders."""
    env.AddMethod(crates.tells_errors(boot), "Boot")
    env.AddMethod(boots, "Boots")


def boot(env: Any) -> list[Any]:
    """Return the node of ``build/<arch>/boot.json``, for the modules that ``Crate`` declared.

    There is none where no crate is a kernel module.
    """
    ways = [(way, inputs[0]) for way, inputs in env["WAYS"] if way.crate.module.runtime == "kernel"]
    if not ways:
        return []
    output = env.File(f"#build/{env['ARCH_NAME']}/{crates.named(env, DOCUMENT)}")
    log = f"{output.get_abspath()}.log"
    words = [NAME, "--arch", env["ARCH_NAME"], *crates.kernel_words(env), "--log", log]
    words += ["--by", env["transpiler"], "-o", output.get_abspath()]
    if {"all", "installed"} & set(env["arch"].split(",")):
        words.append("--skip-missing")
    sources, modules = [], []
    for way, findings in ways:
        modules.append(way.outputs.module)
        if way.makes_module:
            sources += [crates.file(env, way.outputs.module), findings]
            words += ["--findings", f"{way.crate.crate_name}={findings.get_abspath()}"]
        plan = way.crate.root / FILE_NAME
        if plan.is_file():
            words += ["--plan", f"{way.crate.crate_name}={plan}"]
            sources.append(crates.file(env, plan))
    made = crates.step(
        env, crates.shown("-", env["BY"]), NAME, [output], sources, [*words, *modules]
    )
    env.Depends(made, [env["TARGET_FILE"], env.Value([_qemu(env), env["GCC_IDENTITY"]])])
    env.Clean(made, crates.file(env, f"{log}.cpio.gz"))
    crates.boots.append((env["ARCH_NAME"], crates.shown(NAME, env["BY"]), made[0]))
    return made


def boots(env: Any, found: list[Any]) -> list[Any]:
    """Return the node of ``build/boots.json``; it fails where a module of any kernel did."""
    if not found:
        return []
    whole = env.Clone(ARCH_NAME="-")
    output = env.File("#build/boots.json")
    words = ["boots", "--quiet", "-o", output.get_abspath()]
    words += [node.get_abspath() for node in found]
    made: list[Any] = crates.step(whole, "-", "boots", [output], found, words)
    return made


def _qemu(env: Any) -> str:
    board = load_boards().get(env["ARCH_NAME"])
    found = shutil.which(board.qemu) if board and board.qemu else None
    return crates.identity(found) if found else "absent"
