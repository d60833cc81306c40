# SPDX-License-Identifier: GPL-2.0-only
"""Where a source has format strings, and the changes that mrustc needs in them.

A format string is what stands at one place among the arguments of a macro: core's, or one defined
in the sources that passes it on to such a macro.  What a macro does with a literal that looks like
one is not always known: then a literal that mrustc would read wrongly is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from pipeline.crate.lexer import Kind, group_end
from pipeline.errors import UserError
from pipeline.transpile.rewrite.edits import Edit, UnfitError
from pipeline.transpile.rewrite.literal import characters, is_raw
from pipeline.transpile.rewrite.macros import Call, arguments, calls
from pipeline.transpile.rewrite.specs import changes, is_misread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from pipeline.crate.lexer import Token
    from pipeline.transpile.rewrite.macros import Arm, Definition

# Which argument of core's and the crate `kernel`'s macros is the format string.
_FIRST: Final = (
    "format_args", "const_format_args", "format_args_nl", "format", "print", "println", "eprint",
    "eprintln", "panic", "todo", "unimplemented", "unreachable", "pr_alert", "pr_cont", "pr_crit",
    "pr_debug", "pr_emerg", "pr_err", "pr_info", "pr_notice", "pr_warn",
)  # fmt: skip
PLACES: Final = {
    **dict.fromkeys(_FIRST, 0),
    **dict.fromkeys(("write", "writeln", "assert", "debug_assert"), 1),
    **dict.fromkeys(("assert_eq", "assert_ne", "debug_assert_eq", "debug_assert_ne"), 2),
}
# A message without arguments was no format string before edition 2021.
_MESSAGES: Final = frozenset({"panic", "unreachable", "assert", "debug_assert"})
_NONE: Final = frozenset(
    {
        "addr_of", "addr_of_mut", "cfg", "column", "compile_error", "concat", "env", "file",
        "include", "include_bytes", "include_str", "line", "macro_rules", "matches", "module",
        "module_path", "offset_of", "option_env", "pin", "stringify", "vec",
    }
)  # fmt: skip
# The fragments that a string literal can be.
_LITERAL: Final = frozenset({"literal", "expr", "tt", "expr_2021", "pat", "pat_param"})
UNKNOWN: Final = -1
NOWHERE: Final = -2


def places(found: Iterable[Definition]) -> Mapping[str, int]:
    """Return of each macro which argument is a format string: core's, and those defined here.

    :data:`NOWHERE` where none is, :data:`UNKNOWN` where that cannot be told.  Which of the two a
    call means, where core has a macro of that name, is not looked for: both have to agree.
    """
    defined: dict[str, list[Arm]] = {}
    for one in found:
        defined.setdefault(one.name, []).extend(one.arms)
    fixed: dict[str, int] = {**PLACES, **dict.fromkeys(_NONE, NOWHERE)}
    while True:
        known = _settled(defined, fixed)
        other = {
            name
            for name in defined.keys() & fixed.keys()
            if fixed[name] != UNKNOWN and _places(defined[name], known) != {fixed[name]} - {NOWHERE}
        }
        if not other:
            return known
        fixed |= dict.fromkeys(other, UNKNOWN)


def _settled(defined: Mapping[str, list[Arm]], fixed: dict[str, int]) -> Mapping[str, int]:
    """Return the places of all macros, where those of some are known."""
    left = {name: arms for name, arms in defined.items() if name not in fixed}
    known = fixed | dict.fromkeys(left, NOWHERE)
    while True:
        before = {name: known[name] for name in left}
        for name, arms in left.items():
            told = _places(arms, known)
            known[name] = NOWHERE if not told else told.pop() if len(told) == 1 else UNKNOWN
        # A macro that calls itself with its arguments in another order has no one place.
        if before == {name: known[name] for name in left}:
            return known
        for name in left:
            if before[name] != NOWHERE and known[name] != before[name]:
                known[name] = UNKNOWN
        left = {name: arms for name, arms in left.items() if known[name] != UNKNOWN}


def _places(arms: Iterable[Arm], known: Mapping[str, int]) -> set[int]:
    return {place for arm in arms for place in _told(arm, known)}


def _told(arm: Arm, known: Mapping[str, int]) -> Iterator[int]:
    """Yield which arguments of a rule become format strings, UNKNOWN among them."""
    wanted = {name for name, kind in arm.variables.items() if kind in _LITERAL}
    formats, others, doubtful = _uses(arm, known)
    places = {}
    for place, (start, end) in enumerate(arguments(arm.matcher, 0, len(arm.matcher))):
        name = _fragment(arm.matcher, start, end)
        if name:
            places[name] = place
    if doubtful & wanted:
        yield UNKNOWN
    for name in sorted(formats & wanted):
        yield UNKNOWN if name in others or name not in places else places[name]


def _uses(arm: Arm, known: Mapping[str, int]) -> tuple[set[str], set[str], set[str]]:
    """Return the variables of a rule that are format strings, that are not, and that may be."""
    body = arm.body
    inside: dict[int, str] = {}
    for call in calls(body):
        if call.name == "concat" and inside.get(call.start) == "format":
            continue
        place = known.get(call.name, UNKNOWN)
        if place == UNKNOWN:
            inside |= dict.fromkeys(range(call.start, call.end), "doubtful")
            continue
        inside |= dict.fromkeys(range(call.start, call.end), "other")
        if (argument := _argument(body, call, place)) is not None:
            start, end = argument
            name = _fragment(body, start, end)
            if name or _is_concat(body, start):
                # Others may stand behind: `$name $(, $value)*`.
                if name == body[start + 1].text:
                    end = start + 2
                elif not name:
                    end = group_end(body, start + 2)
                inside |= dict.fromkeys(range(start, end), "format")
    found: dict[str, set[str]] = {"format": set(), "other": set(), "doubtful": set()}
    for at in range(len(body) - 1):
        if body[at].text == "$" and body[at + 1].kind is Kind.IDENT:
            found[inside.get(at, "other")].add(body[at + 1].text)
    return found["format"], found["other"], found["doubtful"]


def _argument(stream: Sequence[Token], call: Call, place: int) -> tuple[int, int] | None:
    """Return where the format string among a call's arguments is; one `$(…)*` may be them all."""
    if place < 0:
        return None
    parts = arguments(stream, call.start, call.end)
    if place < len(parts):
        return parts[place]
    if len(parts) == 1 and stream[parts[0][0]].text == "$":
        return parts[0]
    return None


