# SPDX-License-Identifier: GPL-2.0-only
"""Functions with ``#[track_caller]`` get a second form in the C that is told the caller's place.

mrustc knows the attribute and does nothing with it: every place is empty.  What panics in ``core``,
and what of it a user's code calls, is given twice: as mrustc wrote it, and with the suffix ``_at``
and one more parameter, which it hands on to the functions of the list that it calls itself, and
which ``Location::caller()`` in it returns.  A place is written where a mark tells it.
"""

from __future__ import annotations

import re
from typing import Final

SUFFIX: Final = "_at"
# Functions of core that Rust 1.90 marks with #[track_caller], by mrustc's names for them.
PANICS: Final = frozenset(
    [
        "assert_failed", "assert_failed_inner", "panic", "panic_bounds_check", "panic_display",
        "panic_explicit", "panic_fmt", "panic_str_2015", "unreachable_display",
    ]
)  # fmt: skip
UNWRAPS: Final = {
    "Option": ("expect", "unwrap"),
    "Result": ("expect", "expect_err", "unwrap", "unwrap_err"),
}
_PATH = re.compile(
    r'::"core"::(?:panicking::(?:panic_const::(?P<constant>panic_const_\w+)|(?P<panic>\w+))'
    r"|option::(?P<option>unwrap_failed|expect_failed)|result::(?P<result>unwrap_failed))(?:<.*>)?$"
)
_METHOD = re.compile(r'<::"core"::(?:option|result)::(Option|Result)<.*>::(\w+)(?:<.*>)?$')
_COMMENT = re.compile(r'// (?:(?:PROTO|EXTERN) extern "\w+" )?(.+)$')
_HEAD = re.compile(r"(?!#)\S.*?\b(ZR\w+)\((void\))?")
_CALL = re.compile(r"\b(ZR\w+)\( ?(.*?) ?\);$")
_NO_PLACE = re.compile(
    r"\tstatic struct (?P<type>\w+) mrustc_empty_caller_location = .*?;(?P<place>\S+) = "
    r"&mrustc_empty_caller_location;$"
)
_PARAMETER: Final = "const struct ferric_place *ferric_caller"


def tracks_caller(path: str) -> bool:
    """Say whether a function has the second form, by its path in mrustc's comment."""
    if match := _PATH.match(path):
        return match["panic"] in PANICS if match["panic"] else True
    match = _METHOD.match(path)
    return match is not None and match[2] in UNWRAPS[match[1]]


class Callers:
    """The functions of a unit that have a second form, found by their heads."""

    def __init__(self, lines: list[str]) -> None:
        """Look through a unit's lines as mrustc wrote them."""
        self.names: set[str] = set()
        self._panicking: set[str] = set()
        self._heads: list[tuple[int, int, str]] = []
        at = 0
        while at < len(lines):
            match = _COMMENT.match(lines[at])
            if match and lines[at].startswith("// ") and tracks_caller(match[1]):
                at = self._head(lines, at + 1, panicking=_PATH.match(match[1]) is not None)
            at += 1

    def _head(self, lines: list[str], at: int, *, panicking: bool) -> int:
        """Take up the head that follows a comment; return its last line."""
        while lines[at].startswith("#"):
            at += 1
        match = _HEAD.match(lines[at])
        if match is None:
            return at
        end = at
        while lines[end] not in (";", "{"):
            end += 1
        self.names.add(match[1])
        if panicking:
            self._panicking.add(match[1])
        self._heads.append((at, end, match[1]))
        return end

    def panics(self, name: str) -> bool:
        """Say whether a function of the list does nothing but panic."""
        return name in self._panicking

    def call(self, line: str, place: str) -> str | None:
        """Return a line's call of a function of the list, told ``place``; None for no such call."""
        match = _CALL.search(line)
        if match is None or match[1] not in self.names:
            return None
        arguments = ", ".join(one for one in (match[2], place) if one)
        return f"{line[: match.start()]}{match[1]}{SUFFIX}( {arguments} );"

    def called(self, line: str) -> tuple[str, str] | None:
        """Return the function of the list that a line calls, and its first argument."""
        match = _CALL.search(line)
        if match is None or match[1] not in self.names:
            return None
        return match[1], match[2].partition(",")[0].strip()

    def add(self, lines: list[str]) -> None:
        """Write the second form behind each head and body of the list, in the repaired lines."""
        for start, end, name in self._heads:
            head = _head_at(lines[start:end], name)
            if lines[end] == ";":
                lines[end] += "\n" + "\n".join(head) + "\n;"
                continue
            last = lines.index("}", end)
            body = [self._told(line) for line in lines[end : last + 1]]
            types = {match["type"] for line in lines[end:last] if (match := _NO_PLACE.match(line))}
            asserts = [_same_layout(one) for one in sorted(types)]
            lines[last] += "\n" + "\n".join([*asserts, *head, *body])

    def _told(self, line: str) -> str:
        if match := _NO_PLACE.match(line):
            return f"\t{match['place']} = (struct {match['type']} *)ferric_known(ferric_caller);"
        code, tab, comment = line.partition("\t//")
        told = self.call(code, "ferric_caller")
        return line if told is None else told + tab + comment


def _head_at(head: list[str], name: str) -> list[str]:
    """Return the head of the second form: one parameter more, at the end."""
    told = [head[0].replace(f"{name}(", f"{name}{SUFFIX}(", 1), *head[1:]]
    if f"{SUFFIX}(void)" in told[0]:
        told[0] = told[0].replace("(void)", f"({_PARAMETER})", 1)
        return told
    last = next(at for at, line in enumerate(told) if line.startswith("\t\t)")) - 1
    code, mark, comment = told[last].partition(" //")
    told[last] = f"{code}, {_PARAMETER}{mark}{comment}"
    return told


def _same_layout(name: str) -> str:
    """Return C that asserts that ``core::panic::Location`` is laid out as our own structure is."""
    pairs = (("_1", "line"), ("_2", "column"), ("_0", "file"))
    tests = [
        f"offsetof(struct {name}, {of}) == offsetof(struct ferric_place, {to})" for of, to in pairs
    ]
    tests.append(f"sizeof(struct {name}) == sizeof(struct ferric_place)")
    return f'_Static_assert({" && ".join(tests)}, "the layout of core::panic::Location");'
