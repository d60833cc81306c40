# SPDX-License-Identifier: GPL-2.0-only
"""All that some roots reach, across the files of several crates, as one file of C.

A name that is not internal means the same in every file; an internal or private one only in its
own.  What nobody reaches is never read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.transpile.rustc.index import Module
from pipeline.transpile.rustc.ir import (
    Array,
    Float,
    Function,
    Int,
    IrError,
    Local,
    Parameter,
    Ptr,
    Signature,
    Struct,
    Variable,
    Void,
)
from pipeline.transpile.rustc.layout import DataLayout
from pipeline.transpile.rustc.lines import Lines
from pipeline.transpile.rustc.types_c import CTypes
from pipeline.transpile.rustc.values import Constants, reached
from pipeline.transpile.rustc.write_function import FunctionWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PRELUDE = Path(__file__).with_name("prelude.h")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HIDDEN = ("private", "internal")
_WEAK = ("weak", "weak_odr", "linkonce", "linkonce_odr", "extern_weak")
_BUILTIN = {
    "memcpy": "void *memcpy(void *, const void *, __SIZE_TYPE__)",
    "memmove": "void *memmove(void *, const void *, __SIZE_TYPE__)",
    "memset": "void *memset(void *, int, __SIZE_TYPE__)",
    "memcmp": "int memcmp(const void *, const void *, __SIZE_TYPE__)",
    "bcmp": "int bcmp(const void *, const void *, __SIZE_TYPE__)",
    "strlen": "__SIZE_TYPE__ strlen(const char *)",
}


@dataclass(frozen=True)
class Key:
    """Which thing: its name, and its file where the name means something only there."""

    name: str
    module: int | None


class Program:
    """The files of all crates, and the C that is made of what is reached."""

    def __init__(self, modules: Sequence[Module], exported: Iterable[str]) -> None:
        layouts = {module.layout for module in modules if module.layout}
        if len(layouts) != 1:
            raise IrError(f"{len(layouts)} data layouts in one program")
        self.layout = DataLayout.read(layouts.pop())
        self.modules = modules
        self.types = CTypes(self.layout)
        self.exported = frozenset(exported)
        self.aliases: dict[str, str] = {}
        self.owners: dict[str, int] = {}
        self.names: dict[Key, str] = {}
        self.taken: set[str] = set()
        self.signatures: dict[Key, Signature] = {}
        self.prototypes: list[str] = []
        self.data: list[str] = []
        self.bodies: list[str] = []
        self.waiting: list[Key] = []
        for number, module in enumerate(modules):
            for name in (*module.functions, *module.variables):
                if not (_words(module, name) & {*_HIDDEN, "external", "extern_weak"}):
                    self.owners.setdefault(name, number)

    def define(self, name: str, target: str) -> None:
        """Let ``name``, which no file defines, mean ``target``."""
        self.aliases[name] = target

    def write(self, roots: Iterable[str]) -> str:
        """Return the C of everything that the roots reach."""
        for root in roots:
            if root not in self.owners:
                raise IrError("a root that no crate defines", root)
            self._symbol(root, self.owners[root])
        while self.waiting:
            self._emit(self.waiting.pop())
        parts = (
            [PRELUDE.read_text(encoding="utf-8")],
            self.types.declarations,
            self.prototypes,
            self.data,
            self.bodies,
        )
        return "\n".join(line for part in parts for line in part) + "\n"

    # Names

    def _key(self, name: str, module: int) -> Key:
        own = self.modules[module]
        if (name in own.functions or name in own.variables) and _words(own, name) & {*_HIDDEN}:
            return Key(name, module)
        return Key(self.aliases.get(name, name), None)

    def _symbol(self, name: str, module: int) -> str:
        """Return the C name of what file ``module`` calls ``name``; it will be written."""
        key = self._key(name, module)
        if key not in self.names:
            plain = re.sub(r"\W", "_", key.name)
            plain = plain if _IDENTIFIER.fullmatch(plain) else f"_{plain}"
            while plain in self.taken:
                plain = f"{plain}_{module}"
            self.taken.add(plain)
            self.names[key] = plain
            self.waiting.append(key)
            self._declare(key, module)
        return self.names[key]

    def _place(self, key: Key, module: int) -> int:
        """Return the file that has a thing, or the one that declares it."""
        if key.module is not None:
            return key.module
        return self.owners.get(key.name, module)

    def _declare(self, key: Key, module: int) -> None:
        """Write a prototype of a function, so that the order of definitions is free."""
        own = self.modules[self._place(key, module)]
        if key.name in own.variables:
            self._declare_variable(key, own.variable(key.name))
            return
        head = own.function(key.name)
        signature = Signature(
            head.result, tuple(one.type for one in head.parameters), head.variadic
        )
        self.signatures[key] = signature
        if key.name in _BUILTIN and not head.blocks:
            self.prototypes.append(f"{_BUILTIN[key.name]};")
            return
        name = self.names[key]
        if self._crosses(key, head):
            _check_border(head)
        label = "" if name == key.name or head.blocks else f' __asm__("{key.name}")'
        self.prototypes.append(f"{self._head(key, head, named=False)}{label}{_marks(head)};")

    def _crosses(self, key: Key, head: Function) -> bool:
        """Say whether C calls this function, or it is C's."""
        if not head.blocks:
            return not key.name.startswith(("_R", "_ZN"))
        return key.name in self.exported

    def _head(self, key: Key, head: Function, *, named: bool) -> str:
        border = self._crosses(key, head)
        words = []
        for one in head.parameters:
            kind = self._passed(one.type, one.attributes, border=border)
            words.append(kind + (f" p_{one.name}" if named else ""))
        words += ["..."] if head.variadic else []
        result = self._passed(head.result, head.result_attributes, border=border)
        linkage = "" if key.name in self.exported or not head.blocks else "static "
        return f"{linkage}{result} {self.names[key]}({', '.join(words) or 'void'})"

    def _passed(self, kind: object, attributes: frozenset[str], *, border: bool) -> str:
        """Return the type of a parameter; C's own ABI extends by the sign of the type."""
        name = self.types.name(kind)  # type: ignore[arg-type]
        if border and isinstance(kind, Int) and "signext" in attributes:
            return f"s{name[1:]}"
        return name

    def _declare_variable(self, key: Key, variable: Variable) -> None:
        name = self.names[key]
        if variable.thread_local:
            raise IrError("a thread-local variable: the kernel has none", key.name)
        if variable.value is None:
            label = "" if name == key.name else f' __asm__("{key.name}")'
            weak = " __attribute__((weak))" if variable.linkage == "extern_weak" else ""
            self.prototypes.append(f"extern u8 {name}[]{label}{weak};")
            return
        storage = "extern " if key.name in self.exported else "static "
        const = "const " if variable.constant else ""
        self.prototypes.append(f"{self._struct_of(name, variable)}\n{storage}{const}struct s_{name} {name};")

    def _struct_of(self, name: str, variable: Variable) -> str:
        """Return the declaration of a structure that has the bytes of a variable."""
        members = []
        for position, kind in enumerate(_flat(variable.type)):
            if isinstance(kind, Array):
                if kind.element != Int(8):
                    raise IrError("an array of what are no bytes in a variable", variable.name)
                members.append(f"u8 f{position}[{kind.count}];")
            else:
                members.append(f"{self.types.name(kind)} f{position};")
        packed = f"packed, aligned({variable.alignment})"
        return f"struct s_{name} {{ {' '.join(members)} }} __attribute__(({packed}));"

    # Definitions

    def _emit(self, key: Key) -> None:
        module = self._place(key, -1)
        if module < 0:
            return
        own = self.modules[module]
        try:
            if key.name in own.variables:
                self._emit_variable(key, own.variable(key.name), module)
            elif key.name in own.functions:
                self._emit_function(key, own.function(key.name), module)
        except IrError as error:
            raise IrError(error.construct, error.where or key.name) from None

    def _constants(self, module: int) -> _ModuleConstants:
        return _ModuleConstants(self, module)

    def _emit_variable(self, key: Key, variable: Variable, module: int) -> None:
        if variable.value is None:
            return
        name = self.names[key]
        for used in reached(variable.value):
            self._symbol(used, module)
        constants = self._constants(module)
        value = constants.expression(variable.value, variable.type, static=True)
        if not isinstance(variable.type, Struct):
            value = f"{{ {value} }}"
        storage = "" if key.name in self.exported else "static "
        const = "const " if variable.constant else ""
        section = f'section("{variable.section}")' if variable.section else ""
        weak = "weak" if variable.linkage in _WEAK else ""
        marks = ", ".join(word for word in ("used" if section else "", section, weak) if word)
        attributes = f" __attribute__(({marks}))" if marks else ""
        self.data.append(f"{storage}{const}struct s_{name} {name}{attributes} = {value};")

    def _emit_function(self, key: Key, head: Function, module: int) -> None:
        own = self.modules[module]
        function = own.function(key.name)
        lines = Lines(own)
        writer = FunctionWriter(function, self.types, self._constants(module), lines.directive)
        for one in function.parameters:
            writer.names[one.name] = f"p_{one.name}" if _IDENTIFIER.fullmatch(f"p_{one.name}") else ""
        clean = tuple(
            Parameter(one.type, re.sub(r"\W", "_", one.name), one.attributes)
            for one in function.parameters
        )
        for old, new in zip(function.parameters, clean, strict=True):
            writer.names[old.name] = f"p_{new.name}"
        import dataclasses

        shown = dataclasses.replace(head, parameters=clean)
        path = f"/* {function.path.replace('*/', '* /')} */\n" if function.path else ""
        start = lines.directive(function.location)
        start = f"{start}\n" if start else ""
        self.bodies.append(f"{path}{start}{self._head(key, shown, named=True)}\n{writer.body()}\n")


