# SPDX-License-Identifier: GPL-2.0-only
"""Read types, values, globals and the heads of functions from their text."""

from __future__ import annotations

import re
import struct

from pipeline.transpile.rustc.ir import (
    Aggregate,
    Array,
    Bytes,
    Expression,
    Float,
    FloatBits,
    Global,
    Int,
    IrError,
    Local,
    Number,
    Parameter,
    Ptr,
    Signature,
    Struct,
    Type,
    Typed,
    Value,
    Variable,
    Void,
    Zero,
)
from pipeline.transpile.rustc.lexer import name_of, tokens, unescape

_INT = re.compile(r"i(\d+)")
_COMMON: dict[str, Type] = {
    "ptr": Ptr(),
    "void": Void(),
    **{f"i{bits}": Int(bits) for bits in (1, 8, 16, 32, 64, 128)},
}
_FLOATS = frozenset({"half", "float", "double", "fp128"})
_EMPTY = {
    "null": Zero(),
    "zeroinitializer": Zero(),
    "undef": Zero(defined=False),
    "poison": Zero(defined=False),
}
_EXPRESSIONS = frozenset(
    {"getelementptr", "ptrtoint", "inttoptr", "bitcast", "sub", "add", "trunc"}
)
_FLAGS = frozenset({"inbounds", "nuw", "nsw", "nusw", "exact", "disjoint", "nneg", "samesign"})
_CALL_ATTRIBUTES = frozenset({"zeroext", "signext", "sret", "byval", "inreg", "noundef"})
_COPY = frozenset({"nocapture", "dead_on_return"})
_COPY_CAPTURES = (["(", "address", ")"], ["(", "none", ")"])
_LINKAGES = frozenset(
    {"private", "internal", "external", "weak", "weak_odr", "linkonce", "linkonce_odr",
     "available_externally", "common", "extern_weak"}
)  # fmt: skip
_STYLE = frozenset(
    {"hidden", "protected", "default", "dso_local", "dso_preemptable", "unnamed_addr",
     "local_unnamed_addr", "externally_initialized"}
)  # fmt: skip


class Cursor:
    """A place in a list of tokens."""

    def __init__(self, text: str, types: dict[str, str]) -> None:
        self.words = tokens(text)
        self.at = 0
        self.types = types

    def peek(self, ahead: int = 0) -> str:
        """Return a token that lies ahead, "" behind the end."""
        index = self.at + ahead
        return self.words[index] if index < len(self.words) else ""

    def next(self) -> str:
        """Step over a token and return it."""
        word = self.words[self.at] if self.at < len(self.words) else ""
        self.at += 1
        return word

    def accept(self, *words: str) -> bool:
        """Step over these tokens if they come next."""
        end = self.at + len(words)
        if self.words[self.at : end] == list(words):
            self.at = end
            return True
        return False

    def expect(self, word: str) -> None:
        """Step over this token; anything else is an error."""
        found = self.next()
        if found != word:
            raise IrError(f"{found or 'the end'} where {word} was expected")

    def skip_flags(self) -> None:
        """Step over flags that permit optimisations and give no meaning."""
        while self.peek() in _FLAGS or self.peek() == "inrange":
            if self.next() == "inrange":
                self.skip_parentheses()

    def skip_parentheses(self) -> None:
        """Step over a parenthesis with everything in it, if one comes next."""
        if self.peek() != "(":
            return
        depth = 0
        while self.peek():
            word = self.next()
            depth += (word == "(") - (word == ")")
            if not depth:
                return
        raise IrError("a parenthesis that does not end")

    def integer(self) -> int:
        """Step over a decimal number and return it."""
        word = self.next()
        try:
            return int(word)
        except ValueError:
            raise IrError(f"{word} where a number was expected") from None


def read_type(at: Cursor) -> Type:
    """Read a type, a function's too."""
    found = _plain_type(at)
    if at.peek() == "(":
        at.next()
        parameters: list[Type] = []
        variadic = False
        while not at.accept(")"):
            if at.accept("..."):
                variadic = True
            else:
                parameters.append(read_type(at))
            at.accept(",")
        return Signature(found, tuple(parameters), variadic)
    return found


def _plain_type(at: Cursor) -> Type:  # noqa: PLR0911 - one for each kind
    word = at.next()
    if word in _COMMON and at.peek() != "addrspace":
        return _COMMON[word]
    if match := _INT.fullmatch(word):
        return Int(int(match[1]))
    if word == "ptr":
        raise IrError("a pointer into another address space")
    if word in _FLOATS:
        return Float(word)
    if word == "[":
        count = at.integer()
        at.expect("x")
        element = read_type(at)
        at.expect("]")
        return Array(count, element)
    if word == "{":
        return Struct(_members(at, "}"))
    if word == "<" and at.peek() != "{":
        return _vector(at)
    if word == "<":
        at.next()
        members = _members(at, "}")
        at.expect(">")
        return Struct(members, packed=True)
    if word.startswith("%") and name_of(word) in at.types:
        return read_type(Cursor(at.types[name_of(word)], at.types))
    raise IrError(f"the type {word}")


def _vector(at: Cursor) -> Array:
    """Read a vector behind its bracket: its lanes are what an array's elements are."""
    if at.peek() == "vscale":
        raise IrError("a vector of a length that only the machine knows")
    count = at.integer()
    at.expect("x")
    element = read_type(at)
    at.expect(">")
    return Array(count, element)


