# SPDX-License-Identifier: GPL-2.0-only
"""The gate: rustc checks types and borrows of a crate before mrustc, which does not, sees it.

No code is generated.  The crate is checked for the architecture's own layout where rustc has its
library's source; see ``docs/check.md`` for what a check against the host's library is worth.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline.check import diagnostics, editions, mir
from pipeline.check.drops import refuse_lost
from pipeline.check.library import (
    BOOTSTRAP,
    Library,
    host_library,
    host_pointer_bits,
    target_library,
)
from pipeline.check.rustc import MEND, RustcInfo, find_rustc
from pipeline.check.variants import refuse_numbers
from pipeline.crate.document import read_text
from pipeline.crate.graph import cargo_env, order
from pipeline.crate.model import CFG
from pipeline.crate.sources import MAX_BYTES, can_be_copied, sources
from pipeline.errors import FerricError, ToolError, UserError
from pipeline.files import cached, digest_files
from pipeline.hazards.discards import discards
from pipeline.hazards.words import words
from pipeline.run import TAIL_LINES, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.crate.model import Crate
    from pipeline.toolchains.model import Arch
    from pipeline.toolchains.probe import Layout

Mode = Literal["auto", "off", "require"]
_SECONDS = 600.0
_DIAGNOSTICS = 1
"""rustc's exit status where the program is wrong; a fault of rustc itself gives another."""
LOST = "mrustc does not run this destructor, or not here: a lock stays held, memory is not freed"
LOST_MEND = (
    "write drop(…), or give the value a name (_value) where it is to live on; or build with "
    "transpiler=rustc"
)
_EARLY = "mrustc drops temporaries as edition 2024 does, whatever the crate's edition is"
_EARLY_MEND = 'give the value a name first, or say edition = "2024"; or build with transpiler=rustc'
_LITERAL = "mrustc keeps of this literal what its type cannot hold"
_LITERAL_MEND = "write the number that is meant; or build with transpiler=rustc"
HAZARDS = {
    "let_underscore_drop": (LOST, LOST_MEND),
    "let_underscore_lock": (LOST, LOST_MEND),
    "tail_expr_drop_order": (_EARLY, _EARLY_MEND),
    "if_let_rescope": (_EARLY, _EARLY_MEND),
    "overflowing_literals": (_LITERAL, _LITERAL_MEND),
}
"""The lints that show what mrustc translates wrongly: what it does, and the way round.

The first two are of ``let _ = …`` and ``_ = …``; the next two are rustc's own guides to edition
2024 (the Edition Guide, "if let temporary scope" and "Tail expression temporary scope").  The last
is an error for rustc, too, where the crate does not allow it.
"""

_DISCARDED = ("let_underscore_drop", "let_underscore_lock")

CASTS = ("trivial_casts", "trivial_numeric_casts")
"""The lints that know where ``as`` changes no type: mrustc takes such a cast for its operand."""
_BORROW = re.compile(r"(\w+|[)\]])?\s*&&?\s*(mut\b|raw\b.*)?\s*\(\S?$")
_BEFORE_VALUES = frozenset({"return", "break", "in", "if", "while", "match", "else"})
_CAST = "mrustc borrows the operand of this cast, not a new value: both change together"
_CAST_MEND = (
    "leave the cast out and copy the value first (let copy = …); or build with transpiler=rustc"
)


class CheckFailed(FerricError):  # noqa: N818 - a verdict on the crate, not an error of ours
    """rustc refuses a crate: ``rendered`` is what it printed."""

    def __init__(self, crate: str, rendered: str, rustc: str) -> None:
        self.rendered = rendered
        super().__init__(f"{rendered.rstrip()}\n{crate}: refused by {rustc}")


@dataclass(frozen=True)
class GateResult:
    """What ran and why.

    ``status`` is ``passed`` or ``skipped`` (which is no pass), ``reason`` why it was skipped or
    what the check stands on, ``rustc_version`` rustc's own first line of ``-vV`` (empty where none
    ran), ``library`` whose ``core`` it was checked against: the ``target``'s, the ``host``'s.
    """

    status: Literal["passed", "skipped"]
    reason: str
    rustc_version: str = ""
    library: Literal["target", "host", ""] = ""

    def as_dict(self) -> dict[str, str]:
        """Return the fields as values that JSON can write."""
        return asdict(self)


@dataclass(frozen=True)
class _Checker:
    """A rustc, a library and what every call of it has in common."""

    rustc: RustcInfo
    library: Library
    result: GateResult


