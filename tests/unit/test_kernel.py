# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree is opened only if it can serve, and .modinfo says what Cargo.toml says."""

from __future__ import annotations

import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.crate.model import Crate, ModuleInfo, Parameter
from pipeline.errors import ToolError, UserError
from pipeline.kernel import auto
from pipeline.kernel.kbuild import module_source, parameters_source, runtime_symbols
from pipeline.kernel.tree import open_tree
from pipeline.toolchains.find import Toolchain
from pipeline.toolchains.load import load

M68K = load()["m68k"]
BANNER = "m68k-linux-gnu-gcc (Debian 12.2.0-13) 12.2.0"
TOOLCHAIN = Toolchain(M68K, "m68k-linux-gnu", "/x/m68k-linux-gnu-", (12, 2, 0), BANNER, "GCC: x")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        ".config": f'CONFIG_CC_VERSION_TEXT="{BANNER}"\nCONFIG_MODULES=y\n'
        "# CONFIG_SMP is not set\n",
        "include/config/auto.conf": "",
        "include/config/kernel.release": "6.1.99\n",
        "Module.symvers": "0x00000000\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n"
        "0x12345678\tgpl\tdrivers/x\tEXPORT_SYMBOL_GPL\tNS\n",
        "scripts/mod/modpost": "",
        "arch/m68k/include/generated/autoconf.h": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_tree_says_its_release_and_exports(tree: Path) -> None:
    opened = open_tree(tree, M68K, TOOLCHAIN)
    assert opened.release == "6.1.99"
    exports = opened.symvers()
    assert exports["_printk"].module == "vmlinux"
    assert (exports["gpl"].crc, exports["gpl"].namespace) == (0x12345678, "NS")
    assert "CONFIG_SMP" not in opened.config


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Module.symvers": None}, "no Module.symvers"),
        ({".config": None}, r"no \.config"),
        ({".config": f'CONFIG_CC_VERSION_TEXT="{BANNER}"\n'}, "has no modules"),
        ({".config": 'CONFIG_MODULES=y\nCONFIG_CC_VERSION_TEXT="gcc 13"\n'}, "built by “gcc 13”"),
        ({"arch/m68k/include/generated/autoconf.h": None}, "not for m68k"),
    ],
)
def test_a_tree_that_cannot_serve_is_refused(
    tree: Path, change: dict[str, str | None], said: str
) -> None:
    for name, text in change.items():
        if text is None:
            (tree / name).unlink()
            if name.startswith("arch/"):
                (tree / name).parent.rmdir()
        else:
            (tree / name).write_text(text)
    with pytest.raises(UserError, match=said) as caught:
        open_tree(tree, M68K, TOOLCHAIN)
    assert caught.value.mend


def test_a_broken_symvers_names_its_line(tree: Path) -> None:
    (tree / "Module.symvers").write_text("0x0\ta\tvmlinux\tEXPORT_SYMBOL\t\nnonsense\n")
    with pytest.raises(UserError, match=r"Module\.symvers:2"):
        open_tree(tree, M68K, TOOLCHAIN).symvers()


def test_no_source_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto, "SOURCES", tmp_path)
    (tmp_path / "linux-source-5.10.tar.xz").touch()
    with pytest.raises(UserError, match="linux-source-6.1"):
        auto.find_archive()
    for name in ("linux-source-6.1.tar.xz", "linux-source-6.12.tar.xz"):
        (tmp_path / name).touch()
    assert auto.find_archive().name == "linux-source-6.12.tar.xz"


def test_an_option_that_kconfig_drops_is_named(tmp_path: Path) -> None:
    config = tmp_path / ".config"
    config.write_text("CONFIG_MODULES=y\n")
    with pytest.raises(ToolError, match="CONFIG_TTY"):
        auto._require_options(config, "CONFIG_MODULES=y\nCONFIG_TTY=y\n")


PARAMETERS = (
    Parameter("count", "u32", 3, "How often", 0o444),
    Parameter("name", "str", 'a "quoted" \\ name', "Whom", 0),
    Parameter("least", "isize", -(2**31), "Least", 0o600),
    Parameter("big", "u64", 2**64 - 1, "Most", 0),
    Parameter("on", "bool", True, "Whether", 0o644),
)


def crate(**changes: Any) -> Crate:
    info = ModuleInfo("kernel", "GPL", ("A", "B"), "Does ??/ things", ("pci:*",), (), PARAMETERS)
    made = Crate(
        root=Path("/c"),
        name="my-mod",
        crate_name="my_mod",
        version="1.2.3",
        edition="2021",
        lib_path=Path("/c/src/lib.rs"),
        features=frozenset(),
        declared_features=frozenset(),
        dependencies=(),
        module=info,
        authors=(),
        description="",
        license="",
    )
    return replace(made, **changes)


