# SPDX-License-Identifier: GPL-2.0-only
"""A configured and built kernel tree: what it says of itself, asked and not assumed."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline import run
from pipeline.compile.flags import code_flags
from pipeline.errors import ToolError, UserError
from pipeline.files import cached, digest_file
from pipeline.kernel.mended import PLUGIN_NAME, mended_compiler
from pipeline.kernel.refuse import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.toolchains.find import Toolchain
    from pipeline.toolchains.model import Arch

_FORMAT = 2
_OPTION = re.compile(r'^(CONFIG_\w+)=(?:"(.*)"|(.*))$', re.MULTILINE)
_COMMAND = re.compile(r"^(?:saved)?cmd_\S+ := (.*)$", re.MULTILINE)
_NEEDED = (
    ".config",
    "include/config/auto.conf",
    "include/config/kernel.release",
    "Module.symvers",
    "scripts/mod/modpost",
)
# An ARCH whose folder has another name (the kernel's Makefile, "Additional ARCH settings").
_FOLDERS = {"x86_64": "x86", "sparc64": "sparc", "parisc64": "parisc"}
_MEND_BUILD = "build it (make ARCH=… CROSS_COMPILE=… vmlinux modules), or use kernel=auto"


@dataclass(frozen=True)
class Export:
    """One line of ``Module.symvers``: a symbol that a module may use."""

    name: str
    crc: int
    module: str
    type: str
    namespace: str


@dataclass(frozen=True)
class KernelTree:
    """A kernel's build folder, its source, its release, and its configuration."""

    build: Path
    source: Path
    release: str
    config: Mapping[str, str]

    def symvers(self) -> dict[str, Export]:
        """Return every symbol that the kernel and its modules export, by name."""
        exports = {}
        for number, line in enumerate(self._symvers_text().splitlines(), 1):
            fields = [*line.split("\t"), ""]
            if len(fields) < 5 or not fields[0].startswith("0x"):
                raise UserError(
                    "not a line of Module.symvers",
                    where=f"{self.build / 'Module.symvers'}:{number}",
                    mend=_MEND_BUILD,
                )
            name = fields[1]
            exports[name] = Export(name, int(fields[0], 16), fields[2], fields[3], fields[4])
        return exports

    def cflags(self, toolchain: Toolchain) -> tuple[str, ...]:
        """Return the flags, of those that matter for code, that this tree gives a module's C.

        An empty external module is built in the tree, and the command is read from the ``.cmd``
        file that Kbuild leaves: architectures add flags for modules alone (arc: -mlong-calls).
        """
        folder = self.probe(toolchain).parent
        text = (folder / ".probe.o.cmd").read_text(encoding="utf-8")
        match = _COMMAND.search(text)
        if match is None:
            raise ToolError("no command in Kbuild's record", argv=["cat", f"{folder}/.probe.o.cmd"])
        words = code_flags(shlex.split(match[1].split(";")[0]))
        # The kernel's own plugins harden or watch the kernel's C: see refuse.py on each.
        foreign = [word.startswith("-fplugin") and PLUGIN_NAME not in word for word in words]
        return tuple(word for word, drop in zip(words, foreign, strict=True) if not drop)

    def probe(self, toolchain: Toolchain) -> Path:
        """Return an empty module, ``probe.ko``, that this tree built, with Kbuild's records."""
        key: dict[str, object] = {"format": _FORMAT, "tree": self.identity()}
        key["gcc"] = toolchain.banner
        mended = mended_compiler(toolchain)
        if mended:
            key["mended"] = mended

        def make(folder: Path) -> None:
            (folder / "probe.c").write_text(
                "#include <linux/module.h>\n"
                "static int __init start(void) { return 0; }\nmodule_init(start);\n"
                "static void __exit stop(void) { }\nmodule_exit(stop);\n"
                'MODULE_LICENSE("GPL");\n',
                encoding="utf-8",
            )
            (folder / "Kbuild").write_text("obj-m := probe.o\n", encoding="utf-8")
            argv = [*self.make(toolchain), f"M={folder}", "modules"]
            what = "the kernel tree does not build an empty module"
            run.check(argv, what, log=folder / "make.log")
            if not (folder / "probe.ko").is_file():
                raise ToolError(f"{what}: no probe.ko came out", argv=argv)

        return cached("module-probe", key, make) / "probe.ko"

    def make(self, toolchain: Toolchain) -> list[str]:
        """Return the ``make`` command of this tree, to which a target can be added."""
        return make_command(self.source, self.build, toolchain)

    def identity(self) -> dict[str, str]:
        """Return what tells this tree from any other, for cache keys: its place and its content."""
        files = (".config", "Module.symvers", "include/config/kernel.release")
        return {"build": str(self.build)} | {name: digest_file(self.build / name) for name in files}

    def object(self) -> Path | None:
        """Return an object that this tree made of C, or None where it keeps none."""
        for name in ("init/version.o", "init/main.o", "kernel/fork.o", "vmlinux.o"):
            if (self.build / name).is_file():
                return self.build / name
        return None

    def _symvers_text(self) -> str:
        return (self.build / "Module.symvers").read_text(encoding="utf-8", errors="replace")


