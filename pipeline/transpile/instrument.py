# SPDX-License-Identifier: GPL-2.0-only
"""Give mrustc what it leaves out of a crate: the names of statics, the allocator, some functions.

mrustc 0.12 gives no static its exported name, knows neither ``#[global_allocator]`` nor
``#[export_name]``, and says nothing.  A crate that has any of these is transpiled from a copy of
its sources in which more items stand, each on the line of the item it belongs to, so that line
numbers hold:

- behind an exported static, a function that returns its address.  It makes mrustc emit the
  static, and tells its mangled symbol, for which an alias is then written into the C;
- behind the allocator, the four functions that mrustc's ``__rust_alloc`` & co call;
- before an item with an attribute that mrustc ignores, a ``compile_error!``.

mrustc itself decides the conditions: each addition has the ``#[cfg]`` of its item.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.crate.document import read_text
from pipeline.crate.sources import MAX_BYTES, sources
from pipeline.errors import ToolError, UserError
from pipeline.transpile.items import Item, ItemKind, Meta, items
from pipeline.transpile.rewrite.edits import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.crate.model import Crate
    from pipeline.witness.insertions import Insertion

VERSION = 1
"""Part of the cache's keys: to be raised with every change of what is written into a copy."""
PREFIX = "__ferric_"

_WORDS = re.compile(
    r"no_mangle|export_name|global_allocator|link_section|used|thread_local|target_feature|naked"
)
_C_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_DEFINED = re.compile(r"^#define (ZR\w+) (\w+)$", re.MULTILINE)
_HEAD = re.compile(r"\b(ZR\w+)\(void\)")
_ADDRESS = re.compile(r"&(ZR\w+)\.val\b")

_GETTER = (
    '{cfgs}#[doc(hidden)] #[no_mangle] pub extern "C" fn {getter}() -> *const () '
    "{{ unsafe {{ &{path} as *const _ as *const () }} }}"
)
_LAYOUT = "::core::alloc::Layout::from_size_align_unchecked(size, align)"
# mrustc's root program calls these: the name, the arguments and the call of GlobalAlloc's method.
_ALLOCATOR = (
    ("alloc(size: usize, align: usize) -> *mut u8", "alloc(&{path}, {layout})"),
    ("dealloc(ptr: *mut u8, size: usize, align: usize)", "dealloc(&{path}, ptr, {layout})"),
    (
        "realloc(ptr: *mut u8, size: usize, align: usize, new_size: usize) -> *mut u8",
        "realloc(&{path}, ptr, {layout}, new_size)",
    ),
    ("alloc_zeroed(size: usize, align: usize) -> *mut u8", "alloc_zeroed(&{path}, {layout})"),
)
_METHOD = (
    '{cfgs}#[doc(hidden)] #[no_mangle] pub unsafe extern "C" fn __rdl_{head} '
    "{{ unsafe {{ ::core::alloc::GlobalAlloc::{call} }} }}"
)

# Seen in mrustc's source and in its C: what it ignores without a word, and what to do instead.
_IGNORED_ON_FUNCTION = {
    "link_section": "mrustc ignores #[link_section] on functions: put it on statics only",
    "target_feature": "mrustc ignores #[target_feature]: the kernel's flags decide",
    "naked": "GCC for these architectures ignores #[naked]: write the function in assembly",
}
_IGNORED_ON_STATIC = {
    "used": "mrustc ignores #[used], and what no root reaches is not linked: remove it "
    "(or write #[cfg_attr(not(ferric), used)]) and export the static with #[no_mangle]",
    "thread_local": "mrustc ignores #[thread_local]: all threads would share the static",
}
_BAD_NAME = "the name in #[export_name] is no C identifier: only such names can be given in C"
_ASSOCIATED = "mrustc ignores #[export_name] on functions in an impl: move it out of the impl"


@dataclass(frozen=True)
class Export:
    """A static that is to have the symbol ``name``; ``getter`` is the function that tells it."""

    getter: str
    name: str
    where: str


