# SPDX-License-Identifier: GPL-2.0-only
"""The commonest instructions in their plainest form, each by one regular expression.

What has another form is none of these, and is read word by word (``body.py``): nothing here knows
an error.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from pipeline.transpile.rustc.ir import (
    Array,
    Global,
    Int,
    Local,
    Number,
    Ptr,
    Type,
    Typed,
    Value,
    Void,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_TYPE = r"(ptr|i\d+)"
_NAME = r"%([-\w.$]+)"
_VALUE = r"([%@][-\w.$]+|-?\d+|true|false)"
_FORM = re.compile(
    rf"""(?:{_NAME}\ =\ )?(?:
    load\ (?P<load>{_TYPE},\ ptr\ {_VALUE},\ align\ (\d+))
  | store\ (?P<store>{_TYPE}\ {_VALUE},\ ptr\ {_VALUE},\ align\ (\d+))
  | br\ (?P<jump>label\ {_NAME})
  | br\ (?P<branch>i1\ {_VALUE},\ label\ {_NAME},\ label\ {_NAME})
  | (?P<binary>(add|sub|mul|and|or|xor|shl|lshr|ashr|udiv|urem)
      (?:\ (?:nuw|nsw|exact|disjoint))*\ (i\d+)\ {_VALUE},\ {_VALUE})
  | (?P<compare>icmp\ (\w+)\ {_TYPE}\ {_VALUE},\ {_VALUE})
  | getelementptr\ (?:inbounds\ |nuw\ |nusw\ )*(?P<gep>(i\d+),\ ptr\ {_VALUE},\ (i\d+)\ {_VALUE})
  | (?P<alloca>alloca\ \[(\d+)\ x\ i8\],\ align\ (\d+))
  )(?:,\ !range\ !\d+|,\ !noundef\ !\d+)*""",
    re.VERBOSE,
)
_PTR = Ptr()
_I1 = Int(1)

Read = tuple[str, str, Type, tuple[Typed, ...], dict[str, Any]]
"""What an instruction is made of: operation, result, type, operands, and what else it has."""


def read(text: str) -> Read | None:
    """Return the parts of an instruction without its location, or None for another form."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    form = match.lastgroup
    # Groups of a form begin behind the one that names it.
    at = match.re.groupindex[str(form)]
    part = match.groups()[at : at + _PARTS[str(form)]]
    return _FORMS[str(form)](match[1] or "", *part)


@functools.lru_cache(maxsize=256)
def _kind(word: str) -> Type:
    return _PTR if word == "ptr" else Int(int(word[1:]))


def _value(word: str) -> Value:
    if word[0] == "%":
        return Local(word[1:])
    if word[0] == "@":
        return Global(word[1:])
    if word in ("true", "false"):
        return Number(int(word == "true"))
    return Number(int(word))


def _typed(kind: str, word: str) -> Typed:
    return Typed(_kind(kind), _value(word))


def _access(alignment: str) -> dict[str, Any]:
    return {"atomic": False, "volatile": False, "alignment": int(alignment), "orderings": []}


def _load(result: str, kind: str, address: str, alignment: str) -> Read:
    return "load", result, _kind(kind), (_typed("ptr", address),), _access(alignment)


def _store(result: str, kind: str, value: str, address: str, alignment: str) -> Read:
    operands = (_typed(kind, value), _typed("ptr", address))
    return "store", result, _kind(kind), operands, _access(alignment)


def _jump(result: str, target: str) -> Read:
    return "br", result, Void(), (), {"targets": [target]}


def _branch(result: str, condition: str, yes: str, no: str) -> Read:
    return "br", result, Void(), (Typed(_I1, _value(condition)),), {"targets": [yes, no]}


def _binary(result: str, op: str, kind: str, first: str, second: str) -> Read:
    return op, result, _kind(kind), (_typed(kind, first), _typed(kind, second)), {}


def _compare(result: str, condition: str, kind: str, first: str, second: str) -> Read:
    operands = (_typed(kind, first), _typed(kind, second))
    return "icmp", result, _I1, operands, {"condition": condition}


def _gep(result: str, kind: str, base: str, index: str, number: str) -> Read:
    operands = (_typed("ptr", base), _typed(index, number))
    return "getelementptr", result, _kind(kind), operands, {}


def _alloca(result: str, count: str, alignment: str) -> Read:
    return "alloca", result, Array(int(count), Int(8)), (), {"alignment": int(alignment)}


_FORMS: dict[str, Callable[..., Read]] = {
    "load": _load,
    "store": _store,
    "jump": _jump,
    "branch": _branch,
    "binary": _binary,
    "compare": _compare,
    "gep": _gep,
    "alloca": _alloca,
}
_PARTS = {"load": 3, "store": 4, "jump": 1, "branch": 3, "binary": 4, "compare": 4, "gep": 4,
          "alloca": 2}  # fmt: skip
"""The groups that each form has."""
