# SPDX-License-Identifier: GPL-2.0-only
"""Where a crate defines constants and statics, and what asks rustc for their bytes.

rustc prints the memory of a static that a function names.  So behind each definition stands, in a
copy of the crate, a function that names it; a constant is first made a static, of the same type.
What a macro writes, and what depends on type parameters, is not asked for.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from pipeline.crate.lexer import OPEN, Kind, group_end
from pipeline.hazards.words import words
from pipeline.transpile.rewrite.edits import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.crate.lexer import Token

VERSION: Final = 3
"""Part of the cache's keys: to be raised with every change of what is compared."""
PROBE: Final = "__ferric_probe_"
_HOLDER: Final = "__FerricHolder"
ROOT: Final = (
    f"\n#[doc(hidden)] #[repr(transparent)] pub struct {_HOLDER}<T>(pub T);"
    f" unsafe impl<T> Sync for {_HOLDER}<T> {{}}\n"
)
"""What the probes need in the crate's root file, behind everything else."""
_STATIC: Final = (
    " {cfgs}#[doc(hidden)] pub fn {probe}{number}() -> *const () "
    "{{ &raw const {path} as *const () }}"
)
_CONSTANT: Final = (
    " {cfgs}static __FERRIC_VALUE_{number}: crate::{holder}<{type}> = crate::{holder}({path});"
) + _STATIC.replace("{path}", "__FERRIC_VALUE_{number}")
# What an item may stand behind, beside its attributes and its visibility.
_BEFORE: Final = frozenset({";", "{", "}", "]"})
_VISIBLE: Final = frozenset({"pub", "default", "unsafe"})
_DEFINING: Final = ("const", "static")
_MAX_PROBES: Final = 2000
_CFG = re.compile(r"#\s*\[\s*cfg\s*\(")


@dataclass(frozen=True)
class Probe:
    """A definition that rustc is asked for: its name, its type as the source has it, its place.

    ``line`` is where the definition stands, ``edit`` what is to be written into the copy, on
    ``line_of_edit``.  ``owner`` is the type of an ``impl``'s item, with its trait: ``<S as T>``.
    """

    number: int
    name: str
    type: str
    path: Path
    line: int
    edit: Edit
    line_of_edit: int
    owner: str = ""


class _Impl(NamedTuple):
    """An ``impl`` without parameters: its type, how its items are named, where it ends."""

    type: str
    owner: str
    end: int
    cfgs: str


@dataclass(frozen=True)
class _Scope:
    """What stands in braces: where they end, and whether constants in them can be asked for."""

    end: int
    asked: bool = True
    impl: _Impl | None = None


def probes(texts: dict[Path, str]) -> list[Probe]:
    """Return what to ask rustc for; a name is left out if one of its definitions cannot be asked.

    :class:`~pipeline.errors.UserError` where a text is no Rust.
    """
    found: list[Probe] = []
    defined: Counter[str] = Counter()
    doubtful: set[str] = set()
    for path, text in texts.items():
        stream = words(text, path)
        defined.update(_names(stream))
        doubtful |= _written(stream)
        found += _Scan(text, stream, path, len(found)).run()
    asked = Counter(one.name for one in found)
    whole = [one for one in found if asked[one.name] == defined[one.name]]
    return [one for one in whole if one.name not in doubtful][:_MAX_PROBES]


def _names(stream: Sequence[Token]) -> Iterator[str]:
    """Yield the name of everything that may be a constant or a static with a value."""
    for at, token in enumerate(stream[:-2]):
        if token.text in _DEFINING:
            name = stream[at + 1 + (stream[at + 1].text == "mut")]
            end = at
            while end < len(stream) and stream[end].text not in ("=", ";"):
                end = group_end(stream, end) if stream[end].text in OPEN else end + 1
            valued = end < len(stream) and stream[end].text == "="
            if valued and name.kind in (Kind.IDENT, Kind.RAW):
                yield name.text.removeprefix("r#")


def _written(stream: Sequence[Token]) -> set[str]:
    """Return every name in the file, if a macro in it defines constants whose names it gets."""
    for at, token in enumerate(stream[:-2]):
        if token.text in _DEFINING and "$" in (stream[at + 1].text, stream[at + 2].text):
            return {one.text for one in stream if one.kind is Kind.IDENT}
    return set()