def _members(at: Cursor, end: str) -> tuple[Type, ...]:
    members: list[Type] = []
    while not at.accept(end):
        members.append(read_type(at))
        at.accept(",")
    return tuple(members)


def read_typed(at: Cursor) -> Typed:
    """Read a type, attributes and a value."""
    kind = read_type(at)
    attributes = read_attributes(at)
    return Typed(kind, read_value(at, kind), attributes)


def read_attributes(at: Cursor) -> frozenset[str]:
    """Step over attributes of a parameter; return those that decide how it is passed.

    ``indirect`` stands for those that only the address of a copy has.
    """
    found = set()
    while (word := at.peek()).isidentifier() and not _is_value(word):
        at.next()
        if word in _CALL_ATTRIBUTES:
            found.add(word)
        if word == "align" and at.peek() != "(":
            at.next()
        start = at.at
        at.skip_parentheses()
        if word in _COPY or (word == "captures" and at.words[start : at.at] in _COPY_CAPTURES):
            found.add("indirect")
    return frozenset(found)


def _is_value(word: str) -> bool:
    return word in _EMPTY or word in _EXPRESSIONS or word in ("true", "false", "splat", "asm")


def read_value(at: Cursor, kind: Type) -> Value:  # noqa: PLR0911 - one for each kind
    """Read a value of a type that is known."""
    word = at.peek()
    if word.startswith("%"):
        return Local(name_of(at.next()))
    if word.startswith("@"):
        return Global(name_of(at.next()))
    if word in _EMPTY:
        at.next()
        return _EMPTY[word]
    if word in ("true", "false"):
        at.next()
        return Number(int(word == "true"))
    if word.startswith('c"'):
        return Bytes(unescape(at.next()))
    if word in ("{", "[", "<"):
        return _aggregate(at)
    if word == "splat" and isinstance(kind, Array):
        at.next()
        at.expect("(")
        member = read_typed(at)
        at.expect(")")
        return Aggregate((member,) * kind.count)
    if word in _EXPRESSIONS:
        return _expression(at)
    if isinstance(kind, Float):
        return _float(at.next())
    return Number(at.integer())


def _aggregate(at: Cursor) -> Aggregate:
    opening = at.next()
    packed = opening == "<" and at.accept("{")
    end = "}" if packed else {"{": "}", "[": "]", "<": ">"}[opening]
    members = []
    while not at.accept(end):
        members.append(read_typed(at))
        at.accept(",")
    if packed:
        at.expect(">")
    return Aggregate(tuple(members))


def _expression(at: Cursor) -> Expression:
    op = at.next()
    at.skip_flags()
    at.expect("(")
    kind: Type = Void()
    operands = []
    if op == "getelementptr":
        kind = read_type(at)
        at.expect(",")
    while not at.accept(")"):
        operands.append(read_typed(at))
        at.accept(",")
        if at.accept("to"):
            kind = read_type(at)
    return Expression(op, kind, tuple(operands))


def _float(word: str) -> FloatBits:
    """Read a number that is decimal, or the bits of a double in hexadecimal."""
    if re.fullmatch(r"0x[0-9A-F]{1,16}", word):
        return FloatBits(int(word, 16))
    try:
        return FloatBits(int.from_bytes(struct.pack(">d", float(word)), "big"))
    except ValueError:
        raise IrError(f"the floating-point constant {word}") from None


def read_variable(text: str, types: dict[str, str]) -> Variable:
    """Read a line ``@name = ... constant|global TYPE VALUE, section, align``."""
    at = Cursor(text, types)
    name = name_of(at.next())
    at.expect("=")
    linkage, thread_local = "external", False
    declared = False
    while at.peek() not in ("global", "constant", "alias", ""):
        word = at.next()
        if word in _LINKAGES:
            linkage, declared = word, word in ("external", "extern_weak")
        elif word == "thread_local":
            thread_local = True
            at.skip_parentheses()
        elif word not in _STYLE:
            raise IrError(f"{word} in a global variable", name)
    keyword = at.next()
    if keyword not in ("global", "constant"):
        raise IrError(f"{keyword or 'an unfinished line'} of a global", name)
    kind = read_type(at)
    value = None if declared else read_value(at, kind)
    section, alignment = "", 1
    while at.accept(","):
        word = at.next()
        if word == "section":
            section = unescape(at.next()).decode()
        elif word == "align":
            alignment = at.integer()
        elif word.startswith("!"):
            at.next()
        else:
            raise IrError(f"{word} of a global variable", name)
    constant = keyword == "constant"
    return Variable(name, kind, value, constant, linkage, section, alignment, thread_local)


def read_parameters(at: Cursor) -> tuple[tuple[Parameter, ...], bool]:
    """Read the parameters of a definition or a declaration, and whether more may follow."""
    at.expect("(")
    found: list[Parameter] = []
    variadic = False
    while not at.accept(")"):
        if at.accept("..."):
            variadic = True
            continue
        kind = read_type(at)
        attributes = read_attributes(at)
        name = name_of(at.next()) if at.peek().startswith("%") else str(len(found))
        found.append(Parameter(kind, name, attributes))
        at.accept(",")
    return tuple(found), variadic


LINKAGES = _LINKAGES
STYLE = _STYLE