def check(  # noqa: PLR0913 - one keyword per thing that the verdict depends on
    crate: Crate,
    *,
    layout: Layout,
    arch: Arch,
    rustc: Path | None,
    mode: Mode,
    kernel_crate: Crate | None,
    out: Path,
    env: Mapping[str, str] | None = None,
    mrustc: bool = False,
) -> GateResult:
    """Check ``crate`` and its path dependencies; metadata and logs go to the folder ``out``.

    ``kernel_crate`` is what crates with ``runtime = "kernel"`` see as ``kernel``; ``env`` is added
    to the environment that ``crate`` and its dependencies, but not the kernel's, are compiled in.
    rustc's warnings are printed and do not stop.  ``mrustc`` says that mrustc will translate the
    crate: what it is known to translate wrongly, and rustc can see, is refused, too.
    Raises :class:`CheckFailed` with rustc's diagnostics; :class:`~pipeline.errors.UserError` where
    ``mode`` is ``require`` and no rustc can do it, or a named ``rustc`` cannot be used;
    :class:`~pipeline.errors.ToolError` where rustc itself breaks.
    """
    if mode == "off":
        return GateResult("skipped", "switched off (gate=off)")
    checker = _checker(arch, layout, rustc, mode)
    if isinstance(checker, GateResult):
        if mode == "require":
            raise UserError(f"gate=require: {checker.reason}", where=f"arch={arch.name}", mend=MEND)
        return checker
    kernel = _kernel(checker, kernel_crate) if kernel_crate is not None else None
    out.mkdir(parents=True, exist_ok=True)
    mirs: list[tuple[Crate, str]] = []
    for each in order(crate):
        extra: list[str | Path] = ["--cap-lints", "warn", "-L", out]
        for lint in (*HAZARDS, *CASTS) if mrustc else ():
            extra += ["--force-warn", lint]
        if kernel is not None and kernel_crate is not None and each.module.runtime == "kernel":
            extra += ["-L", kernel, "--extern", f"kernel={_metadata(kernel, kernel_crate)}"]
        said = _rustc(checker, each, out, [*extra, *_format()], env or {})
        _refuse_hazards(each, said)
        if mrustc:
            printed = out / f"{each.crate_name}.mir"
            flags = [*extra, *mir.FLAGS, "-o", printed]
            _rustc(checker, each, out, flags, env or {}, print_mir=True)
            mirs.append((each, printed.read_text(encoding="utf-8")))
        _show(diagnostics.text(diagnostics.without(said, (*HAZARDS, *CASTS) if mrustc else ())))
    refuse_lost(mirs, kernel_crate)
    refuse_numbers(mirs, kernel_crate)
    return checker.result


def _checker(arch: Arch, layout: Layout, named: Path | None, mode: Mode) -> _Checker | GateResult:
    """Choose a rustc and a library, or say why there is none.

    The host's library is no stand-in where pointers have another width: what depends on the size
    of ``usize`` would be refused or let through wrongly.
    """
    try:
        rustc = find_rustc(named)
    except UserError as error:
        if named is not None:
            raise
        return GateResult("skipped", error.what)
    if rustc.library is not None:
        try:
            library = target_library(rustc, arch, layout)
        except ToolError as error:
            if mode == "require":
                raise
            why = f"{error.what} (log: {error.log})"
        else:
            reason = f"checked for {arch.name} with the measured layout"
            return _Checker(rustc, library, GateResult("passed", reason, rustc.title, "target"))
    else:
        why = f"{rustc.path} has no source of its library"
    host = host_library(rustc)
    if host is None or host_pointer_bits(rustc) != layout.pointer_bits:
        why = f"{why}, and the one for {rustc.host} is not {layout.pointer_bits}-bit"
        return GateResult("skipped", why, rustc.title)
    reason = f"checked for {rustc.host}, not for {arch.name}: {why}"
    return _Checker(rustc, host, GateResult("passed", reason, rustc.title, "host"))


def choose(arch: Arch, layout: Layout, named: Path | None) -> tuple[RustcInfo, Library] | None:
    """Return the rustc and the library that crates for ``arch`` are checked with, None for none.

    Raises :class:`~pipeline.errors.UserError` where a ``named`` rustc cannot be used.
    """
    checker = _checker(arch, layout, named, "auto")
    return None if isinstance(checker, GateResult) else (checker.rustc, checker.library)


def _kernel(checker: _Checker, kernel: Crate) -> Path:
    """Return the folder with the metadata of the crate ``kernel``, built once for its content."""
    graph = order(kernel)
    found = {each.name: sources(each).files for each in graph}
    key = {
        "library": checker.library.key,
        "crates": {
            each.name: [
                digest_files(found[each.name], base=Path("/")),
                each.edition,
                sorted(each.features),
                cargo_env(each),
            ]
            for each in graph
        },
        "flags": checker.library.flags,
    }

    def make(folder: Path) -> None:
        for each in graph:
            _rustc(checker, each, folder, ["--cap-lints", "allow", "-L", folder], {})

    return cached("check-kernel", key, make)


