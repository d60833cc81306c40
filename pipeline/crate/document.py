# SPDX-License-Identifier: GPL-2.0-only
"""A TOML file read within bounds, whose errors name the line of the key they are about."""

from __future__ import annotations

import difflib
import re
import stat
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

MAX_BYTES = 256 * 1024
_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_HEADER = re.compile(rf"\s*\[\[?\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")
_INLINE = re.compile(rf"[{{,]\s*({_KEY}(?:\s*\.\s*{_KEY})*)\s*=")
_MAX_PARTS = 32
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])\s*(?:{_KEY}\s*\.\s*){{{_MAX_PARTS}}}", re.MULTILINE)
_TOML_LINE = re.compile(r"\(at line (\d+)")
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """A parsed TOML file: ``data`` is its content, ``text`` what lines are counted in."""

    path: Path
    text: str
    data: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Document:
        """Read ``path``; :class:`UserError` if it is absent, too large, or no TOML (with its line).

        More than 256 KiB is refused, and so is a dotted key of more than 32 parts: no manifest
        written by people comes near, and tomllib takes memory by the square of a key's parts.
        """
        text = read_text(path, MAX_BYTES)
        if long_key := _LONG_KEY.search(text):
            line = text.count("\n", 0, long_key.end()) + 1
            raise UserError(f"a key of more than {_MAX_PARTS} parts", where=f"{path}:{line}")
        try:
            return cls(path, text, tomllib.loads(text))
        except RecursionError:
            raise UserError("the TOML is nested too deep", where=str(path)) from None
        except ValueError as error:
            place = _TOML_LINE.search(str(error))
            where = f"{path}:{place[1]}" if place else str(path)
            raise UserError(f"not valid TOML: {error}", where=where) from None

    def where(self, *keys: str) -> str:
        """Return ``file:line`` of the line that sets ``keys``, or of the nearest one around it."""
        best, best_line = 0, 1
        for number, found in self._keys():
            length = _common(found, keys)
            if length > best:
                best, best_line = length, number
        return f"{self.path}:{best_line}"

    def error(self, what: str, *keys: str, mend: str = "") -> UserError:
        """Return an error about ``keys``, to be raised."""
        return UserError(what, where=self.where(*keys), mend=mend)

    def validate(self, model: type[_Model], value: object, *keys: str) -> _Model:
        """Return ``value``, which stands at ``keys``, as a ``model``; its first fault is raised."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            details = error.errors(include_url=False)[0]
            below = [str(part) for part in details["loc"] if not isinstance(part, int)]
            path = [*keys, *below]
            what = f"{'.'.join(path)}: {_message(details)}"
            mend = ""
            if details["type"] == "extra_forbidden":
                fields = model.model_fields.items()
                mend = nearest(below[-1], [field.alias or name for name, field in fields])
            raise self.error(what, *path, mend=mend) from None

    def _keys(self) -> Iterable[tuple[int, list[str]]]:
        """Yield the line number and the whole path of each key, as far as lines tell.

        Text inside a multi-line string may be taken for a key: the line is a help, not a proof.
        """
        table: list[str] = []
        for number, line in enumerate(self.text.split("\n"), start=1):
            if header := _HEADER.match(line):
                table = _parts(header[1])
                yield number, table
            elif assignment := _ASSIGNMENT.match(line):
                path = [*table, *_parts(assignment[1])]
                yield number, path
                for inner in _INLINE.finditer(line, assignment.end()):
                    yield number, [*path, *_parts(inner[1])]


def read_text(path: Path, limit: int) -> str:
    """Return the text of a regular UTF-8 file of at most ``limit`` bytes, else :class:`UserError`.

    What is no regular file is not opened: a pipe would never end.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UserError("not a regular file", where=str(path))
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise UserError(f"larger than {limit // 1024} KiB", where=str(path))
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"not UTF-8 text: byte {error.start} is wrong", where=str(path)) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path)) from None


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a mend that names the known word nearest to ``word``, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(names)}" if names else ""


def _parts(dotted: str) -> list[str]:
    """Split a dotted TOML key into its parts, quotes taken off."""
    return [part.strip("\"'") for part in re.findall(_KEY, dotted)]


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """Return how many leading parts two key paths share; 0 where ``left`` leads elsewhere."""
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))


def _message(details: ErrorDetails) -> str:
    """Return pydantic's message in the words of a manifest."""
    if details["type"] == "extra_forbidden":
        return "this key is not known here"
    if details["type"] == "missing":
        return "this key is required"
    message = details["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:]
