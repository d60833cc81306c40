# SPDX-License-Identifier: GPL-2.0-only
"""The statics and functions of a Rust file whose attributes say something about their symbol.

What a macro writes is not seen: neither the body of a ``macro_rules!`` nor the arguments of a call
are items yet.  Conditions are not decided but carried along, for mrustc to decide.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from pipeline.crate.lexer import OPEN, Kind, Token, group_end, split_arguments, tokens
from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

INTERESTING = frozenset(
    {
        "no_mangle",
        "export_name",
        "global_allocator",
        "link_section",
        "inline",
        "used",
        "thread_local",
        "target_feature",
        "naked",
    }
)
MAX_CONDITIONS = 16
"""``cfg_attr`` inside ``cfg_attr``: nobody writes more than one or two."""

# What may stand between an item's attributes and the keyword that says what it is.
_QUALIFIERS = frozenset({"pub", "const", "async", "unsafe", "safe", "extern", "default"})
# Before `!(…)` these are no macro's name.
_OPERATORS = frozenset({"if", "while", "match", "return", "in", "break", "else", "as", "mut"})


class ItemKind(Enum):
    """What an :class:`Item` is."""

    STATIC = "static"
    FUNCTION = "fn"


@dataclass(frozen=True)
class Meta:
    """One thing that an item's attributes say: ``no_mangle``, ``export_name = "…"``.

    ``start`` and ``end`` are its place in the source, ``unsafe(…)`` around it counted;
    ``conditions`` the predicates of the ``cfg_attr`` around it, the outermost first; ``value``
    the string after ``=``, None where there is none; ``wrapped`` says that it is ``unsafe(…)``.
    """

    name: str
    value: str | None
    start: int
    end: int
    conditions: tuple[str, ...]
    wrapped: bool

    @property
    def cfgs(self) -> str:
        """Return the attributes that give another item the conditions of this meta."""
        return "".join(f"#[cfg({predicate})] " for predicate in self.conditions)


@dataclass(frozen=True)
class Item:
    """A static or a function: ``start`` and ``end`` are indices into the source.

    ``end`` is after a static's ``;`` and after a function's name.  ``name`` is without ``r#``,
    ``path`` as the source spells it.  ``cfgs`` are the conditions that the item stands under, as
    attributes to be copied; ``associated`` says that it stands in an ``impl`` or a ``trait``.
    """

    kind: ItemKind
    name: str
    path: str
    line: int
    start: int
    end: int
    metas: tuple[Meta, ...]
    cfgs: str
    associated: bool

    def named(self, name: str) -> list[Meta]:
        """Return the metas of this name."""
        return [meta for meta in self.metas if meta.name == name]


def items(source: str, path: Path) -> list[Item]:
    """Return the definitions in ``source`` that have an attribute of :data:`INTERESTING`.

    ``path`` is only for errors.  Raises :class:`UserError` with ``file:line`` where the source is
    no Rust.  Takes time in proportion to the length.
    """
    return list(_Scan(source, path).run())


@dataclass
class _Scope:
    """An open delimiter: what kind of item it belongs to, and what the next ``{`` will be."""

    kind: str = ""
    opening: str = ""


@dataclass
class _Attributes:
    """The attributes seen before an item, not yet given to it."""

    start: int = -1
    metas: list[Meta] = field(default_factory=list)
    cfgs: str = ""


class _Scan:
    """One pass over one file's tokens."""

    def __init__(self, source: str, path: Path) -> None:
        self._source = source
        self._path = path
        self._stream = tokens(source, path)
        self._scopes = [_Scope()]
        self._attributes = _Attributes()

    def run(self) -> Iterator[Item]:
        """Yield the items in the order of the source."""
        index = 0
        while index < len(self._stream):
            index, item = self._step(index)
            if item is not None and item.metas and self._scopes[-1].kind != "extern":
                yield item

    def _step(self, index: int) -> tuple[int, Item | None]:
        """Handle the token at ``index``; return the next index, and the item that begins here."""
        token = self._stream[index]
        if token.kind is Kind.MARK:
            return self._mark(index), None
        if token.kind is Kind.IDENT:
            return self._word(index)
        if token.kind is not Kind.STRING or not index or self._stream[index - 1].text != "extern":
            self._attributes = _Attributes()
        return index + 1, None

    def _word(self, index: int) -> tuple[int, Item | None]:
        """Handle a name or keyword."""
        text, following = self._stream[index].text, self._name(index + 1)
        if text in _QUALIFIERS:
            return self._qualifier(index), None
        if text == "static":
            return self._static(index)
        scope = self._scopes[-1]
        if text == "fn" and following is not None:
            scope.opening = "fn"
            return index + 2, self._item(ItemKind.FUNCTION, following, following.end)
        self._attributes = _Attributes()
        if text in {"impl", "trait"} and not scope.opening:
            scope.opening = "impl"
        if self._marked(index + 1, "!") and text not in _OPERATORS:
            return self._macro(index), None
        return index + 1, None

    def _mark(self, index: int) -> int:
        """Handle a delimiter, an attribute, or the end of an item."""
        text = self._stream[index].text
        if text == "#" and self._marked(index + 1, "["):
            end = group_end(self._stream, index + 1)
            self._attribute(index, end)
            return end
        if text == "#" and self._marked(index + 1, "!") and self._marked(index + 2, "["):
            return group_end(self._stream, index + 2)
        self._attributes = _Attributes()
        scope = self._scopes[-1]
        if text in OPEN:
            self._scopes.append(_Scope(scope.opening if text == "{" else ""))
        elif text in OPEN.values() and len(self._scopes) > 1:
            self._scopes.pop()
        if text in {"{", ";"}:
            scope.opening = ""
        return index + 1

    def _qualifier(self, index: int) -> int:
        """Step over ``pub``, ``pub(…)``, ``unsafe``…: the attributes belong to what follows."""
        if self._stream[index].text == "pub" and self._marked(index + 1, "("):
            return group_end(self._stream, index + 1)
        if self._stream[index].text == "extern":
            string = index + 1 < len(self._stream) and self._stream[index + 1].kind is Kind.STRING
            if self._marked(index + 1 + string, "{"):
                self._scopes[-1].opening = "extern"
        return index + 1

    def _attribute(self, index: int, end: int) -> None:
        """Take up the attribute whose tokens are ``index`` to ``end``."""
        inside = self._stream[index + 2 : end - 1]
        where = f"{self._path}:{self._stream[index].line}"
        if self._attributes.start < 0:
            self._attributes.start = self._stream[index].start
        for meta in _metas(self._source, inside, (), where):
            if meta.name == "cfg":
                inner = self._source[meta.start : meta.end]
                for predicate in reversed(meta.conditions):
                    inner = f"cfg_attr({predicate}, {inner})"
                self._attributes.cfgs += f"#[{' '.join(inner.splitlines())}] "
            elif meta.name in INTERESTING:
                self._attributes.metas.append(meta)

    def _static(self, index: int) -> tuple[int, Item | None]:
        """Handle ``static [mut] NAME: TYPE = VALUE;``; a closure or a declaration is none."""
        at = index + 1
        if at < len(self._stream) and self._stream[at].text == "mut":
            at += 1
        name = self._name(at)
        after = self._stream[at + 1].start if at + 1 < len(self._stream) else len(self._source)
        if name is None or self._source[after : after + 1] != ":":
            self._attributes = _Attributes()
            return index + 1, None
        end = self._statement_end(at + 1)
        last = self._stream[min(end, len(self._stream)) - 1]
        if last.text != ";" or last.kind is not Kind.MARK:
            return end, None
        return end, self._item(ItemKind.STATIC, name, last.end)

    def _statement_end(self, index: int) -> int:
        """Return the index after the ``;`` outside any delimiters, or where the group around ends.

        Types and values have a ``;`` too, but inside: ``[u8; 4]``, ``{ let x = 1; x }``.
        """
        while index < len(self._stream):
            token = self._stream[index]
            if token.kind is Kind.MARK:
                if token.text in OPEN:
                    index = group_end(self._stream, index)
                    continue
                if token.text in OPEN.values():
                    return index
                if token.text == ";":
                    return index + 1
            index += 1
        return index

    def _macro(self, index: int) -> int:
        """Step over ``name!(…)`` and ``macro_rules! name {…}``, whatever is in it."""
        at = index + 2
        if self._name(at) is not None:
            at += 1
        if any(self._marked(at, mark) for mark in OPEN):
            return group_end(self._stream, at)
        return index + 1

    def _item(self, kind: ItemKind, name: Token, end: int) -> Item:
        """Give the attributes seen so far to the item that begins here."""
        attributes, self._attributes = self._attributes, _Attributes()
        return Item(
            kind=kind,
            name=name.text,
            path=self._source[name.start : name.end],
            line=name.line,
            start=attributes.start,
            end=end,
            metas=tuple(attributes.metas),
            cfgs=attributes.cfgs,
            associated=self._scopes[-1].kind == "impl",
        )

    def _name(self, index: int) -> Token | None:
        token = self._stream[index] if index < len(self._stream) else None
        return token if token is not None and token.kind in {Kind.IDENT, Kind.RAW} else None

    def _marked(self, index: int, mark: str) -> bool:
        token = self._stream[index] if index < len(self._stream) else None
        return token is not None and token.kind is Kind.MARK and token.text == mark


def _metas(
    source: str, inside: Sequence[Token], conditions: tuple[str, ...], where: str
) -> Iterator[Meta]:
    """Yield what the inside of an attribute says, that of a ``cfg_attr`` with its condition."""
    if not inside:
        return
    if inside[0].text == "cfg_attr" and len(inside) > 1:
        if len(conditions) >= MAX_CONDITIONS:
            raise UserError(f"more than {MAX_CONDITIONS} cfg_attr, one in another", where=where)
        predicate, *metas = split_arguments(inside[2:-1]) or [[]]
        text = " ".join(source[token.start : token.end] for token in predicate)
        for meta in metas:
            yield from _metas(source, meta, (*conditions, text), where)
        return
    wrapped = inside[0].text == "unsafe" and [token.text for token in inside[1:2]] == ["("]
    said = inside[2 : group_end(inside, 1) - 1] if wrapped else inside
    if said and said[0].kind in {Kind.IDENT, Kind.RAW}:
        value = said[2] if len(said) == 3 and said[1].text == "=" else None
        text_value = value.text if value is not None and value.kind is Kind.STRING else None
        start, end = inside[0].start, inside[-1].end
        yield Meta(said[0].text, text_value, start, end, conditions, wrapped)