def test_modinfo_says_what_cargo_toml_says() -> None:
    text = module_source(crate())
    for line in (
        'MODULE_LICENSE("GPL");',
        'MODULE_AUTHOR("A");',
        'MODULE_AUTHOR("B");',
        'MODULE_ALIAS("pci:*");',
        'MODULE_VERSION("1.2.3");',
        "unsigned int ferric_param_count = 3;",
        "module_param_named(count, ferric_param_count, uint, 0444);",
        'char * ferric_param_name = "a \\"quoted\\" \\\\ name";',
        "long ferric_param_least = (-2147483647 - 1);",
        "unsigned long long ferric_param_big = 18446744073709551615ULL;",
        "bool ferric_param_on = true;",
    ):
        assert line in text.splitlines()
    assert "??/" not in text, "a trigraph in a string would be a backslash"


def test_a_control_character_does_not_reach_modinfo() -> None:
    bad = replace(crate().module, description="two\nlines")
    with pytest.raises(UserError, match="control character"):
        module_source(crate(module=bad))


def test_each_parameter_is_a_constant_of_the_same_type_in_rust() -> None:
    text = parameters_source(crate())
    assert "static ferric_param_count: u32;" in text
    assert "pub const count: ::kernel::module_param::Param<u32> =" in text
    assert "static ferric_param_on: u8;" in text


def test_the_runtimes_symbols_are_read_from_its_header() -> None:
    assert {"ferric_printk", "ferric_bug"} <= runtime_symbols()
    assert all(name.startswith("ferric_") for name in runtime_symbols())


FAKE_MAKE = """#!/bin/sh
for word; do
    case $word in
    O=*) build=${word#O=} ;;
    KCONFIG_ALLCONFIG=*) fragment=${word#KCONFIG_ALLCONFIG=} ;;
    esac
    last=$word
done
echo "$last" >> "$build/../targets"
mkdir -p "$build/include/config" "$build/scripts/mod" "$build/arch/m68k/include/generated"
case $last in
*config) grep -v DROPPED "$fragment" > "$build/.config"
   echo 'CONFIG_CC_VERSION_TEXT="BANNER"' >> "$build/.config" ;;
*) touch "$build/Module.symvers" "$build/scripts/mod/modpost" "$build/include/config/auto.conf"
   echo 6.1.1 > "$build/include/config/kernel.release" ;;
esac
""".replace("BANNER", BANNER)


@pytest.fixture
def fake_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toolchain:
    """Put a make on PATH that pretends, and a source package; return a compiler that exists."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("make", "flex", "bison", "bc", "gcc", "m68k-linux-gnu-gcc"):
        tool = tools / name
        tool.write_text(FAKE_MAKE if name == "make" else "#!/bin/sh\n")
        tool.chmod(0o755)
    source = tmp_path / "linux-source-6.1"
    source.mkdir()
    (source / "Kbuild").touch()
    with tarfile.open(tmp_path / "linux-source-6.1.tar.xz", "w:xz") as tar:
        tar.add(source, source.name)
    monkeypatch.setattr(auto, "SOURCES", tmp_path)
    monkeypatch.setenv("FERRIC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    return replace(TOOLCHAIN, prefix=f"{tools}/m68k-linux-gnu-")


def test_a_tree_is_built_once_for_each_configuration(fake_kernel: Toolchain) -> None:
    fragment = "CONFIG_MODULES=y\nCONFIG_CRC16=m\n"
    first = auto.cached_tree(M68K, fake_kernel, fragment, "mine", "allnoconfig")
    assert first.config["CONFIG_CRC16"] == "m"
    assert first.build.parent.name.startswith("kernel-mine-")
    again = auto.cached_tree(M68K, fake_kernel, fragment, "mine", "allnoconfig")
    assert again.build == first.build
    targets = (first.build.parent / "targets").read_text().split()
    assert targets == ["allnoconfig", "modules"], "built a second time, or on another base"
    others = [
        auto.cached_tree(M68K, fake_kernel, fragment, "mine"),
        auto.cached_tree(M68K, fake_kernel, fragment + "CONFIG_TTY=y\n", "mine", "allnoconfig"),
    ]
    assert len({first.build, *(other.build for other in others)}) == 3


def test_a_tree_that_lost_an_option_is_not_kept(fake_kernel: Toolchain) -> None:
    for _ in range(2):
        with pytest.raises(ToolError, match="CONFIG_DROPPED"):
            auto.cached_tree(M68K, fake_kernel, "CONFIG_MODULES=y\nCONFIG_DROPPED=m\n", "mine")
