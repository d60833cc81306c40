# SPDX-License-Identifier: GPL-2.0-only
"""All that some roots reach, across the files of several crates, as one file of C.

A name that is not internal means the same in every file; an internal or private one only in its
own.  What nobody reaches is never read.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.transpile.rustc.border import check_border, passed
from pipeline.transpile.rustc.index import owners
from pipeline.transpile.rustc.ir import Array, Function, Int, IrError, Signature, Struct, Type
from pipeline.transpile.rustc.layout import DataLayout
from pipeline.transpile.rustc.lines import Lines, own_lines, rust_name
from pipeline.transpile.rustc.signatures import Signatures
from pipeline.transpile.rustc.types_c import CTypes
from pipeline.transpile.rustc.values import Constants, reached
from pipeline.transpile.rustc.write_function import FunctionWriter, parameter_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.transpile.rustc.index import Module
    from pipeline.transpile.rustc.ir import Variable

PRELUDE = Path(__file__).with_name("prelude.h")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MANGLED = ("_R", "_ZN")
_LONGEST = 80
_KEPT_APART = frozenset({"noinline", "cold"})
_WEAK = frozenset({"weak", "weak_odr", "linkonce", "linkonce_odr", "extern_weak"})
_GUARD = """\
_Static_assert(sizeof(void *) == {bytes} && FERRIC_BIG == {big},
\t       "this C was made for pointers of another width, or another byte order");"""
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
    """The files of all crates, and the C that is made of what is reached.

    ``exported`` are the names that C sees; ``signatures`` says what is signed of what crosses;
    ``floats`` says whether C has floating point.
    """

    def __init__(
        self,
        modules: Sequence[Module],
        exported: Iterable[str],
        signatures: Signatures | None = None,
        *,
        floats: bool = True,
    ) -> None:
        layouts = {module.layout for module in modules if module.layout}
        if len(layouts) != 1:
            raise IrError(f"{len(layouts)} data layouts in one program")
        self.layout = DataLayout.read(layouts.pop())
        self.modules = modules
        self._rust = signatures or Signatures(())
        self.types = CTypes(self.layout, floats=floats)
        self._exported = frozenset(exported)
        self._aliases: dict[str, str] = {}
        self._empty: set[str] = set()
        self._owners = owners(modules)
        self._names: dict[Key, str] = {}
        self._taken: set[str] = set()
        self._signatures: dict[Key, Signature] = {}
        self._prototypes: list[str] = []
        self._data: list[str] = []
        self._bodies: list[str] = []
        self._waiting: list[Key] = []
        self._undefined: set[str] = set()

    def define(self, name: str, target: str) -> None:
        """Let ``name``, which no file defines, mean ``target``."""
        self._aliases[name] = target

    def define_empty(self, name: str) -> None:
        """Let ``name``, which no file defines, be a function that does nothing."""
        self._empty.add(name)

    def undefined(self) -> set[str]:
        """Return the names that were reached and that no file defines."""
        return self._undefined

    def write(self, roots: Iterable[str], c_name: str = "") -> str:
        """Return the C of everything that the roots reach; the file will be called ``c_name``."""
        for root in roots:
            if root not in self._owners:
                raise IrError("a root that no crate defines", root)
            self.symbol(root, self._owners[root])
        while self._waiting:
            self._emit(self._waiting.pop())
        prelude = PRELUDE.read_text(encoding="utf-8")
        head = [prelude] if self.types.floats else ["#define FERRIC_NO_FLOAT", prelude]
        head.append(_GUARD.format(bytes=self.layout.pointer, big=int(self.layout.big_endian)))
        parts = (head, self.types.declarations, self._prototypes, self._data, self._bodies)
        return own_lines("\n".join(line for part in parts for line in part) + "\n", c_name)

    # Names

    def _key(self, name: str, module: int) -> Key:
        own = self.modules[module]
        if (name in own.functions or name in own.variables) and not own.visible(name):
            return Key(name, module)
        return Key(self._aliases.get(name, name), None)

    def symbol(self, name: str, module: int) -> str:
        """Return the C name of what file ``module`` calls ``name``; it will be written."""
        key = self._key(name, module)
        if key not in self._names:
            plain = self._plain(key, module)
            while plain in self._taken:
                plain = f"{plain}_{module}"
            self._taken.add(plain)
            self._names[key] = plain
            self._waiting.append(key)
            try:
                self._declare(key, module)
            except IrError as error:
                raise IrError(error.construct, error.where or key.name, error.mend) from None
        return self._names[key]

    def _plain(self, key: Key, module: int) -> str:
        """Return a C name: the Rust path where there is one."""
        own = self.modules[self._place(key, module)]
        path = own.path_of(key.name) if key.name.startswith(_MANGLED) else ""
        plain = re.sub(r"\W+", "_", path or key.name).strip("_")[:_LONGEST]
        # rustc's own names would say that rustc made the code.
        made = not path and key.name.startswith(_MANGLED)
        return f"rust_{plain}" if made or not _IDENTIFIER.fullmatch(plain) else plain

    def called_as(self, name: str, module: int, signature: Signature) -> bool:
        """Say whether the own type of what file ``module`` calls ``name`` is that of a call."""
        return self._signatures.get(self._key(name, module)) == signature

    def _place(self, key: Key, module: int) -> int:
        """Return the file that has a thing, or the one that declares it."""
        if key.module is not None:
            return key.module
        return self._owners.get(key.name, module)

    # Declarations, so that the order of definitions is free

    def _declare(self, key: Key, module: int) -> None:
        own = self.modules[self._place(key, module)]
        if key.name in own.variables:
            self._declare_variable(key, own.variable(key.name))
            return
        head = own.head(key.name)
        parameters = tuple(one.type for one in head.parameters)
        self._signatures[key] = Signature(head.result, parameters, head.variadic)
        if key.name in _BUILTIN and not head.defined:
            self._prototypes.append(f"{_BUILTIN[key.name]};")
            return
        if self._crosses(key, head):
            name = rust_name(own, key.name)
            check_border(head, self._rust.get(name))
            head = self._rust.signed(head, name)
        named = head.defined or self._names[key] == key.name or key.name in self._empty
        label = "" if named else f' __asm__("{key.name}")'
        self._prototypes.append(f"{self._head(key, head, named=False)}{label}{_marks(head)};")

    def _crosses(self, key: Key, head: Function) -> bool:
        """Say whether C calls this function, or it is C's."""
        if not head.defined:
            return not key.name.startswith(("_R", "_ZN", "__rust_"))
        return key.name in self._exported

    def _head(self, key: Key, head: Function, *, named: bool) -> str:
        words = [passed(self.types, one.type, one.attributes) for one in head.parameters]
        if named:
            names = parameter_names(head)
            words = [f"{kind} {name}" for kind, name in zip(words, names, strict=True)]
        words += ["..."] if head.variadic else []
        result = passed(self.types, head.result, head.result_attributes)
        own = head.defined or key.name in self._empty
        storage = _storage(head) if own and key.name not in self._exported else ""
        return f"{storage}{result} {self._names[key]}({', '.join(words) or 'void'})"

    def _declare_variable(self, key: Key, variable: Variable) -> None:
        name = self._names[key]
        if variable.thread_local:
            raise IrError("a thread-local variable", key.name, "the kernel has none: use a static")
        if variable.value is None:
            label = "" if name == key.name else f' __asm__("{key.name}")'
            weak = " __attribute__((weak))" if variable.linkage == "extern_weak" else ""
            self._prototypes.append(f"extern u8 {name}[]{label}{weak};")
            return
        storage = "extern " if key.name in self._exported else "static "
        const = "const " if variable.constant else ""
        struct = self._struct_of(name, variable)
        self._prototypes.append(f"{struct}\n{storage}{const}struct s_{name} {name};")

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
        own = self.modules[module]
        if module < 0:
            self._emit_outside(key)
            return
        try:
            if key.name in own.variables:
                self._emit_variable(key, own.variable(key.name), module)
            elif key.name in own.functions:
                self._emit_function(key, own.function(key.name), module)
        except IrError as error:
            raise IrError(error.construct, error.where or key.name, error.mend) from None

    def _emit_outside(self, key: Key) -> None:
        """Note what no file defines; one that is to be empty becomes a function."""
        if key.name in self._empty:
            self._bodies.append(f"static void {self._names[key]}(void)\n{{\n}}\n")
        else:
            self._undefined.add(key.name)

    def _constants(self, module: int) -> Constants:
        """Return a writer of constants as one file means them."""
        return Constants(
            self.types,
            functools.partial(self.symbol, module=module),
            lambda name, signature: self.called_as(name, module, signature),
        )

    def _emit_variable(self, key: Key, variable: Variable, module: int) -> None:
        if variable.value is None:
            self._undefined.add(key.name)
            return
        name = self._names[key]
        for used in sorted(reached(variable.value)):
            self.symbol(used, module)
        constants = self._constants(module)
        value = constants.expression(variable.value, variable.type, static=True)
        if not isinstance(variable.type, Struct):
            value = f"{{ {value} }}"
        storage = "" if key.name in self._exported else "static "
        const = "const " if variable.constant else ""
        marks = [f'section("{variable.section}")', "used"] if variable.section else []
        marks += ["weak"] if variable.linkage in _WEAK else []
        attributes = f" __attribute__(({', '.join(marks)}))" if marks else ""
        self._data.append(f"{storage}{const}struct s_{name} {name}{attributes} = {value};")

    def _emit_function(self, key: Key, function: Function, module: int) -> None:
        lines = Lines(self.modules[module])
        if self._crosses(key, function):
            function = self._rust.signed(function, rust_name(self.modules[module], key.name))
        writer = FunctionWriter(function, self.types, self._constants(module), lines.directive)
        path = f"/* {function.path.replace('*/', '* /')} */\n" if function.path else ""
        start = lines.directive(function.location)
        start = f"{start}\n" if start else ""
        head = self._head(key, function, named=True)
        self._bodies.append(f"{path}{start}{head}\n{writer.body()}\n{lines.end()}")


def _flat(kind: Type) -> tuple[Type, ...]:
    return kind.members if isinstance(kind, Struct) else (kind,)


def _storage(head: Function) -> str:
    """Return how a function of this file is declared.

    LLVM inlines what is small enough, whatever it is; at ``-O2`` GCC does so with a comparable
    limit only where it reads ``inline`` (``max-inline-insns-single``, not ``-auto``).  At ``-Os``
    the word changes nothing.
    """
    return "static " if _KEPT_APART & head.attributes else "static inline "


def _marks(head: Function) -> str:
    """Return the attributes that matter for what GCC makes of a function."""
    words: list[str] = [word for word in ("noreturn", "cold") if word in head.attributes]
    if head.defined and "noinline" in head.attributes:
        words.append("noinline")
    if head.section:
        words.append(f'section("{head.section}")')
    if head.linkage in _WEAK:
        words.append("weak")
    return f" __attribute__(({', '.join(words)}))" if words else ""
