# SPDX-License-Identifier: GPL-2.0-only
"""``.modinfo`` is whole and true: what modpost writes there, and what the loader reads from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.validate import builtin, headers, layout, parameters, this_module, versions
from pipeline.validate.elfdata import SHT_PROGBITS
from pipeline.validate.finding import Finding, Severity, Skipped, some
from pipeline.validate.module import (
    NO_MODULE,
    NO_TREE,
    find_section,
    imports,
    meant_as_module,
    modinfo,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Kernel, Reference

_MODINFO = "sections.modinfo"
_VERMAGIC = "sections.vermagic"
_REQUIRED = {
    "license": "the kernel takes the module for proprietary: it gets no GPL-only symbol",
    "name": "the kernel's messages and modinfo do not tell which module it is",
    "depends": "tools that go by it (busybox modprobe) load the module without what it needs",
}
# Entries that modpost writes once; the loader takes the first.
_SINGLE = frozenset({"name", "vermagic", "depends", "srcversion", "intree", "retpoline", "staging"})
_AGAIN = "build the module with this kernel tree (make M=…)"
_WRITER = "scripts/mod/modpost.c, write_mod_c_file()"
_READER = "kernel/module/main.c, get_next_modinfo()"
_MAGIC = "kernel/module/main.c, check_modinfo(); kernel/module/version.c, same_magic()"


def complete(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """``.modinfo`` is a list of entries, has those that every module has, and depends is right."""
    if not meant_as_module(obj):
        yield Skipped(_MODINFO, NO_MODULE)
        return
    section = find_section(obj, ".modinfo")
    if section is None or section.type != SHT_PROGBITS:
        yield _error(
            ".modinfo",
            f"sh_type {section.type:#x}" if section else "no section .modinfo with SHF_ALLOC",
            "the kernel refuses to load it (ENOEXEC): it finds no vermagic and no license",
            _READER,
        )
        return
    if not obj.content(section).endswith(b"\0"):
        yield _error(
            f".modinfo+{max(section.size - 1, 0):#x}",
            f"{section.size} bytes that do not end with a zero byte",
            "the kernel reads on behind the section",
            _READER,
        )
    yield from _entries(obj)
    if reference.kernel is None:
        yield Skipped(_MODINFO, f"{NO_TREE}: depends= and what the configuration asks for")
    else:
        yield from _depends(obj, reference.kernel)
        yield from _configured(obj, reference.kernel)


def _entries(obj: Object) -> Iterator[Finding]:
    """Judge the entries by themselves."""
    info = modinfo(obj)
    if info.bare:
        offset, text = info.first_bare
        yield Finding(
            _MODINFO,
            Severity.WARNING,
            f".modinfo+{offset:#x}",
            f"{info.bare} entries without “=”, the first {shown(text)}",
            "nothing reads them; a piece of another entry may be missing",
            'write them as MODULE_INFO(tag, "text")',
            _READER,
        )
    for name, meaning in _REQUIRED.items():
        if not info.all(name):
            yield _error(".modinfo", f"there is no {name}=", meaning, _WRITER)
    for name in sorted(_SINGLE):
        values = set(info.all(name))
        times = len(info.all(name))
        if times > 1:
            yield Finding(
                _MODINFO,
                Severity.ERROR if len(values) > 1 else Severity.WARNING,
                f"{name}=",
                f"{times} entries: {', '.join(shown(one) for one in sorted(values)[:4])}",
                "the kernel takes the first one, tools may take another",
                _AGAIN,
                _READER,
            )


def _depends(obj: Object, kernel: Kernel) -> Iterator[Finding]:
    """``depends=`` names exactly the modules whose exports are used, as modpost has it."""
    text = modinfo(obj).first("depends")
    if text is None:
        return
    owners = {
        kernel.exports[name].module.rpartition("/")[2]
        for name in imports(obj)
        if name in kernel.exports and kernel.exports[name].module != "vmlinux"
    }
    listed = {one for one in text.split(",") if one}
    missing, more = owners - listed, listed - owners
    if missing:
        yield _error(
            "depends=",
            f"{shown(text)}; exports of {some(missing)} are used",
            _REQUIRED["depends"] + ": Unknown symbol (ENOENT)",
            "scripts/mod/modpost.c, add_depends()",
        )
    if more:
        yield Finding(
            _MODINFO,
            Severity.WARNING,
            "depends=",
            f"{shown(text)}; no export of {some(more)} in this tree is used",
            "tools load modules that it does not need, or fail because they are not there",
            _AGAIN,
            "scripts/mod/modpost.c, add_depends()",
        )


def _configured(obj: Object, kernel: Kernel) -> Iterator[Finding]:
    """Entries that this kernel's configuration asks for, or refuses."""
    info, config = modinfo(obj), kernel.config
    if info.first("livepatch") is not None and config.get("CONFIG_LIVEPATCH") != "y":
        yield _error(
            "livepatch=",
            "the kernel is configured without CONFIG_LIVEPATCH",
            "the kernel refuses to load it (ENOEXEC)",
            "kernel/module/main.c, check_modinfo_livepatch()",
        )
    probe = modinfo(kernel.probe)
    if probe.first("retpoline") is not None and info.first("retpoline") is None:
        yield Finding(
            _MODINFO,
            Severity.WARNING,
            ".modinfo",
            "there is no retpoline=, and modules of this kernel have it",
            "the kernel warns: loading module not compiled with retpoline compiler",
            _AGAIN,
            "kernel/module/main.c, check_modinfo_retpoline()",
        )
    if probe.first("srcversion") is not None and info.first("srcversion") is None:
        yield Finding(
            _MODINFO,
            Severity.NOTE,
            ".modinfo",
            "there is no srcversion=, and modules of this kernel have it",
            "nobody can tell from the loaded module which source it was built from",
            _AGAIN,
            "scripts/mod/modpost.c, add_srcversion()",
        )


