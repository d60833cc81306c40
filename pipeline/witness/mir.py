# SPDX-License-Identifier: GPL-2.0-only
"""The checks of a crate's functions, read from the MIR that rustc prints.

rustc asserts before each index, division and (with overflow checks) sum what has to hold, and with
``-Z mir-include-spans`` each line ends in a comment with its place.  Only the text of functions is
read: constants and statics are computed by the compiler, and a check that fails there is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pipeline.witness.promoted import Calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FLAGS: Final = (
    "-Z", "unpretty=mir", "-Z", "mir-opt-level=0", "-Z", "mir-include-spans=yes",
    "-Z", "dump-mir-exclude-alloc-bytes=yes",
)  # fmt: skip
"""What makes rustc print its MIR as this module reads it: unoptimised, with places.

What lies in memory is left out: a heap would be printed for each function that names it.
"""

_PLACE = re.compile(r"(?:in )?scope \d+ at (?P<file>.+?):(?P<span>[\d: ]+)$")
_LOCAL = re.compile(r"_\d+\b")
_ARGUMENT = re.compile(r"(_\d+): ([^,)]+)")
_DECLARED = re.compile(r"let (?:mut )?(_\d+): (.+);$")
_ASSIGNED = re.compile(r"(.+?) = (.+);?$")
_ASSERT = re.compile(r'assert\((!?)(?:move|copy) (\S+?)(?:: bool\))?, "([^"]*)"(.*?)\) -> ')
_OPERATION = re.compile(r"(Add|Sub|Mul|Div|Rem|Neg|Shl|Shr)(?:WithOverflow|Unchecked)?\((.*)\)")
_COMPARED = re.compile(r"(Eq|Lt)\((?:copy (_\d+)|const (-?\d+)_\w+), const (-?\d+)_\w+\)")
_CONSTANT = re.compile(r"const (\d+)_usize;?$")
_BOTH = re.compile(r"BitAnd\(move (_\d+), move (_\d+)\)")
_INTEGER = re.compile(r"[iu](?:8|16|32|64|128|size)$")
_UNWRAPPED = re.compile(r"\S+ = (?:[\w:]+::)?(?:Option|Result)::<.*>::(?:unwrap|expect)(?:_err)?\(")
_ASSERTED = re.compile(r'\bpanic\(const ("assertion failed: .*")\) -> ')
ANY: Final = "T"
"""The type of a check in a macro's body that comes with several."""
_BOUNDS: Final = "index out of bounds"
_ATTEMPT: Final = "attempt to "
_MESSAGES: Final = {
    "divide": "Div", "remainder": "Rem", "{} + {}": "Add", "{} - {}": "Sub", "{} * {}": "Mul",
    "{} / {}": "Div", "{} % {}": "Rem", "negate": "Neg", "shift left": "Shl",
    "shift right": "Shr",
}  # fmt: skip
_KNOWN_WRONGLY: Final = frozenset({"Div", "Rem", "Neg", "Shl", "Shr"})
_SUMS_CHECKED: Final = frozenset({f"{one}WithOverflow" for one in ("Add", "Sub", "Mul")})
# What says nothing about whether a value is used.
_NO_USE: Final = ("StorageLive(", "StorageDead(", "PlaceMention(", "FakeRead(", "assert(", "debug ")


