# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel's own headers say of the types of its exports, from its own GCC.

One C file includes the headers that name exported symbols and declares a pointer to each of them;
it is compiled as the tree compiles a module, with debug information.  Headers that cannot be
included by themselves, and names that turn out not to be declared, are left out.  This is done once
for a tree and kept.
"""

from __future__ import annotations

import functools
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline import run
from pipeline.debuginfo.information import debug_information
from pipeline.debuginfo.model import Pointer
from pipeline.errors import ToolError
from pipeline.files import cached
from pipeline.validate.elf import Object
from pipeline.validate.kbuild import compilations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pipeline.debuginfo.information import DebugInfo
    from pipeline.debuginfo.model import Ref
    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain
    from pipeline.validate.reference import Kernel

_FORMAT = 5
_NAME = "ferric_type_of_"
_TIME = 300.0  # seconds for all tries together
_FOLDERS = ("linux", "asm-generic", "net", "crypto")
_FIRST = ("linux/module.h", "linux/slab.h", "linux/fs.h", "linux/interrupt.h", "linux/device.h")
# What a line that begins with a word calls or declares: prototypes, and variables.  A name too many
# does no harm, the compiler knows.
_LINE = re.compile(r"^[A-Za-z_].*", re.MULTILINE)
_CALLED = re.compile(r"(\w+)\s*\(")
_VARIABLE = re.compile(
    r"^extern\s[^;(){}]*?\b(\w+)\s*(?:\[[^\]\n]*\]\s*)*(?:__\w+\s*)*;", re.MULTILINE
)
_FROM = re.compile(r"^(?:In file included| +) *from (?:\S*/)?types\.c:(\d+)[,:]")
_ERROR = re.compile(r"(?:\S*/)?types\.c:(\d+):\d+: (?:fatal )?error:")


@dataclass(frozen=True)
class KernelTypes:
    """The types of a kernel's exports, by name."""

    info: DebugInfo
    types: Mapping[str, Ref]

    def of(self, symbol: str) -> Ref | None:
        """Return the type of a function or variable; None where no header declares it."""
        return self.types.get(symbol)


def kernel_types(kernel: Kernel, toolchain: Toolchain) -> KernelTypes:
    """Return the types of what a kernel exports.

    Raises :class:`FerricError` where they cannot be had.
    """
    return _read(types_object(kernel.tree, kernel.exports, toolchain))


@functools.lru_cache(maxsize=4)
def _read(path: Path) -> KernelTypes:
    info = debug_information(Object.read(path))
    if isinstance(info, str):
        raise ToolError(f"the types of the kernel's exports: {info}", argv=["readelf", str(path)])
    types = {}
    for variable in info.variables:
        if variable.name.startswith(_NAME):
            pointer = info.type(variable.type)
            if isinstance(pointer, Pointer):
                types[variable.name.removeprefix(_NAME)] = pointer.target
    return KernelTypes(info, types)


def types_object(tree: KernelTree, names: Iterable[str], toolchain: Toolchain) -> Path:
    """Return the object with a pointer to each exported symbol that a header declares."""
    key = {"format": _FORMAT, "tree": tree.identity(), "gcc": toolchain.banner}

    def make(folder: Path) -> None:
        # The folder is kept, and the source with it: whoever doubts the types can look.
        headers, wanted = _declaring(tree, {name for name in names if name.isidentifier()})
        command = _command(tree.probe(toolchain))
        _compile(folder, tree.build, command, headers, wanted)

    return cached("kernel-types", key, make) / "types.o"


def _declaring(tree: KernelTree, names: set[str]) -> tuple[list[str], list[str]]:
    """Return the headers that seem to declare any of ``names``, and the names found in them."""
    headers: dict[str, None] = dict.fromkeys(_FIRST)
    found: set[str] = set()
    for name, path in _headers(tree):
        text = path.read_text(encoding="utf-8", errors="replace")
        declared = {one for line in _LINE.findall(text) for one in _CALLED.findall(line)}
        declared = (declared | set(_VARIABLE.findall(text))) & names
        # The generic ones come with the architecture's, which choose among them.
        if declared - found and not name.startswith("asm-generic/"):
            headers[name] = None
        found |= declared
    return list(headers), sorted(found)


def _headers(tree: KernelTree) -> Iterator[tuple[str, Path]]:
    """Yield the kernel's headers, the most general first: as they are included, and where."""
    root = tree.source / "include"
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*.h")):
            yield str(path.relative_to(root)), path
    for generated in sorted(tree.build.glob("arch/*/include/generated")):
        arch = tree.source / "arch" / generated.parent.parent.name
        for path in sorted((arch / "include" / "asm").glob("*.h")):
            yield f"asm/{path.name}", path


def _command(probe: Path) -> list[str]:
    """Return how Kbuild compiled the empty module, without its files."""
    for one in compilations(probe):
        if one.words[-1].endswith("/probe.c"):
            words = [word for word in one.words[:-1] if not word.startswith("-Wp,-MMD")]
            at = words.index("-o")
            return [*words[:at], *words[at + 2 :], "-g", "-w", "-fmax-errors=0"]
    raise ToolError(
        "Kbuild left no record of how it compiles", argv=["ls", "-a", str(probe.parent)]
    )


def _compile(
    folder: Path, build: Path, command: list[str], headers: list[str], names: list[str]
) -> None:
    """Compile a file that names everything, and again without the lines that GCC objects to."""
    lines = [f"#include <{name}>" for name in headers]
    lines += [f"__typeof__({name}) *{_NAME}{name};" for name in names]
    source, log = folder / "types.c", folder / "types.log"
    argv = [*command, "-o", str(folder / "types.o"), str(source)]
    deadline = time.monotonic() + _TIME
    while True:
        source.write_text("\n".join(lines) + "\n", encoding="utf-8")
        left = deadline - time.monotonic()
        result = run.run(argv, log=log, cwd=build, timeout=max(1.0, left))
        if result.exit_status == 0:
            return
        # These can be included by themselves: where they are blamed, others are in the way.
        bad = {line for line in _objections(result.output) if line > len(_FIRST)}
        if not bad or left <= 0:
            raise ToolError(
                "the types of the kernel's exports cannot be compiled",
                argv=argv,
                cwd=build,
                log=log,
                exit_status=result.exit_status,
                tail="\n".join(result.output.splitlines()[-run.TAIL_LINES :]),
            )
        # Lines keep their numbers.
        lines = [_instead(line) if at in bad else line for at, line in enumerate(lines, 1)]


def _instead(line: str) -> str:
    """Return what may stand in place of a line that GCC objects to, or nothing.

    Where an architecture makes a macro of ``memcmp``, no header declares the function; GCC does.
    """
    builtin = line.replace("__typeof__(", "__typeof__(__builtin_", 1)
    return "" if builtin == line or "__builtin_" in line else builtin


def _objections(output: str) -> set[int]:
    """Return the lines of the file that GCC's errors come from.

    Before a message from another file than the last one's, GCC says by which lines it got there;
    where an error is in an included file, the latest of these is the one to blame.
    """
    blamed = set()
    latest = 0
    for line in output.splitlines():
        own = _ERROR.match(line)
        if own:
            blamed.add(int(own[1]))
            continue
        included = _FROM.search(line)
        if included:
            latest = int(included[1])
        elif " error: " in line and latest:
            blamed.add(latest)
    return blamed
