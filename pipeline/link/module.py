# SPDX-License-Identifier: GPL-2.0-only
"""Link a module's objects into one: what the roots reach stays, nothing else is visible.

``ld -r`` with section garbage collection drops what no root reaches; afterwards every symbol but
the roots is made local, so two Rust modules in one kernel never meet.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline import run
from pipeline.errors import ToolError, UserError
from pipeline.files import output_file
from pipeline.transpile.repair.stand_in import NO_C
from pipeline.validate.elf import Object
from pipeline.validate.elfdata import (
    SHF_ALLOC,
    SHN_UNDEF,
    STB_GLOBAL,
    STB_WEAK,
    STT_FILE,
    STT_FUNC,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline.compile.flags import Flags
    from pipeline.toolchains.find import Toolchain

# The C side of the kernel runtime calls these two, and nothing else of a module.
KERNEL_ROOTS = ("ferric_module_init", "ferric_module_exit")

# libgcc's way of naming: "GCC Internals", The GCC low-level runtime library.
_HELPER = re.compile(r"__[a-z]+[sdt][iqf][234]?")

# What ld says where none of the roots is defined, and where it cannot leave anything out.
_NO_ROOT = "requires a defined symbol root"
_NO_GC = "gc-sections option ignored"
_REMOVED = re.compile(r"removing unused section '(.+)' in file '(.+)'$", re.MULTILINE)

# Sections of one function or object each, put together again: the names are visible in sysfs and
# each section costs the kernel's loader an alignment gap.
SCRIPT = """SECTIONS
{
\t.text 0 : { *(.text .text.*) }
\t.rodata 0 : { *(.rodata .rodata.*) }
\t.data.rel.ro 0 : { *(.data.rel.ro .data.rel.ro.*) }
\t.data 0 : { *(.data .data.*) }
\t.bss 0 : { *(.bss .bss.* COMMON) }
}
"""

# mrustc's weak objects whose addresses are Rust's type ids.
_TYPE_ID = "__typeid_"


class _Missing(NamedTuple):
    """Names that nothing outside a module has, what it means that they are missing, the mend.

    Of a name the last group is shown, if there is one.
    """

    names: re.Pattern[str]
    what: str
    mend: str


_RUST_ONLY = (
    _Missing(
        re.compile(f"{NO_C}(.+)"),
        "mrustc has no C, or wrong C, for what the crate reaches",
        "do without what the names tell (docs/repair.md), or use transpiler=rustc",
    ),
    _Missing(
        re.compile("__r(?:dl|g|ust)_(?:alloc|dealloc|realloc|alloc_zeroed)"),
        "the crate allocates, and nothing in the module has a #[global_allocator]",
        "add a static with #[global_allocator] in so many words (one that a macro writes is not "
        "seen), or do without allocating",
    ),
    _Missing(
        re.compile("panic_impl"),
        "the crate can panic, and nothing in the module has a #[panic_handler]",
        "add a #[panic_handler] function",
    ),
    _Missing(
        re.compile("__r(?:dl|g|ust)_.+"),
        "only Rust's std has what the crate reaches",
        "do without it: a module has core and alloc, not std",
    ),
)
_LEFT_OUT = _Missing(
    re.compile("ZR..+"),
    "mrustc left out Rust functions or statics that the crate reaches",
    "do without what their mangled names tell, or try a newer mrustc",
)
_LEFT_OUT_FLOATS = _Missing(
    _LEFT_OUT.names,
    "the crate reaches Rust code that uses floating point",
    "a kernel has no floating point, and this architecture's GCC cannot even compile it with the "
    "kernel's flags; use integers",
)


def link(
    toolchain: Toolchain, flags: Flags, objects: Sequence[Path], roots: Sequence[str], output: Path
) -> None:
    """Link ``objects`` into the relocatable ``output`` with ``roots`` as its only global symbols.

    Raises :class:`UserError` for a root that no object defines, for a name that two objects
    define, and for one that only Rust's own runtime would supply; :class:`ToolError` where the
    linker fails.
    """
    if not roots:
        left_out = toolchain.arch.no_float
        raise UserError(
            "nothing to link: the crate has no #[no_mangle] function or static"
            + (" that is free of floating point" if left_out else ""),
            mend="add one, or name the roots with --root"
            + (f"; on {toolchain.arch.name}: {left_out}" if left_out else ""),
        )
    # Once: that of `core` has tens of thousands of symbols.
    parts = [_read(path) for path in objects]
    _refuse_twice_defined(parts, output)
    with output_file(output) as temporary, tempfile.TemporaryDirectory() as name:
        joined = Path(name) / "joined.o"
        said = _join(toolchain, flags, objects, roots, joined=joined, output=output)
        whole = _read(joined)
        _require_roots(whole, roots, output)
        unused = _unreferenced(whole)
        _refuse_undefined(whole, output, unused, floats=toolchain.arch.no_float is None)
        _refuse_self_calls(whole, output)
        dropped = unused | _left_out(parts, said)
        _make_local(toolchain, joined, roots, dropped, temporary=temporary, output=output)


def _join(
    toolchain: Toolchain,
    flags: Flags,
    objects: Sequence[Path],
    roots: Sequence[str],
    *,
    joined: Path,
    output: Path,
) -> str:
    """Link what the roots reach into ``joined``; return what the linker said.

    ``output`` names the result in errors.
    """
    script = joined.with_name("module.lds")
    script.write_text(SCRIPT, encoding="utf-8")
    argv = [str(toolchain.tool("ld")), "-r", "--gc-sections", "--print-gc-sections"]
    # Where the kernel itself wants sections apart (parisc: branches must reach their stubs), they
    # stay apart.
    if "-ffunction-sections" not in flags.kernel:
        argv += ["-T", str(script)]
    argv += [word for root in roots for word in ("-u", root)]
    argv += ["-o", str(joined), *map(str, objects)]
    what = f"{toolchain.triple}-ld does not link {output.name}"
    try:
        said = run.check(argv, what, log=_log(output))
    except ToolError as error:
        if _NO_ROOT in error.tail:
            raise _missing_roots(roots, output) from None
        raise
    if _NO_GC in said:
        raise UserError(
            f"{toolchain.triple}-ld cannot leave out what no root reaches (--gc-sections)",
            where=output.name,
            mend=f"{toolchain.arch.no_link or 'take a newer binutils'} Stop at the C with "
            "`python -m pipeline transpile`",
        )
    return said


def _left_out(objects: Sequence[Object], said: str) -> set[str]:
    """Return the file names (symbols of type FILE) of objects of which the linker kept nothing.

    With the linker's own script it keeps those names, and nobody could say any more how the files
    were compiled.  ``said`` is what ``--print-gc-sections`` printed.
    """
    removed: dict[str, set[str]] = {}
    for section, path in _REMOVED.findall(said):
        removed.setdefault(path, set()).add(section)
    empty, kept = set[str](), set[str]()
    for one in objects:
        sections = {part.name for part in one.sections if part.flags & SHF_ALLOC and part.size}
        names = {symbol.name for symbol in one.symbols if symbol.type == STT_FILE}
        (empty if sections <= removed.get(str(one.path), set()) else kept).update(names)
    return empty - kept


def _refuse_self_calls(joined: Object, output: Path) -> None:
    """Refuse an arithmetic helper that was compiled to a call of itself.

    GCC recognises what some of them do and writes a call of the helper where the processor has no
    instruction: the module would never come back from it.
    """
    loops = sorted(_self_calling(joined))
    if loops:
        raise UserError(
            f"compiled to calls of themselves: {', '.join(loops)}",
            where=output.name,
            mend="this GCC turns the helper's own code into a call of it; report it with the "
            "architecture, and avoid the operation meanwhile",
        )


def self_calling(path: Path) -> set[str]:
    """Return the functions with a C compiler's helper name (``__udivdi3``) that name themselves."""
    return _self_calling(_read(path))


