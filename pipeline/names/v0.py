# SPDX-License-Identifier: GPL-2.0-only
"""rustc's names of today: RFC 2603 and "Symbol Mangling" of the rustc book, "v0"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.names.text import Cursor, MalformedError
from pipeline.names.v0_const import constant

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.names.text import Writer

_BASIC = {
    "a": "i8",
    "b": "bool",
    "c": "char",
    "d": "f64",
    "e": "str",
    "f": "f32",
    "h": "u8",
    "i": "isize",
    "j": "usize",
    "l": "i32",
    "m": "u32",
    "n": "i128",
    "o": "u128",
    "p": "_",
    "s": "i16",
    "t": "u16",
    "u": "()",
    "v": "...",
    "x": "i64",
    "y": "u64",
    "z": "!",
}
_SPECIAL = {"C": "closure", "S": "shim"}
_MAX_PUNYCODE = 200  # characters: decoding takes the square of their number
_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def read(name: str, text: Writer) -> None:
    """Write the path of ``name``, which starts with ``_R``."""
    reader = Reader(name, text)
    reader.path(value=True)
    if reader.cursor.peek():
        with text.quiet():  # the crate that this copy of a generic function was made for
            reader.path(value=False)
    if reader.cursor.peek():
        raise MalformedError


class Reader:
    """Reads one name; ``bound`` counts the lifetimes that ``for<…>`` names around this place."""

    def __init__(self, name: str, text: Writer) -> None:
        self.cursor = Cursor(name)
        self.cursor.take(len("_R"))
        self.text = text
        self.bound = 0

    def path(self, *, value: bool) -> None:
        """Read a path; the arguments of a value's stand behind a double colon."""
        if self.open_path(value=value):
            self.text.put(">")

    def open_path(self, *, value: bool) -> bool:
        """Read a path, leave the list of its arguments open, and say whether there is one."""
        with self.cursor.deeper():
            kind = self.cursor.next()
            if kind == "C":
                self.disambiguator()
                self.text.put(self.identifier())
            elif kind in {"M", "X", "Y"}:
                self.qualified(kind)
            elif kind == "N":
                self.nested(value=value)
            elif kind == "I":
                self.path(value=value)
                self.text.put("::<" if value else "<")
                self.listed(self.argument)
                return True
            elif kind == "B":
                return self.back(lambda: self.open_path(value=value))
            else:
                raise MalformedError
            return False

    def qualified(self, kind: str) -> None:
        """Read ``<T>`` or ``<T as Trait>``; where the implementation stands is left out."""
        if kind != "Y":
            self.disambiguator()
            with self.text.quiet():
                self.path(value=False)
        self.text.put("<")
        self.type()
        if kind != "M":
            self.text.put(" as ")
            self.path(value=False)
        self.text.put(">")

    def nested(self, *, value: bool) -> None:
        """Read a path and one more name."""
        space = self.cursor.next()
        if not (space.isascii() and space.isalpha()):
            raise MalformedError
        self.path(value=value)
        number, name = self.disambiguator(), self.identifier()
        if space.isupper():
            kind = _SPECIAL.get(space, space)
            self.text.put(f"::{{{kind}{':' if name else ''}{name}#{number}}}")
        elif name:
            self.text.put(f"::{name}")

    def argument(self) -> None:
        """Read an argument of a generic item."""
        if self.cursor.eat("L"):
            self.text.put(self.lifetime(self.base62()))
        elif self.cursor.eat("K"):
            constant(self)
        else:
            self.type()

    def listed(self, read: Callable[[], None], between: str = ", ") -> int:
        """Read parts up to an ``E`` and return how many there were."""
        count = 0
        while not self.cursor.eat("E"):
            if count:
                self.text.put(between)
            read()
            count += 1
        return count

    def type(self) -> None:
        """Read a type."""
        with self.cursor.deeper():
            kind = self.cursor.next()
            if kind in _BASIC:
                self.text.put(_BASIC[kind])
            elif kind in "RQ":
                self.reference(mutable=kind == "Q")
            elif kind in "PO":
                self.text.put("*const " if kind == "P" else "*mut ")
                self.type()
            elif kind in "AS":
                self.text.put("[")
                self.type()
                if kind == "A":
                    self.text.put("; ")
                    constant(self)
                self.text.put("]")
            elif kind == "T":
                self.text.put("(")
                self.text.put(",)" if self.listed(self.type) == 1 else ")")
            elif kind == "F":
                self.binder(self.function)
            elif kind == "D":
                self.trait_object()
            elif kind == "B":
                self.back(self.type)
            else:
                self.cursor.at -= 1
                self.path(value=False)

    def reference(self, *, mutable: bool) -> None:
        """Read a reference; a lifetime that is not named is left out."""
        self.text.put("&")
        if self.cursor.eat("L"):
            index = self.base62()
            if index:
                self.text.put(f"{self.lifetime(index)} ")
        if mutable:
            self.text.put("mut ")
        self.type()

    def function(self) -> None:
        """Read the type of a pointer to a function."""
        if self.cursor.eat("U"):
            self.text.put("unsafe ")
        if self.cursor.eat("K"):
            abi = "C" if self.cursor.eat("C") else self.identifier().replace("_", "-")
            self.text.put(f'extern "{abi}" ')
        self.text.put("fn(")
        self.listed(self.type)
        self.text.put(")")
        if not self.cursor.eat("u"):
            self.text.put(" -> ")
            self.type()

    def trait_object(self) -> None:
        """Read the type of a trait object."""
        self.text.put("dyn ")
        self.binder(lambda: self.listed(self.bound_trait, " + "))
        if not self.cursor.eat("L"):
            raise MalformedError
        index = self.base62()
        if index:
            self.text.put(f" + {self.lifetime(index)}")

    def bound_trait(self) -> None:
        """Read a trait and the types that it is bound to."""
        is_open = self.open_path(value=False)
        while self.cursor.eat("p"):
            self.text.put(", " if is_open else "<")
            is_open = True
            self.text.put(f"{self.identifier()} = ")
            self.type()
        if is_open:
            self.text.put(">")

    def binder(self, read: Callable[[], object]) -> None:
        """Read what ``for<'a, …>`` may stand before."""
        count = self.base62() + 1 if self.cursor.eat("G") else 0
        if count > 100:
            raise MalformedError
        self.bound += count
        if count:
            names = (self.lifetime(count - number) for number in range(count))
            self.text.put(f"for<{', '.join(names)}> ")
        read()
        self.bound -= count

    def lifetime(self, index: int) -> str:
        """Return the name of a lifetime, which counts from the innermost one that is bound."""
        if index == 0:
            return "'_"
        depth = self.bound - index
        if depth < 0:
            raise MalformedError
        return f"'{chr(ord('a') + depth)}" if depth < 26 else f"'_{depth}"

    def back(self, read: Callable[[], bool | None]) -> bool:
        """Read again what stands at an earlier place of the name."""
        here = self.cursor.at - 1
        place = self.base62() + len("_R")
        if place >= here:
            raise MalformedError
        after, self.cursor.at = self.cursor.at, place
        result = read()
        self.cursor.at = after
        return bool(result)

    def identifier(self) -> str:
        """Read an identifier, and decode one that is not ASCII."""
        encoded = self.cursor.eat("u")
        length = self.cursor.decimal()
        self.cursor.eat("_")
        name = self.cursor.take(length)
        return _punycode(name) if encoded else name

    def disambiguator(self) -> int:
        """Read the number that tells things of the same name apart."""
        return self.base62() + 1 if self.cursor.eat("s") else 0

    def base62(self) -> int:
        """Read a number that ends in an underscore."""
        value = 0
        for length in range(12):
            char = self.cursor.next()
            if char == "_":
                return value + 1 if length else 0
            value = value * 62 + _BASE62.index(char)
        raise MalformedError


def _punycode(name: str) -> str:
    """Decode an identifier (RFC 3492, with an underscore for the hyphen) if that gives a text."""
    basic, _, rest = name.rpartition("_")
    decoded = ""
    if len(name) <= _MAX_PUNYCODE:
        try:
            decoded = f"{basic}-{rest}".encode("ascii").decode("punycode") if rest else ""
        except (UnicodeError, ValueError, OverflowError):
            decoded = ""
    return decoded if decoded.isprintable() and decoded else f"punycode{{{name}}}"
