# SPDX-License-Identifier: GPL-2.0-only
"""Every file that compiling a crate may read, for dependency tracking.

Found are modules in files of their own, with ``#[path]``, and literal ``include!``,
``include_str!``, ``include_bytes!``.  Conditions are not decided: a file under any ``#[cfg]``, and
one that a macro's body or arguments name, counts if it is there.  Where a module's file is looked
for follows rustc's ``rustc_expand::module`` and the Reference
(https://doc.rust-lang.org/reference/items/modules.html).
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.crate.document import read_text
from pipeline.crate.lexer import OPEN, Kind, Token, group_end, split_arguments, tokens
from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.crate.model import Crate

MAX_BYTES = 8 * 1024 * 1024
MAX_FILES = 20_000
MAX_DEPTH = 128
"""Files inside files inside files: as deep as rustc lets macros nest unless told otherwise."""
MAX_PLACES = 64

_INCLUDES = {"include", "include_str", "include_bytes"}
_BEFORE_MOD = {"pub", "unsafe"}


@dataclass(frozen=True)
class Sources:
    """``files``: all that may be read, the root first, absolute; ``missing``: what was looked for
    and is not there, so that its coming would change the build; ``undecided``: ``file:line`` of
    each include whose path only the compiler knows; ``rust``: those of ``files`` that are read as
    Rust, not as a text or bytes.
    """  # noqa: D205 - the four fields are one sentence

    files: tuple[Path, ...]
    missing: tuple[Path, ...]
    undecided: tuple[str, ...]
    rust: tuple[Path, ...]

    def within(self, folder: Path) -> bool:
        """Say whether all files are in a folder: a copy of it has everything."""
        return all(file.is_relative_to(folder) for file in self.files)


def sources(crate: Crate, *, env: Mapping[str, str] | None = None) -> Sources:
    """Find the files of ``crate`` (not of its dependencies).

    ``env`` decides ``env!("…")`` inside an include's ``concat!``; ``CARGO_MANIFEST_DIR`` is known
    besides.  :class:`~pipeline.errors.UserError` with ``file:line`` for an unconditional module or
    include that has no file, for a circle of modules, and for a file that cannot be read as Rust.
    """
    walker = _Walker({**(env or {}), "CARGO_MANIFEST_DIR": str(crate.root)})
    path = crate.lib_path
    walker.visit(path, _Place(path.parent), (), conditional=False)
    walker.run()
    return Sources(
        files=tuple(walker.files),
        missing=tuple(walker.missing),
        undecided=tuple(walker.undecided),
        rust=tuple(walker.rust),
    )


def can_be_copied(crate: Crate) -> bool:
    """Say whether all files that a crate reads are in its own folder: mrustc may get a copy."""
    return sources(crate).within(crate.root)


@dataclass(frozen=True)
class _Place:
    """Where files of child modules are: ``folder``, and in it ``own`` for a file not a mod.rs."""

    folder: Path
    own: str = ""

    def children(self) -> Path:
        return self.folder / self.own


@dataclass
class _Scope:
    """An open delimiter.  ``item``: the item that stands here now is under a condition.

    ``places`` are several where a ``cfg_attr`` may give a module around us another folder.
    """

    close: str
    places: tuple[_Place, ...]
    conditional: bool
    item: bool = False


@dataclass
class _Attributes:
    """What the attributes before an item say: paths it may have, and whether each is certain."""

    conditional: bool = False
    path: str | None = None
    maybe_paths: list[str] = field(default_factory=list)


class _Walker:
    """The files found so far, and those still to be scanned."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.files: dict[Path, None] = {}
        self.rust: dict[Path, None] = {}
        self.missing: dict[Path, None] = {}
        self.undecided: list[str] = []
        self._env = env
        self._seen: set[tuple[Path, _Place, bool]] = set()
        self._queue: deque[tuple[Path, _Place, tuple[Path, ...], bool]] = deque()

    def run(self) -> None:
        """Scan every file asked for, and those that they ask for."""
        while self._queue:
            path, place, chain, conditional = self._queue.popleft()
            self.add(path)
            self.rust.setdefault(path)
            found = tokens(read_text(path, MAX_BYTES), path)
            _Scan(self, path, place, (*chain, path), conditional=conditional).run(found)

    def visit(
        self, path: Path, place: _Place, chain: tuple[Path, ...], *, conditional: bool
    ) -> None:
        """Ask for ``path``, whose child modules are at ``place``; ``chain`` is the files around."""
        if len(chain) >= MAX_DEPTH:
            raise UserError(f"modules deeper than {MAX_DEPTH} files", where=str(chain[-1]))
        if path in chain:
            if conditional:
                return
            circle = " -> ".join(str(each) for each in [*chain[chain.index(path) :], path])
            raise UserError(f"circular modules: {circle}", where=str(chain[-1]))
        if (path, place, conditional) not in self._seen:
            self._seen.add((path, place, conditional))
            self._queue.append((path, place, chain, conditional))

    def add(self, path: Path) -> None:
        """Record a file that may be read."""
        self.files.setdefault(path)
        if len(self.files) > MAX_FILES:
            raise UserError(f"more than {MAX_FILES} source files", where=str(path))

    def literal(self, argument: Sequence[Token]) -> str | None:
        """Return the path that an include's argument stands for; None where it is undecidable."""
        names = [token.text for token in argument[:3]]
        if names[:2] != ["concat", "!"] or names[2:] == [] or names[2] not in OPEN:
            return self._simple(argument)
        inside = argument[3 : group_end(argument, 2) - 1]
        parts = [self._simple(part) for part in split_arguments(inside)]
        return None if None in parts else "".join(part for part in parts if part is not None)

    def _simple(self, argument: Sequence[Token]) -> str | None:
        """Return what a string literal or an ``env!`` of one stands for; None for all else."""
        kinds = [token.kind for token in argument if token.text != ","]
        if kinds == [Kind.STRING]:
            return argument[0].text
        names = [token.text for token in argument[:2]]
        if names == ["env", "!"] and kinds[3:4] == [Kind.STRING] and len(kinds) == 5:
            return self._env.get(argument[3].text)
        return None


