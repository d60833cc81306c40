# SPDX-License-Identifier: GPL-2.0-only
"""Pass ``NonNull<T>`` as the pointer that it is, where the ABI passes a struct otherwise.

Rust's ``#[repr(transparent)]`` promises that ``NonNull<T>`` is passed as ``*const T``, and
``core::fmt`` relies on it: it calls ``fn(&T, …)`` through a pointer to ``fn(NonNull<()>, …)``.
mrustc writes a struct.  Most ABIs pass a struct of one pointer like the pointer; some (openrisc,
powerpc) pass its address, and then every formatted number is an address.  GCC's transparent union
is passed as its first member (GCC manual, "Common Type Attributes"), so the struct becomes one.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from elftools.elf.elffile import ELFFile

from pipeline import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.toolchains.find import Toolchain

_DEFINITION = re.compile(
    r"^struct (s_ZRG3c4core3ptr8non_null7NonNull1g\w+)\s*\{\n"
    r"([^\n]*\*\s*_0;[^\n]*\n)"
    r"\}",
    re.MULTILINE,
)
_ONE = "void *f(void *p) { return p; }\n"
_OTHER = "struct s { void *p; };\nvoid *f(struct s s) { return s.p; }\n"


def needed(toolchain: Toolchain, flags: Sequence[str]) -> bool:
    """Say whether this GCC passes a struct of one pointer otherwise than the pointer.

    Nothing is run: a function that returns what it was given is compiled for both, and the
    instructions are compared.
    """
    with tempfile.TemporaryDirectory(prefix="ferric-abi-") as name:
        folder = Path(name)
        return _text(toolchain, flags, folder, _ONE) != _text(toolchain, flags, folder, _OTHER)


def as_pointers(text: str) -> str:
    """Return mrustc's C with every thin ``NonNull`` as a transparent union of its pointer."""
    names = {match[1] for match in _DEFINITION.finditer(text)}
    if not names:
        return text
    text = _DEFINITION.sub(r"struct \1 {\n\2} __attribute__((transparent_union))", text)
    words = re.compile(r"\bstruct (s_ZRG3c4core3ptr8non_null7NonNull1g\w+)")
    return words.sub(lambda match: ("union " if match[1] in names else "struct ") + match[1], text)


def _text(toolchain: Toolchain, flags: Sequence[str], folder: Path, source: str) -> bytes:
    """Return the instructions of a C file."""
    (folder / "abi.c").write_text(source, encoding="ascii")
    argv: list[str | Path] = [
        toolchain.gcc,
        *flags,
        "-fno-function-sections",
        "-c",
        "abi.c",
        "-o",
        "abi.o",
    ]
    run.check(argv, f"{toolchain.arch.name}: GCC does not compile a probe", cwd=folder)
    with (folder / "abi.o").open("rb") as stream:
        section = ELFFile(stream).get_section_by_name(".text")
        return bytes(section.data()) if section is not None else b""
