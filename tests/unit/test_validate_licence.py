# SPDX-License-Identifier: GPL-2.0-only
"""The checks of the license and of what the kernel gives for it, on hand-made modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.validate.finding import Severity, Skipped
from pipeline.validate.licence import CHECKS, GPL_COMPATIBLE
from tests.unit.elf_writer import Elf, Sym, good
from tests.unit.module_writer import (
    changed,
    judged,
    module,
    one,
    reference,
    tags,
    without,
    without_kernel,
)

if TYPE_CHECKING:
    from pathlib import Path


def licensed(text: str | None, *symbols: Sym, more: bytes = b"") -> Elf:
    elf = changed(module(), ".modinfo", data=tags(license=text) + more)
    elf.symbols += symbols
    return elf


def test_a_good_module_and_an_object(tmp_path: Path) -> None:
    for name, check in CHECKS.items():
        assert judged(tmp_path, module(), reference(tmp_path), check) == []
        (skipped,) = judged(tmp_path, good(), reference(tmp_path), check, "a.o")
        assert skipped == Skipped(name, "not a module: the final link and modpost add this")


def test_what_cannot_be_known_without_a_tree(tmp_path: Path) -> None:
    skipped = {
        name
        for name, check in CHECKS.items()
        for result in judged(tmp_path, module(), without_kernel(), check)
        if isinstance(result, Skipped)
    }
    assert skipped == {"licence.gpl-only", "licence.namespace", "licence.inherited"}


@pytest.mark.parametrize("text", sorted(GPL_COMPATIBLE))
def test_licenses_that_the_kernel_takes(tmp_path: Path, text: str) -> None:
    elf = licensed(text, Sym("gpl_call"))
    for name in ("licence.license", "licence.gpl-only"):
        assert judged(tmp_path, elf, reference(tmp_path), CHECKS[name]) == []


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (None, Severity.ERROR),
        ("Proprietary", Severity.NOTE),
        ("MIT", Severity.WARNING),
        ("GPLv2", Severity.WARNING),
        ("gpl", Severity.WARNING),
        ("GPL ", Severity.WARNING),
        ("", Severity.WARNING),
    ],
)
def test_licenses_that_it_does_not(tmp_path: Path, text: str | None, severity: Severity) -> None:
    check = CHECKS["licence.license"]
    assert one(judged(tmp_path, licensed(text), reference(tmp_path), check)).severity is severity
    found = one(
        judged(
            tmp_path,
            licensed(text, Sym("gpl_call"), Sym("spaced")),
            reference(tmp_path),
            CHECKS["licence.gpl-only"],
        )
    )
    assert (found.severity, found.place) == (Severity.ERROR, "gpl_call")
    assert "EXPORT_SYMBOL_GPL of vmlinux" in found.evidence


def test_two_licenses(tmp_path: Path) -> None:
    elf = licensed("GPL", Sym("gpl_call"), more=b"license=Proprietary\0")
    found = one(judged(tmp_path, elf, reference(tmp_path), CHECKS["licence.license"]))
    assert found.severity is Severity.WARNING
    # The loader goes by the first.
    assert judged(tmp_path, elf, reference(tmp_path), CHECKS["licence.gpl-only"]) == []


def test_a_weak_gpl_only_name(tmp_path: Path) -> None:
    elf = licensed("Proprietary", Sym("gpl_call", bind=2))
    found = one(judged(tmp_path, elf, reference(tmp_path), CHECKS["licence.gpl-only"]))
    assert found.severity is Severity.WARNING


def test_namespaces(tmp_path: Path) -> None:
    check = CHECKS["licence.namespace"]
    elf = licensed("GPL", Sym("spaced"))
    found = one(judged(tmp_path, elf, reference(tmp_path), check))
    assert (found.severity, found.place) == (Severity.ERROR, "spaced")
    assert "INNER" in found.mend
    lenient = reference(tmp_path, CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS="y")
    assert one(judged(tmp_path, elf, lenient, check)).severity is Severity.WARNING
    elf = licensed("GPL", Sym("spaced"), more=b"import_ns=INNER\0")
    assert judged(tmp_path, elf, reference(tmp_path), check) == []
    elf = licensed("GPL", more=b"import_ns=INNER\0")
    assert one(judged(tmp_path, elf, reference(tmp_path), check)).severity is Severity.NOTE
    elf = licensed("GPL", Sym("spaced"), more=b"import_ns=OUTER\0")
    results = judged(tmp_path, elf, reference(tmp_path), check)
    assert [getattr(result, "severity", None) for result in results] == ["error", "note"]


def test_what_other_modules_hand_on(tmp_path: Path) -> None:
    check = CHECKS["licence.inherited"]
    against = reference(tmp_path)
    elf = licensed("GPL", Sym("spaced"))
    (skipped,) = judged(tmp_path, elf, against, check)
    assert isinstance(skipped, Skipped)
    assert "lib/other-lib" in skipped.reason
    owner = tmp_path / "lib/other-lib.ko"
    owner.parent.mkdir()
    owner.write_bytes(licensed("GPL").build())
    assert judged(tmp_path, elf, against, check) == []
    owner.write_bytes(licensed("Proprietary").build())
    assert one(judged(tmp_path, elf, against, check)).severity is Severity.WARNING
    both = licensed("GPL", Sym("spaced"), Sym("gpl_call"))
    assert one(judged(tmp_path, both, against, check)).severity is Severity.ERROR
    alike = licensed("Proprietary", Sym("spaced"))
    assert judged(tmp_path, alike, against, check) == []
    owner.write_bytes(without(module(), ".modinfo").build())
    assert "unspecified" in one(judged(tmp_path, elf, against, check)).evidence


@pytest.mark.parametrize(
    ("entries", "letters"),
    [
        ({"intree": None}, ["(O)"]),
        ({"staging": "Y"}, ["(C)"]),
        ({"test": "Y", "intree": None}, ["(O)", "(N)"]),
        ({"livepatch": "Y"}, ["(K)"]),
    ],
)
def test_taints_are_notes(
    tmp_path: Path, entries: dict[str, str | None], letters: list[str]
) -> None:
    elf = changed(module(), ".modinfo", data=tags("a", **entries))
    results = judged(tmp_path, elf, reference(tmp_path), CHECKS["licence.taint"])
    assert [getattr(result, "evidence", "")[-3:] for result in results] == letters
    assert {getattr(result, "severity", None) for result in results} == {Severity.NOTE}
