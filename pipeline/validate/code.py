# SPDX-License-Identifier: GPL-2.0-only
"""Code that must not be there, and code that somebody has to know of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.validate.code_address import CHECKS as _ADDRESS
from pipeline.validate.code_end import CHECKS as _END
from pipeline.validate.code_panic import CHECKS as _PANIC
from pipeline.validate.finding import Finding, Severity, Skipped
from pipeline.validate.listing import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

_CHECK = "code.disassembly"


def disassembly(obj: Object, reference: Reference) -> Iterator[Finding | Skipped]:
    """The architecture's objdump reads all the code."""
    code = listing(obj, reference)
    if code.unreadable:
        yield Finding(
            _CHECK,
            Severity.ERROR,
            "the code",
            code.reason,
            "no instruction of it can be judged",
            "compile it again with the kernel's GCC",
            "binutils, objdump -d",
        )
    elif code.reason:
        yield Skipped(_CHECK, code.reason)


CHECKS: dict[str, Check] = {
    _CHECK: disassembly,
    **_PANIC,
    **_END,
    **_ADDRESS,
}
