# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.crate.graph import cargo_env, load_crate, order
from pipeline.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

MODULE = '[package.metadata.kernel-module]\nlicense = "GPL"\n'


def package(tmp_path: Path, name: str, rest: str = "", *, module: bool = False) -> Path:
    root = tmp_path / name
    (root / "src").mkdir(parents=True, exist_ok=True)
    (root / "src/lib.rs").touch()
    text = f'[package]\nname = "{name}"\nversion = "1.2.3"\n{rest}\n'
    (root / "Cargo.toml").write_text(text + (MODULE if module else ""))
    return root


def test_features_are_unified_over_a_diamond(tmp_path: Path) -> None:
    package(tmp_path, "base", "[features]\ndefault = ['std']\nstd = []\na = []\nb = ['a']\nc = []")
    package(tmp_path, "left", "[dependencies]\nbase = {path='../base', default-features=false}")
    package(
        tmp_path,
        "right",
        "[dependencies]\nbase = {path='../base', default-features=false, features=['b']}",
    )
    top = package(
        tmp_path,
        "top",
        "[dependencies]\nright = {path='../right'}\nleft = {path='../left'}",
        module=True,
    )
    crate = load_crate(top)
    left, right = (edge.crate for edge in crate.dependencies)
    assert (left.name, right.name) == ("left", "right")
    base = left.dependencies[0].crate
    assert base is right.dependencies[0].crate
    assert base.features == {"a", "b"}
    assert base.declared_features == {"default", "std", "a", "b", "c"}
    assert [each.name for each in order(crate)] == ["base", "left", "right", "top"]


def test_optional_dependencies(tmp_path: Path) -> None:
    package(tmp_path, "opt", "[features]\nx = []\ny = []")
    top = package(
        tmp_path,
        "top",
        "[features]\nimplicit = ['opt']\nstrong = ['opt/x']\nweak = ['opt?/y']\n"
        "[dependencies]\nopt = {path='../opt', optional=true}",
        module=True,
    )
    assert load_crate(top).dependencies == ()
    assert load_crate(top, features=["weak"]).dependencies == ()
    assert load_crate(top, features=["implicit"]).features == {"implicit", "opt"}
    strong = load_crate(top, features=["strong"])
    assert strong.features == {"strong", "opt"}
    assert strong.dependencies[0].crate.features == {"x"}
    for features in (["weak", "strong"], ["strong", "weak"]):
        both = load_crate(top, features=features)
        assert both.dependencies[0].crate.features == {"x", "y"}


def test_dep_syntax_hides_the_implicit_feature(tmp_path: Path) -> None:
    package(tmp_path, "opt")
    top = package(
        tmp_path,
        "top",
        "[features]\nuse-it = ['dep:opt']\n[dependencies]\nopt = {path='../opt', optional=true}",
        module=True,
    )
    crate = load_crate(top, features=["use-it"])
    assert crate.features == {"use-it"}
    assert [edge.extern_name for edge in crate.dependencies] == ["opt"]
    with pytest.raises(UserError, match="no feature 'opt'"):
        load_crate(top, features=["opt"])


def test_rename_and_lib_name_decide_the_extern(tmp_path: Path) -> None:
    package(tmp_path, "real-name", "[lib]\nname = 'inner'")
    top = package(
        tmp_path,
        "top",
        "[dependencies]\nreal-name = {path='../real-name'}\n"
        "new-name = {path='../real-name', package='real-name'}",
        module=True,
    )
    assert [edge.extern_name for edge in load_crate(top).dependencies] == ["new_name", "inner"]


def test_disabled_registry_dependency_is_no_error(tmp_path: Path) -> None:
    top = package(
        tmp_path, "top", "[dependencies]\nserde = {version='1', optional=true}", module=True
    )
    assert load_crate(top).dependencies == ()
    with pytest.raises(UserError, match=r"Cargo\.toml:5: dependency 'serde' comes") as error:
        load_crate(top, features=["serde"])
    assert "use path" in error.value.mend