def vermagic(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """``vermagic=`` is the kernel's, compared as the loader compares it."""
    if not meant_as_module(obj):
        yield Skipped(_VERMAGIC, NO_MODULE)
        return
    found = modinfo(obj).first("vermagic")
    if found is None:
        yield Finding(
            _VERMAGIC,
            Severity.ERROR,
            ".modinfo",
            "there is no vermagic=",
            "the kernel refuses to load it (ENOEXEC), but with CONFIG_MODULE_FORCE_LOAD",
            _AGAIN,
            _MAGIC,
        )
        return
    wanted = modinfo(reference.kernel.probe).first("vermagic") if reference.kernel else None
    if wanted is None:
        yield Skipped(_VERMAGIC, f"{NO_TREE}: the module says {shown(found)}")
        return
    # With checksums the release does not count where the kernel compares them: the loader skips to
    # the first blank.
    versions = reference.kernel is not None and reference.kernel.config.get("CONFIG_MODVERSIONS")
    with_sums = versions == "y" and find_section(obj, "__versions") is not None
    if _magic(found, with_sums=with_sums) != _magic(wanted, with_sums=with_sums):
        ours, theirs = set(found.split()), set(wanted.split())
        parts = [
            f"{what} {some(words)}"
            for what, words in (("only here", ours - theirs), ("only there", theirs - ours))
            if words
        ]
        yield Finding(
            _VERMAGIC,
            Severity.ERROR,
            "vermagic=",
            f"{shown(found)}, the kernel's is {shown(wanted)}"
            + (f": {'; '.join(parts)}" if parts else ""),
            "the kernel refuses to load it (ENOEXEC): version magic … should be …",
            _AGAIN,
            _MAGIC,
        )


def _magic(text: str, *, with_sums: bool) -> str:
    """Return what same_magic() compares: all, or what follows the first word."""
    if not with_sums:
        return text
    at = text.find(" ")
    return text[at:] if at >= 0 else ""


def _error(place: str, evidence: str, meaning: str, source: str) -> Finding:
    """Return an error of ``sections.modinfo``."""
    return Finding(_MODINFO, Severity.ERROR, place, evidence, meaning, _AGAIN, source)


CHECKS: dict[str, Check] = {
    _MODINFO: complete,
    _VERMAGIC: vermagic,
    **parameters.CHECKS,
    **versions.CHECKS,
    **this_module.CHECKS,
    **builtin.CHECKS,
    **headers.CHECKS,
    **layout.CHECKS,
}
