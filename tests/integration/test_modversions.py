# SPDX-License-Identifier: GPL-2.0-only
"""CONFIG_MODVERSIONS: what a Rust module imports has the kernel's checksum, or it is refused.

The checksum of a changed prototype is what the tree's own genksyms makes of it.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from pipeline.boot.boards import load_boards
from pipeline.errors import UserError
from pipeline.kernel.auto import CONFIGS, cached_tree
from pipeline.kernel.tree import KernelTree, open_tree
from pipeline.stages import Options, Outputs, build

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.toolchains.find import Toolchain
    from pipeline.transpile.choice import Transpiler
    from pipeline.validate.finding import Verdict

HELLO = Path(__file__).resolve().parents[2] / "samples/hello"
CORPUS = Path(__file__).parent / "kernels"
ENTRY = 64  # bytes: struct modversion_info, include/linux/module.h
CHANGED = "_printk"


@pytest.fixture(scope="module")
def versions_tree(toolchain_of: Callable[[str], Toolchain]) -> Callable[[str], KernelTree]:
    """Return a function to a tree with CONFIG_MODVERSIONS: of m68k one that boots, built now.

    That of another architecture is the corpus of false alarms', where it is in the cache.
    """

    def named(name: str) -> KernelTree:
        toolchain = toolchain_of(name)
        try:
            if name == "m68k":
                parts = [CONFIGS / "common.config", CONFIGS / "m68k.config"]
                text = "".join(part.read_text("utf-8") for part in parts)
                text += "CONFIG_MODVERSIONS=y\n"
                return cached_tree(toolchain.arch, toolchain, text, "m68k-versions")
            parts = [CORPUS / "modules.config", CORPUS / f"{name}.config"]
            text = "".join(part.read_text("utf-8") for part in parts)
            kind = f"corpus-{name}"
            return cached_tree(toolchain.arch, toolchain, text, kind, "allnoconfig", build=False)
        except UserError as error:
            pytest.skip(error.what)

    return named


def built(tree: KernelTree, arch: str, out: Path, transpiler: Transpiler) -> Verdict:
    options = Options(HELLO, arch, out, kernel=str(tree.build), gate="off", transpiler=transpiler)
    return build(options, lambda _step: None)


def undefined(path: Path) -> set[str]:
    with path.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        symbols = list(table.iter_symbols())
        return {one.name for one in symbols if one["st_shndx"] == "SHN_UNDEF" and one.name}


def versions(path: Path) -> dict[str, int]:
    """Read ``__versions`` as the kernel does: an unsigned long and a name, 64 bytes each."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        section = elf.get_section_by_name("__versions")
        assert section is not None
        data = section.data()
        word = elf.elfclass // 8
        order = "<" if elf.little_endian else ">"
    assert len(data) % ENTRY == 0
    layout = struct.Struct(f"{order}{'I' if word == 4 else 'Q'}{ENTRY - word}s")
    return {name.split(b"\0")[0].decode(): crc for crc, name in layout.iter_unpack(data)}


def symvers(tree: KernelTree) -> dict[str, int]:
    """Read ``Module.symvers`` without the code under test."""
    lines = (tree.build / "Module.symvers").read_text().splitlines()
    return {line.split("\t")[1]: int(line.split("\t")[0], 16) for line in lines}


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["m68k", "parisc"])
def test_every_import_has_the_kernel_s_checksum(
    versions_tree: Callable[[str], KernelTree], transpiler: Transpiler, tmp_path: Path, arch: str
) -> None:
    tree = versions_tree(arch)
    assert tree.config["CONFIG_MODVERSIONS"] == "y"
    verdict = built(tree, arch, tmp_path, transpiler)
    assert not [one for one in verdict.findings if one.check == "sections.versions"]
    exported, found, imported = symvers(tree), versions(verdict.path), undefined(verdict.path)
    assert imported <= exported.keys()
    assert imported <= found.keys() - {"module_layout"}
    assert found == {name: exported[name] for name in found}
    assert len({*found.values()} - {0}) > len(found) // 2, "most have a checksum"
    own = undefined(Outputs(tmp_path, "hello").linked)
    assert own & exported.keys(), "the Rust part imports something by itself"
    assert own & exported.keys() <= found.keys()


