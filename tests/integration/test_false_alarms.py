# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own C modules are right: what the judge says against one of them is a false alarm.

Kbuild made them, in trees that differ in what a check may look at: word size and byte order,
optimisation, debug information (none, DWARF 4, DWARF 5, compressed), checksums of symbols, more
than one CPU.  ``kernels/*.config`` has the configurations.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.load import load
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity, printable
from pipeline.validate.judge import judge
from pipeline.validate.verb import against

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.kernel.tree import KernelTree

ARCHITECTURES = ("alpha", "arc", "m68k", "openrisc", "parisc", "parisc64", "sh")
CONFIGS = Path(__file__).resolve().parent / "kernels"
LEAST_MODULES = 20


@dataclass(frozen=True)
class Deserved:
    """What the judge rightly says against the kernel's own modules, and why.

    ``modules`` names those that it is said of (None: any), ``evidence`` one of the texts that the
    evidence must have.
    """

    arch: str
    check: str
    severity: Severity
    evidence: tuple[str, ...]
    reason: str
    modules: frozenset[str] | None = None

    def covers(self, arch: str, module: str, finding: Finding) -> bool:
        """Say whether this is why ``finding`` is there."""
        return (
            (self.arch, self.check, self.severity) == (arch, finding.check, finding.severity)
            and any(text in finding.evidence for text in self.evidence)
            and (self.modules is None or module in self.modules)
        )


DESERVED = (
    Deserved(
        "openrisc",
        "relocations.type",
        Severity.ERROR,
        ("R_OR1K_AHI16", "R_OR1K_SLO16"),
        "GCC makes these since version 9; the loader of Linux 6.1 (arch/openrisc/kernel/module.c) "
        "logs “Unknown relocation” and runs the module with the addresses left out",
    ),
)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_nothing_is_said_against_the_kernels_own_modules(
    name: str, corpus_tree: Callable[[str], KernelTree]
) -> None:
    tree = corpus_tree(name)
    reference = against(load().get(name), tree.build)
    modules = sorted(tree.build.rglob("*.ko"))
    assert len(modules) >= LEAST_MODULES
    alarms = []
    reasons = set()
    for path in modules:
        module = str(path.relative_to(tree.build))
        for one in judge(Object.read(path), reference).findings:
            if one.severity is Severity.NOTE:
                continue
            why = [known for known in DESERVED if known.covers(name, module, one)]
            reasons.update(why)
            if not why:
                alarms.append(f"{one.severity}: {module}: {one.check}: {one.place}: {one.evidence}")
    assert not alarms, "\n" + "\n".join(printable(alarm) for alarm in alarms)
    gone = {known for known in DESERVED if known.arch == name} - reasons
    assert not gone, "nothing says this any more: take it out of DESERVED"


def test_the_corpus_is_as_varied_as_it_says() -> None:
    """A corpus without debug information, checksums or -O2 would find fewer false alarms."""
    texts = {name: (CONFIGS / f"{name}.config").read_text("utf-8") for name in ARCHITECTURES}
    for option in (
        "CONFIG_MODVERSIONS=y",
        "CONFIG_DEBUG_INFO_DWARF4=y",
        "CONFIG_DEBUG_INFO_DWARF5=y",
        "CONFIG_DEBUG_INFO_COMPRESSED=y",
        "CONFIG_MODULE_SRCVERSION_ALL=y",
        "CONFIG_CC_OPTIMIZE_FOR_PERFORMANCE=y",
        "CONFIG_CC_OPTIMIZE_FOR_SIZE=y",
        "CONFIG_SMP=y",
    ):
        having = {name for name, text in texts.items() if f"{option}\n" in text}
        assert having, option
        assert having != set(ARCHITECTURES), f"{option} is never off"