def _fragment(stream: Sequence[Token], start: int, end: int) -> str:
    """Return ``name`` of ``$name``, ``$name:kind`` and ``$($name …)*``, nothing before it."""
    texts = [one.text for one in stream[start : min(end, start + 4)]]
    if texts[:1] != ["$"]:
        return ""
    if texts[1:2] == ["("]:
        return texts[3] if texts[2:3] == ["$"] and len(texts) > 3 else ""
    whole = end - start == 2 or texts[2:3] in ([":"], ["$"])
    return texts[1] if len(texts) > 1 and whole else ""


def _is_concat(stream: Sequence[Token], start: int) -> bool:
    return [one.text for one in stream[start : start + 2]] == ["concat", "!"]


@dataclass(frozen=True)
class Known:
    """What the macros of a crate, and of those it is built on, do with format strings.

    ``places`` says which argument is one; ``own`` are the macros defined there, ``giving`` those of
    them that have a string which mrustc would read wrongly as one.
    """

    places: Mapping[str, int]
    own: AbstractSet[str]
    giving: AbstractSet[str]

    @staticmethod
    def of(found: Sequence[Definition]) -> Known:
        """Read the definitions."""
        return Known(
            places(found),
            {one.name for one in found},
            {one.name for one in found for arm in one.arms if any(map(_is_misread, arm.body))},
        )


def _is_misread(token: Token) -> bool:
    if token.kind is not Kind.STRING or token.text[0] not in '"r':
        return False
    spelled = characters(token.text, 0, len(token.text))
    return is_misread("".join(one.value for one in spelled))


