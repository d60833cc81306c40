# SPDX-License-Identifier: GPL-2.0-only
"""No code depends on an address that the loader does not give: absolute and livepatch symbols.

simplify_symbols() of kernel/module/main.c leaves the value of both as it stands in the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.validate.elfdata import SHF_EXECINSTR, SHN_ABS, SHN_LIVEPATCH
from pipeline.validate.finding import Finding, Severity
from pipeline.validate.module import modinfo
from pipeline.validate.relocation_uses import check, uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.validate.checks import Check
    from pipeline.validate.elf import Object
    from pipeline.validate.reference import Reference

_CHECK = "symbols.absolute"
_THIS_MODULE = ".gnu.linkonce.this_module"
# Numbers, and not addresses: modpost's checksums, and the sizes that ld -b binary writes.
_NUMBERS = re.compile(r"__crc_.+|_binary_.+_size")
_SOURCE = "kernel/module/main.c, simplify_symbols()"


def absolute(obj: Object, reference: Reference) -> Iterator[Finding]:
    """Code and ``struct module`` refer to no symbol whose value the loader leaves as it is."""
    livepatch = modinfo(obj).first("livepatch") is not None
    seen = set()
    for use in uses(obj, reference.arch):
        symbol = use.relocation.symbol
        if symbol.section == SHN_ABS:
            code = use.section.flags & SHF_EXECINSTR or use.section.name == _THIS_MODULE
            what = "SHN_ABS" if code and not _NUMBERS.fullmatch(symbol.name) else ""
        else:
            what = "SHN_LIVEPATCH" if symbol.section == SHN_LIVEPATCH and not livepatch else ""
        if what and symbol not in seen:
            seen.add(symbol)
            yield Finding(
                _CHECK,
                Severity.ERROR,
                use.place,
                f"{use.against}: {what}, and its value in the file is {symbol.value:#x}",
                "the loader leaves that value: a jump or an access to whatever is at this address, "
                "and an init or exit of 0 is never called",
                "build it again: the symbol is to be undefined, or defined in a section",
                _SOURCE,
            )


CHECKS: dict[str, Check] = {_CHECK: check(_CHECK, absolute)}
