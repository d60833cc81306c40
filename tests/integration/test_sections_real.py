# SPDX-License-Identifier: GPL-2.0-only
"""Sections, ``.modinfo`` and licenses of modules that a kernel tree built, right and spoilt.

Each fault is made by an edit of the bytes, by objcopy, or by the compiler's own options.
"""

from __future__ import annotations

import dataclasses
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from pipeline.toolchains.find import find
from pipeline.toolchains.load import load
from pipeline.validate import licence, modinfo, sections
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity
from pipeline.validate.reference import Reference, for_arch, kernel_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain

CHECKS = {**sections.CHECKS, **modinfo.CHECKS, **licence.CHECKS}
ARCHITECTURES = ("alpha", "arc", "m68k", "openrisc", "parisc", "riscv64", "s390x", "sh")
SOURCE = """
#include <linux/module.h>
#include <linux/device.h>
static int count = 3;
module_param(count, int, 0444);
static bool on;
module_param_named(enabled, on, bool, 0644);
static unsigned int list[4];
module_param_array(list, uint, NULL, 0);
static char text[9];
module_param_string(label, text, sizeof(text), 0);
int sample_shared(int x) { return x + count; }
EXPORT_SYMBOL_GPL(sample_shared);
static int __init start(void)
{
        pr_info("%d %d %u %s\\n", count, on, list[0], text);
        return IS_ERR(class_create(THIS_MODULE, "sample")) ? -EINVAL : 0;
}
module_init(start);
static void __exit stop(void) { }
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("A");
MODULE_AUTHOR("B");
"""
PLAIN = "int helper(int); int run(int x) { return helper(x) + 1; }\n"
NEVER_CALLED = "int seen; __attribute__((constructor)) void first(void) { seen++; }\n"
THIS = ".gnu.linkonce.this_module"


def reference_for(tree: KernelTree, toolchain: Toolchain) -> Reference:
    """Return what ``pipeline.validate.verb`` compares with, as far as these checks go."""
    return dataclasses.replace(
        for_arch(toolchain.arch, toolchain),
        flags=tree.cflags(toolchain),
        kernel=kernel_of(tree, toolchain),
    )


def build(folder: Path, tree: KernelTree, toolchain: Toolchain) -> Path:
    """Build ``sample.ko`` in the tree."""
    (folder / "sample.c").write_text(SOURCE)
    (folder / "Kbuild").write_text("obj-m := sample.o\n")
    command([*tree.make(toolchain), f"M={folder}", "modules"])
    return folder / "sample.ko"


def command(argv: Sequence[object]) -> None:
    subprocess.run([str(word) for word in argv], check=True, capture_output=True)


@pytest.fixture(scope="module")
def m68k(m68k_tree: KernelTree) -> Reference:
    return reference_for(m68k_tree, find(load().get("m68k")))


