# SPDX-License-Identifier: GPL-2.0-only
"""Marks in a copy of a crate's source: each check that rustc knows gets a number that reaches C.

mrustc keeps no places, inlines, and removes what is never used.  A call it keeps.  So an index is
handed through a function on its way into the brackets, ``a[crate::ferric_mark_index(i, 7)]``, and
the result of an operator behind it, ``crate::ferric_mark_value_u32(a / b, 8)``.  The functions give
back what they get; the repair pass reads the numbers from the C and takes the calls out again.

An operand that mrustc would compute with, and wrongly, goes through one that hides its number.

An operator's result is used by that.  An index is where its mark is used as one; where mrustc
removed it, its mark is left over, and the element is *kept* in another run: a reference to it goes
through a function, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from pipeline.crate.lexer import OPEN, Kind, Token, group_end, split_arguments
from pipeline.errors import UserError
from pipeline.witness.insertions import Insertion, Range, ordered
from pipeline.witness.macros import plain_macros
from pipeline.witness.mir import ANY
from pipeline.witness.sourcefile import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from pipeline.witness.macros import Group
    from pipeline.witness.mir import Check

VERSION: Final = 4
"""Part of the cache's keys: to be raised with every change of what is written into a copy."""
PREFIX: Final = "ferric_mark_"
_BRACES = re.compile(r"\\(u\{[0-9a-f]+\}|.)|[{}]")
_NEVER_INLINED = "{ if site == 0 { loop {} } value }"
_FUNCTION = "#[doc(hidden)] pub const fn {name}(value: {type}, site: u32) -> {type} "
_ANY_NUMBER = "#[doc(hidden)] pub const fn {name}<T: Copy>(value: T, site: u32) -> T "
_THROUGH = f"#[doc(hidden)] pub const fn {PREFIX}caller<T>(value: T, site: u32) -> T " + (
    _NEVER_INLINED
)
_RUN_NAME: Final = f"{PREFIX}known_call"
# Not const: what it is given is no constant, then.
_RUN = f"#[doc(hidden)] pub fn {_RUN_NAME}<T>(value: T, site: u32) -> T " + _NEVER_INLINED
_HERE = f"#[doc(hidden)] pub const fn {PREFIX}here(site: u32) {{ if site == 0 {{ loop {{}} }} }}"
NOWHERE: Final = 0xFFFFFFFF
"""The number that ends what :data:`_HERE` began: from there on no place is known."""
_UNWRAPS: Final = ("unwrap", "unwrap_err", "expect", "expect_err")
_PANICKING: Final = ("panic", "unreachable", "todo", "unimplemented")
_ASSERTING: Final = ("assert", "assert_eq", "assert_ne")
_KEEP = f"#[doc(hidden)] pub const fn {PREFIX}keep<T: ?Sized>(value: &T, site: u32) -> &T " + (
    _NEVER_INLINED
)
_ASSIGNING: Final = ("+", "-", "*", "/", "%", "<<", ">>")


@dataclass(frozen=True)
class Place:
    """A place that a panic names, as rustc does; ``known`` is false where it differs by caller.

    ``line`` and ``column`` count from 1; of a check in a macro's body they are the body's.
    """

    file: str
    line: int
    column: int
    text: str
    known: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class _Mark:
    """A check that can be marked: the characters of a file, and what goes around them.

    ``kept`` is what goes around the whole element where it has to be kept, empty where it cannot.
    """

    path: Path
    start: int
    end: int
    before: str
    after: str
    whole: tuple[int, int]
    kept: tuple[str, str] | None
    inner: int = 1


