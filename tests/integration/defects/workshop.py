# SPDX-License-Identifier: GPL-2.0-only
"""Where objects and modules are made, good and spoilt, by the real tools."""

from __future__ import annotations

import dataclasses
import itertools
import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.find import Toolchain, find, installed
from pipeline.toolchains.load import load
from pipeline.validate.reference import Reference, for_arch
from pipeline.validate.verb import against

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.kernel.tree import KernelTree

TOOLCHAINS = load()
# What every architecture's object is made from: calls, a loop, a switch, constants, a local.
OBJECT = """
int helper(int);
static int twice(int x) { return 2 * x; }
int run(int x, int *p)
{
    int s = 0;
    for (int i = 0; i < x; i++) s += p[i] + helper(i) + twice(p[s]);
    switch (x) {
    case 0: return helper(1); case 1: return helper(2) + 1; case 2: return helper(3) * 3;
    case 3: return 4; case 4: return s; case 5: return helper(s) - helper(6);
    case 6: return helper(x << 4); case 7: return 77; case 8: return helper(helper(2));
    }
    return s;
}
"""
MODULE = """
#include <linux/module.h>
#include <linux/device.h>
static int count = 3;
module_param(count, int, 0444);
int ferric_ab(int x) { return x + count; }
EXPORT_SYMBOL_GPL(ferric_ab);
static int __init start(void)
{
        pr_info("%d\\n", count);
        return IS_ERR(class_create(THIS_MODULE, "good")) ? -EINVAL : 0;
}
module_init(start);
static void __exit stop(void) { }
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("A");
"""

# A module shows its options itself: a copy has no files of Kbuild's beside it.
_RECORD = ("KCFLAGS=-frecord-gcc-switches",)


@dataclass
class Workshop:
    """A folder to work in, the kernel tree of m68k, and what was made already."""

    folder: Path
    tree_of: Callable[[], KernelTree]
    references: dict[str, Reference] = field(default_factory=dict)
    made: dict[object, Path] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def new(self, name: str = "object.o") -> Path:
        """Return a path in a folder of its own."""
        folder = self.folder / str(next(self.numbers))
        folder.mkdir()
        return folder / name

    def toolchain(self, arch: str) -> Toolchain:
        """Return the tools of an architecture; without them the test is skipped."""
        entry = TOOLCHAINS.get(arch)
        if not installed(entry):
            pytest.skip(f"no GCC for {arch}")
        return find(entry)

    def reference(self, arch: str) -> Reference:
        """Return what the command line would compare with: for m68k, a kernel tree."""
        if arch not in self.references:
            toolchain = self.toolchain(arch)
            if arch == "m68k":
                self.references[arch] = against(toolchain.arch, self.tree_of().build)
            else:
                self.references[arch] = for_arch(toolchain.arch, toolchain)
        return self.references[arch]

    def of_object(self, arch: str) -> Reference:
        """Return the same for an object of which more is known than for any file."""
        return dataclasses.replace(
            self.reference(arch),
            allowed_undefined=frozenset({"helper"}),
            allowed_globals=frozenset({"run", "extra"}),
            required_globals=frozenset({"run"}),
        )

    def run(self, *argv: object, environment: dict[str, str] | None = None) -> None:
        """Run a command that has to succeed."""
        words = [str(word) for word in argv]
        done = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, **(environment or {})},
        )
        assert done.returncode == 0, (
            f"{' '.join(words)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )

    def compile(
        self,
        arch: str,
        source: str = OBJECT,
        *extra: str,
        without: Sequence[str] = (),
        record: bool = True,
    ) -> Path:
        """Compile C with the kernel's flags, without some of them and with others."""
        key = arch, source, extra, tuple(without), record
        if key not in self.made:
            path = self.new()
            written = path.with_suffix(".c")
            written.write_text(source)
            flags = [flag for flag in self.reference(arch).flags if flag not in without]
            recorded = ["-frecord-gcc-switches"] if record else []
            gcc = self.toolchain(arch).gcc
            self.run(gcc, "-O2", *flags, *recorded, *extra, "-c", written, "-o", path)
            self.made[key] = path
        return self.made[key]

    def objcopy(self, arch: str, path: Path, *options: str) -> Path:
        """Return what objcopy makes of an object."""
        out = self.new(path.name)
        self.run(self.toolchain(arch).tool("objcopy"), *options, path, out)
        return out

    def link(self, arch: str, *parts: Path | str, name: str = "object.o") -> Path:
        """Return what ``ld`` makes of objects and options."""
        out = self.new(name)
        self.run(self.toolchain(arch).tool("ld"), *parts, "-o", out)
        return out

    def module(self) -> Path:
        """Return the good module, built in the kernel tree of m68k."""
        if "module" not in self.made:
            toolchain, path = self.toolchain("m68k"), self.new("good.ko")
            path.with_suffix(".c").write_text(MODULE)
            (path.parent / "Kbuild").write_text("obj-m := good.o\n")
            self.run(*self.tree_of().make(toolchain), f"M={path.parent}", *_RECORD, "modules")
            self.made["module"] = path
        return self.made["module"]
