# SPDX-License-Identifier: GPL-2.0-only
"""What the sources say beside rustc's MIR: whose destructor can be seen, and what stands where."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.check.places import (
    OTHER,
    declared,
    is_lazy,
    is_operand,
    item_end,
    lazy_before,
    level,
    macro_bodies,
    opening,
    owned,
    spelled,
    statement_begin,
    types,
)
from pipeline.crate.lexer import OPEN, Kind, Token, group_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipeline.check.mir import Span

_MEMORY = frozenset(
    {"KBox", "KVec", "Box", "Vec", "String", "Rc", "Arc", "Weak", "VecDeque", "BTreeMap"}
    | {"BTreeSet", "LinkedList", "BinaryHeap", "CString", "Drain"}
)
"""Types whose destructor gives back memory, and drops what is in them."""
_PLAIN = _MEMORY | frozenset(
    {"Option", "Some", "None", "Result", "Ok", "Err", "Cow", "Cell", "ControlFlow", "Break", "self"}
    | {"Continue", "Ordering", "Range", "RangeInclusive", "Reverse", "Wrapping", "PhantomData"}
    | {"Infallible", "Global", "IntoIter", "Fn", "FnMut", "FnOnce", "NonNull", "Unique", "Self"}
    | {"u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"}
    | {"bool", "char", "str", "f32", "f64", "mut", "const", "ref", "pub", "where", "static", "fn"}
    | {"std", "alloc", "core", "boxed", "vec", "string", "rc", "sync", "collections", "option"}
    | {
        "result",
        "borrow",
        "crate",
        "super",
        "array",
        "iter",
        "slice",
        "marker",
        "cmp",
        "num",
        "ops",
    }
    | {"convert", "ptr", "for", "unsafe", "extern", "cell", "fmt", "Arguments", "Formatter"}
    | {
        "as",
        "Error",
        "Layout",
        "Duration",
        "Path",
        "Iter",
        "IterMut",
        "Chars",
        "Bytes",
        "Utf8Error",
    }
)
"""Names in types that have no destructor of their own."""
_LIBRARY = frozenset({"Ref", "RefMut"})
"""Types of core whose destructor can be seen: they end a borrow at run time."""
_KINDS = frozenset({"struct", "enum", "union"})
_PATH = re.compile(r"[*(]*[\w:.]+\)*")
_GENERIC = _KINDS | {"fn", "trait", "type"}


class Visible:
    """The sources of the crates of a build, by the paths that rustc gives them.

    ``edition`` is that of the crate which is looked at.
    """

    def __init__(self, texts: Mapping[Path, str], edition: str = "2024") -> None:
        self._old_tails = edition < "2024"
        self._texts = {os.path.normpath(path): text for path, text in texts.items()}
        self._streams: dict[str, list[Token]] = {}
        self._verdicts: dict[tuple[str, bool], bool | None] = {}
        self._lines: dict[str, list[int]] = {}

    @cached_property
    def _defined(self) -> dict[str, frozenset[str]]:
        """The names in the definition of each type of these crates."""
        found: dict[str, frozenset[str]] = {}
        for file in self._texts:
            stream = self._stream(file)
            for at, token in enumerate(stream[:-2]):
                if token.text in _KINDS and stream[at + 1].kind is Kind.IDENT:
                    inside = stream[at + 2 : item_end(stream, at + 2)]
                    old = found.get(stream[at + 1].text, frozenset())
                    found[stream[at + 1].text] = old | types(inside)
        return found

    @cached_property
    def _destructors(self) -> frozenset[str]:
        """The names of types with an ``impl Drop`` of their own."""
        found: set[str] = set()
        for file in self._texts:
            stream = self._stream(file)
            for at, token in enumerate(stream[:-2]):
                if token.text == "Drop" and stream[at + 1].text == "for":
                    found.add(next(one.text for one in stream[at + 2 :] if one.kind is not OTHER))
        return frozenset(found)

    @property
    def _hidden(self) -> bool:
        """Say whether a macro makes types with destructors, whose names are not to be found."""
        return "$" in self._destructors

    @cached_property
    def _parameters(self) -> frozenset[str]:
        """The names of type parameters, and ``impl``, which is one without a name."""
        found = {"impl"}
        for file in self._texts:
            stream = self._stream(file)
            for at, token in enumerate(stream[:-2]):
                named = stream[at - 2].text in _GENERIC if at > 1 else False
                if token.text[:1] == "<" and (named or stream[at - 1].text == "impl"):
                    found |= declared(stream, at)
        return frozenset(found)

    @cached_property
    def _const_fns(self) -> frozenset[str]:
        found: set[str] = set()
        for file in self._texts:
            stream = self._stream(file)
            for at, token in enumerate(stream[:-2]):
                if token.text == "const" and stream[at + 1].text in ("fn", "unsafe"):
                    found.add(stream[at + 2].text)
        return frozenset(found)

    def is_const_fn(self, path: str) -> bool:
        """Say whether a function of that last name is declared ``const`` in these crates."""
        return path.rpartition("::")[2] in self._const_fns

    def destructor(self, type_name: str, *, memory: bool) -> bool | None:
        """Say whether a type's destructor may do more than give back memory, or with it that, too.

        None where that hangs on a type parameter (or on a type that a macro may have made).
        """
        key = (type_name, memory)
        if key not in self._verdicts:
            self._verdicts[key] = self._destructor(type_name, memory=memory)
        return self._verdicts[key]

    def _destructor(self, type_name: str, *, memory: bool) -> bool | None:
        seen: set[str] = set()
        todo = set(owned(spelled(type_name)))
        own = self._destructors - _MEMORY
        wanted = own | _LIBRARY | (_MEMORY if memory else frozenset())
        unknown = False
        while todo:
            name = todo.pop()
            plain = name in _PLAIN and name not in wanted and name not in self._defined
            if name in seen or plain:
                continue
            seen.add(name)
            if name in wanted or (name == "dyn" and (own or memory)):
                return True
            unknown |= name in self._parameters or (self._hidden and name not in self._defined)
            todo |= self._defined.get(name, frozenset())
        return None if unknown else False

    def text(self, span: Span | None) -> str:
        """Return the text of a piece of source, empty where the file is none of these crates."""
        place = self._range(span) if span else None
        return self._of(span)[place[0] : place[1]] if span and place else ""

    def holds(self, span: Span | None) -> bool:
        """Say whether a piece of source is in one of these files."""
        return span is not None and os.path.normpath(span.file) in self._texts

    def unmade(self, span: Span) -> bool:
        """Say whether a value is discarded that mrustc does not make.

        That is ``name;``, ``*place;`` and ``[value; 0]``.  ``{name};`` moves it, ``value();`` makes
        it.
        """
        place = self._range(span)
        after = self._of(span)[place[1] :].split(maxsplit=1)[:1] if place else []
        zero = "".join(self._of(span)[place[1] : place[1] + 8].split()) if place else ""
        named = _PATH.fullmatch(self.text(span)) is not None
        return (named and bool(after) and after[0][:1] == ";") or zero.startswith(";0]")

    def before_lazy(self, span: Span) -> bool:
        """Say whether an expression is in the first operand of ``&&`` or ``||``.

        In a later one its temporaries end with it, in mrustc, too.
        """
        if self._lazy_macros and self._in_macro(span):
            return True
        for stream, begin in self._outward(span):
            before = lazy_before(stream, begin)
            for at in level(stream, begin):
                if is_lazy(stream[at]) and is_operand(stream[at - 1]):
                    if before not in ("&&", stream[at].text[:2]):
                        return True
                    break
                after = group_end(stream, at) if stream[at].text == "{" else 0
                if after and (after >= len(stream) or not is_lazy(stream[after])):
                    break
        return False

    def in_let_else(self, span: Span) -> bool:
        """Say whether an expression is in the value of a ``let … else``."""
        if self._else_macros and self._in_macro(span):
            return True
        for stream, start in self._outward(span):
            begin = statement_begin(stream, start)
            for at in level(stream, start):
                if stream[at].text == "else" and stream[at - 1].text != "}":
                    return any(one.text == "let" for one in stream[begin:at])
        return False

    def in_if_let(self, span: Span | None) -> bool:
        """Say whether a binding is in the pattern of an ``if let`` or a ``while let``."""
        place = self._range(span) if span else None
        if span is None or place is None:
            return False
        stream = self._stream(os.path.normpath(span.file))
        at = next((i for i, one in enumerate(stream) if one.start >= place[0]), len(stream))
        while at and stream[at - 1].text not in (";", "=>", "let"):
            at -= 1
        return at > 1 and stream[at - 1].text == "let" and stream[at - 2].text in ("if", "while")

    def in_block_operand(self, span: Span) -> bool:
        """Say whether an expression is the last of a block that is an operand (edition 2021)."""
        if not self._old_tails:
            return False
        stream, at = (self._outward(span) or [([], 0)])[-1]
        while at < len(stream) and stream[at].text not in (";", "}"):
            at = group_end(stream, at) if stream[at].text in OPEN else at + 1
        if at + 1 >= len(stream) or stream[at].text == ";" or stream[at + 1].text in (";", "}"):
            return False
        begin = statement_begin(stream, at, stop=("{",)) - 1
        begin -= stream[begin - 1].text == "unsafe"
        return begin > 0 and not is_operand(stream[begin - 1]) and stream[begin - 1].text != "=>"

    @cached_property
    def _macros(self) -> dict[str, Sequence[Token]]:
        """The rules of these crates' macros."""
        streams = (self._stream(file) for file in self._texts)
        return {name: rules for stream in streams for name, rules in macro_bodies(stream)}

    @cached_property
    def _lazy_macros(self) -> bool:
        """Say whether a macro may put what it is given into ``&&`` or ``||``."""
        return any(
            is_lazy(rules[at]) and is_operand(rules[at - 1])
            for rules in self._macros.values()
            for at in range(1, len(rules))
        )

    @cached_property
    def _else_macros(self) -> bool:
        """Say whether a macro may put what it is given into a ``let … else``."""
        return any(
            rules[at].text == "else" and rules[at - 1].text != "}"
            for rules in self._macros.values()
            for at in range(1, len(rules))
        )

    def _in_macro(self, span: Span) -> bool:
        """Say whether a piece of source is given to a macro of these crates."""
        place = self._range(span)
        if place is None:
            return False
        stream = self._stream(os.path.normpath(span.file))
        found = next((i for i, one in enumerate(stream) if one.start >= place[0]), len(stream))
        at = opening(stream, found)
        while at is not None:
            if at > 1 and stream[at - 1].text == "!" and stream[at - 2].text in self._macros:
                return True
            at = opening(stream, at)
        return False

    def _outward(self, span: Span) -> list[tuple[list[Token], int]]:
        """Return where scanning goes on: behind the expression, and behind each parenthesis."""
        place = self._range(span)
        if place is None:
            return []
        stream = self._stream(os.path.normpath(span.file))
        at = next((i for i, one in enumerate(stream) if one.start >= place[1]), len(stream))
        places = [(stream, at)]
        while at < len(stream):
            text = stream[at].text
            if text in OPEN:
                at = group_end(stream, at)
                continue
            if text == "}":
                break
            if text in (")", "]"):
                places.append((stream, at + 1))
            if text == ";":
                break
            at += 1
        return places

    def _stream(self, file: str) -> list[Token]:
        if file not in self._streams:
            self._streams[file] = spelled(self._texts[file])
        return self._streams[file]

    def _range(self, span: Span) -> tuple[int, int] | None:
        """Return the indices of a span's first and last character."""
        if not self.holds(span):
            return None
        starts = self._starts(span)
        if span.end_line > len(starts):
            return None
        return (starts[span.line - 1] + span.column - 1,
                starts[span.end_line - 1] + span.end_column - 1)  # fmt: skip

    def _of(self, span: Span) -> str:
        return self._texts[os.path.normpath(span.file)]

    def _starts(self, span: Span) -> list[int]:
        """Return where each line of a file begins."""
        file = os.path.normpath(span.file)
        if file not in self._lines:
            ends = (index + 1 for index, char in enumerate(self._texts[file]) if char == "\n")
            self._lines[file] = [0, *ends]
        return self._lines[file]