def test_circle_is_shown(tmp_path: Path) -> None:
    package(tmp_path, "a", "[dependencies]\nb = {path='../b'}", module=True)
    package(tmp_path, "b", "[dependencies]\nc = {path='../c'}")
    package(tmp_path, "c", "[dependencies]\na = {path='../a'}")
    with pytest.raises(UserError, match="circle: ") as error:
        load_crate(tmp_path / "a")
    names = error.value.what.partition(": ")[2].split(" -> ")
    assert names[0] == names[-1]
    assert "".join(names[:-1]) in "abcab"


def test_two_packages_with_one_crate_name(tmp_path: Path) -> None:
    package(tmp_path, "x-y")
    package(tmp_path, "x_y")
    top = package(
        tmp_path, "top", "[dependencies]\nx-y = {path='../x-y'}\nx_y = {path='../x_y'}", module=True
    )
    with pytest.raises(UserError, match="two packages have the crate name 'x_y'"):
        load_crate(top)


def test_wrong_package_name(tmp_path: Path) -> None:
    package(tmp_path, "b")
    top = package(tmp_path, "top", "[dependencies]\nother = {path='../b'}", module=True)
    with pytest.raises(UserError, match="is called 'b'"):
        load_crate(top)


def test_unknown_feature_names_the_nearest(tmp_path: Path) -> None:
    top = package(tmp_path, "top", "[features]\ntracing = []", module=True)
    with pytest.raises(UserError, match="did you mean 'tracing'"):
        load_crate(top, features=["tracin"])


def test_feature_of_no_dependency(tmp_path: Path) -> None:
    top = package(tmp_path, "top", "[features]\nf = ['dep:no']", module=True)
    with pytest.raises(UserError, match="'no'"):
        load_crate(top, features=["f"])


def test_kernel_is_not_for_freestanding_crates_nor_by_path(tmp_path: Path) -> None:
    kernel = "[package.metadata.kernel-module]\nruntime = 'kernel'"
    package(tmp_path, "needs", kernel)
    free = "[package.metadata.kernel-module]\nruntime = 'none'"
    top = package(tmp_path, "top", f"[dependencies]\nneeds = {{path='../needs'}}\n{free}")
    with pytest.raises(UserError, match="needs the kernel"):
        load_crate(top)
    package(tmp_path, "kernel")
    package(tmp_path, "top", "[dependencies]\nkernel = {path='../kernel'}", module=True)
    with pytest.raises(UserError, match="remove the dependency"):
        load_crate(top)


def test_long_chain_and_many_ways(tmp_path: Path) -> None:
    """Two edges at each of 300 steps: 2^300 ways, and deeper than Python's stack would like."""
    steps = 300
    package(tmp_path, f"p{steps}")
    for step in range(steps - 1, -1, -1):
        below = f"p{step + 1}"
        edges = f"{below} = {{path='../{below}'}}\nq = {{path='../{below}', package='{below}'}}"
        package(tmp_path, f"p{step}", f"[dependencies]\n{edges}", module=step == 0)
    crate = load_crate(tmp_path / "p0")
    assert len(order(crate)) == steps + 1
    assert len({crate, crate.dependencies[0].crate}) == 2
    assert len(repr(crate)) < 5000


def test_cargo_env_has_no_place_in_it(tmp_path: Path) -> None:
    top = package(tmp_path, "my-top", "authors = ['A', 'B']", module=True)
    env = cargo_env(load_crate(top))
    assert env["CARGO_PKG_NAME"] == "my-top"
    assert env["CARGO_CRATE_NAME"] == "my_top"
    assert env["CARGO_PKG_AUTHORS"] == "A:B"
    assert [env[f"CARGO_PKG_VERSION_{part}"] for part in ("MAJOR", "MINOR", "PATCH", "PRE")] == [
        "1",
        "2",
        "3",
        "",
    ]
    assert not any(str(tmp_path) in value for value in env.values())
