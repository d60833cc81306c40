# SPDX-License-Identifier: GPL-2.0-only
"""Files that somebody spoiled: the judge bears with them all, and shows nothing of them raw."""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import io
import multiprocessing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from pipeline.errors import UserError
from pipeline.report.summary import print_verdict
from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.validate.elf import Object
from pipeline.validate.judge import judge
from tests.fuzz.judge import Base, Outcome, attempt, base, spoiled

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.kernel.tree import KernelTree

SEED = 20261123
COUNT = 300


@pytest.fixture(scope="module")
def module(m68k_tree: KernelTree) -> Path:
    """An empty module that the tree itself built."""
    return m68k_tree.probe(find(load().get("m68k")))


@pytest.fixture(scope="module")
def good(module: Path, m68k_tree: KernelTree) -> Base:
    """The module, with what it is held against."""
    return base(module, m68k_tree.build)


def _outcomes(module: Path, build: Path, folder: Path) -> list[Outcome]:
    whole = base(module, build)
    return [attempt(whole, SEED, number, folder) for number in range(COUNT)]


@pytest.mark.slow
def test_spoiled_modules_end_in_a_verdict_or_an_error(
    module: Path, m68k_tree: KernelTree, tmp_path: Path
) -> None:
    # In a process of its own: what other tests and their compilers took is no file's.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, context) as pool:
        outcomes = pool.submit(_outcomes, module, m68k_tree.build, tmp_path).result()
    assert [(one.number, one.fault) for one in outcomes if one.fault] == []
    judged = sum(one.judged for one in outcomes)
    assert 0.2 * COUNT < judged < 0.95 * COUNT, "the changes are too strong, or too weak"


@pytest.mark.slow
def test_the_same_number_spoils_in_the_same_way(good: Base) -> None:
    assert [spoiled(good, SEED, number) for number in range(20)] == [
        spoiled(good, SEED, number) for number in range(20)
    ]
    assert len({spoiled(good, SEED, number) for number in range(20)}) > 15


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=4096), st.integers(0, 51))
@pytest.mark.slow
def test_noise_behind_a_good_header(good: Base, tmp_path: Path, noise: bytes, keep: int) -> None:
    path = tmp_path / "noise.ko"
    path.write_bytes(good.obj.data[:keep] + noise)
    with contextlib.suppress(UserError):
        verdict = judge(Object.read(path), good.reference)
        assert verdict.findings


@pytest.mark.slow
def test_a_name_with_control_characters(good: Base, tmp_path: Path) -> None:
    """Every symbol that is judged by its name has one that would clear the screen."""
    data = bytearray(good.obj.data)
    for section in good.obj.sections:
        if section.name in (".strtab", ".shstrtab"):
            for at in range(section.offset + 1, section.offset + section.size - 8, 7):
                data[at : at + 4] = b"\x1b[2J"
    path = tmp_path / "evil.ko"
    path.write_bytes(data)
    reference = dataclasses.replace(good.reference, allowed_globals=frozenset())
    stream = io.StringIO()
    print_verdict(judge(Object.read(path), reference), Console(file=stream))
    assert "\x1b" not in stream.getvalue()
    assert "\\x1b[2J" in stream.getvalue()
