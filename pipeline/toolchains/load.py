# SPDX-License-Identifier: GPL-2.0-only
"""Read ``toolchains.yaml``: every mistake in it is reported with its line, all at once."""

from __future__ import annotations

import difflib
import functools
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.toolchains.located import Located, read
from pipeline.toolchains.model import Arch, CompilerFault, ToolchainsFile, Workaround

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic_core import ErrorDetails

DEFAULT_PATH = Path(__file__).resolve().parents[2] / "toolchains.yaml"
_SHOWN = 20


class Toolchains:
    """All architectures by name, in the file's order; iteration gives the names.

    ``workarounds`` are deviations for every architecture, each for some versions of GCC;
    ``compiler_faults`` deviations for one, where its GCC has the fault.
    """

    def __init__(
        self,
        archs: Mapping[str, Arch],
        workarounds: tuple[Workaround, ...] = (),
        compiler_faults: tuple[CompilerFault, ...] = (),
    ) -> None:
        self.workarounds = workarounds
        self.compiler_faults = compiler_faults
        self._archs = dict(archs)
        self._by_any_name = self._archs | {
            alias: arch for arch in archs.values() for alias in arch.aliases
        }

    def __iter__(self) -> Iterator[str]:
        return iter(self._archs)

    def __len__(self) -> int:
        return len(self._archs)

    def __contains__(self, name: object) -> bool:
        return name in self._by_any_name

    def __getitem__(self, name: str) -> Arch:
        return self.get(name)

    def names(self) -> list[str]:
        """Return the names of all architectures, in the file's order, without aliases."""
        return list(self._archs)

    def gcc_only(self) -> list[Arch]:
        """Return the architectures whose kernel rustc does not reach."""
        return [arch for arch in self._archs.values() if not arch.reference]

    def get(self, name: str) -> Arch:
        """Return the architecture called ``name``, or that has it as an alias, in any case.

        An unknown name is a :class:`UserError` with the nearest one and the list.
        """
        wanted = name.strip().lower()
        found = self._by_any_name.get(wanted)
        if found is not None:
            return found
        near = difflib.get_close_matches(wanted[:40], self._by_any_name, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UserError(
            f"unknown architecture {name.strip()[:40]!r}",
            mend=f"{hint}known: {', '.join(self._archs)}",
        )

    def select(self, text: str, *, installed: Callable[[Arch], bool]) -> list[Arch]:
        """Return the architectures that ``text`` names, each once, in the order given.

        ``text`` is names or aliases between commas; ``all`` stands for every GCC-only one and
        ``installed`` for those of them for which ``installed(arch)`` is true.  Where nothing is
        named or installed, that is a :class:`UserError`.
        """
        chosen: dict[str, Arch] = {}
        for word in filter(None, (word.strip() for word in text.split(","))):
            if word == "all":
                archs = self.gcc_only()
            elif word == "installed":
                archs = [arch for arch in self.gcc_only() if installed(arch)]
                if not archs:
                    raise UserError(
                        "no cross GCC for any GCC-only architecture is installed",
                        mend="install one, for example gcc-m68k-linux-gnu",
                    )
            else:
                archs = [self.get(word)]
            chosen.update((arch.name, arch) for arch in archs)
        if not chosen:
            raise UserError(
                "no architecture is named",
                mend=f"name one of {', '.join(self._archs)}, all or installed",
            )
        return list(chosen.values())


def load(path: Path = DEFAULT_PATH) -> Toolchains:
    """Read and check ``path``; every mistake found is in the one :class:`UserError` raised.

    ``abi_flags`` of each :class:`Arch` are the common ones followed by its own.
    """
    document = read(path)
    problems = list(document.problems)
    parsed: ToolchainsFile | None = None
    try:
        parsed = ToolchainsFile.model_validate(document.data)
    except ValidationError as error:
        problems += [
            (document.line(detail["loc"]), _explain(detail))
            for detail in error.errors(include_url=False)
        ]
    if parsed is not None:
        problems += _name_clashes(parsed, document)
    if problems or parsed is None:
        raise _report(path, problems)
    archs = {name: _arch(name, parsed) for name in parsed.architectures}
    return Toolchains(archs, parsed.workarounds, parsed.compiler_faults)


def _arch(name: str, parsed: ToolchainsFile) -> Arch:
    """Return the entry ``name`` with its name in it and the common flags in front of its own."""
    entry = parsed.architectures[name]
    flags = parsed.common.abi_flags + entry.abi_flags
    values = {**entry.model_dump(by_alias=True), "name": name, "abi_flags": flags}
    return Arch.model_validate(values)


def _explain(detail: ErrorDetails) -> str:
    """Say where in the document, what was expected, and what stands there."""
    where = ".".join(str(part) for part in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    given = detail["input"]
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(detail["loc"][-1])[:40], _known_keys(), n=1)
        message = f"unknown key, did you mean {near[0]}?" if near else "unknown key"
    elif detail["type"] == "missing":
        message = "this key is missing"
    elif isinstance(given, str | int | bool):
        message = f"{message} (found {given!r:.60})"
    return f"{where}: {message}" if where else message


@functools.cache
def _known_keys() -> frozenset[str]:
    """Return every key that any mapping of the file may have."""
    schema = ToolchainsFile.model_json_schema(by_alias=True)
    models = [schema, *schema["$defs"].values()]
    return frozenset(key for model in models for key in model["properties"])


def _name_clashes(parsed: ToolchainsFile, document: Located) -> list[tuple[int, str]]:
    """Return (line, text) for every alias that is some architecture's name or alias already."""
    owner = {name: name for name in parsed.architectures}
    problems = []
    for name, entry in parsed.architectures.items():
        for index, alias in enumerate(entry.aliases):
            if alias in owner:
                line = document.line(("architectures", name, "aliases", index))
                problems.append((line, f"alias {alias!r} of {name} already names {owner[alias]}"))
            owner[alias] = name
    return problems


def _report(path: Path, problems: list[tuple[int, str]]) -> UserError:
    """Return one error for all problems, in the order of their lines."""
    ordered = sorted(dict.fromkeys(problems))
    lines = [f"{path.name}:{line}: {text}" for line, text in ordered[1:_SHOWN]]
    if len(ordered) > _SHOWN:
        lines.append(f"and {len(ordered) - _SHOWN} more")
    line, first = ordered[0]
    return UserError(
        "\n".join([first, *lines]),
        where=f"{path.name}:{line}",
        mend=f"correct {path}; docs/toolchains.schema.json says what each key holds",
    )
