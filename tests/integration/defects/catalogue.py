# SPDX-License-Identifier: GPL-2.0-only
"""All defects, and the checks that no defect is for."""

from __future__ import annotations

from tests.integration.defects import code, compilers, elsewhere, modules, objects

DEFECTS = [
    *compilers.DEFECTS,
    *code.DEFECTS,
    *modules.DEFECTS,
    *objects.DEFECTS,
    *elsewhere.DEFECTS,
]
# Checks that need a kernel or a file that no honest edit of a good module makes: their own tests.
FOUND_ELSEWHERE = {
    "licence.inherited": "tests/unit/test_validate_licence.py",
    "licence.taint": "tests/unit/test_validate_licence.py",  # every module outside the tree has it
    "provenance.kernel-compiler": "tests/unit/test_validate_checks.py",
    "relocations.form": "tests/unit/test_validate_relocations.py",
    "relocations.tables": "tests/unit/test_validate_relocations.py",
    "sections.name-taken": "tests/unit/test_validate_builtin.py",  # a name of a running kernel's
}