def make_command(source: Path, build: Path, toolchain: Toolchain) -> list[str]:
    """Return the ``make`` command for a source, a build folder and a cross compiler.

    A compiler whose fault a plugin mends runs with that plugin.
    """
    return [
        "make",
        "-C",
        str(source),
        f"O={build}",
        f"ARCH={toolchain.arch.kernel_arch}",
        f"CROSS_COMPILE={toolchain.prefix}",
        *mended_compiler(toolchain),
    ]


def open_tree(path: Path, arch: Arch, toolchain: Toolchain) -> KernelTree:
    """Open a tree that somebody configured and built; refuse one that cannot serve, with why."""
    build = path.expanduser().absolute()
    for name in _NEEDED:
        if not (build / name).is_file():
            raise UserError(
                f"not a configured and built kernel tree: no {name}",
                where=str(path),
                mend=_MEND_BUILD,
            )
    config = read_config(build / ".config")
    _require_modules(config, path)
    _require_arch(build, config, arch, path)
    refuse(config, path)
    _require_compiler(config, toolchain, path)
    release = (build / "include/config/kernel.release").read_text(encoding="utf-8").strip()
    source = build / "source"
    return KernelTree(build, source.resolve() if source.exists() else build, release, config)


def read_config(path: Path) -> dict[str, str]:
    """Return the options of a ``.config`` that are set, without quotes."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return {name: quoted or plain for name, quoted, plain in _OPTION.findall(text)}


def _require_modules(config: Mapping[str, str], path: Path) -> None:
    if config.get("CONFIG_MODULES") != "y":
        raise UserError(
            "this kernel has no modules",
            where=f"{path}/.config",
            mend="set CONFIG_MODULES=y and build it again",
        )


def _require_arch(build: Path, config: Mapping[str, str], arch: Arch, path: Path) -> None:
    """Refuse a tree of another architecture: only its own has generated headers."""
    folder = _FOLDERS.get(arch.kernel_arch, arch.kernel_arch)
    if (build / "arch" / folder / "include/generated").is_dir():
        return
    there = sorted(one.parent.parent.name for one in build.glob("arch/*/include/generated"))
    seen = ", ".join(there) or config.get("CONFIG_CC_VERSION_TEXT", "unknown")
    raise UserError(
        f"a tree for {seen}, not for {arch.name} (ARCH={arch.kernel_arch})",
        where=str(path),
        mend=f"name a tree configured with ARCH={arch.kernel_arch}",
    )


def _require_compiler(config: Mapping[str, str], toolchain: Toolchain, path: Path) -> None:
    """Refuse a compiler that is not the tree's: the kernel itself compares this text."""
    built_with = config.get("CONFIG_CC_VERSION_TEXT", "")
    found = toolchain.banner
    if _version_text(built_with) != _version_text(found):
        raise UserError(
            f"built by “{built_with}”, found is “{found}”",
            where=f"{path}/.config",
            mend="put the compiler that built the tree on PATH, or build the tree again",
        )


def _version_text(banner: str) -> str:
    """Return what a ``--version`` line says after the program's name: vendor and version."""
    return banner.partition(" ")[2]
