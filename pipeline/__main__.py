# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline VERB``: runs :mod:`pipeline.cli`, where its libraries are installed."""

from __future__ import annotations

import signal
import sys


def _run() -> int:
    # Ctrl-C waits until `main` can tell it well: an import that it met would end in a traceback.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        from pipeline.cli import main  # noqa: PLC0415 - a missing library is told below
    except ModuleNotFoundError as error:
        print(
            f"error: this Python has no {error.name}\n"
            "  mend: run ./setup.sh, then use .venv/bin/python and .venv/bin/scons",
            file=sys.stderr,
        )
        return 1
    # A build that is told to end (SCons, a terminal that closes) cleans up as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return main()


if __name__ == "__main__":
    sys.exit(_run())
