# SPDX-License-Identifier: GPL-2.0-only
"""The command line: every stage by itself, and the whole way of one crate."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

from pipeline import console, verbs
from pipeline.boot import verb as boot_verb
from pipeline.check import verb as check_verb
from pipeline.compare import verb as compare_verb
from pipeline.doctor import verb as doctor_verb
from pipeline.errors import FerricError
from pipeline.hazards import verb as hazards_verb
from pipeline.toolchains import verb as probe_verb
from pipeline.validate import verb as validate_verb

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a machine may refuse any program, wherever it is at; other errors are defects of ours.
_ROOM = "`df -h` says where there is no room: the build's folder, ~/.cache/ferric or /tmp"
_WRITABLE = "have it writable, or another in its place (XDG_CACHE_HOME, TMPDIR)"
_REFUSED = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: _WRITABLE,
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.EIO: "look at the kernel's log: the medium may be broken",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENFILE: "raise the limit of open files (`sysctl fs.file-max`)",
}
FAILED = 1
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser, every verb in the order of the way of a crate."""
    top = argparse.ArgumentParser(
        prog="python -m pipeline",
        description="Linux kernel modules in Rust for the architectures that only GCC reaches.",
    )
    subparsers = top.add_subparsers(required=True, metavar="VERB")
    doctor_verb.add_parser(subparsers)
    probe_verb.add_parser(subparsers)
    check_verb.add_parser(subparsers)
    verbs.add_transpile(subparsers)
    verbs.add_compile(subparsers)
    validate_verb.add_parser(subparsers)
    compare_verb.add_parser(subparsers)
    compare_verb.add_differences(subparsers)
    hazards_verb.add_parser(subparsers)
    verbs.add_build(subparsers)
    verbs.add_dist(subparsers)
    boot_verb.add_parser(subparsers)
    boot_verb.add_boots(subparsers)
    verbs.add_target(subparsers)
    verbs.add_commands(subparsers)
    verbs.add_report(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status: 0 well, 1 an error that was told, else the verb's."""
    args = parser().parse_args(argv)
    try:
        # SCons and `python -m pipeline` hold them back until here.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
        status: int = args.main(args)
    except FerricError as error:
        console.error(str(error))
        return FAILED
    except KeyboardInterrupt:
        console.error("interrupted; what was begun is not left behind, run it again")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        mend = _REFUSED.get(error.errno or 0)
        if mend is None:
            raise
        where = f"{error.filename}: " if error.filename is not None else ""
        console.error(f"{where}{error.strerror}\n  mend: {mend}")
        return FAILED
    return status
