# SPDX-License-Identifier: GPL-2.0-only
"""Builder ``Report``: all findings as one document; its exit status is the build's."""

from __future__ import annotations

from typing import Any

import crates


def options(opts: Any) -> None:
    """Add the variable that says how much is shown."""
    opts.Add("verbose", "1 echoes every command so that it can be pasted", "0")


def exists(_env: Any) -> bool:
    """Say that the tool can be used: it needs nothing beside the pipeline."""
    return True


def generate(env: Any) -> None:
    """Add the pseudo-builder."""
    env.AddMethod(report, "Report")


def report(env: Any, findings: list[Any]) -> Any:
    """Return the node of ``build/<arch>/report.json``; it fails where a finding is an error."""
    output = env.File(f"#build/{env['ARCH_NAME']}/report.json")
    words = ["report", "--quiet", "-o", output.get_abspath()]
    words += [node.get_abspath() for node in findings]
    return crates.step(env, "-", "report", [output], findings, words)[0]