@pytest.fixture(scope="module")
def sample(m68k_tree: KernelTree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a right module for Ferric's own m68k tree."""
    return build(tmp_path_factory.mktemp("sample"), m68k_tree, find(load().get("m68k")))


def found(path: Path, reference: Reference) -> dict[str, list[Finding]]:
    """Return what is worse than a note, by check."""
    obj = Object.read(path)
    results = {
        name: [
            one
            for one in check(obj, reference)
            if isinstance(one, Finding) and one.severity is not Severity.NOTE
        ]
        for name, check in CHECKS.items()
    }
    return {name: findings for name, findings in results.items() if findings}


def edited(sample: Path, folder: Path, name: str, old: bytes, new: bytes) -> Path:
    """Return a copy with some bytes of one section replaced; the length stays."""
    obj = Object.read(sample)
    section = obj.section(name)
    assert section is not None
    content = obj.content(section)
    assert content.count(old) == 1
    assert len(old) == len(new)
    at = section.offset + content.index(old)
    path = folder / "sample.ko"
    path.write_bytes(obj.data[:at] + new + obj.data[at + len(old) :])
    return path


def copied(sample: Path, folder: Path, *options: str) -> Path:
    """Return what objcopy makes of the sample."""
    toolchain = find(load().get("m68k"))
    path = folder / "sample.ko"
    command([toolchain.tool("objcopy"), *options, sample, path])
    return path


def test_a_right_module(sample: Path, m68k: Reference) -> None:
    assert found(sample, m68k) == {}
    assert found(sample, dataclasses.replace(m68k, kernel=None)) == {}
    notes = [
        one.evidence
        for name, check in CHECKS.items()
        for one in check(Object.read(sample), m68k)
        if isinstance(one, Finding)
    ]
    assert notes == ["it is built outside the kernel's source: there is no intree= (O)"]


@pytest.mark.parametrize(
    ("section", "old", "new", "checks"),
    [
        (".modinfo", b"mod_unload", b"mod_reload", {"sections.vermagic"}),
        (".modinfo", b"vermagic=6", b"vermagic=5", {"sections.vermagic"}),
        (".modinfo", b"license=GPL", b"license=MIT", {"licence.license", "licence.gpl-only"}),
        (".modinfo", b"license=GPL", b"licence=GPL", None),
        (".modinfo", b"name=sample", b"name=simple", {"sections.this-module"}),
        (".modinfo", b"depends=", b"suspend=", {"sections.modinfo"}),
        (".modinfo", b"author=A", b"author:A", {"sections.modinfo"}),
        (".modinfo", b"count:int", b"count:xyz", {"sections.parameters"}),
        (".modinfo", b"enabled:bool", b"unknown:bool", {"sections.parameters"}),
        (".modinfo", b"array of", b"a few of", {"sections.parameters"}),
        (THIS, b"sample\0", b"simple\0", {"sections.this-module"}),
    ],
)
def test_a_byte_edited(
    sample: Path,
    m68k: Reference,
    tmp_path: Path,
    section: str,
    old: bytes,
    new: bytes,
    checks: set[str] | None,
) -> None:
    path = edited(sample, tmp_path, section, old, new)
    wanted = checks or {"licence.license", "licence.gpl-only", "sections.modinfo"}
    assert set(found(path, m68k)) == wanted


def test_a_gpl_only_symbol_is_named(sample: Path, m68k: Reference, tmp_path: Path) -> None:
    path = edited(sample, tmp_path, ".modinfo", b"license=GPL", b"license=MIT")
    findings = found(path, m68k)["licence.gpl-only"]
    assert "__class_create" in {one.place for one in findings}
    assert {one.severity for one in findings} == {Severity.ERROR}


@pytest.mark.parametrize(
    ("options", "checks"),
    [
        (["--remove-section=.modinfo"], {"sections.modinfo", "sections.vermagic"}),
        ([f"--rename-section={THIS}=.data.gone"], {"sections.this-module"}),
        ([f"--remove-section=.rela{THIS}"], {"sections.this-module"}),
        (["--remove-section=.rela__param"], {"sections.parameters"}),
        (["--remove-section=__param"], {"sections.parameters"}),
        (["--set-section-flags=.text=alloc,code,contents"], {"sections.write-execute"}),
        (["--set-section-flags=.modinfo=readonly,contents"], {"sections.modinfo"}),
        (["--rename-section=.exit.data=.dtors"], {"sections.constructors"}),
        (["--rename-section=.init.data=.init_array"], {"sections.constructors"}),
        (["--rename-section=.bss=.tbss"], {"sections.tls"}),
        (["--set-section-alignment=.rodata=131072"], {"sections.alignment"}),
        (["--set-section-alignment=.text=1"], {"sections.alignment"}),
    ],
)
def test_a_section_changed_by_objcopy(
    sample: Path, m68k: Reference, tmp_path: Path, options: list[str], checks: set[str]
) -> None:
    assert checks <= set(found(copied(sample, tmp_path, *options), m68k))


def test_a_section_added(sample: Path, m68k: Reference, tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.write_bytes(bytes(64))
    for name, check in (
        (".eh_frame", "sections.eh-frame"),
        (".gcc_except_table", "sections.eh-frame"),
        (".data..percpu", "sections.per-cpu"),
        ("__versions", "sections.versions"),
    ):
        options = [f"--add-section={name}={content}", f"--set-section-flags={name}=alloc,contents"]
        assert set(found(copied(sample, tmp_path, *options), m68k)) == {check}


def test_struct_module_of_another_size(sample: Path, m68k: Reference, tmp_path: Path) -> None:
    obj = Object.read(sample)
    section = obj.section(THIS)
    assert section is not None
    content = tmp_path / "content"
    content.write_bytes(obj.content(section) + bytes(4))
    path = copied(sample, tmp_path, f"--update-section={THIS}={content}")
    (finding,) = found(path, m68k)["sections.this-module"]
    assert f"{section.size + 4} bytes" in finding.evidence
    assert f"has {section.size}" in finding.evidence


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_objects_of_every_compiler(
    name: str, tmp_path: Path, toolchain_of: Callable[[str], Toolchain]
) -> None:
    """What GCC makes with the kernel's flags is right, and what other flags add is found."""
    toolchain = toolchain_of(name)
    reference = for_arch(toolchain.arch, toolchain)

    def compiled(source: str, *extra: str) -> set[str]:
        (tmp_path / "a.c").write_text(source)
        argv = [toolchain.gcc, "-O2", *reference.flags, *extra, "-c", tmp_path / "a.c"]
        command([*argv, "-o", tmp_path / "a.o"])
        return set(found(tmp_path / "a.o", reference))

    tables = set() if unwinds(toolchain, tmp_path) else {"sections.eh-frame"}
    assert compiled(PLAIN) == set()
    assert compiled(NEVER_CALLED) == {"sections.constructors"}
    assert compiled(PLAIN, "-fasynchronous-unwind-tables") == tables


def unwinds(toolchain: Toolchain, folder: Path) -> bool:
    """Say whether readelf sees unwind tables in what the kernel's flags make."""
    source, target = folder / "usual.c", folder / "usual.o"
    source.write_text(PLAIN)
    command([toolchain.gcc, *toolchain.arch.abi_flags, "-c", source, "-o", target])
    argv = [str(toolchain.tool("readelf")), "-SW", str(target)]
    return ".eh_frame" in subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_checksums(
    corpus_tree: Callable[[str], KernelTree],
    toolchain_of: Callable[[str], Toolchain],
    tmp_path: Path,
) -> None:
    """A kernel with CONFIG_MODVERSIONS: each wrong, missing or needless sum is found."""
    toolchain = toolchain_of("m68k")
    tree = corpus_tree("m68k")
    assert tree.config["CONFIG_MODVERSIONS"] == "y"
    reference = reference_for(tree, toolchain)
    folder = tmp_path / "build"
    folder.mkdir()
    path = build(folder, tree, toolchain)
    assert found(path, reference) == {}
    for name in ("module_layout", "_printk"):
        crc = struct.pack(">I", tree.symvers()[name].crc)
        old = crc + name.encode() + b"\0"
        other = edited(path, tmp_path, "__versions", old, bytes(4) + old[4:])
        (finding,) = found(other, reference)["sections.versions"]
        assert (finding.place, finding.severity) == (name, Severity.ERROR)
        other = edited(path, tmp_path, "__versions", old, crc + old[4:].replace(b"_", b"x"))
        assert "no entry" in found(other, reference)["sections.versions"][0].evidence
    other = copied(path, tmp_path, "--remove-section=__versions")
    assert {"sections.versions"} <= set(found(other, reference))
    other = copied(path, tmp_path, "--remove-section=__kcrctab_gpl")
    assert set(found(other, reference)) == {"sections.exports"}
    # With checksums, the release of the kernel does not count.
    other = edited(path, tmp_path, ".modinfo", b"vermagic=6", b"vermagic=5")
    assert found(other, reference) == {}


@pytest.mark.slow
def test_namespaces_and_dependences(
    corpus_tree: Callable[[str], KernelTree],
    toolchain_of: Callable[[str], Toolchain],
    tmp_path: Path,
) -> None:
    """A module of the tree that imports a namespace and needs another module."""
    reference = reference_for(corpus_tree("m68k"), toolchain_of("m68k"))
    assert reference.kernel is not None
    tree = reference.kernel.tree.build
    checked = {"licence.namespace": False, "sections.modinfo": False}
    for path in sorted(tree.rglob("*.ko")):
        data = path.read_bytes()
        copy = tmp_path / path.name
        if b"\0import_ns=" in data and not checked["licence.namespace"]:
            copy.write_bytes(data.replace(b"\0import_ns=", b"\0import_xx="))
            checked["licence.namespace"] = "licence.namespace" in found(copy, reference)
        if b"\0depends=\0" not in data and not checked["sections.modinfo"]:
            value = data.split(b"\0depends=")[1].split(b"\0")[0]
            copy.write_bytes(data.replace(b"depends=" + value, b"depends=" + b"x" * len(value)))
            checked["sections.modinfo"] = "sections.modinfo" in found(copy, reference)
    assert all(checked.values()), checked