def _self_calling(one: Object) -> set[str]:
    helpers = {
        symbol
        for symbol in one.symbols
        if symbol.type == STT_FUNC and _HELPER.fullmatch(symbol.name)
    }
    return {
        relocation.symbol.name
        for relocation in one.relocations
        if relocation.symbol in helpers
        and relocation.section == relocation.symbol.section
        and 0 <= relocation.offset - relocation.symbol.value < relocation.symbol.size
    }


def _make_local(
    toolchain: Toolchain,
    joined: Path,
    roots: Sequence[str],
    dropped: set[str],
    *,
    temporary: Path,
    output: Path,
) -> None:
    """Copy ``joined`` to ``temporary`` without ``dropped``, all symbols local but the roots."""
    keep = joined.with_name("globals")
    _write_names(keep, roots)
    words = [f"--keep-global-symbols={keep}"]
    # For a file without a name objcopy fails, and says nothing.
    if dropped:
        drop = joined.with_name("unreferenced")
        _write_names(drop, dropped)
        words.append(f"--strip-symbols={drop}")
    run.check(
        [toolchain.tool("objcopy"), *words, joined, temporary],
        f"{toolchain.triple}-objcopy does not make symbols of {output.name} local",
        log=_log(output),
    )


def _log(output: Path) -> Path:
    return output.with_name(output.name + ".link.log")