@dataclass(frozen=True)
class Instrumentation:
    """What is to be changed in a crate: the new text of some files, and the statics to export."""

    crate: Crate
    files: tuple[Path, ...]
    texts: Mapping[Path, str]
    exports: tuple[Export, ...]

    def write(self, folder: Path) -> None:
        """Write the copy of the crate's sources; files keep their places below the crate's root."""
        for file in self.files:
            target = folder / file.relative_to(self.crate.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            if file in self.texts:
                target.write_text(self.texts[file], encoding="utf-8", newline="")
            else:
                shutil.copyfile(file, target)


def instrument(
    crate: Crate,
    marks: Mapping[Path, Sequence[Insertion]] | None = None,
    rewritten: Mapping[Path, Sequence[Edit]] | None = None,
) -> Instrumentation | None:
    """Return how a crate's sources are to be changed for mrustc, None where nothing is.

    ``marks`` are written into the files besides, and what is ``rewritten`` of them.

    Raises :class:`UserError` where a source of such a crate lies outside its folder: a copy would
    not have it.
    """
    found = sources(crate)
    texts: dict[Path, str] = {}
    exports: list[Export] = []
    for file in found.rust:
        text = read_text(file, MAX_BYTES)
        edits = [_marking(one, len(text)) for one in (marks or {}).get(file, ())]
        edits += (rewritten or {}).get(file, ())
        for item in items(text, file) if _WORDS.search(text) else ():
            edits += _edits(item, f"{file}:{item.line}", crate, exports)
        if edits:
            texts[file] = _edited(text, edits)
    if not texts:
        return None
    files = tuple(file for file in found.files if file.is_file())
    for file in files:
        if not file.is_relative_to(crate.root):
            raise UserError(
                f"the crate {crate.name} exports a static, has an allocator, or something that "
                "mrustc ignores or reads wrongly, and reads a file outside its folder "
                f"{crate.root}",
                where=str(file),
                mend="move the file into the crate's folder: the crate is transpiled from a copy",
            )
    return Instrumentation(crate, files, texts, tuple(exports))


def _marking(mark: Insertion, length: int) -> Edit:
    at = mark.at if mark.at >= 0 else length
    return Edit(at, at, mark.text)


def _edits(item: Item, where: str, crate: Crate, exports: list[Export]) -> Iterator[Edit]:
    """Yield the changes that one item needs; add the statics to export to ``exports``."""
    ignored = _IGNORED_ON_STATIC if item.kind is ItemKind.STATIC else _IGNORED_ON_FUNCTION
    for meta in item.metas:
        if meta.name in ignored:
            yield _refusal(item, meta, ignored[meta.name])
        elif meta.name == "export_name":
            yield from _rename(item, meta)
    if item.kind is ItemKind.FUNCTION:
        yield from _function(item)
        return
    for meta in _naming(item, where):
        name = item.name if meta.value is None else meta.value
        export = Export(f"{PREFIX}static_{crate.crate_name}_{len(exports)}", name, where)
        exports.append(export)
        text = _GETTER.format(cfgs=item.cfgs + meta.cfgs, getter=export.getter, path=item.path)
        yield Edit(item.end, item.end, f" {text}")
    for meta in item.named("global_allocator"):
        for head, call in _ALLOCATOR:
            body = call.format(path=item.path, layout=_LAYOUT)
            text = _METHOD.format(cfgs=item.cfgs + meta.cfgs, head=head, call=body)
            yield Edit(item.end, item.end, f" {text}")


def _naming(item: Item, where: str) -> list[Meta]:
    """Return the metas that name a static: ``export_name`` goes before ``no_mangle``, as in rustc.

    Raises :class:`UserError` where a condition decides between the two.
    """
    named, plain = item.named("export_name"), item.named("no_mangle")
    if named and plain and any(meta.conditions for meta in (*named, *plain)):
        raise UserError(
            "both #[no_mangle] and #[export_name], and a cfg_attr decides which",
            where=where,
            mend="write the names as #[cfg_attr(A, export_name = …)] and "
            "#[cfg_attr(not(A), export_name = …)]",
        )
    return [meta for meta in named if _is_c_name(meta)] or ([] if named else plain[:1])


def _function(item: Item) -> Iterator[Edit]:
    """Yield what makes mrustc emit an exported function under its name."""
    exported = [*item.named("no_mangle"), *item.named("export_name")]
    for meta in item.named("inline"):
        # mrustc leaves a public #[inline] function to those who call it, whatever its name.
        if exported:
            yield Edit(meta.start, meta.end, "doc(hidden)")
    for meta in item.named("no_mangle"):
        # In an impl it knows the old form only.
        if item.associated and meta.wrapped:
            yield Edit(meta.start, meta.end, "no_mangle")


def _rename(item: Item, meta: Meta) -> Iterator[Edit]:
    """Yield ``link_name`` for ``export_name``: mrustc takes it for the name of a definition."""
    if not _is_c_name(meta):
        yield _refusal(item, meta, _BAD_NAME)
    elif item.associated:
        yield _refusal(item, meta, _ASSOCIATED)
    else:
        yield Edit(meta.start, meta.end, f'link_name = "{meta.value}"')


def _is_c_name(meta: Meta) -> bool:
    return meta.value is not None and _C_NAME.fullmatch(meta.value) is not None


def _refusal(item: Item, meta: Meta, what: str) -> Edit:
    """Return an error for mrustc to find, unless a condition leaves the item out."""
    text = f'{item.cfgs}{meta.cfgs}compile_error!("{what}"); '
    return Edit(item.start, item.start, text)


def _edited(text: str, edits: Sequence[Edit]) -> str:
    """Return ``text`` with the edits made, and as many lines as before in front of each place."""
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda one: one.start):
        removed = text[edit.start : edit.end]
        parts += [text[done : edit.start], edit.text, "\n" * removed.count("\n")]
        done = edit.end
    return "".join([*parts, text[done:]])


