# SPDX-License-Identifier: GPL-2.0-only
"""A kernel configuration that would break modules from Rust is refused, or warned of, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.kernel.refuse import RULES, objections, refuse, warnings
from pipeline.kernel.tree import open_tree
from pipeline.toolchains.find import Toolchain
from pipeline.toolchains.load import load

M68K = load()["m68k"]
BANNER = "m68k-linux-gnu-gcc (Debian 12.2.0-13) 12.2.0"
TOOLCHAIN = Toolchain(M68K, "m68k-linux-gnu", "/x/m68k-linux-gnu-", (12, 2, 0), BANNER, "GCC: x")
GOOD = f'CONFIG_CC_VERSION_TEXT="{BANNER}"\nCONFIG_MODULES=y\n'


def tree(folder: Path, config: str) -> Path:
    """Make what a built tree has, as far as it is looked at."""
    files = {
        ".config": GOOD + config,
        "include/config/auto.conf": "",
        "include/config/kernel.release": "6.1.99\n",
        "Module.symvers": "0x00000000\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n",
        "scripts/mod/modpost": "",
        "arch/m68k/include/generated/autoconf.h": "",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


REFUSED = [
    "CONFIG_RANDSTRUCT_FULL",
    "CONFIG_RANDSTRUCT_PERFORMANCE",
    "CONFIG_GCC_PLUGIN_RANDSTRUCT",
    "CONFIG_GCC_PLUGIN_ARM_SSP_PER_TASK",
    "CONFIG_CFI_CLANG",
    "CONFIG_CFI",
    "CONFIG_LTO_CLANG_FULL",
    "CONFIG_LTO_CLANG_THIN",
    "CONFIG_KMSAN",
]
TOLD = [
    ("CONFIG_GCC_PLUGIN_STACKLEAK", "may outlive a system call"),
    ("CONFIG_GCC_PLUGIN_STRUCTLEAK", "clears variables on the stack"),
    ("CONFIG_GCC_PLUGIN_LATENT_ENTROPY", "__latent_entropy"),
    ("CONFIG_GCC_PLUGIN_SANCOV", "without coverage"),
    ("CONFIG_MODULE_SIG_FORCE", "scripts/sign-file"),
    ("CONFIG_TRIM_UNUSED_KSYMS", "CONFIG_UNUSED_KSYMS_WHITELIST"),
    ("CONFIG_GCOV_PROFILE_ALL", "nobody reads it"),
    ("CONFIG_KASAN_GENERIC", "red zones"),
    ("CONFIG_KCSAN", "races"),
    ("CONFIG_UBSAN", "as if people had written it"),
    ("CONFIG_RETHUNK", "objtool"),
    ("CONFIG_MITIGATION_RETHUNK", "objtool"),
]


@pytest.mark.parametrize("option", REFUSED)
def test_what_breaks_a_module_is_refused(tmp_path: Path, option: str) -> None:
    with pytest.raises(UserError, match=f"{option}=y: ") as caught:
        open_tree(tree(tmp_path, f"{option}=y\n"), M68K, TOOLCHAIN)
    assert caught.value.where == f"{tmp_path}/.config"
    assert "build the kernel again" in caught.value.mend
    opened = open_tree(tree(tmp_path, f"# {option} is not set\n"), M68K, TOOLCHAIN)
    assert not objections(opened.config)


@pytest.mark.parametrize(("option", "said"), TOLD)
def test_what_a_module_does_not_get_is_told(tmp_path: Path, option: str, said: str) -> None:
    opened = open_tree(tree(tmp_path, f"{option}=y\n"), M68K, TOOLCHAIN)
    (line,) = warnings(opened.config)
    assert line.startswith(f"{option}=y: ")
    assert said in line


def test_every_option_of_every_rule_is_tested_above() -> None:
    tested = {*REFUSED, *(option for option, _ in TOLD)}
    same = {"CONFIG_KSTACK_ERASE", "CONFIG_KASAN_SW_TAGS"}  # other names in the same rules
    assert {option for rule in RULES for option in rule.options} == tested | same


def test_all_that_is_refused_is_named_at_once() -> None:
    config = {"CONFIG_RANDSTRUCT_FULL": "y", "CONFIG_KMSAN": "y", "CONFIG_UBSAN": "y"}
    with pytest.raises(UserError) as caught:
        refuse(config, Path("tree"))
    assert "CONFIG_RANDSTRUCT_FULL=y" in caught.value.what
    assert "CONFIG_KMSAN=y" in caught.value.what
    assert "CONFIG_UBSAN" not in caught.value.what, "a warning is no reason to refuse"
    assert [line.partition("=")[0] for line in warnings(config)] == ["CONFIG_UBSAN"]


def test_one_rule_speaks_once_and_not_where_it_is_void() -> None:
    both = {"CONFIG_RANDSTRUCT_FULL": "y", "CONFIG_GCC_PLUGIN_RANDSTRUCT": "y"}
    assert [one.option for one in objections(both)] == ["CONFIG_RANDSTRUCT_FULL"]
    assert objections({"CONFIG_RETHUNK": "y"})
    assert not objections({"CONFIG_RETHUNK": "y", "CONFIG_X86_KERNEL_IBT": "y"})


def test_clang_s_schemes_are_named_before_the_compiler_is_compared(tmp_path: Path) -> None:
    made = tree(tmp_path, "CONFIG_CFI_CLANG=y\n")
    config = made / ".config"
    config.write_text(config.read_text().replace(BANNER, "Debian clang version 14.0.6"))
    with pytest.raises(UserError, match="CONFIG_CFI_CLANG"):
        open_tree(made, M68K, TOOLCHAIN)


def test_the_kernel_s_own_plugins_are_not_for_the_rust_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = open_tree(tree(tmp_path, "CONFIG_GCC_PLUGIN_STACKLEAK=y\n"), M68K, TOOLCHAIN)
    ours = "-fplugin=/c/ferric_passes.so -fplugin-arg-ferric_passes-off=sh_treg_combine"
    theirs = (
        "-fplugin=./scripts/gcc-plugins/stackleak_plugin.so "
        "-fplugin-arg-stackleak_plugin-track-min-size=100"
    )
    record = f"cmd_probe.o := gcc -Wall {theirs} {ours} -Os -c -o probe.o probe.c ; objtool\n"
    (tmp_path / ".probe.o.cmd").write_text(record)
    monkeypatch.setattr(type(made), "probe", lambda _self, _toolchain: tmp_path / "probe.ko")
    assert made.cflags(TOOLCHAIN) == (*ours.split(), "-Os")
