# SPDX-License-Identifier: GPL-2.0-only
"""mrustc by itself, on the source that Ferric gives it: what it breaks down on, and where."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pipeline.crate.graph import load_crate
from pipeline.errors import FerricError, ToolError, UserError, pasteable
from pipeline.files import write_atomic
from pipeline.transpile.crates import CFG
from pipeline.transpile.instrument import instrument
from pipeline.transpile.library import library_crate
from pipeline.transpile.mrustc import Job, find_mrustc, transpile
from pipeline.transpile.rewrite.crate import rewrites
from pipeline.transpile.rust_src import find_rust_source

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.target import Target
    from pipeline.transpile.library import LibraryCrate
    from pipeline.transpile.mrustc import Mrustc

_PHASE = re.compile(r"in phase “(.+?)”")
# Where mrustc begins with something of the crate, or calls a function while it evaluates.
_BEGUN: Final = (b'::"program"::', b"Call( ")
_WORD = re.compile(r'::(\w+)(?=[()<:,]|$)|(?<=::"program"::)(\w+)')
_LAST: Final = 40
NO_END: Final = "no end after"
_KILLED: Final = (-signal.SIGXCPU, -signal.SIGKILL)
# Of processor time: most crates take 5, but one with 35 tests of floats 40.
SECONDS: Final = 30
_EACH: Final = 5


@dataclass(frozen=True)
class Broken:
    """What mrustc says of a crate that it does not take; the names it was at, the last first."""

    why: str
    at: tuple[str, ...] = ()


def taken(crate: Path, target: Target, folder: Path, tests: int, *, ask: bool) -> Broken | None:
    """Have mrustc translate a crate as Ferric writes it, without marks: far sooner than a build.

    Return None where it does; where not, ``ask`` says whether to find out what it was at.  It has
    more time where the crate has more ``tests``.
    """
    seconds = SECONDS + _EACH * (tests - 1)
    loaded = load_crate(crate)
    shutil.rmtree(folder, ignore_errors=True)
    copy = folder / "source"
    try:
        changes = instrument(loaded, None, rewrites(loaded))
    except UserError as error:
        return Broken(str(error))
    job = _job(target, folder, copy if changes else crate)
    if changes:
        changes.write(copy)
        job = replace(job, original=crate)
    try:
        transpile(_limited(folder, seconds), job, folder / "mrustc.log")
    except FerricError as error:
        why = str(error)
        phase = _PHASE.search(why)
        if isinstance(error, ToolError) and error.exit_status == -signal.SIGKILL:
            why = f"mrustc: {NO_END} {seconds} s of processor time, {phase[0] if phase else why}"
        return Broken(why, _at(job, why, folder, seconds) if ask else ())
    return None


def _limited(folder: Path, seconds: int) -> Mrustc:
    """Return an mrustc that is killed after a while: on some constants it does not end."""
    found = find_mrustc(None)
    script = folder / "mrustc"
    command = pasteable(["prlimit", f"--cpu={seconds}:{seconds}", "--", str(found.path)])
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    script.chmod(0o700)
    return replace(found, path=script)


def _at(job: Job, why: str, folder: Path, seconds: int) -> tuple[str, ...]:
    """Return the names of what mrustc was at in the phase in which it stopped, the last first."""
    phase = _PHASE.search(why)
    if phase is None:
        return ()
    said: list[str] = []

    def keep(line: bytes) -> bool:
        if (b">> (" in line and _BEGUN[0] in line) or _BEGUN[1] in line:
            said.append(line.decode("utf-8", "replace"))
            del said[:-_LAST]
        return not line[:1].isspace() and b"- " not in line[:60]

    traced = replace(job, env=(*job.env, ("MRUSTC_DEBUG", phase[1])), keep=keep)
    with contextlib.suppress(FerricError):
        transpile(_limited(folder, seconds), traced, folder / "trace.log")
    found = (one for line in reversed(said) for match in _WORD.findall(line) for one in match)
    return tuple(dict.fromkeys(one for one in found if len(one) > 1))


def _job(target: Target, folder: Path, source: Path) -> Job:
    """Return mrustc's job for a crate with ``alloc`` that depends on no other."""
    mrustc = find_mrustc(None)
    rust = find_rust_source(None, mrustc.releases)
    needs: tuple[LibraryCrate, ...] = ()
    for name in ("core", "compiler_builtins", "alloc"):
        needs = (*needs, library_crate(name, mrustc, rust, target.mrustc_file, needs))
    write_atomic(folder / "target.toml", target.mrustc_file)
    return Job(
        crate_name="program", crate_type="rlib", edition="2024", root="src/lib.rs", cwd=source,
        target=folder / "target.toml", output=folder / "libprogram.rlib", release=rust.release,
        search=tuple(one.folder for one in needs), cfgs=(CFG,), user_code=True,
    )  # fmt: skip
