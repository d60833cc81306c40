# SPDX-License-Identifier: GPL-2.0-only
"""What the source of a crate says of its constants: where they are, whether byte order matters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from pipeline.crate.graph import order
from pipeline.crate.lexer import OPEN, Kind, group_end, tokens
from pipeline.crate.sources import sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token
    from pipeline.crate.model import Crate

# What can give a constant another value on a machine of the other byte order, inside a constant
# expression and anywhere.
_DEPENDS: Final = frozenset(
    {f"{verb}_{end}{what}" for verb in ("to", "from") for end in ("be", "le", "ne")
     for what in ("", "_bytes")}
    | {"transmute", "transmute_copy", "transmute_unchecked", "cast", "align_to"}
)  # fmt: skip
_DEPENDS_ANYWHERE: Final = frozenset({"target_endian", "union"})
# What mrustc 0.12 gets wrong in a constant where the target's byte order is not its own: floating
# point, `char`, the value that a `match` looks at, rotated small numbers.
_FAULTY: Final = frozenset({"match", "matches", "rotate_left", "rotate_right"})
_FLOAT = re.compile(r"\d[\d_]*e|\d[\d_]*f(32|64)$")
_INTEGER = re.compile(r"\((?:C,)?[ui](?:8|16|32|64|128|size)\b.*", re.DOTALL)
_ATTRIBUTES: Final = 60  # words between a repr and the enum that has it
_QUALIFIERS: Final = frozenset({"fn", "unsafe", "extern", "async"})
_ITEM = re.compile(r"([^\W\d]\w*)\W*$")


class _Word(NamedTuple):
    """A token with its text, and whether it stands in a constant expression."""

    path: Path
    line: int
    text: str
    constant: bool


@dataclass(frozen=True)
class Sources:
    """The Rust files of a crate, and of those that its constants may come from."""

    files: tuple[Path, ...]

    @staticmethod
    def of(crate: Crate) -> Sources:
        """Return the sources of a crate and of its path dependencies."""
        found = {file for each in order(crate) for file in sources(each).files}
        return Sources(tuple(sorted(f for f in found if f.suffix == ".rs" and f.is_file())))

    @cached_property
    def _words(self) -> tuple[_Word, ...]:
        return tuple(word for path in self.files for word in _words(path))

    @cached_property
    def depends(self) -> str:
        """The first place, with the word, where a constant may ask for byte order; else empty."""
        before = ""
        for word in self._words:
            asked = word.constant and (
                word.text in _DEPENDS or (before == "as" and word.text.startswith("*"))
            )
            if asked or word.text in _DEPENDS_ANYWHERE:
                return f"{word.path}:{word.line}: {word.text}"
            before = word.text
        return ""

    @cached_property
    def faulty(self) -> bool:
        """Whether anything is there that mrustc may get wrong in a constant for its byte order."""
        for word in self._words:
            text = word.text
            if text == "char" or (word.constant and text in _FAULTY):
                return True
            if len(text) > 1 and text[0] == text[-1] == "'":
                return True
        return self.floats

    @cached_property
    def discriminants(self) -> bool:
        """Whether an enum with data may have tags that are not the numbers of its variants.

        Such an enum has a ``repr`` of an integer (Reference, "Custom discriminant values").
        """
        texts = [word.text for word in self._words]
        return any(
            text == "repr"
            and _INTEGER.fullmatch("".join(texts[at + 1 : at + 6]))
            and _numbered_by_hand(texts, at)
            for at, text in enumerate(texts)
        )

    @cached_property
    def floats(self) -> bool:
        """Whether floating point is named or written anywhere."""
        texts = ["", *(word.text for word in self._words), "", ""]
        for at, text in enumerate(texts[1:-2], 1):
            if text in ("f32", "f64"):
                return True
            if text[:1].isdigit() and (
                _FLOAT.match(text) or _has_point(texts[at - 1], texts[at + 1], texts[at + 2])
            ):
                return True
        return False

    def place(self, path: str) -> str:
        """Return ``file:line`` of the constant or function of a Rust path; empty if not found."""
        match = _ITEM.search(re.sub(r"<.*|/\*.*?\*/", "", path) or path)
        if match is None:
            return ""
        previous: list[str] = []
        for word in self._words:
            if word.text == match[1] and {"static", "const", "fn"} & set(previous):
                return f"{word.path}:{word.line}"
            previous = [*previous[-1:], word.text]
        return ""


def _numbered_by_hand(texts: Sequence[str], at: int) -> bool:
    """Say whether the enum behind an attribute has variants with data, and numbers of its own."""
    if "enum" not in texts[at : at + _ATTRIBUTES]:
        return "$" in texts[at : at + _ATTRIBUTES]
    begin = texts.index("{", texts.index("enum", at))
    depth, body = 0, []
    for text in texts[begin:]:
        depth += (text == "{") - (text == "}")
        if depth == 0:
            break
        body.append(text)
    return "$" in "".join(body) or ("=" in body and bool({"(", "{"} & set(body[1:])))


def _has_point(before: str, point: str, after: str) -> bool:
    """Say whether a number is one like ``1.5`` or ``1.``, not like ``x.0.1`` or ``1.max(2)``."""
    return point == "." and before != "." and not (after[:1].isalpha() or after[:1] == "_")


def _words(path: Path) -> Iterator[_Word]:
    """Yield the tokens of a file.

    :class:`~pipeline.errors.UserError` where the text is no Rust.
    """
    text = path.read_text(encoding="utf-8")
    stream = [one._replace(text=text[one.start : one.end]) for one in tokens(text, path)]
    inside = 0
    for at, token in enumerate(stream):
        inside = max(inside, _constant_end(stream, at))
        yield _Word(path, token.line, token.text, at < inside)


def _constant_end(stream: Sequence[Token], at: int) -> int:
    """Return the index behind the constant expression that begins at ``at``; 0 for none.

    What a macro writes may be one.
    """
    token = stream[at]
    following = stream[at + 1].text if at + 1 < len(stream) else ""
    if token.kind is not Kind.IDENT or token.text not in ("const", "static", "macro_rules"):
        return 0
    if at and stream[at - 1].text.endswith("*"):  # `*const T`
        return 0
    if following == "{":
        return group_end(stream, at + 1)
    last = "}" if token.text == "macro_rules" or following in _QUALIFIERS else ";"
    return _end(stream, at, last)


def _end(stream: Sequence[Token], at: int, last: str) -> int:
    """Return the index behind the next ``;`` outside groups, or behind the next braces."""
    while at < len(stream) and stream[at].text != ";":
        group = OPEN.get(stream[at].text)
        at = group_end(stream, at) if group else at + 1
        if group == "}" and last == "}":
            break
    return at
