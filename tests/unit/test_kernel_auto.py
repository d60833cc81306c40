# SPDX-License-Identifier: GPL-2.0-only
"""Ferric's own trees: which source, which targets, one builder at a time, a mended compiler."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import target as target_module
from pipeline.boot.boards import Board, load_boards
from pipeline.compile.flags import Declared, Flags
from pipeline.errors import ToolError, UserError
from pipeline.kernel import auto, mended
from pipeline.kernel.mended import mended_compiler, require_mended
from pipeline.kernel.tree import KernelTree, make_command
from pipeline.target import Target, for_other_machines, resolve
from pipeline.toolchains.find import Toolchain
from pipeline.toolchains.load import load

TOOLCHAINS = load()
M68K = TOOLCHAINS["m68k"]
SH = TOOLCHAINS["sh"]
BANNER = "m68k-linux-gnu-gcc (Debian 12.2.0-13) 12.2.0"

# Begins and ends each build in a log, and takes its time: two at once would be seen.
FAKE_MAKE = f"""#!/bin/sh
for word; do
    case $word in
    O=*) build=${{word#O=}} ;;
    KCONFIG_ALLCONFIG=*) fragment=${{word#KCONFIG_ALLCONFIG=}} ;;
    CC=*) echo "$word" >> "$build/../cc" ;;
    esac
    last=$word
done
mkdir -p "$build/include/config" "$build/scripts/mod" "$build/arch/m68k/include/generated"
case $last in
*config) cp "$fragment" "$build/.config"
   echo 'CONFIG_CC_VERSION_TEXT="{BANNER}"' >> "$build/.config" ;;
*) echo "begin $$" >> "$BUILDS"
   echo "$*" | tr ' ' '\\n' | grep -v '[=/-]' > "$build/../targets"
   sleep 0.5
   touch "$build/Module.symvers" "$build/scripts/mod/modpost" "$build/include/config/auto.conf"
   echo 6.1.1 > "$build/include/config/kernel.release"
   echo "end $$" >> "$BUILDS" ;;
esac
"""


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with three source packages and one that is too old."""
    for version in ("5.10", "6.1", "6.12", "6.6"):
        top = tmp_path / f"linux-source-{version}"
        top.mkdir()
        (top / "Kbuild").touch()
        with tarfile.open(tmp_path / f"linux-source-{version}.tar.xz", "w:xz") as tar:
            tar.add(top, top.name)
    monkeypatch.setattr(auto, "SOURCES", tmp_path)
    return tmp_path


