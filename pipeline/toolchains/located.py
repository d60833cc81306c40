# SPDX-License-Identifier: GPL-2.0-only
"""YAML to plain values that remember their lines; whatever the bytes are, a UserError at worst.

Only the plain part of YAML is taken: mappings, sequences and scalars.  Anchors, aliases and tags
are refused, so that a small file cannot stand for a large one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from pipeline.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
_TAG = "tag:yaml.org,2002:"
_WORDS = {"true": True, "false": False}

Place = tuple[int | str, ...]


@dataclass
class Located:
    """A document: its value, the line (from 1) of every place in it, and what is wrong so far."""

    data: object = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """Return the line of ``place``, or of the nearest thing around it."""
        for length in range(len(place), -1, -1):
            found = self.lines.get(place[:length])
            if found is not None:
                return found
        return 1


def read(path: Path) -> Located:
    """Read a YAML file; one that is no plain YAML document is a :class:`UserError` with its line.

    Duplicate keys and keys that are no plain words are kept in ``problems``, so that they can be
    reported with everything else that is wrong.
    """
    text = _text(path)
    try:
        _refuse_references(text, path)
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        raise _bad(path, mark.line + 1 if mark else 1, f"no valid YAML: {what}") from None
    except (YAMLError, ValueError, TypeError, AttributeError, LookupError, AssertionError) as error:
        # The parser meets some malformed input with Python's own errors; none is our own code's.
        raise _bad(path, 1, f"no valid YAML: {error}".strip(": ")) from None
    if root is None:
        raise _bad(path, 1, "the file is empty")
    document = Located()
    document.data = _value(root, (), document)
    return document


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(raw) > MAX_BYTES:
        raise UserError(f"larger than {MAX_BYTES // 1024} KiB", where=str(path))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _bad(path, line, f"byte {error.start} is no UTF-8") from None


def _bad(path: Path, line: int, what: str) -> UserError:
    return UserError(what, where=f"{path.name}:{line}", mend=f"correct {path}")


def _refuse_references(text: str, path: Path) -> None:
    """Go through the parser's events, before any tree is built: bounded depth, nothing shared."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        line = event.start_mark.line + 1
        if depth > MAX_DEPTH:
            raise _bad(path, line, f"nested deeper than {MAX_DEPTH}")
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            raise _bad(path, line, "anchors and aliases are not allowed")


def _value(node: Node, place: Place, document: Located) -> object:
    """Return a node's plain value; sequences become tuples, as the models hold them."""
    document.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, MappingNode):
        return _mapping(node, place, document)
    if isinstance(node, SequenceNode) and node.tag == f"{_TAG}seq":
        return tuple(
            _value(item, (*place, index), document) for index, item in enumerate(node.value)
        )
    if isinstance(node, ScalarNode):
        return _scalar(node, document)
    document.problems.append((node.start_mark.line + 1, f"tag {node.tag} is not allowed"))
    return None


def _mapping(node: MappingNode, place: Place, document: Located) -> dict[str, object]:
    result: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = key_node.value
        if not isinstance(key_node, ScalarNode) or key_node.tag != f"{_TAG}str":
            document.problems.append((line, "a key must be a plain word"))
            continue
        if key in result:
            first = document.line((*place, key))
            document.problems.append((line, f"duplicate key {key!r} (first in line {first})"))
            continue
        document.lines[*place, key] = line
        result[key] = _value(value_node, (*place, key), document)
    return result


def _scalar(node: ScalarNode, document: Located) -> object:
    """Return text, number, truth value or None, as YAML 1.2 has them (hexadecimal is welcome)."""
    text: str = node.value
    kind = (node.tag or "").removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool" and text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if kind in {"int", "float"}:
        try:
            return int(text, 0) if kind == "int" else float(text)
        except ValueError:  # 007, .inf, and numbers of thousands of digits
            document.problems.append((node.start_mark.line + 1, f"{text[:40]!r} is no number"))
            return None
    if kind not in {"str", "timestamp"}:
        document.problems.append((node.start_mark.line + 1, f"tag {node.tag} is not allowed"))
    return text
