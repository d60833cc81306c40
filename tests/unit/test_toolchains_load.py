# SPDX-License-Identifier: GPL-2.0-only
"""toolchains.yaml: mistakes are found with their lines, whatever the bytes are."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.toolchains.load import DEFAULT_PATH, Toolchains, load
from pipeline.toolchains.located import MAX_BYTES, MAX_DEPTH

REAL = DEFAULT_PATH.read_text(encoding="utf-8")
GCC_ONLY = {
    *("alpha", "arc", "csky", "m68k", "microblaze", "nios2", "openrisc", "parisc", "parisc64"),
    *("sh", "xtensa"),
}
REFERENCE = {"x86_64", "s390x", "powerpc", "riscv64", "sparc64", "mips"}


@pytest.fixture(scope="module")
def toolchains() -> Toolchains:
    return load()


def line_of(text: str, needle: str) -> int:
    return text[: text.index(needle)].count("\n") + 1


def refused(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "toolchains.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as caught:
        load(path)
    return str(caught.value)


def test_every_architecture_is_there(toolchains: Toolchains) -> None:
    assert {arch.name for arch in toolchains.gcc_only()} == GCC_ONLY
    assert set(toolchains) == GCC_ONLY | REFERENCE
    assert len(toolchains) == len(toolchains.names()) == 17


def test_common_flags_come_first_and_rust_flags_last(toolchains: Toolchains) -> None:
    m68k = toolchains.get("m68k")
    assert m68k.abi_flags[0] == "-std=gnu11"
    assert m68k.abi_flags[-1] == "-ffixed-a2"
    assert m68k.all_flags == (*m68k.abi_flags, "-malign-int")
    assert all(rust.reason for rust in m68k.rust_flags)


def test_assembler_flag_is_not_cut_at_its_comma(toolchains: Toolchains) -> None:
    flags = [flag for name in toolchains for flag in toolchains.get(name).abi_flags]
    assert "-Wa,-mev6" in flags
    assert "-Wa" not in flags


def test_models_are_frozen_and_hashable(toolchains: Toolchains) -> None:
    arch = toolchains.get("m68k")
    with pytest.raises(ValidationError, match="frozen"):
        arch.title = "other"
    assert {arch: 1}[toolchains.get("m68k")] == 1


def test_workaround_is_for_older_gcc_only(toolchains: Toolchains) -> None:
    (one,) = (one for one in toolchains.workarounds if one.flag == "-fno-tree-sra")
    assert one.applies((12, 2, 0))
    assert one.applies((15, 0, 1))
    assert not one.applies((15, 1, 0))
    assert not one.applies((16, 0, 0))


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("hppa", "parisc"),
        ("hppa64", "parisc64"),
        ("sh4", "sh"),
        ("or1k", "openrisc"),
        ("ppc", "powerpc"),
        ("amd64", "x86_64"),
        ("arcv2", "arc"),
        (" M68K ", "m68k"),
    ],
)
def test_alias(toolchains: Toolchains, alias: str, name: str) -> None:
    assert toolchains.get(alias).name == name


def test_unknown_name_gets_the_nearest_and_the_list(toolchains: Toolchains) -> None:
    with pytest.raises(UserError, match="unknown architecture 'openrsc'") as caught:
        toolchains.get("openrsc")
    assert "did you mean openrisc?" in caught.value.mend
    assert "xtensa" in caught.value.mend
    with pytest.raises(UserError) as caught:
        toolchains.get("0" * 100_000)
    assert len(str(caught.value)) < 500


def test_select(toolchains: Toolchains) -> None:
    def some(arch: object) -> bool:
        return getattr(arch, "name", "") in {"sh", "mips", "m68k"}

    def names(text: str) -> list[str]:
        return [arch.name for arch in toolchains.select(text, installed=some)]

    assert names("m68k,alpha") == ["m68k", "alpha"]
    assert names(" or1k , m68k,openrisc,") == ["openrisc", "m68k"]
    assert set(names("all")) == GCC_ONLY
    assert names("installed") == ["m68k", "sh"]
    assert names("mips,installed") == ["mips", "m68k", "sh"]
    with pytest.raises(UserError, match="no architecture is named"):
        names(" , ")
    with pytest.raises(UserError, match="unknown architecture 'm86k'"):
        names("alpha,m86k")


def test_select_installed_with_nothing_installed(toolchains: Toolchains) -> None:
    with pytest.raises(UserError, match="no cross GCC") as caught:
        toolchains.select("installed", installed=lambda _: False)
    assert "gcc-m68k-linux-gnu" in caught.value.mend


def test_several_mistakes_are_reported_at_once_with_their_lines(tmp_path: Path) -> None:
    text = REAL.replace("    kernel_arch: alpha\n", "    kernel_arhc: alpha\n")
    text = text.replace("machine: 0x9026", "machine: many")
    text = text.replace("    package: gcc-m68k-linux-gnu\n", "    package: 7\n")
    text += "  m68k: {}\n"
    message = refused(tmp_path, text)
    unknown = line_of(text, "kernel_arhc")
    assert f"toolchains.yaml:{unknown}: architectures.alpha.kernel_arhc: unknown key" in message
    assert "did you mean kernel_arch?" in message
    assert (
        f"toolchains.yaml:{line_of(text, '  alpha:')}: architectures.alpha.kernel_arch" in message
    )
    assert f"toolchains.yaml:{line_of(text, 'machine: many')}: " in message
    assert "valid integer (found 'many')" in message
    assert f"toolchains.yaml:{line_of(text, 'package: 7')}: " in message
    first = line_of(text, "  m68k:")
    last = text.count("\n")
    assert f"toolchains.yaml:{last}: duplicate key 'm68k' (first in line {first})" in message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("byte_order: little", "byte_order: middle", "'big' or 'little'"),
        ("bits: 64", "bits: '64'", "32 or 64"),
        ("R_ALPHA_NONE: 0", "R_ALPHA_NONE: true", "valid integer"),
        ("R_ALPHA_REFLONG: 1", "R_ALPHA_REFLONG: 0", "same number"),
        ("flags_mask: 0x1\n", "flags_mask: 0x0\n", None),
        ("flags: 0x406", "flags: 0x1406", "outside flags_mask"),
        ("flag: -ffixed-8", "flag: -ffixed-9", "not in abi_flags"),
        ("package: gcc-alpha-linux-gnu", "package: null", "package and advice"),
        ("aliases: [axp]", "aliases: [axp, hppa]", "'hppa' of parisc already names alpha"),
        ("aliases: [axp]", "aliases: [m68k]", "'m68k' of alpha already names m68k"),
        ("-ffixed-8,", "'-a b',", "match pattern"),
        ("aliases: [axp]", "aliases: &a [axp]", "anchors and aliases"),
        ("aliases: [axp]", "aliases: !!python/tuple [axp]", "tag .* is not allowed"),
        ("machine: 0x9026", "machine: 09", "no number"),
        ("machine: 0x9026", "machine: " + "9" * 5000, "no number"),
        ("title: Alpha", "? [a]\n    : b", "a key must be a plain word"),
        ("title: Alpha", "title: 1.5", "valid string"),
        ("title: Alpha", "title: 'Alpha", "no valid YAML"),
    ],
)
def test_mistake(tmp_path: Path, old: str, new: str, message: str | None) -> None:
    assert old in REAL
    text = REAL.replace(old, new, 1)
    if message is None:
        path = tmp_path / "toolchains.yaml"
        path.write_text(text, encoding="utf-8")
        assert load(path)["alpha"] != load()["alpha"]
        return
    assert re.search(message, refused(tmp_path, text))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "toolchains.yaml:1: the file is empty"),
        (b"# nothing\n", "toolchains.yaml:1: the file is empty"),
        (b"null\n", "valid dictionary"),
        (b"- 1\n", "valid dictionary"),
        (b"common:\n  source: \xff\n", "toolchains.yaml:2: byte 18 is no UTF-8"),
        (b"a: 1\n---\nb: 2\n", "toolchains.yaml:2: no valid YAML"),
        (b"a: \x00\n", "no valid YAML"),
        (b"a: &x [1]\nb: [*x, *x]\n", "toolchains.yaml:1: anchors and aliases"),
        (b"[" * (MAX_DEPTH + 1), f"nested deeper than {MAX_DEPTH}"),
        (b"#" * (MAX_BYTES + 1), "larger than 256 KiB"),
    ],
)
def test_no_plain_document(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in refused(tmp_path, content)


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        load(tmp_path / "none.yaml")


def test_many_mistakes_give_a_short_message(tmp_path: Path) -> None:
    message = refused(tmp_path, "".join(f"k{number}: 1\n" for number in range(2000)))
    assert "and 1982 more" in message
    assert len(message.splitlines()) < 30


def test_bounded_time(tmp_path: Path) -> None:
    start = time.process_time()
    refused(tmp_path, "common: {" + "a: 1, " * 3_000 + "}")
    assert time.process_time() - start < 30


YAMLISH = st.text(
    st.sampled_from("abc:-[]{},&*!|>'\"%@`#?\n \t\\0x9~.=<\ufeff\x85\u2028é"), max_size=60
)


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(YAMLISH, st.text(max_size=40)))
def test_hostile_text(text: str) -> None:
    load_or_user_error(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=60))
def test_hostile_bytes(raw: bytes) -> None:
    load_or_user_error(raw)


SMALL = REAL[: REAL.index("\n  arc:")]


@settings(max_examples=60, deadline=None)
@given(
    at=st.integers(0, len(SMALL)),
    length=st.integers(0, 30),
    new=YAMLISH,
)
def test_damaged_file(at: int, length: int, new: str) -> None:
    load_or_user_error((SMALL[:at] + new + SMALL[at + length :]).encode())


def load_or_user_error(raw: bytes) -> None:
    """Nothing but a Toolchains or a UserError comes out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "toolchains.yaml"
        path.write_bytes(raw)
        message = "toolchains.yaml"
        try:
            load(path)
        except UserError as error:
            message = str(error)
        assert "toolchains.yaml" in message