class _Scan:
    """One pass over one file's tokens."""

    def __init__(
        self,
        walker: _Walker,
        path: Path,
        place: _Place,
        chain: tuple[Path, ...],
        *,
        conditional: bool,
    ) -> None:
        self._walker = walker
        self._path = path
        self._chain = chain
        self._scopes = [_Scope("", (place,), conditional)]
        self._attributes = _Attributes()

    def run(self, stream: list[Token]) -> None:
        """Follow every module and include in ``stream``."""
        index = 0
        while index < len(stream):
            index = self._step(stream, index)

    def _step(self, stream: list[Token], index: int) -> int:
        """Handle the token at ``index`` and return the index of the next one to look at."""
        token = stream[index]
        if token.kind is Kind.MARK:
            return self._mark(stream, index)
        if token.kind is Kind.IDENT:
            if token.text in _BEFORE_MOD:
                # An attribute before `pub(in path)` belongs to what comes after it.
                paren = _marks(stream, index + 1, "(")
                return group_end(stream, index + 1) if paren else index + 1
            if token.text == "mod":
                return self._module(stream, index)
            if _marks(stream, index + 1, "!"):
                return self._macro(stream, index)
        self._begin_item()
        return index + 1

    def _mark(self, stream: list[Token], index: int) -> int:
        """Handle a delimiter, the start of an attribute, or the end of an item."""
        text = stream[index].text
        inner = text == "#" and _marks(stream, index + 1, "![")
        if inner or (text == "#" and _marks(stream, index + 1, "[")):
            start = index + (2 if inner else 1)
            end = group_end(stream, start)
            self._attribute(stream[start + 1 : end - 1], inner=inner)
            return end
        self._begin_item()
        scope = self._scopes[-1]
        if text in OPEN:
            self._push(OPEN[text], scope.places)
        elif text in {";", ","}:
            scope.item = False
        elif text == scope.close and len(self._scopes) > 1:
            self._scopes.pop()
            if text == "}":
                self._scopes[-1].item = False
        return index + 1

    def _begin_item(self) -> None:
        """Let the attributes seen so far go: a condition in them holds until the item's end."""
        if self._attributes.conditional:
            self._scopes[-1].item = True
        self._attributes = _Attributes()

    def _push(self, close: str, places: tuple[_Place, ...], *, conditional: bool = False) -> None:
        """Enter a delimiter."""
        scope = self._scopes[-1]
        conditional = conditional or scope.conditional or scope.item
        self._scopes.append(_Scope(close, places, conditional))

    def _attribute(self, inside: list[Token], *, inner: bool) -> None:
        """Take up ``#[…]`` or ``#![…]``: a condition, or a path."""
        name = inside[0].text if inside else ""
        if inner:
            self._scopes[-1].conditional |= name == "cfg"
            return
        self._attributes.conditional |= name == "cfg"
        for at, token in enumerate(inside[:-2]):
            equals, value = inside[at + 1], inside[at + 2]
            if token.text == "path" and equals.text == "=" and value.kind is Kind.STRING:
                if name == "path" and at == 0 and self._attributes.path is None:
                    self._attributes.path = value.text
                elif name == "cfg_attr":
                    self._attributes.maybe_paths.append(value.text)

    def _module(self, stream: list[Token], index: int) -> int:
        """Handle ``mod NAME;`` and ``mod NAME {``; anything else was no module."""
        attributes, scope = self._attributes, self._scopes[-1]
        opens = _marks(stream, index + 2, "{")
        name = stream[index + 1] if opens or _marks(stream, index + 2, ";") else None
        if name is None or name.kind not in {Kind.IDENT, Kind.RAW}:  # `mod $name;` in a macro
            self._begin_item()
            return index + 1
        self._attributes = _Attributes()
        conditional = attributes.conditional or scope.conditional or scope.item
        if opens:
            self._push("}", self._inline(name, attributes), conditional=conditional)
            return index + 3
        self._file_module(name.text, attributes, name.line, conditional=conditional)
        scope.item = False
        return index + 3

    def _inline(self, name: Token, attributes: _Attributes) -> tuple[_Place, ...]:
        """Return where the modules inside ``mod name { … }`` have their files."""
        places: dict[_Place, None] = {}
        for place in self._scopes[-1].places:
            own = place.children() / name.text
            certain = own if attributes.path is None else place.folder / attributes.path
            maybe = [place.folder / path for path in attributes.maybe_paths]
            places.update(dict.fromkeys(_Place(folder) for folder in [certain, *maybe]))
        if len(places) > MAX_PLACES:
            what = f"more than {MAX_PLACES} folders that this module may stand for"
            raise UserError(what, where=f"{self._path}:{name.line}")
        return tuple(places)

    def _file_module(
        self, name: str, attributes: _Attributes, line: int, *, conditional: bool
    ) -> None:
        """Follow ``mod name;``."""
        places = self._scopes[-1].places
        conditional = conditional or len(places) > 1
        for place in places:
            for maybe in attributes.maybe_paths:
                self._candidate([place.folder / maybe], name, line, conditional=True, by_path=True)
            if attributes.path is not None:
                path = place.folder / attributes.path
                self._candidate([path], name, line, conditional=conditional, by_path=True)
                continue
            folder = place.children()
            paths = [folder / f"{name}.rs", folder / name / "mod.rs"]
            unsure = conditional or bool(attributes.maybe_paths)
            self._candidate(paths, name, line, conditional=unsure, by_path=False)

    def _candidate(
        self, paths: list[Path], name: str, line: int, *, conditional: bool, by_path: bool
    ) -> None:
        """Visit the one of ``paths`` that is there; none or both is an error unless conditional."""
        paths = [Path(os.path.normpath(path)) for path in paths]
        found = [path for path in paths if _is_file(path)]
        self._walker.missing.update(dict.fromkeys(path for path in paths if path not in found))
        where = f"{self._path}:{line}"
        tried = " or ".join(str(path) for path in paths)
        if not conditional and not found:
            raise UserError(
                f"file not found for module `{name}`", where=where, mend=f"make {tried}"
            )
        if not conditional and len(found) > 1:
            what = f"file for module `{name}` found at both {' and '.join(map(str, found))}"
            raise UserError(what, where=where, mend="delete or rename one of them")
        for path in found:
            owner = by_path or path.name == "mod.rs"
            place = _Place(path.parent, "" if owner else path.stem)
            self._walker.visit(path, place, self._chain, conditional=conditional)

    def _macro(self, stream: list[Token], index: int) -> int:
        """Handle ``name!…``: an include, or a macro whose tokens may or may not become items."""
        name = stream[index].text
        self._begin_item()
        start = index + 2
        if name == "macro_rules" and start < len(stream) and stream[start].kind is not Kind.MARK:
            start += 1
        if not any(_marks(stream, start, mark) for mark in OPEN):
            return index + 1
        if name not in _INCLUDES:
            self._push(OPEN[stream[start].text], self._scopes[-1].places, conditional=True)
            return start + 1
        end = group_end(stream, start)
        self._include(name, stream[start + 1 : end - 1], stream[index].line)
        return end

    def _include(self, name: str, argument: list[Token], line: int) -> None:
        """Follow ``include!``, ``include_str!`` or ``include_bytes!``."""
        where = f"{self._path}:{line}"
        literal = self._walker.literal(argument)
        if literal is None:
            self._walker.undecided.append(where)
            return
        path = Path(os.path.normpath(self._path.parent / literal))
        scope = self._scopes[-1]
        conditional = scope.conditional or scope.item
        if not _is_file(path):
            self._walker.missing.setdefault(path)
            if not conditional:
                raise UserError(f"{name}!: there is no file {path}", where=where)
        elif name == "include":
            place = _Place(path.parent)
            self._walker.visit(path, place, self._chain, conditional=conditional)
        else:
            self._walker.add(path)


def _marks(stream: Sequence[Token], index: int, text: str) -> bool:
    """Say whether the tokens from ``index`` on are the marks in ``text``."""
    return all(
        index + at < len(stream)
        and stream[index + at].text == mark
        and stream[index + at].kind is Kind.MARK
        for at, mark in enumerate(text)
    )


def _is_file(path: Path) -> bool:
    """Say whether ``path`` is a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
