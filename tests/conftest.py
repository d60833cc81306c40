# SPDX-License-Identifier: GPL-2.0-only
"""What tests of the real tools share: each tool is there, or the test is skipped with the reason.

Everything that is made goes to a test's own folder or, keyed by its content and locked, to the
user's cache: tests may run side by side (``pytest -n 2``).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.check.rustc import find_rustc
from pipeline.errors import UserError
from pipeline.kernel.auto import auto_tree, cached_tree
from pipeline.toolchains.find import Toolchain, find
from pipeline.toolchains.load import load
from pipeline.transpile.mrustc import Mrustc, find_mrustc
from pipeline.transpile.rust_src import ENVIRONMENT as RUST_SRC
from pipeline.transpile.rust_src import RustSource, find_rust_source
from pipeline.transpile.rustc.emit import own_source
from tests.integration import scons_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.kernel.tree import KernelTree
    from pipeline.transpile.choice import Transpiler

CORPUS_CONFIGS = Path(__file__).resolve().parent / "integration" / "kernels"


def pytest_configure(config: pytest.Config) -> None:
    """Declare our marks."""
    config.addinivalue_line("markers", "slow: takes minutes where the user's cache is cold")


@pytest.fixture(scope="session")
def mrustc() -> Mrustc:
    """Return the mrustc on PATH."""
    try:
        return find_mrustc(None)
    except UserError as error:
        pytest.skip(error.what)


@pytest.fixture(scope="session")
def rust_source(mrustc: Mrustc) -> RustSource:
    """Return the library source that this mrustc takes."""
    try:
        return find_rust_source(None, mrustc.releases)
    except UserError as error:
        pytest.skip(error.what)


@pytest.fixture(scope="session")
def rustc() -> Path:
    """Return a rustc that has its library's source, so that it can check for any target."""
    try:
        found = find_rustc(None)
    except UserError as error:
        pytest.skip(error.what)
    if found.library is None:
        pytest.skip("no rustc here has its library's source")
    return found.path


@pytest.fixture(scope="session", params=["mrustc", "rustc"])
def transpiler(request: pytest.FixtureRequest) -> Transpiler:
    """Each of the two ways to C, where it can be gone."""
    name: Transpiler = request.param
    try:
        if name == "rustc":
            own_source(find_rustc(None))
        else:
            find_rust_source(None, find_mrustc(None).releases)
    except UserError as error:
        pytest.skip(error.what)
    return name


@pytest.fixture(scope="session")
def toolchain_of() -> Callable[[str], Toolchain]:
    """Return a function from an architecture's name to its tools."""

    def named(name: str) -> Toolchain:
        try:
            return find(load().get(name))
        except UserError as error:
            pytest.skip(error.what)

    return named


@pytest.fixture(scope="session")
def m68k_tree(toolchain_of: Callable[[str], Toolchain]) -> KernelTree:
    """Return Ferric's own m68k kernel tree, built now where the user's cache has none."""
    if os.environ.get("FERRIC_NO_KERNEL"):
        pytest.skip("FERRIC_NO_KERNEL is set")
    toolchain = toolchain_of("m68k")
    try:
        return auto_tree(toolchain.arch, toolchain)
    except UserError as error:
        pytest.skip(error.what)


@pytest.fixture(scope="session")
def corpus_tree(toolchain_of: Callable[[str], Toolchain]) -> Callable[[str], KernelTree]:
    """Return a function from an architecture's name to a kernel tree with many C modules.

    The configurations are in ``tests/integration/kernels``: what all have, and one file each.
    """
    if os.environ.get("FERRIC_NO_KERNEL"):
        pytest.skip("FERRIC_NO_KERNEL is set")

    def named(name: str) -> KernelTree:
        toolchain = toolchain_of(name)
        parts = (CORPUS_CONFIGS / f"{part}.config" for part in ("modules", name))
        fragment = "".join(part.read_text("utf-8") for part in parts)
        try:
            # Not tinyconfig: its -Os would win over the fragments' own choice.
            return cached_tree(toolchain.arch, toolchain, fragment, f"corpus-{name}", "allnoconfig")
        except UserError as error:
            pytest.skip(error.what)

    return named


@pytest.fixture(scope="session")
def scons_env(rust_source: RustSource, toolchain_of: Callable[[str], Toolchain]) -> dict[str, str]:
    """Return what a run of SCons needs of the environment, once all that it needs is there."""
    toolchain_of("m68k")
    return {RUST_SRC: str(rust_source.library)}


@pytest.fixture(scope="session")
def project(
    tmp_path_factory: pytest.TempPathFactory, scons_env: dict[str, str]
) -> scons_project.Project:
    """Return a built copy of the project, at a path with a space; a test may change it for good."""
    folder = tmp_path_factory.mktemp("with space")
    crate = scons_project.freestanding(folder / "my $crate")
    made = scons_project.copy(folder / "the project", crate, scons_env)
    done = made.scons()
    assert done.status == 0, done.output
    return made
