# SPDX-License-Identifier: GPL-2.0-only
"""The options that each compilation unit was compiled with are the kernel's.

Three kinds of evidence are read: the recorded command lines, DWARF's producers, and Kbuild's .cmd
files.  A unit without any is an error: what is not proved is not right.  ``attribute((target))``
and pragmas inside a source are recorded by none of them and are not seen.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.errors import ToolError
from pipeline.validate import recorder
from pipeline.validate.abi_flags import classify, negative, select
from pipeline.validate.finding import Finding, Severity, Skipped, some
from pipeline.validate.kbuild import Compilation, compilations
from pipeline.validate.provenance import c_producers, c_units, foreign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

_SOURCE = "GCC manual: -frecord-gcc-switches, Code Gen Options, Machine-Dependent Options"
_MAX_LINES = 200  # each may cost three runs of the compiler
_RECORD = ".GCC.command.line"


def proven(obj: Object, _reference: Reference) -> Iterator[Finding | Skipped]:
    """Every C compilation unit shows its options somewhere."""
    units = c_units(obj)
    if units == 0:
        yield Skipped("provenance.flags-unproven", "no mark of a C compilation unit is in it")
        return
    commands = compilations(obj.path)
    by_record = len(obj.recorded) + sum(not command.records for command in commands)
    by_debug = len(c_producers(obj)) + sum(not command.debug for command in commands)
    shown = max(by_record, by_debug)
    if shown < units:
        yield Finding(
            "provenance.flags-unproven",
            Severity.ERROR,
            f"{units - shown} of {units} compilation units",
            f"{units} C units by their marks; {len(obj.recorded)} recorded command lines, "
            f"{len(c_producers(obj))} DWARF producers, {len(commands)} Kbuild commands",
            "with which options they were compiled cannot be proved: a fixed register may be "
            "overwritten, a structure laid out otherwise",
            "compile every C file with -frecord-gcc-switches (or with -g)",
            _SOURCE,
        )
    elif commands and len(obj.recorded) < units and len(c_producers(obj)) < units:
        yield Finding(
            "provenance.flags-unproven",
            Severity.NOTE,
            some(str(command.cmd_file.name) for command in commands),
            "options are read from Kbuild's .cmd files, not from the object",
            "the proof is only as good as those files: they lie beside the object, not in it",
            "compile with -frecord-gcc-switches to have the options in the object",
            _SOURCE,
        )


def compared(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """The ABI-affecting options of every unit are the kernel's, or a declared difference."""
    check = "provenance.flags"
    if reference.toolchain is None:
        yield Skipped(check, "the architecture's GCC is not installed: it has to spell the options")
        return
    gcc = reference.toolchain.gcc
    wanted = recorder.recorded(gcc, reference.flags)
    units = _evidence(obj)
    commands = [command for command in compilations(obj.path) if not command.records]
    if not units and not commands:
        yield Skipped(check, "no unit shows its options")
    declared = Declared(reference)
    if len(units) > _MAX_LINES:
        yield Finding(
            check,
            Severity.ERROR,
            "the whole object",
            f"{len(units)} different sets of options; {_MAX_LINES} are compared",
            "the others are not compared with the kernel's",
            "compile all parts with the same options",
            _SOURCE,
        )
    for (place, line), count in units.most_common(_MAX_LINES):
        where = f"{place}, {count} units" if count > 1 else place
        declared.look(line, wanted, count)
        yield from _compare(reference, line, wanted, where, declared)
    for command in commands:
        yield from _compare_command(reference, command, wanted, declared)
    yield from declared.notes()


