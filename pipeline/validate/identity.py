# SPDX-License-Identifier: GPL-2.0-only
"""The file is an object for this architecture: its ELF header, and a kernel object's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from elftools.elf.enums import ENUM_E_MACHINE

from pipeline.errors import UserError
from pipeline.validate.elf import Object
from pipeline.validate.elfdata import ET_REL
from pipeline.validate.finding import Finding, Severity, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.reference import Reference

_KINDS = {0: "ET_NONE", 1: "ET_REL", 2: "ET_EXEC", 3: "ET_DYN", 4: "ET_CORE"}
_LOADER = "kernel/module/main.c, elf_validity_check()"
_SYSTEM_V = "System V ABI, chapter 4, ELF header"


def machine_name(number: int) -> str:
    """Return a machine's number with its name, where it has one: ``4 (EM_68K)``."""
    for name, value in ENUM_E_MACHINE.items():
        if value == number and name != "_default_":
            return f"{number:#x} ({name})"
    return f"{number:#x}"


def matches(obj: Object, reference: Reference) -> bool:
    """Say whether the object is for the architecture at all, so that its tools can read it."""
    elf = reference.arch.elf
    return (obj.machine, obj.bits, obj.byte_order) == (elf.machine, elf.bits, elf.byte_order)


def kind(obj: Object, _reference: Reference) -> Iterator[Finding]:
    """e_type is ET_REL: the kernel links modules itself."""
    if obj.kind != ET_REL:
        yield _error(
            "identity.kind",
            "e_type",
            f"{_KINDS.get(obj.kind, f'{obj.kind:#x}')}, not ET_REL",
            "the kernel refuses to load it (ENOEXEC)",
            "link with ld -r, not as a program or shared library",
            _LOADER,
        )


def machine(obj: Object, reference: Reference) -> Iterator[Finding]:
    """e_machine is the architecture's."""
    wanted = reference.arch.elf.machine
    if obj.machine != wanted:
        yield _error(
            "identity.machine",
            "e_machine",
            f"{machine_name(obj.machine)}, not {wanted:#x} ({reference.arch.elf.machine_name}) "
            f"of {reference.arch.name}",
            "the code is for another processor; the kernel refuses to load it (ENOEXEC)",
            f"compile it with the GCC for {reference.arch.triples[0]}",
            _LOADER,
        )


def word_size(obj: Object, reference: Reference) -> Iterator[Finding]:
    """EI_CLASS is the architecture's."""
    if obj.bits != reference.arch.elf.bits:
        yield _error(
            "identity.class",
            "EI_CLASS",
            f"{obj.bits}-bit, not {reference.arch.elf.bits}-bit",
            "the kernel reads the headers wrongly, or refuses them (ENOEXEC)",
            f"compile it with the GCC for {reference.arch.triples[0]}",
            _SYSTEM_V,
        )


def byte_order(obj: Object, reference: Reference) -> Iterator[Finding]:
    """EI_DATA is the architecture's."""
    if obj.byte_order != reference.arch.elf.byte_order:
        yield _error(
            "identity.byte-order",
            "EI_DATA",
            f"{obj.byte_order}-endian, not {reference.arch.elf.byte_order}-endian",
            "every number in it has its bytes in the wrong order; the kernel refuses it (ENOEXEC)",
            "compile it for the byte order of the kernel",
            _SYSTEM_V,
        )


def flags(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """e_flags has the bits that the kernel's ABI fixes, as toolchains.yaml has them."""
    elf = reference.arch.elf
    if obj.machine != elf.machine:
        yield Skipped("identity.flags", "the bits of another machine's flags mean other things")
    elif obj.flags & elf.flags_mask != elf.flags:
        yield _flags_differ(
            "identity.flags",
            obj.flags,
            elf.flags,
            elf.flags_mask,
            f"toolchains.yaml: {elf.flags_note}",
        )


def kernel_flags(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """Class, byte order, machine and e_flags are those of an object of the kernel tree."""
    check = "identity.kernel"
    if reference.kernel_object is None:
        yield Skipped(check, "no kernel tree: there is no object of the kernel to compare with")
        return
    try:
        kernel = Object.read(reference.kernel_object)
    except UserError as error:
        yield Skipped(check, error.what)
        return
    mask = reference.arch.elf.flags_mask
    if (obj.machine, obj.bits, obj.byte_order) != (kernel.machine, kernel.bits, kernel.byte_order):
        yield _error(
            check,
            "ELF header",
            f"{machine_name(obj.machine)} {obj.bits}-bit {obj.byte_order}-endian; the kernel's "
            f"{reference.kernel_object.name}: {machine_name(kernel.machine)} {kernel.bits}-bit "
            f"{kernel.byte_order}-endian",
            "the kernel refuses to load it (ENOEXEC)",
            "compile it for the architecture of the kernel tree",
            _LOADER,
        )
    elif (obj.flags ^ kernel.flags) & mask:
        yield _flags_differ(
            check, obj.flags, kernel.flags & mask, mask, str(reference.kernel_object)
        )


def _flags_differ(check: str, found: int, wanted: int, mask: int, source: str) -> Finding:
    """Return the finding for wrong bits in e_flags."""
    return _error(
        check,
        "e_flags",
        f"{found:#x}, in the bits {mask:#x} {found & mask:#x} instead of {wanted:#x}",
        "it is compiled for another processor or ABI than the kernel: calls between them may pass "
        "arguments wrongly, or use instructions that the processor has not",
        "compile it with the kernel's -m flags",
        source,
    )


def _error(check: str, place: str, evidence: str, meaning: str, mend: str, source: str) -> Finding:
    """Return an error finding."""
    return Finding(check, Severity.ERROR, place, evidence, meaning, mend, source)


CHECKS = {
    "identity.kind": kind,
    "identity.machine": machine,
    "identity.class": word_size,
    "identity.byte-order": byte_order,
    "identity.flags": flags,
    "identity.kernel": kernel_flags,
}