class Formats:
    """The format strings of one file."""

    def __init__(
        self, source: str, stream: Sequence[Token], path: Path, known: Known, *, edition: str
    ) -> None:
        """Take a file's text and words; ``known`` says where macros have their format strings."""
        self.source = source
        self.stream = stream
        self.path = path
        self.known = known
        self.edition = edition

    def edits(self) -> Iterator[Edit]:
        """Yield what is to be changed; :class:`~pipeline.errors.UserError` where nothing helps."""
        found = calls(self.stream)
        for call in found:
            place = self.known.places.get(call.name, UNKNOWN)
            if place == UNKNOWN:
                self._refuse_doubtful(call, found)
            elif (argument := _argument(self.stream, call, place)) is not None:
                old = self.edition < "2021" and call.name in _MESSAGES
                if not (old and argument[1] + 1 >= call.end):
                    direct = call.name in PLACES and call.name not in self.known.own
                    yield from self._format(*argument, direct=direct)
                    self._refuse_missed(call, argument)

    def _format(self, start: int, end: int, *, direct: bool) -> Iterator[Edit]:
        if self._is_string(start):
            yield from self._literal(self.stream[start], numbered=direct)
        elif _is_concat(self.stream, start):
            yield from self._concat(start, group_end(self.stream, start + 2))
        else:
            self._refuse_giving(start, end)

    def _concat(self, start: int, end: int) -> Iterator[Edit]:
        """Change the strings of ``concat!``; a placeholder over two of them is refused."""
        strings = [at for at in range(start + 3, end - 1) if self._is_string(at)]
        for at in strings:
            yield from self._literal(self.stream[at], numbered=False)
        self._refuse_giving(start + 3, end - 1)

    def _refuse_missed(self, call: Call, argument: tuple[int, int]) -> None:
        """Refuse a call whose format string may be another argument than it should."""
        start, end = argument
        if self._is_string(start) or self.stream[start].text in ("$", "concat"):
            return
        for begin, _end in arguments(self.stream, end + 1, call.end):
            if self._is_string(begin) and self._is_misread(begin):
                self._refuse(self.stream[begin], f"{call.name}! may take this for one")

    def _is_misread(self, at: int) -> bool:
        spelled = characters(self.source, self.stream[at].start, self.stream[at].end)
        return is_misread("".join(one.value for one in spelled))

    def _refuse_giving(self, start: int, end: int) -> None:
        """Refuse a macro's call in place of a literal, where the macro has what is misread."""
        for at in range(start, end - 1):
            name = self.stream[at].text
            if self.stream[at + 1].text == "!" and name in self.known.giving:
                self._refuse(self.stream[at], f"the one that {name}! gives")

    def _is_string(self, at: int) -> bool:
        token = self.stream[at]
        return token.kind is Kind.STRING and self.source[token.start] in '"r'

    def _literal(self, token: Token, *, numbered: bool) -> Iterator[Edit]:
        spelled = characters(self.source, token.start, token.end)
        text = "".join(one.value for one in spelled)
        try:
            found = changes(text, numbered=numbered)
        except UnfitError as error:
            self._refuse(token, str(error))
        for one in found:
            start, end = spelled[one.start].start, spelled[one.end].start
            if "\n" in self.source[start:end]:
                self._refuse(token, "a placeholder goes over several lines")
            yield Edit(start, end, self._escaped(one.text, token))

    def _escaped(self, text: str, token: Token) -> str:
        if is_raw(self.source, token.start):
            return text
        return text.replace("\\", "\\\\").replace('"', '\\"')

    def _refuse_doubtful(self, call: Call, found: Sequence[Call]) -> None:
        """Refuse what looks like a format string that mrustc misreads, in a macro nobody knows."""
        inner = [
            one for one in found if call.start <= one.start and one.end <= call.end and one != call
        ]
        for at in range(call.start, call.end):
            inside = any(one.start <= at < one.end for one in inner)
            if self._is_string(at) and not inside and self._is_misread(at):
                self._refuse(
                    self.stream[at],
                    f"{call.name}! may take this for a format string, and mrustc reads it "
                    "otherwise than rustc",
                )

    def _refuse(self, token: Token, why: str) -> NoReturn:
        raise UserError(
            f"a format string that mrustc gets wrong: {why}",
            where=f"{self.path}:{token.line}",
            mend="format the value first, with format_args!, and give that to the macro; or build "
            "with transpiler=rustc",
        )
