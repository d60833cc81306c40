# SPDX-License-Identifier: GPL-2.0-only
"""SCons runs this before it reads the SConstruct: say no more than a build has to say."""

from __future__ import annotations

import importlib.util
import sys

from SCons.Script import Main

# `scons: Reading SConscript files ...` is written before an SConstruct can ask for less.
Main.progress_display.set_mode(0)

for _package in ("elftools", "pydantic", "rich", "ruamel.yaml"):
    if importlib.util.find_spec(_package.partition(".")[0]) is None:
        sys.stderr.write(
            f"error: the Python package {_package} is missing from {sys.executable}\n"
            "  mend: run ./setup.sh once, then build with .venv/bin/scons\n"
        )
        sys.exit(1)