@dataclass(frozen=True)
class Marks:
    """The marks of a crate; number ``n`` stands at ``places[n - 1]``.

    ``unused`` are the numbers of elements that rustc knows to be never used, ``removable`` the
    places of all checks, marked or not, of values that are never used; ``hidden`` are marks without
    a number, of what mrustc must not know.
    """

    places: tuple[Place, ...] = ()
    unused: frozenset[int] = frozenset()
    removable: tuple[Place, ...] = ()
    root: Path | None = None
    _marks: Mapping[int, _Mark] = field(default_factory=dict)
    hidden: tuple[_Mark, ...] = ()
    _texts: tuple[tuple[Path, Insertion], ...] = ()
    _functions: tuple[str, ...] = ()

    def can_keep(self, number: int) -> bool:
        """Say whether an element can be kept by what is written around it."""
        return number in self._marks and self._marks[number].kept is not None

    def insertions(self, keep: AbstractSet[int]) -> dict[Path, list[Insertion]]:
        """Return what is to be written into each file; the elements of ``keep`` are kept."""
        ranges: dict[Path, list[Range]] = {}
        for number, mark in self._marks.items():
            here = ranges.setdefault(mark.path, [])
            here.append(Range(mark.start, mark.end, mark.inner, mark.before, mark.after))
            if number in keep and mark.kept is not None:
                here.append(Range(*mark.whole, 1, *mark.kept))
        for mark in self.hidden:
            here = ranges.setdefault(mark.path, [])
            here.append(Range(mark.start, mark.end, mark.inner, mark.before, mark.after))
        found = {path: ordered(here) for path, here in ranges.items()}
        for path, text in self._texts:
            # Behind what ends at the same place.
            found[path] = sorted([*found.get(path, ()), text], key=lambda one: one.at)
        if found and self.root is not None:
            end = "\n" + " ".join(self._functions) + "\n"
            found.setdefault(self.root, []).append(Insertion(-1, end))
        return found


def mark(
    checks: Sequence[Check], texts: Mapping[Path, str], root: Path, lib_path: Path
) -> tuple[Marks, list[tuple[Check, Place]]]:
    """Number the checks of a crate whose Rust files are ``texts``; ``root`` is its folder.

    Returns the marks, and the checks that cannot be marked: written by a macro that shows its
    arguments or that another crate defines, or of a type that rustc's text does not tell.
    """
    files = {}
    for path, text in texts.items():
        if path.is_relative_to(root) and not text.startswith("\ufeff") and "\r" not in text:
            name = str(path.relative_to(root))
            files[name] = SourceFile(path, name, text)
    plain = plain_macros(one.groups for one in files.values())
    places: list[Place] = []
    marks: dict[int, _Mark] = {}
    unused: set[int] = set()
    functions = {_KEEP, _THROUGH, _HERE, _RUN}
    left: list[tuple[Check, Place]] = []
    texts_of = [one for check in checks if (one := _assertion(files, check)) is not None]
    for check in checks:
        if check.kind in ("assert", "known", "call"):
            continue
        file = files.get(check.span.file)
        number = len(places) + 1
        made = _mark(file, check, number, plain, functions) if file is not None else None
        place = _place(file, check)
        if made is None:
            left.append((check, place))
            continue
        places.append(place)
        marks[number] = made
        if check.kind == "index" and not check.used:
            unused.add(number)
    for file in files.values():
        for group in file.groups:
            made = _mark_macro(file, group, len(places) + 1, plain)
            if made is not None:
                marks[len(places) + 1] = made
                places.append(_at(file, group.start, group.name))
    found = Marks(
        tuple(places),
        frozenset(unused),
        tuple(_place(files.get(one.span.file), one) for one in checks if not one.used),
        lib_path,
        marks,
        tuple(_hidden(files, checks, plain, functions)),
        tuple(texts_of),
        tuple(sorted(functions)),
    )
    return found, left


def _hidden(
    files: Mapping[str, SourceFile],
    checks: Iterable[Check],
    plain: AbstractSet[str],
    functions: set[str],
) -> Iterator[_Mark]:
    """Yield marks that hide a value from mrustc, where that can be; they have no place."""
    for check in checks:
        file = files.get(check.span.file)
        if check.kind in ("known", "call") and file is not None:
            made = _mark(file, check, 1, plain, functions)
            if made is not None:
                yield made


def _at(file: SourceFile, at: int, text: str) -> Place:
    line, column, known = file.position(at)
    return Place(file.name, line, column, text, known)