def add_aliases(c_file: Path, exports: Sequence[Export]) -> None:
    """Append to mrustc's C the exported name of each static that is there.

    A static that a condition left out has no getter in the C, and gets no name.  Raises
    :class:`UserError` where a name is given twice, :class:`ToolError` where a getter does not
    tell its static.
    """
    text = c_file.read_text(encoding="utf-8")
    defined = dict(_DEFINED.findall(text))
    symbols = _symbols(text, defined)
    taken = dict.fromkeys(defined.values(), "a function")
    lines: list[str] = []
    for export in exports:
        if export.getter not in taken:
            continue
        if export.getter not in symbols:
            raise ToolError(
                f"{export.where}: mrustc does not tell the symbol of the static {export.name}",
                argv=["grep", "-n", "-A10", export.getter, str(c_file)],
            )
        if export.name in taken:
            raise UserError(
                f"the exported name {export.name} is taken: {taken[export.name]} has it too",
                where=export.where,
            )
        taken[export.name] = f"the static at {export.where}"
        lines.append(_alias(len(lines), export.name, symbols[export.getter]))
    with c_file.open("a", encoding="utf-8") as stream:
        stream.write("".join(lines))


def _alias(number: int, name: str, symbol: str) -> str:
    """Return C that gives a static a second symbol (GCC manual, "Common Function Attributes")."""
    return (
        f'extern __typeof__({symbol}) {PREFIX}alias_{number} __asm__("{name}") '
        f'__attribute__((alias("{symbol}")));\n'
    )


def _symbols(text: str, defined: Mapping[str, str]) -> dict[str, str]:
    """Return the mangled static whose address each getter takes, by the getter's name.

    mrustc writes a prototype and a definition with the same first line; the one has ``;`` on a
    line of its own, the other an assignment of ``&SYMBOL.val``.
    """
    found: dict[str, str] = {}
    getter = ""
    for line in text.splitlines():
        code = line.partition("//")[0]
        if not getter:
            head = _HEAD.search(code)
            name = defined.get(head[1], "") if head else ""
            getter = name if name.startswith(PREFIX) else ""
        elif code in {";", "}"}:
            getter = ""
        elif address := _ADDRESS.search(code):
            found[getter] = address[1]
            getter = ""
    return found
