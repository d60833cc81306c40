# SPDX-License-Identifier: GPL-2.0-only
"""The judge itself: all checks run, each bounded, whatever one of them does."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.load import load
from pipeline.validate import guard, judge, symbols
from pipeline.validate.finding import Finding, Severity, Skipped, Verdict
from pipeline.validate.judge import validate
from pipeline.validate.reference import Reference, for_arch
from tests.unit.elf_writer import Elf, Sym, good

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.validate.elf import Object


@pytest.fixture
def reference() -> Reference:
    base = for_arch(load().get("m68k"), None)
    return dataclasses.replace(base, allowed_globals=frozenset({"run"}))


def judged(tmp_path: Path, elf: Elf, reference: Reference) -> Verdict:
    path = tmp_path / "a.o"
    path.write_bytes(elf.build())
    return validate(path, reference)


def test_findings_of_one_check_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: Reference
) -> None:
    monkeypatch.setattr(judge, "FAMILIES", {"symbols": symbols.CHECKS})
    elf = good()
    elf.symbols += [Sym(f"leak{number}", ".text") for number in range(500)]
    verdict = judged(tmp_path, elf, reference)
    assert len(verdict.findings) == guard.MAX_FINDINGS + 1
    assert "more than" in verdict.findings[-1].evidence


def test_a_new_check_is_one_function(
    tmp_path: Path, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(_obj: Object, _reference: Reference) -> Iterator[Finding | Skipped]:
        yield Skipped("new.check", "never today")

    monkeypatch.setattr(judge, "FAMILIES", {"new": {"new.check": check}})
    verdict = judged(tmp_path, good(), reference)
    assert (verdict.passed, verdict.skipped) == ((), (Skipped("new.check", "never today"),))


def test_a_check_that_fails_is_an_error_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: Reference
) -> None:
    def broken(_obj: Object, _reference: Reference) -> Iterator[Finding | Skipped]:
        yield Skipped("bad.check", "half of it")
        raise IndexError("tuple index out of range")

    def sound(_obj: Object, _reference: Reference) -> Iterator[Finding | Skipped]:
        yield from ()

    monkeypatch.setattr(judge, "FAMILIES", {"x": {"bad.check": broken, "good.check": sound}})
    verdict = judged(tmp_path, good(), reference)
    assert verdict.passed == ("good.check",)
    assert [skip.check for skip in verdict.skipped] == ["bad.check"]
    (found,) = verdict.findings
    assert found.severity is Severity.ERROR
    assert "IndexError: tuple index" in found.evidence


def test_a_check_that_fails_before_its_first_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: Reference
) -> None:
    def broken(_obj: Object, _reference: Reference) -> list[Finding | Skipped]:
        raise ValueError("at once")

    monkeypatch.setattr(judge, "FAMILIES", {"x": {"bad.check": broken}})
    (found,) = judged(tmp_path, good(), reference).findings
    assert found.evidence == f"{guard.STOPPED} ValueError: at once"
