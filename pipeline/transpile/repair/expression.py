# SPDX-License-Identifier: GPL-2.0-only
"""The expressions that mrustc writes: parsed by recursive descent, given back with checked indexes.

Parsing and repairing are one: every :class:`Expression` has its text before and after.  Indexes are
repaired here, wherever they stand; arithmetic is repaired by the statement around it, which knows
the place that it goes to.  Until a statement has approved it, arithmetic is *open*; a statement
that ends with open arithmetic is an error, so none can slip through in a place nobody thought of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pipeline.transpile.repair.marks import FunctionMarks
from pipeline.transpile.repair.tails import Tails
from pipeline.transpile.repair.tokens import UnknownFormError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

_TYPE_WORDS: Final = frozenset(
    [
        "struct",
        "union",
        "void",
        "volatile",
        "unsigned",
        "int",
        "char",
        "bool",
        "float",
        "double",
        "size_t",
        "uintptr_t",
        "intptr_t",
        "uint8_t",
        "int8_t",
        "uint16_t",
        "int16_t",
        "uint32_t",
        "int32_t",
        "uint64_t",
        "int64_t",
        "uint128_t",
        "int128_t",
        "f16",
        "f128",
        "RUST_CHAR",
        "RUST_BOOL",
        "SLICE_PTR",
        "TRAITOBJ_PTR",
        "VTABLE_HDR",
        "tUNIT",
        "tBANG",
        "tTYPEID",
        "va_list",
    ]
)
_TYPE_PREFIXES: Final = ("t_Z", "TUP_")
_LEVELS: Final = (
    ("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"),
    ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_RANK: Final = {sign: rank for rank, signs in enumerate(_LEVELS) for sign in signs}
_ARITHMETIC: Final = frozenset(("<<", ">>", "+", "-", "*", "/", "%"))
# The counter of the loops that mrustc writes itself, which stay within their array.
_LOOP_VARIABLE: Final = "i"


@dataclass(slots=True)
class Expression:
    """One parsed expression.

    ``kind`` is name, number, string, member, index, call, cast, paren, unary, binary or ternary;
    ``sign`` its operator, member or type; ``parts`` what it is made of; ``raw`` the text as mrustc
    has it and ``text`` the repaired one.  ``tail`` is of a place that ends in a trait object: its
    structure, and the metadata that tell of the object.
    """

    kind: str
    raw: str
    text: str
    sign: str = ""
    parts: tuple[Expression, ...] = ()
    tail: tuple[str, str] | None = None

    @property
    def is_literal(self) -> bool:
        """Whether this is a constant: a number, perhaps with a sign, or one of C's names."""
        if self.kind == "unary" and self.sign == "-":
            return self.parts[0].is_literal
        return self.kind == "number" or self.raw in ("INFINITY", "NAN", "INT64_MIN", "INT64_MAX")


@dataclass(frozen=True, slots=True)
class Places:
    """What is known of a function's variables by their declarations.

    ``types`` maps a variable to its C type (with a ``*`` for each level of pointer), ``lengths`` an
    array type to its length, as its typedef in the same file says; ``raw_pointers`` are variables
    that are raw pointers in Rust; ``marks`` tell where the checks are in the source, ``tails`` what
    structures end in.
    """

    types: Mapping[str, str]
    lengths: Mapping[str, int]
    raw_pointers: AbstractSet[str] = frozenset()
    marks: FunctionMarks = field(default_factory=FunctionMarks)
    tails: Tails = field(default_factory=Tails)