def _rustc(
    checker: _Checker,
    crate: Crate,
    out: Path,
    extra: Sequence[str | Path],
    env: Mapping[str, str],
    *,
    print_mir: bool = False,
) -> list[diagnostics.Diagnostic]:
    """Check one crate, whose dependencies' metadata is in ``out``; return what rustc said."""
    argv: list[str | Path] = [checker.rustc.path, *checker.library.flags]
    argv += ["--crate-name", crate.crate_name, "--crate-type", "lib", "--edition", crate.edition]
    argv += ["-C", "panic=abort", "-C", "debug-assertions=no"]
    argv += extra if print_mir else ["--emit=metadata", "--out-dir", out, *extra]
    for feature in sorted(crate.features):
        argv += ["--cfg", f'feature="{feature}"']
    declared = ", ".join(f'"{feature}"' for feature in sorted(crate.declared_features))
    argv += ["--cfg", CFG, "--check-cfg", f"cfg({CFG})"]
    argv += ["--check-cfg", f"cfg(feature, values({declared}))"]
    for edge in crate.dependencies:
        argv += ["--extern", f"{edge.extern_name}={_metadata(out, edge.crate)}"]
    argv.append(crate.lib_path)
    env = {**BOOTSTRAP, **cargo_env(crate), **env}
    log = out / f"{crate.crate_name}{'.mir' * print_mir}.log"
    result = run(argv, log=log, env=env, timeout=_SECONDS)
    if result.exit_status == _DIAGNOSTICS and not result.timed_out:
        rendered = diagnostics.text(diagnostics.read(result.output))
        raise CheckFailed(crate.name, rendered, checker.rustc.title)
    if result.exit_status != 0:
        what = f"no end after {_SECONDS:.0f} s, killed" if result.timed_out else "rustc broke down"
        raise ToolError(
            f"{crate.name}: {what} while checking it",
            argv=result.argv,
            log=log,
            exit_status=result.exit_status,
            tail="\n".join(result.output.splitlines()[-TAIL_LINES:]),
            env=env,
            mend="build without this check (gate=off), or use another rustc (rustc=PATH)",
        )
    return diagnostics.read(result.output)


def hazards(
    crate: Crate, said: Sequence[diagnostics.Diagnostic], lint: str
) -> list[diagnostics.Diagnostic]:
    """Return what rustc ``said`` under a lint of :data:`HAZARDS` that mrustc does get wrong."""
    return [
        one
        for one in said
        if one.code == lint and not (_is_dropped(crate, one) or editions.is_of_a_scrutinee(one))
    ]


def _refuse_hazards(crate: Crate, said: list[diagnostics.Diagnostic]) -> None:
    """Refuse a crate where rustc sees what mrustc would translate wrongly."""
    for lint, (wrong, mend) in HAZARDS.items():
        shown = hazards(crate, said, lint)
        if shown:
            text = diagnostics.text(shown).rstrip()
            raise UserError(f"{text}\n{crate.name}: {wrong}", mend=mend)
    borrowed = [one for one in said if one.code in CASTS and _borrowed(one.before)]
    if borrowed:
        text = diagnostics.text(borrowed).rstrip()
        raise UserError(f"{text}\n{crate.name}: {_CAST}", mend=_CAST_MEND)


def _is_dropped(crate: Crate, one: diagnostics.Diagnostic) -> bool:
    """Say whether a diagnostic is of a discarded value that mrustc drops as rustc does."""
    if one.code not in _DISCARDED or one.place is None:
        return False
    path, first, last = one.place
    every = discards(words(read_text(path, MAX_BYTES), path))
    found = [each for each in every if first <= each.line <= last]
    return bool(found) and all(
        each.called or (each.made and can_be_copied(crate)) for each in found
    )


def _borrowed(before: str) -> bool:
    """Say whether a cast in parentheses follows a borrow; behind a value, ``&`` is an operator."""
    match = _BORROW.search(before)
    return match is not None and (
        match[1] is None or match[1] in _BEFORE_VALUES or match[2] is not None
    )


def _metadata(folder: Path, crate: Crate) -> Path:
    """Return where rustc writes a crate's metadata."""
    return folder / f"lib{crate.crate_name}.rmeta"


def _show(output: str) -> None:
    """Print rustc's warnings as it rendered them."""
    if output.strip():
        print(output.rstrip(), file=sys.stderr, flush=True)


def _format() -> list[str | Path]:
    """Return rustc's options for diagnostics: coloured on a terminal, unless NO_COLOR is set."""
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return ["--error-format=json", *(["--json=diagnostic-rendered-ansi"] if coloured else [])]