class Span(NamedTuple):
    """A place in a source, in rustc's words: lines and columns from 1, the end outside."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def holds(self, other: Span) -> bool:
        """Say whether ``other`` lies within this."""
        begins = (self.line, self.column) <= (other.line, other.column)
        ends = (other.end_line, other.end_column) <= (self.end_line, self.end_column)
        return self.file == other.file and begins and ends


@dataclass(frozen=True)
class Check:
    """A check in a function's body.

    ``kind`` says what it is of: an ``index``, the ``value`` of an operator, or a ``caller`` of
    ``unwrap`` or ``expect``, an ``assert`` without a message, whose ``text`` is then rustc's own.
    ``type`` is that of the operator's result and ``operand`` that of its right side, empty where
    MIR does not tell; ``used`` says whether what it guards is used at all, by what rustc knows.
    A ``known`` is no check, but an operand that mrustc must not know: with a number there, it would
    compute the operation itself, and wrongly.  So is a ``call`` that Rust runs where it stands:
    mrustc would make a constant of it.
    """

    span: Span
    kind: Literal["index", "value", "caller", "assert", "known", "call"]
    type: str
    operand: str
    used: bool
    text: str = ""


@dataclass
class _Function:
    """What was read of one function so far."""

    types: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[str, Span]] = field(default_factory=list)

    @cached_property
    def assigned(self) -> dict[str, list[Span]]:
        """The places of what each variable is given."""
        found: dict[str, list[Span]] = {}
        for code, span in self.lines:
            name, equals, _ = code.partition(" = ")
            if equals:
                found.setdefault(name, []).append(span)
        return found


def checks(text: str) -> list[Check]:
    """Return the checks in rustc's MIR that can fail, in its order; those of one place are one."""
    found: dict[tuple[Span, str], Check] = {}
    for function in _functions(text):
        needed = _needed(function)
        for check in (*_of_function(function, needed), *_calls(function)):
            # A macro's body is there once for each call of it.
            known = found.get((check.span, check.kind), check)
            found[check.span, check.kind] = replace(
                check,
                type=_common(known.type, check.type),
                operand=_common(known.operand, check.operand),
                used=known.used and check.used,
            )
    return list(found.values())


def _common(one: str, other: str) -> str:
    """Return the type of both, :data:`ANY` where they differ; empty where one is not told."""
    return one if one == other else ANY if one and other else ""


def _functions(text: str) -> Iterator[_Function]:
    function: _Function | None = None
    for line in text.split("\n"):
        if line.startswith("fn ") and line.endswith("{"):
            function = _Function(types=dict(_ARGUMENT.findall(line)))
        elif line == "}":
            if function is not None:
                yield function
            function = None
        elif function is not None:
            before, _, place = line.rpartition("// ")
            match = _PLACE.match(place)
            if match is None:
                continue
            code = before.strip()
            if declared := _DECLARED.match(code):
                function.types[declared[1]] = declared[2]
            elif (span := _span(match["file"], match["span"])) is not None:
                function.lines.append((code, span))


def _span(file: str, numbers: str) -> Span | None:
    words = numbers.replace(":", " ").split()
    return Span(file, *map(int, words)) if len(words) == 4 else None


def _needed(function: _Function) -> set[str]:
    """Return the variables whose value reaches a call, a branch, memory or the caller."""
    needed = {"_0"}
    sources: dict[str, set[str]] = {}
    for code, _ in function.lines:
        if code.startswith(_NO_USE):
            continue
        assigned = _ASSIGNED.match(code)
        if assigned and _LOCAL.fullmatch(assigned[1]) and " -> " not in code:
            sources.setdefault(assigned[1], set()).update(_LOCAL.findall(assigned[2]))
        else:
            needed.update(_LOCAL.findall(code))
    reached = list(needed)
    while reached:
        for one in sources.get(reached.pop(), ()):
            if one not in needed:
                needed.add(one)
                reached.append(one)
    return needed


def _of_function(function: _Function, needed: set[str]) -> Iterator[Check]:
    known = _Known()
    for at, (code, span) in enumerate(function.lines):
        if match := _ASSERT.match(code):
            negated, condition, message, rest = match.groups()
            if known.conditions.get(condition) is (not negated):
                continue
            if message.startswith(_BOUNDS):
                index = _LOCAL.findall(rest)
                used = bool(index) and _is_read(function, index[-1], needed)
                yield Check(span, "index", "usize", "", used)
            elif message.startswith(_ATTEMPT):
                yield _of_operator(function, at, message, needed)
        elif match := _ASSERTED.search(code):
            yield Check(span, "assert", "", "", used=True, text=match[1])
        elif _UNWRAPPED.match(code):
            yield Check(span, "caller", "", "", used=True)
        elif assigned := _ASSIGNED.match(code):
            known.learn(assigned[1], assigned[2])
            if operation := _OPERATION.match(assigned[2]):
                name = assigned[2].partition("(")[0]
                yield from _foldable(function, at, name, operation[2].split(", "))