def checksums(tree: KernelTree) -> tuple[int, int]:
    """Return genksyms's checksum of ``_printk`` as it is, and with one parameter more.

    The source is kernel/printk/printk.c, preprocessed as the tree's own build does it.
    """
    record = (tree.build / "kernel/printk/.printk.o.cmd").read_text()
    line = record.splitlines()[0].partition(" := ")[2].partition(" ; ")[0]
    words = shlex.split(line)
    at = words.index("-o")
    words[at : at + 2] = ["-D__GENKSYMS__", "-E"]
    words.remove("-c")
    source = output_of(words, tree.build)
    changed = re.sub(
        r"(?<=\b_printk\()(const char \*\w+), \.\.\.(?=\))", r"\1, unsigned more, ...", source
    )
    assert changed != source
    found = []
    for text in (source, changed):
        said = output_of([tree.build / "scripts/genksyms/genksyms"], tree.build, text)
        match = re.search(rf"#SYMVER {CHANGED} (0x[0-9a-f]+)", said)
        assert match, said
        found.append(int(match[1], 16))
    return found[0], found[1]


def output_of(words: Sequence[str | Path], folder: Path, given: str = "") -> str:
    done = subprocess.run(
        words, input=given, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def with_changed_prototype(tree: KernelTree, toolchain: Toolchain, folder: Path) -> KernelTree:
    """Return a tree like ``tree`` whose ``_printk`` takes one parameter more."""
    folder.mkdir()
    for path in tree.build.iterdir():
        (folder / path.name).symlink_to(path)
    text = (tree.build / "Module.symvers").read_text()
    same, crc = checksums(tree)
    assert same == symvers(tree)[CHANGED], "genksyms is asked as the kernel's build asks it"
    assert crc != same
    changed = re.sub(rf"^0x\w+(?=\t{CHANGED}\t)", f"{crc:#010x}", text, flags=re.MULTILINE)
    (folder / "Module.symvers").unlink()
    (folder / "Module.symvers").write_text(changed)
    return open_tree(folder, toolchain.arch, toolchain)


@pytest.mark.slow
def test_a_changed_prototype_is_refused_as_predicted(
    versions_tree: Callable[[str], KernelTree],
    toolchain_of: Callable[[str], Toolchain],
    transpiler: Transpiler,
    tmp_path: Path,
) -> None:
    board = load_boards()["m68k"]
    if shutil.which(str(board.qemu)) is None:
        pytest.skip(f"{board.qemu} is not installed (Debian: {board.package})")
    tree = versions_tree("m68k")
    changed = with_changed_prototype(tree, toolchain_of("m68k"), tmp_path / "changed")
    module = built(changed, "m68k", tmp_path / "out", transpiler).path

    # What is predicted, ...
    pipeline: list[str | Path] = [sys.executable, "-m", "pipeline"]
    words: list[str | Path] = ["validate", module, "--kernel", tree.build, "--json"]
    done = subprocess.run([*pipeline, *words], check=False, capture_output=True)
    found = json.loads(done.stdout)["findings"]
    (error,) = (one for one in found if one["severity"] == "error")
    assert error["check"] == "sections.versions"
    said = f"disagrees about version of symbol {CHANGED}"
    assert said in error["meaning"]

    # ... and what the kernel says: to this one, and to the one that was built for it.
    good = built(tree, "m68k", tmp_path / "good", transpiler).path
    consoles = []
    for path in (module, good):
        log = tmp_path / f"{path.parent.name}.log"
        words = ["boot", path, "--arch", "m68k", "--kernel", tree.build, "--log", log]
        subprocess.run([*pipeline, *words], check=False, capture_output=True)
        consoles.append(log.read_text(errors="replace"))
    assert f"hello: {said}" in consoles[0]
    assert "Hello, world!" not in consoles[0]
    assert "disagrees" not in consoles[1]
    assert "Hello, world!" in consoles[1]
