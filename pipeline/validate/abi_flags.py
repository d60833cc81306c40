# SPDX-License-Identifier: GPL-2.0-only
"""The GCC options that change what code means to other code, each with what it changes.

Two objects whose options agree in these can be linked; optimisation and warnings are not here.
From the GCC 12 manual: "Code Gen Options", "Instrumentation Options", "C Dialect Options" and
"Machine-Dependent Options".
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    r"""Options that match ``pattern`` decide one thing, ``decides``, named by ``group``.

    The last option of a group wins; ``group`` may use the pattern's groups (``\1``).
    """

    pattern: re.Pattern[str]
    group: str
    decides: str


def _rule(pattern: str, group: str, decides: str) -> Rule:
    return Rule(re.compile(pattern), group, decides)


RULES = (
    _rule(
        r"-f(?:fixed|call-used|call-saved)-(.+)",
        r"register \1",
        "who may use the register and who saves it: the kernel keeps a value in a fixed one that "
        "other code would overwrite",
    ),
    _rule(r"-f(?:no-)?short-wchar", "wchar", "the size of wchar_t"),
    _rule(r"-f(?:no-)?short-enums", "enums", "the size of an enum"),
    _rule(r"-f(?:no-)?pack-struct(?:=\d+)?", "pack", "the layout of structures"),
    _rule(r"-f(?:no-)?(?:reg|pcc)-struct-return", "struct return", "where a structure is returned"),
    _rule(r"-f(?:no-)?(?:un)?signed-char", "char", "whether char is signed"),
    _rule(
        r"-f(?:no-)?(?:un)?signed-bitfields", "bit-fields", "whether a plain bit-field is signed"
    ),
    _rule(r"-f(?:no-)?common", "common", "COMMON symbols, which the module loader refuses"),
    _rule(
        r"-f(?:no-)?(?:pic|PIC|pie|PIE)",
        "pic",
        "access through a global offset table, which the module loader has not (or has to fill)",
    ),
    _rule(r"-f(?:no-)?plt", "plt", "calls through a procedure linkage table"),
    _rule(r"-ftls-model=.+", "tls", "how thread-local data is addressed"),
    _rule(
        r"-f(?:no-)?stack-protector(?:-all|-strong|-explicit)?",
        "stack protector",
        "the canary: where it is, and the function that is called when it was overwritten",
    ),
    _rule(r"-p|-pg", "profile", "a call of the profiling function at the start of each function"),
    _rule(
        r"-fpatchable-function-entry=.+",
        "patchable entry",
        "the room for ftrace at the start of each function",
    ),
    _rule(r"-f(?:no-)?instrument-functions", "instrument", "calls at entry and exit of functions"),
    _rule(r"-f(?:no-)?(sanitize=.+)", r"\1", "calls into the sanitizer's run-time library"),
    _rule(r"-fcf-protection(?:=.+)?", "cf", "landing pads for indirect branches"),
    _rule(r"-f(?:no-)?split-stack", "split stack", "a check of the stack in each function"),
    _rule(r"-f(?:no-)?leading-underscore", "underscore", "how C names are spelt in the object"),
    _rule(r"-f(?:no-)?lto(?:=.+)?", "lto", "whether the object holds machine code at all"),
    _rule(r"-f(?:no-)?exceptions", "exceptions", "unwind tables and the personality function"),
    _rule(
        r"-m(?!tune=)(?:no-)?([^=]+)(?:=.*)?",
        r"machine \1",
        "the processor or its calling convention",
    ),
)


def classify(flag: str) -> tuple[str, str] | None:
    """Return the group of an ABI-affecting option and what it decides; None for other options."""
    for rule in RULES:
        match = rule.pattern.fullmatch(flag)
        if match:
            return match.expand(rule.group), rule.decides
    return None


def negative(flag: str) -> bool:
    """Say whether an option is spelt in its negative form."""
    return flag.startswith(("-fno-", "-mno-"))


def select(flags: list[str]) -> dict[str, str]:
    """Return the ABI-affecting ones of ``flags`` by group; in each the last one wins."""
    found: dict[str, str] = {}
    for flag in flags:
        group = classify(flag)
        if group:
            found[group[0]] = flag
    return found