class Words:
    """The words of one line, read from left to right."""

    def __init__(self, words: list[str], places: Places, counts: Counter[str]) -> None:
        """Start before the first word; repairs are counted in ``counts`` by kind."""
        self.words = words
        self.at = 0
        self.places = places
        self.counts = counts
        self.open: list[Expression] = []
        # The rest of a slice begins at its end where it is empty: `[first, rest @ ..]`.
        self.to_the_end = False

    @property
    def next(self) -> str:
        """The next word, or an empty one at the end."""
        return self.words[self.at] if self.at < len(self.words) else ""

    def peek(self, ahead: int) -> str:
        """Return the word ``ahead`` words after the next."""
        return self.words[self.at + ahead] if self.at + ahead < len(self.words) else ""

    def take(self) -> str:
        """Return the next word and go on."""
        word = self.next
        if not word:
            raise UnknownFormError("the line ends in the middle of a statement")
        self.at += 1
        return word

    def expect(self, *words: str) -> None:
        """Go past exactly these words."""
        for word in words:
            if (found := self.take()) != word:
                raise UnknownFormError(f"{word!r} expected, not {found!r}")

    def skip(self, word: str) -> bool:
        """Go past ``word`` where it is next, and say whether it was."""
        if self.next == word:
            self.at += 1
            return True
        return False

    def approve(self, expression: Expression) -> None:
        """Take one piece of arithmetic from the open ones."""
        self.open = [one for one in self.open if one is not expression]

    def at_type(self, ahead: int = 0) -> bool:
        """Say whether a type begins ``ahead`` words after the next."""
        word = self.peek(ahead)
        return word in _TYPE_WORDS or word.startswith(_TYPE_PREFIXES)

    def type(self) -> str:
        """Read a type, up to its last ``*``."""
        words = [self.take()]
        if words[0] == "volatile":
            words.append(self.take())
        if words[-1] in ("struct", "union"):
            words.append(self.take())
        if words[-1] == "unsigned" and self.next == "int":
            words.append(self.take())
        while self.next in ("*", "_Atomic"):
            words.append(self.take())
        return " ".join(words)

    def expression(self) -> Expression:
        """Read an expression, a conditional one too."""
        condition = self._binary(0)
        if not self.skip("?"):
            return condition
        yes = self.expression()
        self.expect(":")
        no = self.expression()
        return _join("ternary", "?:", condition, " ? ", yes, " : ", no)

    def _binary(self, rank: int) -> Expression:
        left = self._unary()
        while (found := _RANK.get(self.next, -1)) >= rank:
            sign = self.take()
            left = _join("binary", sign, left, f" {sign} ", self._binary(found + 1))
            if sign in _ARITHMETIC and not all(part.is_literal for part in left.parts):
                self.open.append(left)
        return left

    def _unary(self) -> Expression:
        if self.next in ("*", "&", "!", "~", "-"):
            sign = self.take()
            whole = _join("unary", sign, sign, self._unary())
            if sign == "-" and not whole.is_literal:
                self.open.append(whole)
            return whole
        if self.next == "(" and self.at_type(1):
            self.take()
            to = self.type()
            self.expect(")")
            return _join("cast", to, f"({to})", self._unary())
        return self._postfix(self._primary())

    def _primary(self) -> Expression:
        word = self.take()
        if word == "(":
            inner = self.expression()
            self.expect(")")
            return _join("paren", "", "(", inner, ")")
        if word in ("sizeof", "ALIGNOF"):
            self.expect("(")
            of = self.type()
            self.expect(")")
            return Expression("sizeof", f"{word}({of})", f"{word}({of})", of)
        if word[0].isdigit():
            return Expression("number", word, word)
        if word[0] == '"':
            while self.next.startswith('"'):
                word += f" {self.take()}"
            return Expression("string", word, word)
        if not (word[0].isalpha() or word[0] == "_"):
            raise UnknownFormError(f"{word!r} where an expression begins")
        return Expression("name", word, word)

    def _postfix(self, base: Expression) -> Expression:
        while True:
            if self.next in (".", "->"):
                sign = self.take()
                base = self._member(base, sign, self.take())
            elif self.skip("["):
                base = self._index(base)
            elif self.skip("("):
                base = self._call(base)
            else:
                return base

    def _member(self, base: Expression, sign: str, name: str) -> Expression:
        """Read a member; one that is, or ends in, a trait object is where its vtable says.

        mrustc writes ``((struct S *)fat.PTR)->_1``, and ``._1`` behind that.
        """
        whole = _join("member", name, base, sign + name)
        address, owner = f"&{base.text}", base.tail
        if sign == "->" and (fat := _cast_fat_pointer(base)) is not None:
            struct = base.parts[0].sign.removesuffix("*").removeprefix("struct").strip()
            address, owner = f"{fat.text}.PTR", (struct, f"{fat.text}.META")
        if owner is None:
            return whole
        struct, meta = owner
        tail = self.places.tails.fields.get(struct)
        if tail is None or tail.of != "dyn" or tail.name != name:
            return whole
        self.counts["tail"] += 1
        whole.text = self.places.tails.place(struct, address, meta)
        whole.tail = (tail.nested, meta) if tail.nested else None
        return whole

    def _call(self, callee: Expression) -> Expression:
        pieces: list[Expression | str] = [callee, "("]
        while not self.skip(")"):
            if len(pieces) > 2:
                self.expect(",")
                pieces.append(", ")
            pieces.append(self.expression())
        return _join("call", callee.raw, *pieces, ")")

    def _index(self, base: Expression) -> Expression:
        """Repair an index.

        mrustc writes ``array.DATA[n]``, ``(array.DATA)[n]``, ``((T*)slice.PTR)[n]``, and for a
        slice at the end of a structure ``(((struct S*)fat.PTR)->_0)[n]``.
        """
        index = self.take()
        self.expect("]")
        if not (index[0].isdigit() or index.startswith(("var", "arg")) or index == _LOOP_VARIABLE):
            raise UnknownFormError(f"{index!r} as an index")
        place = base.parts[0] if base.kind == "paren" else base
        if place.kind == "member" and place.sign == "DATA":
            length = self._array_length(place, index)
        elif base.kind == "paren" and (owner := _fat_pointer(place)) is not None:
            length = f"{owner.text}.META"
            if self.to_the_end and index[0].isdigit():
                length += " + 1"
        else:
            raise UnknownFormError(
                f"an index into what is neither an array nor a slice: {base.raw[:60]}"
            )
        raw = f"{base.raw}[{index}]"
        if index == _LOOP_VARIABLE or not length:
            return Expression("index", raw, f"{base.text}[{index}]", "", (base,))
        self.counts["index"] += 1
        at = self.places.marks.of_index(index)
        call = (
            f"ferric_index_at({index}, {length}, {at})"
            if at
            else f"ferric_index({index}, {length})"
        )
        text = f"{base.text}[{call}]"
        return Expression("index", raw, text, "", (base,))

    def _array_length(self, place: Expression, index: str) -> str:
        """Return C for an array's length, empty where a constant index is known to be within."""
        of = place.parts[0]
        name = of.raw.removeprefix("(*").removesuffix(")")
        kind = self.places.types.get(name, "").removesuffix("*").strip()
        known = self.places.lengths.get(kind)
        if known is not None and index[0].isdigit() and int(index.rstrip("ulUL"), 0) < known:
            return ""
        return f"FERRIC_LENGTH({place.raw})"


def _fat_pointer(place: Expression) -> Expression | None:
    """Return the fat pointer that a slice, or a structure with one at its end, is reached by."""
    while place.kind in ("paren", "member"):
        place = place.parts[0]
    if place.kind == "cast" and place.parts[0].kind == "member" and place.parts[0].sign == "PTR":
        return place.parts[0].parts[0]
    return None


def _cast_fat_pointer(place: Expression) -> Expression | None:
    """Return ``fat`` of ``((struct S *)fat.PTR)``."""
    cast = place.parts[0] if place.kind == "paren" else place
    return _fat_pointer(cast) if cast.kind == "cast" else None


def _join(kind: str, sign: str, *pieces: Expression | str) -> Expression:
    """Put an expression together from its parts and the text between them."""
    return Expression(
        kind,
        "".join(piece if isinstance(piece, str) else piece.raw for piece in pieces),
        "".join(piece if isinstance(piece, str) else piece.text for piece in pieces),
        sign,
        tuple(piece for piece in pieces if not isinstance(piece, str)),
    )