class Declared:
    """The declared differences, and in how many units each was met."""

    def __init__(self, reference: Reference) -> None:
        self.reasons = {item.flag: item.reason for item in reference.declared}
        self.met: Counter[str] = Counter()

    def take(self, flag: str) -> bool:
        """Say whether ``flag`` is declared."""
        return flag in self.reasons

    def look(self, line: str, wanted: str, units: int) -> None:
        """Count the declared flags that ``line``, of so many units, has and ``wanted`` has not."""
        found, known = set(line.split()), set(wanted.split())
        self.met.update(dict.fromkeys((self.reasons.keys() & found) - known, units))

    def notes(self) -> Iterator[Finding]:
        """Yield a note for each difference that was met."""
        for flag, count in sorted(self.met.items()):
            yield Finding(
                "provenance.declared",
                Severity.NOTE,
                f"{count} compilation units",
                f"{flag}: the kernel is compiled without it",
                self.reasons[flag],
                "nothing: the difference is declared in toolchains.yaml",
                "toolchains.yaml, rust_flags",
            )


def _evidence(obj: Object) -> Counter[tuple[str, str]]:
    """Return (place, recorded line) of all units, each with how often it is there."""
    found = Counter((_RECORD, line) for line in obj.recorded)
    lines = set(obj.recorded)
    found.update((".debug_info", text) for text in c_producers(obj) if text not in lines)
    # A foreign producer has no GCC options; provenance.producer says what it is.
    return Counter({key: count for key, count in found.items() if not foreign(key[1])})


def _compare_command(
    reference: Reference, command: Compilation, wanted: str, declared: Declared
) -> Iterator[Finding]:
    """Compare the options of a .cmd file, spelt as the reference's compiler records them."""
    assert reference.toolchain is not None  # noqa: S101 - the caller's condition, for the checker
    try:
        line = recorder.recorded(reference.toolchain.gcc, command.words)
    except ToolError as error:
        yield Finding(
            "provenance.flags-unproven",
            Severity.ERROR,
            str(command.cmd_file),
            error.tail or error.what,
            "the command there is not one of the kernel's GCC",
            "build the object again with Kbuild",
            _SOURCE,
        )
        return
    declared.look(line, wanted, 1)
    yield from _compare(reference, line, wanted, str(command.cmd_file), declared)


def _compare(
    reference: Reference, line: str, wanted: str, where: str, declared: Declared
) -> Iterator[Finding]:
    """Yield a finding for each difference between two recorded lines that GCC says is real."""
    assert reference.toolchain is not None  # noqa: S101 - the caller's condition, for the checker
    words, wanted_words = line.split(), wanted.split()
    have, want = select(words), select(wanted_words)
    gcc = reference.toolchain.gcc
    for group in sorted(have.keys() | want.keys()):
        found, needed = have.get(group), want.get(group)
        if found == needed or (found is not None and declared.take(found)):
            continue
        if found is None and needed is not None:
            if not recorder.already_so(gcc, needed, tuple(words)):
                yield _difference(reference, where, needed, f"{needed} is missing")
        elif needed is None and found is not None:
            if not recorder.already_so(gcc, found, tuple(wanted_words)):
                yield _difference(reference, where, found, f"{found} is not the kernel's")
        elif (
            found is not None and needed is not None and not (negative(found) and negative(needed))
        ):
            yield _difference(reference, where, needed, f"{found} instead of {needed}")


def _difference(reference: Reference, where: str, flag: str, evidence: str) -> Finding:
    """Return the error for one option, with what it decides here."""
    group = classify(flag)
    meaning = f"it decides {group[1]}" if group else ""
    for register in reference.arch.fixed_registers:
        if register.flag == flag:
            meaning = f"{register.register_} {register.reason} ({register.source}): {meaning}"
    # A tree may have a sanitizer for single objects; whether the kernel has what they call is seen
    # by the symbols.
    sanitizer = "sanitize=" in flag
    return Finding(
        "provenance.flags",
        Severity.NOTE if sanitizer else Severity.ERROR,
        where,
        f"{evidence} (compared with {reference.flags_source})",
        meaning,
        f"compile with the kernel's own flags: {' '.join(recorder.abi_only(reference.flags))}",
        _SOURCE,
    )


CHECKS = {"provenance.flags-unproven": proven, "provenance.flags": compared}
