# SPDX-License-Identifier: GPL-2.0-only
"""A copy of the project that a test may do anything to, small crates, and a run of SCons told."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCONS = [sys.executable, "-m", "SCons"]
PARTS = ("SConstruct", "site_scons", "pipeline", "toolchains.yaml", "pyproject.toml")
STAGES = (
    "target|check|transpile|compile|link|module|validate|report|commands|compare|both|differences"
    "|boots?"
)
_STEP = re.compile(rf"^(?:\[ *\d+/\d+\] )?(\S+) +(\S+) +({STAGES})\r?$", re.MULTILINE)
MANIFEST = """[package]
name = "{name}"
version = "0.1.0"
edition = "2021"

[package.metadata.kernel-module]
{metadata}
"""
LIB = """#![no_std]
mod inner;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

#[no_mangle]
pub extern "C" fn answer(x: u32) -> u32 {
    x.wrapping_add(inner::deep::factor()).wrapping_add(include_str!("note.txt").len() as u32)
}
"""


@dataclass(frozen=True)
class Done:
    """How a run of SCons ended: status, both streams in one text, and the steps that it showed."""

    status: int
    output: str

    @property
    def steps(self) -> list[tuple[str, str, str]]:
        """Every step line as (architecture, crate, stage), in order."""
        return _STEP.findall(self.output)

    @property
    def stages(self) -> set[str]:
        """The names of the stages that ran."""
        return {stage for _, _, stage in self.steps}


@dataclass
class Project:
    """A copy of the project in ``root``; its runs build ``crate``, or the samples put there."""

    root: Path
    crate: Path
    env: dict[str, str] = field(default_factory=dict)
    samples: bool = False

    @property
    def build(self) -> Path:
        """What the runs make for m68k."""
        return self.root / "build/m68k"

    def words(self, *words: str) -> list[str]:
        """Return the command line: for m68k, without a kernel, our crate, unless said otherwise."""
        usual = {"arch": "m68k", "kernel": "none", "module": str(self.crate)}
        if self.samples:
            del usual["module"]
        given = {word.partition("=")[0] for word in words}
        return [*SCONS, *(f"{n}={v}" for n, v in usual.items() if n not in given), *words]

    def environment(self, **env: str) -> dict[str, str]:
        """Return the environment of a run, without what a test's own surroundings may have set."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in {"NO_COLOR", "SCONSFLAGS", "PYTHONPATH", "FERRIC_VERBOSE"}
        }
        return {**inherited, "TERM": "xterm", **self.env, **env}

    def scons(self, *words: str, env: dict[str, str] | None = None) -> Done:
        """Run SCons to its end."""
        done = subprocess.run(
            self.words(*words),
            cwd=self.root,
            env=self.environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=1800,
        )
        assert "Traceback" not in done.stdout, done.stdout
        assert 'File "' not in done.stdout, done.stdout
        return Done(done.returncode, done.stdout)

    def made(self, *suffixes: str) -> dict[str, bytes]:
        """Return the bytes of each file with one of these suffixes: the crate tiny's, and all's."""
        return {
            str(path.relative_to(self.build)): path.read_bytes()
            for path in sorted([*self.build.glob("*"), *self.build.glob("tiny/**/*")])
            if path.is_file() and path.name.endswith(suffixes)
        }


def copy(root: Path, crate: Path, env: dict[str, str], source: Path = ROOT) -> Project:
    """Copy what a build needs of the project to ``root``; it has no samples."""
    root.mkdir(parents=True)
    for part in PARTS:
        if (source / part).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source / part, root / part, ignore=ignore)
        else:
            shutil.copy(source / part, root / part)
    return Project(root, crate, env)


def freestanding(root: Path, name: str = "tiny", lib: str = LIB) -> Path:
    """Write a crate without the kernel: a nested module file and an included text."""
    return _write(root, name, 'runtime = "none"', lib)


def module(root: Path, name: str = "tiny", body: str = "Ok(Self)") -> Path:
    """Write a kernel module; ``body`` is what its ``init`` does."""
    lib = (
        "#![no_std]\nuse kernel::prelude::*;\nmod inner;\n"
        'extern "C" { fn not_in_any_kernel(x: u32) -> u32; }\n'
        "struct Tiny;\nkernel::module! { type: Tiny }\n"
        "impl kernel::Module for Tiny {\n"
        "    fn init(_: &'static ThisModule) -> Result<Self> {\n"
        '        pr_info!("{} {}\\n", include_str!("note.txt"), inner::deep::factor());\n'
        f"        {body}\n    }}\n}}\n"
    )
    return _write(root, name, 'license = "GPL"\nauthors = ["A. Tester"]', lib)


def _write(root: Path, name: str, metadata: str, lib: str) -> Path:
    (root / "src/inner").mkdir(parents=True)
    (root / "Cargo.toml").write_text(MANIFEST.format(name=name, metadata=metadata))
    (root / "src/lib.rs").write_text(lib)
    (root / "src/inner/mod.rs").write_text("pub mod deep;\n")
    (root / "src/inner/deep.rs").write_text("pub fn factor() -> u32 {\n    3\n}\n")
    (root / "src/note.txt").write_text("hello")
    return root