class _ModuleConstants(Constants):
    """Constants as one file means them."""

    def __init__(self, program: Program, module: int) -> None:
        super().__init__(program.types, lambda name: program._symbol(name, module))
        self._program = program
        self._module = module

    def called_as(self, name: str, signature: Signature) -> bool:
        """Say whether a function's own type is that of a call."""
        key = self._program._key(name, self._module)
        return self._program.signatures.get(key) == signature


def _words(module: Module, name: str) -> set[str]:
    """Return the words with which the definition of a name begins: its linkage is one of them."""
    start = module.functions.get(name, module.variables.get(name, 0))
    line = module.text[start : module.text.index("\n", start)]
    before, _, after = line.partition("=")
    return set((after if name in module.variables else before).split()[:5])


def _flat(kind: object) -> tuple[object, ...]:
    return kind.members if isinstance(kind, Struct) else (kind,)


def _marks(head: Function) -> str:
    """Return the attributes that matter for what GCC makes of a function."""
    words = []
    if "noreturn" in head.attributes:
        words.append("noreturn")
    if "cold" in head.attributes:
        words.append("cold")
    if head.blocks and "noinline" in head.attributes:
        words.append("noinline")
    if head.section:
        words.append(f'section("{head.section}")')
    if head.linkage in _WEAK:
        words.append("weak")
    return f" __attribute__(({', '.join(words)}))" if words else ""


def _check_border(head: Function) -> None:
    """Refuse a function that C calls, or that is C's, with what C would pass in its own way."""
    for number, one in enumerate(head.parameters):
        if {"sret", "byval"} & one.attributes:
            word = "returns" if "sret" in one.attributes else f"takes (parameter {number})"
            raise IrError(f"a function at the border of C that {word} a structure by value", head.name)
        if not _plain(one.type):
            raise IrError(f"parameter {number} of a function at the border of C", head.name)
    if not isinstance(head.result, Void) and not _plain(head.result):
        raise IrError("the result of a function at the border of C", head.name)


def _plain(kind: object) -> bool:
    if isinstance(kind, Int):
        return kind.bits in (1, 8, 16, 32, 64)
    return isinstance(kind, Ptr | Float)


__all__ = ["Local", "Program"]