def _assertion(files: Mapping[str, SourceFile], check: Check) -> tuple[Path, Insertion] | None:
    """Return the message that an ``assert!`` is given: rustc's own, which mrustc words otherwise.

    Then nothing shows its condition, and checks in it can be marked.
    """
    file = files.get(check.span.file) if check.kind == "assert" else None
    found = file.between(check.span) if file is not None else None
    if file is None or found is None:
        return None
    part = file.stream[found[0] : found[1]]
    if [one.text for one in part[:3]] != ["assert", "!", "("] or group_end(part, 2) != len(part):
        return None
    if len(split_arguments(part[3:-1])) != 1:
        return None
    if any(one.defined for one in file.around(part[0].start, part[-1].end - 1)):
        return None
    file.shown.add(part[0].start)
    comma = "" if part[-2].text == "," else ", "
    # It is a format string, too; the braces of an escape are none of it.
    text = _BRACES.sub(lambda match: match[0] if match[1] else match[0] * 2, check.text)
    return file.path, Insertion(part[-1].start, f"{comma}{text}")


def _place(file: SourceFile | None, check: Check) -> Place:
    span = check.span
    if file is None or (found := file.between(span)) is None:
        return Place(span.file, span.line, span.column, "", known=False)
    start, end = file.stream[found[0]].start, file.stream[found[1] - 1].end
    if check.kind == "caller" and (name := _method(file.stream[found[0] : found[1]])) is not None:
        # Of a method's call rustc tells where the method's name is.
        return _at(file, name.start, name.text)
    return _at(file, start, " ".join(file.text[start:end].split())[:60])


def _mark(
    file: SourceFile, check: Check, number: int, plain: AbstractSet[str], functions: set[str]
) -> _Mark | None:
    found = file.between(check.span)
    if found is None:
        return None
    start, end = file.stream[found[0]].start, file.stream[found[1] - 1].end
    around = file.around(start, end)
    if not all(one.defined or file.is_plain(one, plain) for one in around):
        return None
    crate = "crate"
    if any(one.defined for one in around):
        # rustc may have told of one of the macro's types alone: of u64 in `$n as u64`.
        crate = "$crate"
        check = replace(check, type=check.type and ANY, operand=check.operand and ANY)
    part = _without_parentheses(file.stream[found[0] : found[1]])
    if check.kind in ("known", "call"):
        before = f"{crate}::{_RUN_NAME}("
        if check.kind == "known":
            before = _call(functions, crate, "known", check.type)
        return _Mark(file.path, start, end, before, f", {number})", (start, end), None, 0)
    if check.kind == "caller":
        return _mark_caller(file, file.stream[found[0] : found[1]], number, crate)
    if check.kind == "index":
        return _mark_index(file, part, found[0], number, crate, functions)
    return _mark_value(file, part, (start, end), check, number, crate, functions)


def _without_parentheses(part: Sequence[Token]) -> Sequence[Token]:
    while len(part) > 2 and part[0].text == "(" and group_end(part, 0) == len(part):
        part = part[1:-1]
    return part


def _call(functions: set[str], crate: str, kind: str, of: str) -> str:
    name = f"{PREFIX}{kind}" if kind == "index" else f"{PREFIX}{kind}_{of}"
    head = _ANY_NUMBER if of == ANY else _FUNCTION
    functions.add(head.format(name=name, type=of) + _NEVER_INLINED)
    return f"{crate}::{name}("


def _mark_index(
    file: SourceFile,
    part: Sequence[Token],
    first: int,
    number: int,
    crate: str,
    functions: set[str],
) -> _Mark | None:
    opening = _last_group(part)
    if opening <= 0 or part[opening].text != "[" or part[opening - 1].text == "!":
        return None
    before = _call(functions, crate, "index", "usize")
    whole = part[0].start, part[-1].end
    # A temporary of the base would live no longer than the call that keeps the element.
    makes = any(one.text in ("(", "!", "{", "$") for one in part[:opening])
    borrowed = first > 0 and file.stream[first - 1].text.endswith(("&", "mut", "raw", "const"))
    kept = (f"(*{crate}::{PREFIX}keep(&", f", {number}))")
    can = None if makes and (borrowed or _names_reference(file, first)) else kept
    inside = part[opening].end, part[-1].start
    return _Mark(file.path, *inside, before, f", {number})", whole, can, 0)