class _Scan:
    """One pass over a file's words."""

    def __init__(self, text: str, stream: Sequence[Token], path: Path, first: int) -> None:
        self.text, self.stream, self.path = text, stream, path
        self.number = first
        self.attributes: dict[int, int] = {}
        self.scopes = [_Scope(len(stream))]

    def run(self) -> Iterator[Probe]:
        """Yield the probes in the order of the source."""
        at = 0
        while at < len(self.stream):
            while at >= self.scopes[-1].end and len(self.scopes) > 1:
                self.scopes.pop()
            at, probe = self._step(at)
            if probe is not None:
                self.number += 1
                yield probe

    def _step(self, at: int) -> tuple[int, Probe | None]:
        """Return where to go on, and the probe of the definition that stands here."""
        text = self.stream[at].text
        if text == "#" and (end := self._attribute(at)):
            return end, None
        if (macro := self._macro(at)) is not None:
            return macro, None
        if text == "{":
            self.scopes.append(_Scope(group_end(self.stream, at)))
        elif text in ("impl", "trait", "extern") and self._is_item(at):
            return self._block(at), None
        elif text in _DEFINING and self._is_item(at):
            return self._definition(at)
        return at + 1, None

    def _attribute(self, at: int) -> int:
        start = at + 1 + (self._text(at + 1) == "!")
        if self._text(start) != "[":
            return 0
        end = group_end(self.stream, start)
        self.attributes[end] = at
        return end

    def _macro(self, at: int) -> int | None:
        if self.stream[at].kind is not Kind.IDENT or self._text(at + 1) != "!":
            return None
        start = at + 2
        if self._text(start) not in OPEN and self._text(start + 1) in OPEN:
            start += 1
        return group_end(self.stream, start) if self._text(start) in OPEN else None

    def _block(self, at: int) -> int:
        """Open the braces of an ``impl``, a ``trait`` or an ``extern``; return what is in them."""
        begin = at
        while self._text(begin) not in ("{", ";", "fn", "crate", ""):
            opens = self._text(begin) in OPEN
            begin = group_end(self.stream, begin) if opens else begin + 1
        if self._text(begin) != "{":
            return at + 1
        end = group_end(self.stream, begin)
        impl = self._impl(at, begin, end) if self.stream[at].text == "impl" else None
        self.scopes.append(_Scope(end, impl is not None, impl))
        return begin + 1

    def _impl(self, at: int, begin: int, end: int) -> _Impl | None:
        head = self.stream[at + 1 : begin]
        cfgs = self._cfgs(at)
        texts = [one.text for one in head]
        if not head or texts[0] == "<" or "where" in texts or cfgs is None:
            return None
        middle = texts.index("for") if "for" in texts else -1
        of = self._source(head[middle + 1 :])
        trait = f" as {self._source(head[:middle])}" if middle > 0 else ""
        return _Impl(of, f"<{of}{trait}>", end, cfgs)

    def _definition(self, at: int) -> tuple[int, Probe | None]:
        name = at + 1 + (self._text(at + 1) == "mut")
        if self._text(name + 1) != ":" or self.stream[name].kind is Kind.OTHER:
            return at + 1, None
        equals = self._equals(name + 2)
        end = equals
        while self._text(end) not in (";", ""):
            end = group_end(self.stream, end) if self._text(end) in OPEN else end + 1
        cfgs, scope = self._cfgs(at), self.scopes[-1]
        label = self.stream[name].text
        kind = self._type(self.stream[name + 2 : equals], scope.impl)
        unfit = label == "_" or cfgs is None or not scope.asked or not kind
        if unfit or self._text(equals) != "=" or self._text(end) != ";":
            return equals, None
        return equals, self._probe(at, label, kind, end, cfgs or "")

    def _probe(self, at: int, label: str, kind: str, end: int, cfgs: str) -> Probe:
        impl, path = self.scopes[-1].impl, label
        if impl is not None:
            end = impl.end - 1
            path, cfgs = f"{impl.owner}::{label}", impl.cfgs + cfgs
        form = _STATIC if self.stream[at].text == "static" else _CONSTANT
        text = form.format(
            cfgs=cfgs, number=self.number, probe=PROBE, holder=_HOLDER, type=kind, path=path
        )
        last, name = self.stream[end], label.removeprefix("r#")
        return Probe(
            self.number, name, kind, self.path, self.stream[at].line,
            Edit(last.end, last.end, text), last.line, impl.owner if impl else "",
        )  # fmt: skip

    def _equals(self, at: int) -> int:
        """Return where a type that begins here ends: at the ``=`` outside of its brackets."""
        depth = 0
        while at < len(self.stream):
            text = self.stream[at].text
            if depth <= 0 and text in ("=", ";", ",", "{", "}"):
                break
            if text in OPEN:
                at = group_end(self.stream, at)
                continue
            depth += (text == "<") - (text == ">" and self._text(at - 1) != "-")
            at += 1
        return at

    def _type(self, stream: Sequence[Token], impl: _Impl | None) -> str:
        """Return a type as it is written outside of its ``impl``; empty where it is not known."""
        texts = [one.text for one in stream]
        if not stream or {"_", "impl", "$"} & set(texts):
            return ""
        text = self._source(stream)
        if impl is None:
            return text
        return re.sub(r"\bSelf\b", impl.type, re.sub(r"\bSelf(?= ?::)", f"<{impl.type}>", text))

    def _is_item(self, at: int) -> bool:
        """Say whether the word here begins an item, or stands behind one's visibility."""
        before = self._start(at) - 1
        return before < 0 or self.stream[before].text in _BEFORE or before + 1 in self.attributes

    def _start(self, at: int) -> int:
        """Return where an item begins, its attributes not counted."""
        while at and self.stream[at - 1].text in _VISIBLE:
            at -= 1
        if at > 1 and self.stream[at - 1].text == ")":
            begin = at - 1
            while begin and self.stream[begin].text != "(":
                begin -= 1
            if begin and self.stream[begin - 1].text == "pub":
                return begin - 1
        return at

    def _cfgs(self, at: int) -> str | None:
        """Return the conditions of an item, as attributes; None for what has others than those."""
        at, found = self._start(at), ""
        while at in self.attributes:
            text = self._source(self.stream[self.attributes[at] : at])
            if "cfg_attr" in text or "thread_local" in text:
                return None
            found = f"{text} {found}" if _CFG.match(text) else found
            at = self.attributes[at]
        return found

    def _source(self, stream: Sequence[Token]) -> str:
        """Return the text of some words on one line, without comments."""
        parts: list[str] = []
        end = -1
        for one in stream:
            parts += [" "] if one.start != end else []
            parts.append(self.text[one.start : one.end])
            end = one.end
        return "".join(parts).strip()

    def _text(self, at: int) -> str:
        return self.stream[at].text if 0 <= at < len(self.stream) else ""