@pytest.fixture
def fake_kernel(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toolchain:
    """Put a make on PATH that pretends; return a compiler that exists."""
    assert sources == tmp_path
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("make", "flex", "bison", "bc", "gcc", "m68k-linux-gnu-gcc"):
        tool = tools / name
        tool.write_text(FAKE_MAKE if name == "make" else "#!/bin/sh\n")
        tool.chmod(0o755)
    monkeypatch.setenv("FERRIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BUILDS", str(tmp_path / "builds"))
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return Toolchain(M68K, "m68k", f"{tools}/m68k-linux-gnu-", (12, 2, 0), BANNER, "GCC: x")


def targets(tree: KernelTree) -> list[str]:
    return (tree.build.parent / "targets").read_text().split()


@pytest.mark.parametrize(("version", "name"), [("", "6.12"), ("6.1", "6.1"), ("6.6", "6.6")])
def test_the_version_is_chosen(sources: Path, version: str, name: str) -> None:
    assert auto.find_archive(version) == sources / f"linux-source-{name}.tar.xz"


@pytest.mark.parametrize("version", ["6.2", "5.10", "6", "6.1.0", "linux"])
def test_a_version_that_is_not_there_is_refused_with_what_is(sources: Path, version: str) -> None:
    with pytest.raises(UserError, match=r"there: 6\.1, 6\.6, 6\.12") as caught:
        auto.find_archive(version)
    assert str(sources) in caught.value.what
    assert "linux-source-X.Y" in caught.value.mend


def test_a_version_of_another_s_tree_cannot_be_chosen(tmp_path: Path) -> None:
    for kernel in ("none", str(tmp_path)):
        with pytest.raises(UserError, match=r"kernel_version=6\.1 does not go with kernel="):
            resolve("m68k", kernel, kernel_version="6.1")


def test_versions_are_trees_of_their_own(fake_kernel: Toolchain) -> None:
    trees = [
        auto.cached_tree(M68K, fake_kernel, "CONFIG_MODULES=y\n", "mine", version=version)
        for version in ("6.1", "6.6", "6.12", "")
    ]
    assert len({tree.build for tree in trees}) == 3
    assert trees[2].build == trees[3].build, "the newest is meant where none is named"


def test_the_image_that_the_board_boots_is_built(fake_kernel: Toolchain) -> None:
    fragment = "CONFIG_MODULES=y\n"
    plain = auto.cached_tree(M68K, fake_kernel, fragment, "mine")
    assert targets(plain) == ["vmlinux", "modules"]
    same = auto.cached_tree(M68K, fake_kernel, fragment, "mine", image="vmlinux")
    assert same.build == plain.build
    other = auto.cached_tree(M68K, fake_kernel, fragment, "mine", image="zImage")
    assert other.build != plain.build
    assert targets(other) == ["vmlinux", "modules", "zImage"]


BUILDER = f"""
import sys
from pathlib import Path
from pipeline.kernel import auto
from pipeline.toolchains.find import Toolchain
from pipeline.toolchains.load import load

auto.SOURCES = Path(sys.argv[1])
arch = load()["m68k"]
toolchain = Toolchain(arch, "m68k", sys.argv[2], (12, 2, 0), {BANNER!r}, "GCC: x")
print(auto.cached_tree(arch, toolchain, "CONFIG_MODULES=y\\n", "mine").build)
"""


def test_two_builds_at_once_build_one_tree(fake_kernel: Toolchain, tmp_path: Path) -> None:
    argv = [sys.executable, "-c", BUILDER, str(tmp_path), fake_kernel.prefix]
    processes = [
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert said[0] == said[1], "one of the two got a tree of its own"
    (begin, end) = (tmp_path / "builds").read_text().split("\n")[:2]
    assert (tmp_path / "builds").read_text().count("begin") == 1, "both have built"
    assert begin.split()[1] == end.split()[1]


def test_a_sound_compiler_is_left_alone(fake_kernel: Toolchain) -> None:
    assert mended_compiler(fake_kernel) == ()
    assert not [word for word in make_command(Path("s"), Path("b"), fake_kernel) if "CC=" in word]


def faulty(folder: Path, assembly: str = "nop") -> Toolchain:
    """Return a compiler for sh whose code is always the same, and that has no plugin headers."""
    folder.mkdir()
    gcc = folder / "sh4-linux-gnu-gcc"
    gcc.write_text(
        "#!/bin/sh\n"
        f"case $1 in -print*) echo {folder}; exit;; esac\nfor word; do last=$word; done\n"
        f'case "$*" in *-fplugin=*) printf "\\ttst\\tr1,r1\\n" > "$last";;\n'
        f'*) printf "\\t{assembly}\\n" > "$last";; esac\n'
    )
    gcc.chmod(0o755)
    return Toolchain(SH, "sh4-linux-gnu", f"{folder}/sh4-linux-gnu-", (12, 2, 0), "gcc 12", "x")


def test_a_faulty_compiler_builds_no_kernel_of_ours_unless_it_is_mended(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FERRIC_CACHE", str(tmp_path / "cache"))
    toolchain = faulty(sources / "faulty")
    assert mended_compiler(toolchain) == (), "a tree of the user's is built as it always was"
    with pytest.raises(UserError, match="writes wrong code") as caught:
        auto.auto_tree(SH, toolchain)
    assert "gcc-12-plugin-dev-sh4-linux-gnu" in caught.value.mend
    assert require_mended(faulty(tmp_path / "sound", "tst\tr1,r1")) == ()


def test_the_plugin_is_given_to_make_once_it_is_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mended, "_plugin", lambda _toolchain, _digest: Path("/p/ferric_passes.so"))
    toolchain = faulty(tmp_path / "faulty")
    (word,) = require_mended(toolchain)
    assert word == (
        f"CC={toolchain.gcc} -fplugin=/p/ferric_passes.so "
        "-fplugin-arg-ferric_passes-off=sh_treg_combine"
    )
    useless = replace(toolchain, prefix=f"{tmp_path}/useless/sh4-linux-gnu-")
    text = toolchain.gcc.read_text().replace("ttst", "tnop")
    useless.gcc.parent.mkdir()
    useless.gcc.write_text(text)
    useless.gcc.chmod(0o755)
    with pytest.raises(ToolError, match="without the pass sh_treg_combine, too"):
        require_mended(useless)


def test_what_goes_to_other_machines_has_the_deviation_and_no_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_plugin(
        _toolchain: object, _all: object, kernel: tuple[str, ...], origin: str, **_: object
    ) -> Flags:
        return Flags(kernel, (Declared("-O0", "a fault"),), (), origin)

    monkeypatch.setattr(target_module, "flags_for", without_plugin)
    plugin = "-fplugin=/p/ferric_passes.so"
    more = "-fplugin-arg-ferric_passes-off=sh_treg_combine"
    flags = Flags(("-m4", plugin, more, "-Os"), (), (), "Linux")
    made = Target(SH, faulty(tmp_path / "gcc"), None, "", flags, None)  # type: ignore[arg-type]
    portable = for_other_machines(made)
    assert portable.flags.kernel == ("-m4", "-Os")
    assert [one.flag for one in portable.flags.declared] == ["-O0"]
    assert for_other_machines(portable) is portable, "nothing is done where there is no plugin"


def test_every_configuration_has_a_board_or_a_reason() -> None:
    boards = load_boards()
    configured = {name for name in TOOLCHAINS if auto.has_config(TOOLCHAINS[name])}
    assert configured <= boards.keys()
    assert set(boards) <= set(TOOLCHAINS)
    for board in boards.values():
        assert (board.qemu is None) == bool(board.reason)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"qemu": None}, "has to be a reason"),
        ({"package": ""}, "a package"),
        ({"console": "ttyS9"}, "a console that append names"),
        ({"args": ("-M", "virt")}, "no-reboot"),
    ],
)
def test_half_a_board_is_refused(change: dict[str, object], said: str) -> None:
    whole = load_boards()["m68k"].model_dump()
    assert Board.model_validate(whole).arch == "m68k"
    with pytest.raises(ValueError, match=said):
        Board.model_validate(whole | change)
