# SPDX-License-Identifier: GPL-2.0-only
"""A crate and all that it depends on, by rustc's front end, as one complete file of C."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.crate.graph import order
from pipeline.errors import UserError
from pipeline.files import digest_key, scratch, write_atomic
from pipeline.transpile.crates import PARAMETERS_VARIABLE, Unit, Units
from pipeline.transpile.rustc.conventions import Conventions
from pipeline.transpile.rustc.emit import Emitted, Front, crate_key, dependency, emit, library
from pipeline.transpile.rustc.index import Module
from pipeline.transpile.rustc.ir import IrError
from pipeline.transpile.rustc.program import Program
from pipeline.transpile.rustc.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.crate.model import Crate
    from pipeline.toolchains.model import Arch

# What rustc's own crates call each other by: `#[rustc_std_internal_symbol]`.
_INTERNAL = re.compile(r"(?:_RNvC\w*?_7___rustc\d+)?_?(rust_\w+|__(?:rust|rg|rdl)_\w+)")
_ALLOCATOR = re.compile(r"__rust_((?:alloc|dealloc|realloc|alloc_zeroed)(?:_error_handler)?)")
_NO_SHIM = "__rust_no_alloc_shim_is_unstable"
_MANGLED = ("_R", "_ZN", "llvm.")
_NOT_ROOTS = frozenset({"rust_eh_personality"})


def transpile_crate(
    front: Front, arch: Arch, crate: Crate, *, kernel: Crate | None, parameters: str, out: Path
) -> Units:
    """Transpile ``crate`` into ``out/<crate>.c``, which needs no other file of C.

    ``kernel`` is the crate that modules with the kernel runtime see as ``kernel``; ``parameters``
    the Rust text of their module parameters.  Raises :class:`~pipeline.errors.UserError` for what
    rustc refuses, and for a construct that has no C here, with the function that has it.
    """
    basis = [*library(front)]
    implicit: dict[str, Emitted] = {}
    built: dict[Path, Emitted] = {}
    for one in order(kernel) if kernel is not None else ():
        built[one.root] = dependency(front, one, basis, _externs(one, built, {}))
        basis.append(built[one.root])
    if kernel is not None:
        implicit = {kernel.crate_name: built[kernel.root]}
    for one in order(crate)[:-1]:
        # As the gate does: a dependency sees the crate `kernel` where it says that it runs on it.
        seen = implicit if one.module.runtime == "kernel" else {}
        if one.root not in built:
            built[one.root] = dependency(front, one, basis, _externs(one, built, seen))
            basis.append(built[one.root])
    externs = _externs(crate, built, implicit)
    with scratch(out, "transpile") as work:
        write_atomic(work / "parameters.rs", parameters)
        env = {PARAMETERS_VARIABLE: str(work / "parameters.rs")}
        own = emit(front, crate, basis, externs, work, env)
        text = _written(arch, crate, [own, *reversed(basis)])
    c_file = f"{crate.crate_name}.c"
    write_atomic(out / c_file, text)
    built_on = [one.key for one in basis]
    key = digest_key([front.key, front.own_flags, crate_key(crate), built_on, parameters])
    return Units(Unit(crate.crate_name, c_file, key), None, (), ())


def _externs(
    crate: Crate, built: Mapping[Path, Emitted], implicit: Mapping[str, Emitted]
) -> dict[str, Emitted]:
    named = {edge.extern_name: built[edge.crate.root] for edge in crate.dependencies}
    return {**implicit, **named}


def _written(arch: Arch, crate: Crate, emitted: list[Emitted]) -> str:
    """Return the C of a crate's roots and all that they reach."""
    try:
        modules = [Module(one.text) for one in emitted]
        roots = [
            name
            for name in (*modules[0].functions, *modules[0].variables)
            if modules[0].defines(name)
            and not name.startswith(_MANGLED)
            and name not in _NOT_ROOTS
            and not _INTERNAL.fullmatch(name)
        ]
        own = [one for one in emitted if one.second.is_file()]
        signatures = Signatures(one.mir.read_text(encoding="utf-8") for one in own)
        conventions = Conventions([Module(one.second) for one in own], signatures)
        conventions.check([*roots, *conventions.internal(_INTERNAL)])
        program = Program(modules, roots, signatures, floats=arch.no_float is None)
        _bind(program, modules)
        text = program.write(roots, f"{crate.crate_name}.c")
    except IrError as error:
        raise _refused(error, arch, crate) from None
    _require(program, crate)
    return text


def _bind(program: Program, modules: list[Module]) -> None:
    """Bind what rustc would bind only in a program: the allocator's functions."""
    defined = {}
    for module in modules:
        for name in module.functions:
            if match := _INTERNAL.fullmatch(name):
                defined[match[1]] = name
    for module in modules:
        for name in module.declared:
            match = _INTERNAL.fullmatch(name)
            if match is None or match[1] in defined:
                continue
            if match[1].startswith(_NO_SHIM):
                program.define_empty(name)
            elif method := _ALLOCATOR.fullmatch(match[1]):
                given = (f"__rg_{method[1]}", f"__rdl_{method[1]}")
                target = next((defined[one] for one in given if one in defined), None)
                if target is not None:
                    program.define(name, target)


def _require(program: Program, crate: Crate) -> None:
    """Refuse a crate that reaches what only a program's own crate would supply."""
    missing = set()
    for name in program.undefined():
        if match := _INTERNAL.fullmatch(name):
            missing.add(match[1])
    if "rust_begin_unwind" in missing:
        raise UserError(
            f"{crate.name} has no #[panic_handler]",
            where=str(crate.manifest_path),
            mend='give it one, or use runtime = "kernel", which brings the kernel\'s',
        )
    if any(_ALLOCATOR.fullmatch(name) for name in missing):
        raise UserError(
            "the crate allocates, and nothing in the module has a #[global_allocator]",
            where=str(crate.manifest_path),
            mend="add a static with #[global_allocator], or do without allocating",
        )
    if missing:
        raise UserError(
            f"only Rust's std has what the crate reaches: {', '.join(sorted(missing))}",
            where=str(crate.manifest_path),
            mend="do without it: a module has core and alloc, not std",
        )


def _refused(error: IrError, arch: Arch, crate: Crate) -> UserError:
    """Return the error of a construct that has no C, with the function that has it."""
    place = f" (reached in {error.where})" if error.where else ""
    return UserError(
        f"{error.construct}{place}",
        where=str(crate.manifest_path),
        mend=error.mend or f"do without it on {arch.name}, or take transpiler=mrustc",
    )
