# SPDX-License-Identifier: GPL-2.0-only
"""Builder ``Dist``: the C of each crate, packed to be built without Rust."""

from __future__ import annotations

from typing import Any

import crates

from pipeline.dist.pack import archive_path

NAME = "dist"


def options(_opts: Any) -> None:
    """Add nothing: the variables of the other tools say what is built, and with what."""


def exists(_env: Any) -> bool:
    """Say that the tool can be used: it needs nothing beside the pipeline."""
    return True


def generate(env: Any) -> None:
    """Add the pseudo-builder."""
    env.AddMethod(crates.tells_errors(dist), "Dist")


def dist(env: Any) -> list[Any]:
    """Return the tarballs' nodes, one for each crate that ``Crate`` declared so far."""
    made = []
    for way, inputs in env["WAYS"]:
        output = archive_path(way.outputs.out, way.crate, env["ARCH_NAME"])
        made += way.stage(NAME, [output], [way.manifest, *inputs])
    return made