def unreferenced(path: Path) -> set[str]:
    """Return the undefined symbols that no relocation of an object names.

    The linker drops the sections that no root reaches and leaves the names that they called;
    modpost and the kernel's loader would look for those in vain.
    """
    return _unreferenced(_read(path))


def _unreferenced(one: Object) -> set[str]:
    undefined = {symbol for symbol in one.symbols if symbol.section == SHN_UNDEF and symbol.name}
    used = {
        relocation.symbol
        for relocation in one.relocations
        if relocation.symbol.section == SHN_UNDEF
    }
    return {symbol.name for symbol in undefined - used}


def exported_symbols(path: Path) -> tuple[str, ...]:
    """Return the names that an object defines globally and that its crate chose.

    These are the crate's ``#[no_mangle]`` functions and statics.  What mrustc and Ferric name
    themselves is not among them: mangled names, the allocator's, getters of statics.
    """
    return tuple(sorted(name for name in _globals(_read(path)) if not _is_made(name)))


def _globals(one: Object) -> dict[str, bool]:
    """Return the names that an object defines for others; True where the definition is weak."""
    return {
        symbol.name: symbol.bind == STB_WEAK
        for symbol in one.symbols
        if symbol.bind in {STB_GLOBAL, STB_WEAK} and symbol.section != SHN_UNDEF
    }


def _read(path: Path) -> Object:
    """Read an object that one of our own tools made; what is wrong with it is that tool's fault."""
    try:
        return Object.read(path)
    except UserError as error:
        raise ToolError(
            f"not an object: {error.what}", argv=["readelf", "-SW", str(path)]
        ) from error


def _write_names(path: Path, names: Iterable[str]) -> None:
    path.write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")


def _refuse_twice_defined(objects: Sequence[Object], output: Path) -> None:
    """Refuse a name that two objects define and between which the linker would have to choose.

    One definition that is not weak beside weak ones is what weak is for: ``compiler_builtins``
    gives way to the crate.  mrustc's own names are equal wherever they stand.
    """
    weak: dict[str, list[str]] = {}
    strong: dict[str, list[str]] = {}
    for one in objects:
        unit = one.path.name.removesuffix(".o").removesuffix(".c")
        for name, is_weak in _globals(one).items():
            (weak if is_weak else strong).setdefault(name, []).append(unit)
    for name in sorted(weak.keys() | strong.keys()):
        if _is_mangled(name) or name.startswith(_TYPE_ID):
            continue
        units = strong.get(name) or weak[name]
        if len(units) > 1:
            allocator = name.startswith("__rdl_")
            what = "two #[global_allocator]" if allocator else f"{name} is defined twice"
            raise UserError(
                f"{what}: by {' and by '.join(units)}",
                where=output.name,
                mend="only one may be in a module: give the other another name, or remove it",
            )


def _refuse_undefined(joined: Object, output: Path, unused: set[str], *, floats: bool) -> None:
    """Refuse a name that is used and nowhere defined, and that nobody outside could supply.

    A Rust function is missing only where it was left out of the C for its floating point (see
    :mod:`pipeline.compile.floats`); ``floats`` says that this is not done here.
    """
    undefined = {one.name for one in joined.symbols if one.section == SHN_UNDEF}
    wanted = sorted(undefined - unused)
    for pattern, what, mend in (*_RUST_ONLY, _LEFT_OUT if floats else _LEFT_OUT_FLOATS):
        names = [found[found.lastindex or 0] for one in wanted if (found := pattern.fullmatch(one))]
        if names:
            raise UserError(f"{what}: {', '.join(names[:5])}", where=output.name, mend=mend)


def _is_mangled(name: str) -> bool:
    """Say whether a name is one that mrustc made of a Rust path."""
    return name.startswith("ZR") and len(name) > 3


def _is_made(name: str) -> bool:
    """Say whether mrustc or Ferric chose a name, not the crate."""
    return _is_mangled(name) or name.startswith((_TYPE_ID, "__rdl_", "__rust_", "__ferric_"))


def _require_roots(joined: Object, roots: Sequence[str], output: Path) -> None:
    missing = sorted(set(roots) - set(_globals(joined)))
    if missing:
        raise _missing_roots(missing, output)


def _missing_roots(missing: Sequence[str], output: Path) -> UserError:
    return UserError(
        f"no object defines the root{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
        where=output.name,
        mend="a root is the name of a #[no_mangle] function or static of the crate",
    )