def _names_reference(file: SourceFile, first: int) -> bool:
    """Say whether the statement before a token has ``ref``: the value would be borrowed."""
    for token in reversed(file.stream[:first]):
        if token.text in (";", "{", "}"):
            return False
        if token.text == "ref":
            return True
    return False


def _last_group(part: Sequence[Token]) -> int:
    """Return where the group begins that these tokens end with, -1 where they end with none."""
    at = 0
    while at < len(part):
        if part[at].kind is Kind.MARK and part[at].text in OPEN:
            end = group_end(part, at)
            if end == len(part):
                return at
            at = end
        else:
            at += 1
    return -1


def _mark_value(
    file: SourceFile,
    part: Sequence[Token],
    whole: tuple[int, int],
    check: Check,
    number: int,
    crate: str,
    functions: set[str],
) -> _Mark | None:
    operator = _operator(part)
    if operator is None:
        return None
    if (right := operator) > 0:
        if not check.operand:
            return None
        before = _call(functions, crate, "operand", check.operand)
        return _Mark(file.path, right, part[-1].end, f" {before}", f", {number})", whole, None, 0)
    if not check.type:
        return None
    before = _call(functions, crate, "value", check.type)
    return _Mark(file.path, *whole, f"({before}", f", {number}))", whole, None)


def _method(part: Sequence[Token]) -> Token | None:
    """Return the name of the method that these tokens call at their end, None for another call."""
    opening = _last_group(part)
    name = part[opening - 1] if opening > 1 else None
    if name is None or name.text not in _UNWRAPS or not part[opening - 2].text.endswith("."):
        return None
    return name


def _mark_caller(file: SourceFile, part: Sequence[Token], number: int, crate: str) -> _Mark | None:
    name = _method(part)
    if name is None:
        return None
    start, dot = part[0].start, file.text.rindex(".", part[0].start, name.start)
    before, after = f"({crate}::{PREFIX}caller(", f", {number}))"
    return _Mark(file.path, start, dot, before, after, (start, dot), None)


def _mark_macro(
    file: SourceFile, group: Group, number: int, plain: AbstractSet[str]
) -> _Mark | None:
    """Return what tells the place of a panic that core's macros write."""
    if group.defined or group.name not in (*_PANICKING, *_ASSERTING):
        return None
    around = [one for one in file.around(group.start, group.end - 1) if one is not group]
    if any(one.defined or not file.is_plain(one, plain) for one in around):
        return None
    if not file.is_plain_call(group):
        return None
    before = f"({{crate::{PREFIX}here({number}); "
    after = "})" if group.name in _PANICKING else f"; crate::{PREFIX}here({NOWHERE})}})"
    return _Mark(file.path, group.start, group.end, before, after, (group.start, group.end), None)


def _operator(part: Sequence[Token]) -> int | None:
    """Return where the right side of ``a /= b`` begins, 0 for another operator, None for none."""
    at, found = 0, False
    while at < len(part):
        text = part[at].text
        if part[at].kind is Kind.MARK and text in OPEN:
            at = group_end(part, at)
            continue
        following = part[at + 1] if at + 1 < len(part) else None
        if (
            text in _ASSIGNING
            and following is not None
            and following.text == "="
            and following.start == part[at].end
        ):
            return following.end
        found = found or text.startswith(_ASSIGNING)
        at += 1
    return 0 if found else None


def refuse(places: Iterable[Place], root: Path) -> None:
    """Refuse a crate for checks that mrustc removes, and that cannot be kept.

    :class:`~pipeline.errors.UserError` names the file, line and text of each.
    """
    lines = [f"{root / place.file}:{place.line}:{place.column}: {place.text}" for place in places]
    if lines:
        shown = "\n".join(dict.fromkeys(lines))
        raise UserError(
            f"mrustc removes a check with a value that is never used: the panic that Rust "
            f"promises would not come\n{shown}",
            mend="use the value (core::hint::black_box(…)), or build with transpiler=rustc",
        )