class _Known:
    """What is the same whatever a function does: numbers, and conditions such as ``2 == 0``."""

    def __init__(self) -> None:
        self.numbers: dict[str, int | None] = {}
        self.conditions: dict[str, bool] = {}

    def learn(self, name: str, value: str) -> None:
        """Take up an assignment; a variable that is assigned twice is not known."""
        constant = _CONSTANT.match(value)
        number = int(constant[1]) if constant and name not in self.numbers else None
        self.numbers[name] = number
        if match := _COMPARED.match(value):
            left = self.numbers.get(match[2]) if match[2] else int(match[3])
            right = int(match[4])
            if left is not None:
                self.conditions[name] = left == right if match[1] == "Eq" else left < right
        elif (match := _BOTH.match(value)) and self._is_false(match[1], match[2]):
            self.conditions[name] = False

    def _is_false(self, *names: str) -> bool:
        return any(self.conditions.get(name) is False for name in names)


def _is_read(function: _Function, index: str, needed: set[str]) -> bool:
    """Say whether an element at ``index`` is read for a value that is needed, or written."""
    for code, _ in function.lines:
        if f"[{index}]" in code and not code.startswith(_NO_USE):
            assigned = _ASSIGNED.match(code)
            bare = assigned is not None and _LOCAL.fullmatch(assigned[1]) and " -> " not in code
            if not bare or (assigned is not None and assigned[1] in needed):
                return True
    return False


def _of_operator(function: _Function, at: int, message: str, needed: set[str]) -> Check:
    """Return the check of an operator, asserted in line ``at``."""
    span = function.lines[at][1]
    found = _operation(function, at, _operator(message))
    if found is None:
        return Check(span, "value", "", "", used=False)
    name, operator, arguments = found
    types = [_type(function, argument) for argument in arguments.split(", ")]
    left, right = types[0], types[-1]
    used = not _LOCAL.fullmatch(name) or name in needed
    if operator not in ("Shl", "Shr"):
        left = left or right
    return Check(span, "value", left, right, used)


def _foldable(
    function: _Function, at: int, operation: str, arguments: Sequence[str]
) -> Iterator[Check]:
    """Yield an operand of the operation in line ``at`` that mrustc would compute wrongly.

    It does with a count that is as wide as the type, a divisor that is 0 or negative, the least
    number negated, and sums that overflow where that is checked.
    """
    if operation not in (*_KNOWN_WRONGLY, *_SUMS_CHECKED):
        return
    whole = function.lines[at][1]
    for argument in reversed(arguments if operation in _SUMS_CHECKED else arguments[-1:]):
        kind = _type(function, argument)
        places = function.assigned.get(argument.rpartition(" ")[2], [])
        if kind and len(places) == 1 and whole.holds(places[0]) and whole != places[0]:
            yield Check(places[0], "known", kind, kind, used=True)
            return


def _calls(function: _Function) -> Iterator[Check]:
    """Yield the calls that Rust runs, and mrustc would make constants of."""
    calls = Calls([code for code, _ in function.lines], function.types)
    for code, span in function.lines:
        if calls.is_run(code):
            yield Check(span, "call", "", "", used=True)


def _operator(message: str) -> str:
    """Return MIR's name of the operator that an assertion's message is about."""
    return next((name for words, name in _MESSAGES.items() if words in message), "")


def _operation(function: _Function, at: int, operator: str) -> tuple[str, str, str] | None:
    """Return the operation behind a check: its result, operator and arguments.

    It stands at the check's place, or where the whole assignment is that it is the value of.
    """
    span = function.lines[at][1]
    for lines, exact in ((function.lines, True), (function.lines[at:], False)):
        for code, place in lines:
            if place != span if exact else not place.holds(span):
                continue
            assigned = _ASSIGNED.match(code)
            match = _OPERATION.match(assigned[2]) if assigned else None
            if assigned and match and match[1] == operator:
                return assigned[1], match[1], match[2]
    return None


def _type(function: _Function, operand: str) -> str:
    """Return the integer type of an operand, empty where the text does not tell it."""
    word, _, name = operand.partition(" ")
    kind = name.rpartition("_")[2] if word == "const" else function.types.get(name, "")
    return kind if _INTEGER.match(kind) else ""
