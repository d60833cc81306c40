# SPDX-License-Identifier: GPL-2.0-only
"""Ask GCC itself what it records for some options, and which are in force by default.

GCC spells options its own way when it records them (``-m68040`` becomes ``-mcpu=68040``) and adds
those of its configuration.  So recorded text is compared with recorded text of the same compiler.
"""

from __future__ import annotations

import functools
import re
import tempfile
from pathlib import Path

from pipeline.errors import ToolError
from pipeline.run import check
from pipeline.validate.abi_flags import classify, negative, select
from pipeline.validate.elf import Object

_SECONDS = 60.0
_STATE = re.compile(r"^\s+(-[fm]\S+)\s+\[(enabled|disabled)\]", re.MULTILINE)


@functools.cache
def recorded(gcc: Path, flags: tuple[str, ...]) -> str:
    """Return the line that ``gcc`` records for an empty C file compiled with ``flags``.

    Only the ABI-affecting ones of ``flags`` are used: no other changes what is compared, and a
    command that was found in a file cannot name plugins or files to read.
    """
    used = abi_only(flags)
    with tempfile.TemporaryDirectory(prefix="ferric-") as folder:
        source, target = Path(folder) / "empty.c", Path(folder) / "empty.o"
        source.write_text("", encoding="ascii")
        argv = [str(gcc), *used, "-frecord-gcc-switches", "-c", str(source), "-o", str(target)]
        check(argv, "the compiler does not accept the flags to compare with", timeout=_SECONDS)
        lines = Object.read(target).recorded
        if len(lines) != 1:
            raise ToolError("the compiler does not record its options", argv=argv)
        return lines[0]


@functools.cache
def _groups_in_force(gcc: Path, flags: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Return, by group, the options that are in force under ``flags``; known groups only."""
    found: dict[str, set[str]] = {}
    for kind in ("common", "target", "c"):
        argv = [str(gcc), *flags, "-Q", f"--help={kind}"]
        output = check(argv, "the compiler does not list its options", timeout=_SECONDS)
        for flag, state in _STATE.findall(output):
            group = classify(flag)
            if group:
                members = found.setdefault(group[0], set())
                if state == "enabled":
                    members.add(flag)
    return {group: frozenset(members) for group, members in found.items()}


def already_so(gcc: Path, flag: str, others: tuple[str, ...]) -> bool:
    """Say whether adding ``flag`` to the options ``others`` changes nothing, as GCC tells.

    Where GCC lists no state for the option, the answer is no.
    """
    group = classify(flag)
    if group is None:
        return True
    if flag == "-fshort-enums":
        return False  # GCC 12 lists it as enabled where enums are as wide as int
    try:
        in_force = _groups_in_force(gcc, abi_only(others)).get(group[0])
    except ToolError:
        return False
    if in_force is None:
        return False
    return not in_force if negative(flag) else flag in in_force


def abi_only(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ABI-affecting ones of ``flags``, in order, each group's last one."""
    return tuple(select(list(flags)).values())
