# SPDX-License-Identifier: GPL-2.0-only
"""The module's license, and what the kernel gives it and refuses it for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from pipeline.crate.metadata import License
from pipeline.errors import UserError
from pipeline.validate.elf import Object
from pipeline.validate.finding import Finding, Severity, Skipped, some
from pipeline.validate.module import (
    NO_MODULE,
    NO_TREE,
    imports,
    meant_as_module,
    modinfo,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pipeline.validate.checks import Check
    from pipeline.validate.reference import Kernel, Reference

# include/linux/license.h, license_is_gpl_compatible(): no other spelling counts.
GPL_COMPATIBLE = frozenset(get_args(License)) - {"Proprietary"}
_PROPRIETARY = "Proprietary"
_GPL_ONLY = "EXPORT_SYMBOL_GPL"
_OWNER_BYTES = 16 << 20  # of a module that exports something: larger ones are not looked into
_OWNERS = 16
_LIST = "include/linux/license.h, license_is_gpl_compatible()"
_SET = "kernel/module/main.c, set_license(); scripts/mod/modpost.c, read_symbols()"
_SAY = 'say MODULE_LICENSE("GPL"), or another of the list, where that is true'


def license_known(obj: Object, _reference: Reference) -> Iterator[Finding | Skipped]:
    """There is a license, the kernel knows it, and all that are given say the same."""
    check = "licence.license"
    if not meant_as_module(obj):
        yield Skipped(check, NO_MODULE)
        return
    licenses = modinfo(obj).all("license")
    if not licenses:
        yield Finding(
            check,
            Severity.ERROR,
            "license=",
            "there is no license= in .modinfo",
            "the kernel takes the module for proprietary: it is tainted, and GPL-only symbols are "
            "unknown; modpost refuses to link such a module",
            _SAY,
            _SET,
        )
        return
    other = [one for one in licenses if one not in GPL_COMPATIBLE]
    if not other:
        return
    if len(other) < len(licenses):
        yield Finding(
            check,
            Severity.WARNING,
            "license=",
            ", ".join(shown(one) for one in licenses[:8]),
            "the loader goes by the first one, modpost refuses GPL-only symbols if one of them is "
            "not compatible",
            "give one license for the whole module",
            _SET,
        )
    elif other[0] == _PROPRIETARY:
        yield Finding(
            check,
            Severity.NOTE,
            "license=",
            shown(other[0]),
            "the kernel is tainted, and gives it no GPL-only symbol",
            _SAY,
            _SET,
        )
    else:
        yield Finding(
            check,
            Severity.WARNING,
            "license=",
            f"{shown(other[0])}; the kernel knows {', '.join(sorted(GPL_COMPATIBLE))}, and "
            f"{_PROPRIETARY}",
            "the kernel takes the module for proprietary: it is tainted, and GPL-only symbols are "
            "unknown",
            _SAY,
            _LIST,
        )


def gpl_only(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """A module that is not GPL-compatible uses no export that is for the GPL only."""
    check = "licence.gpl-only"
    if not meant_as_module(obj):
        yield Skipped(check, NO_MODULE)
        return
    if reference.kernel is None:
        yield Skipped(check, f"{NO_TREE}: which exports are for the GPL only")
        return
    license_ = modinfo(obj).first("license")
    if license_ in GPL_COMPATIBLE:
        return
    for name, weak in sorted(imports(obj).items()):
        export = reference.kernel.exports.get(name)
        if export is not None and export.type.startswith(_GPL_ONLY):
            yield Finding(
                check,
                Severity.WARNING if weak else Severity.ERROR,
                name,
                f"{export.type} of {export.module}; the module's license is "
                + (shown(license_) if license_ is not None else "not given"),
                "the kernel finds no such symbol for it: a weak one is 0"
                if weak
                else "the kernel refuses to load it: Unknown symbol (ENOENT)",
                f"do without it, or {_SAY}",
                "kernel/module/main.c, resolve_symbol(), find_symbol(): gplok",
            )


def namespaces(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """The namespace of every export that is used is imported."""
    check = "licence.namespace"
    if not meant_as_module(obj):
        yield Skipped(check, NO_MODULE)
        return
    imported = set(modinfo(obj).all("import_ns"))
    if reference.kernel is None:
        yield Skipped(check, f"{NO_TREE}: the namespaces of its exports")
        return
    lenient = reference.kernel.config.get("CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS") == "y"
    used: set[str] = set()
    for name in sorted(imports(obj)):
        export = reference.kernel.exports.get(name)
        if export is None or not export.namespace:
            continue
        used.add(export.namespace)
        if export.namespace not in imported:
            yield Finding(
                check,
                Severity.WARNING if lenient else Severity.ERROR,
                name,
                f"in the namespace {export.namespace} of {export.module}; imported are "
                + (some(imported) if imported else "none"),
                "the kernel loads it and warns: CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS"
                if lenient
                else "the kernel refuses to load it (EINVAL)",
                f"say MODULE_IMPORT_NS({export.namespace})",
                "kernel/module/main.c, verify_namespace_is_imported()",
            )
    for namespace in sorted(imported - used):
        yield Finding(
            check,
            Severity.NOTE,
            "import_ns=",
            f"{shown(namespace)} is imported; no export in it is used",
            "nothing: an import alone does no harm",
            "drop the MODULE_IMPORT_NS()",
            "Documentation/core-api/symbol-namespaces.rst",
        )


def inherited(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """A GPL module does not become proprietary by what it uses of other modules."""
    check = "licence.inherited"
    if not meant_as_module(obj):
        yield Skipped(check, NO_MODULE)
        return
    if reference.kernel is None:
        yield Skipped(check, f"{NO_TREE}: which modules it uses")
        return
    users = _owners(obj, reference.kernel)
    if modinfo(obj).first("license") not in GPL_COMPATIBLE or not users:
        return
    unseen = []
    gpl = any(
        export.type.startswith(_GPL_ONLY)
        for name in imports(obj)
        if (export := reference.kernel.exports.get(name)) is not None
    )
    for number, (owner, name) in enumerate(sorted(users.items())):
        license_ = None
        if number < _OWNERS:
            license_ = _license_of(reference.kernel.tree.build / f"{owner}.ko")
        if license_ is None:
            unseen.append(owner)
        elif license_ not in GPL_COMPATIBLE:
            yield Finding(
                check,
                Severity.ERROR if gpl else Severity.WARNING,
                name,
                f"exported by {owner}, whose license is {shown(license_)}",
                "the kernel refuses to load it: it uses GPL-only symbols, too"
                if gpl
                else "the kernel takes this module for proprietary, too",
                "do without that module",
                "kernel/module/main.c, inherit_taint()",
            )
    if unseen:
        yield Skipped(check, f"the licenses of {some(unseen)} are not seen in the tree")


def taints(obj: Object, _reference: Reference) -> Iterator[Finding | Skipped]:
    """What else of the module taints the kernel, which reports of crashes will show."""
    check = "licence.taint"
    if not meant_as_module(obj):
        yield Skipped(check, NO_MODULE)
        return
    info = modinfo(obj)
    reasons = {
        "it is built outside the kernel's source: there is no intree= (O)": info.first("intree")
        is None,
        "staging= (C)": info.first("staging") is not None,
        "test= (N)": info.first("test") is not None,
        "livepatch= (K)": info.first("livepatch") is not None,
    }
    for reason, holds in reasons.items():
        if holds:
            yield Finding(
                check,
                Severity.NOTE,
                ".modinfo",
                reason,
                "the kernel is tainted and says so in every report of a crash",
                "nothing, where it is meant",
                "kernel/module/main.c, check_modinfo(); "
                "Documentation/admin-guide/tainted-kernels.rst",
            )


def _owners(obj: Object, kernel: Kernel) -> Mapping[str, str]:
    """Return the modules whose exports are used, each with one of those."""
    return {
        kernel.exports[name].module: name
        for name in sorted(imports(obj), reverse=True)
        if name in kernel.exports and kernel.exports[name].module != "vmlinux"
    }


def _license_of(path: Path) -> str | None:
    """Return what a module of the tree has for a license; None where it cannot be seen."""
    try:
        if path.stat().st_size > _OWNER_BYTES:
            return None
        return modinfo(Object.read(path)).first("license") or "unspecified"
    except (OSError, UserError):
        return None


CHECKS: dict[str, Check] = {
    "licence.license": license_known,
    "licence.gpl-only": gpl_only,
    "licence.namespace": namespaces,
    "licence.inherited": inherited,
    "licence.taint": taints,
}
