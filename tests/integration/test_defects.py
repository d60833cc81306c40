# SPDX-License-Identifier: GPL-2.0-only
"""Each defect of the catalogue is found by its check, and what it was made from is clean."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from pipeline.errors import UserError
from pipeline.validate.checks import FAMILIES
from pipeline.validate.elf import Object
from pipeline.validate.finding import Severity, Verdict
from pipeline.validate.judge import validate
from tests.integration.defects.catalogue import DEFECTS, FOUND_ELSEWHERE
from tests.integration.defects.workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.validate.reference import Reference
    from tests.integration.defects.defect import Defect


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Workshop:
    """Return the place where all defects are made; a kernel tree is built at its first use."""
    return Workshop(
        tmp_path_factory.mktemp("defects"), lambda: request.getfixturevalue("m68k_tree")
    )


def found(verdict: Verdict, severity: Severity) -> set[str]:
    return {one.check for one in verdict.findings if one.severity is severity}


def reference(shop: Workshop, defect: Defect, path: Path) -> Reference:
    if path.suffix == ".ko":
        return shop.reference(defect.arch)
    return shop.of_object(defect.arch)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.arch}-{defect.name}")
def test_found_by_its_check(shop: Workshop, defect: Defect) -> None:
    good = defect.good(shop)
    base = reference(shop, defect, good)
    before = validate(good, base)
    assert found(before, Severity.ERROR) == set()
    assert defect.check not in found(before, defect.severity)
    bad = defect.spoil(shop, good)
    after = validate(bad, defect.changed(base))
    assert defect.check in found(after, defect.severity), sorted(found(after, Severity.ERROR))
    expected = {defect.check} if defect.severity is Severity.ERROR else set()
    assert expected <= found(after, Severity.ERROR) <= expected | defect.also


def test_the_catalogue_has_every_check() -> None:
    checks = {name for family in FAMILIES.values() for name in family}
    assert len({(one.arch, one.name) for one in DEFECTS}) == len(DEFECTS)
    listed = {one.check for one in DEFECTS}
    assert listed | set(FOUND_ELSEWHERE) == checks
    assert not listed & set(FOUND_ELSEWHERE)


@pytest.mark.parametrize("keep", [10, 60, 0.5, -1])
def test_a_truncated_file_is_not_judged(shop: Workshop, keep: float) -> None:
    data = shop.module().read_bytes()
    length = int(keep * len(data)) if isinstance(keep, float) else keep % len(data)
    path = shop.new("short.ko")
    path.write_bytes(data[:length])
    with pytest.raises(UserError, match="cannot be judged"):
        validate(path, shop.reference("m68k"))


def test_without_the_tree_the_same_is_skipped_and_not_passed(shop: Workshop) -> None:
    path = shop.module()
    alone = dataclasses.replace(shop.reference("m68k"), kernel=None, exports=None)
    verdict = validate(path, alone)
    skipped = {one.check for one in verdict.skipped}
    assert {"sections.vermagic", "symbols.undefined", "licence.gpl-only"} <= skipped
    assert not skipped & set(verdict.passed)
    assert Object.read(path).is_module
