# SPDX-License-Identifier: GPL-2.0-only
"""The way of a crate, stage by stage: each takes paths and options, and leaves whole files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import console
from pipeline.check.gate import GateResult, check
from pipeline.compile.object import compile_c, compile_units
from pipeline.crate.graph import load_crate
from pipeline.errors import UserError
from pipeline.files import write_atomic
from pipeline.hazards.destructors import refuse_unchecked
from pipeline.hazards.underscore import refuse_doubtful
from pipeline.hazards.written import refuse_written
from pipeline.kernel.kbuild import (
    RustPart,
    make_module,
    parameter_symbols,
    parameters_source,
    runtime_symbols,
)
from pipeline.kernel.refuse import warnings
from pipeline.link.module import KERNEL_ROOTS, exported_symbols, link
from pipeline.target import Target, resolve
from pipeline.transpile.crates import PARAMETERS_VARIABLE, Compiler, Units, transpile_crate
from pipeline.transpile.mrustc import find_mrustc
from pipeline.transpile.repair.unit import AS_RELEASED, Guard
from pipeline.transpile.rust_src import find_rust_source
from pipeline.transpile.rustc import transpile as rustc
from pipeline.transpile.rustc.emit import find_front
from pipeline.validate import stack_usage
from pipeline.validate.elf import Object
from pipeline.validate.finding import Skipped, Verdict, write
from pipeline.validate.guarded import guarded
from pipeline.validate.judge import validate
from pipeline.validate.reference import Declared, Reference, kernel_of
from pipeline.witness.rustc import find_witness

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.check.gate import Mode
    from pipeline.crate.model import Crate
    from pipeline.transpile.choice import Transpiler
    from pipeline.validate.finding import Guarded
    from pipeline.witness.rustc import Witness

KERNEL_CRATE = Path(__file__).resolve().parent / "runtime" / "kernel"
# What a freestanding object may leave to whoever links it: GCC calls these on its own
# (GCC manual, "Standards": a freestanding environment provides them).
FREESTANDING = frozenset({"memcpy", "memmove", "memset", "memcmp"})


@dataclass(frozen=True)
class Options:
    """What the user chose: one crate, one architecture, tools by name or empty for the usual."""

    crate: Path
    arch: str
    out: Path
    kernel: str = "auto"
    mrustc: str = ""
    rust_src: str = ""
    rustc: str = ""
    gate: Mode = "auto"
    transpiler: Transpiler = "mrustc"
    roots: tuple[str, ...] = ()
    kernel_version: str = ""
    guard: Guard = AS_RELEASED

    def target(self) -> Target:
        """Return the target to build for: its kernel tree is built now where it has to be."""
        return resolve(self.arch, self.kernel, self.transpiler, self.kernel_version)


@dataclass(frozen=True)
class Outputs:
    """The files of one crate for one architecture."""

    out: Path
    name: str

    def _named(self, suffix: str) -> Path:
        return self.out / f"{self.name}{suffix}"

    @property
    def gate(self) -> Path:
        """What the borrow-checking gate said."""
        return self.out / "check.json"

    @property
    def gate_folder(self) -> Path:
        """What rustc writes while it checks."""
        return self.out / "check"

    @property
    def units(self) -> Path:
        """The list of C files."""
        return self.out / "units.json"

    @property
    def c_file(self) -> Path:
        """The crate's own C."""
        return self._named(".c")

    @property
    def root_c(self) -> Path:
        """The C that binds the panic handler and the allocator."""
        return self._named(".root.c")

    @property
    def crate_object(self) -> Path:
        """The object of :attr:`c_file`."""
        return self._named(".c.o")

    @property
    def root_object(self) -> Path:
        """The object of :attr:`root_c`."""
        return self._named(".root.c.o")

    @property
    def linked(self) -> Path:
        """The one object that has all that the roots reach."""
        return self._named(".o")

    @property
    def stack_usage(self) -> Path:
        """What GCC says that the functions of :attr:`linked` take of the stack."""
        return self._named(".su")

    @property
    def module(self) -> Path:
        """The kernel module."""
        return self._named(".ko")

    @property
    def findings(self) -> Path:
        """The verdict."""
        return self.out / "findings.json"


def kernel_crate(crate: Crate) -> Crate | None:
    """Return the crate ``kernel`` where the module runs on it."""
    return load_crate(KERNEL_CRATE) if crate.module.runtime == "kernel" else None


def makes_module(crate: Crate, target: Target) -> bool:
    """Say whether the way of this crate ends in a ``.ko``."""
    return target.tree is not None and crate.module.runtime == "kernel"


def run_check(options: Options, target: Target, crate: Crate, outputs: Outputs) -> GateResult:
    """Check types and borrows; write what was done, or why it was not."""
    parameters = outputs.gate_folder / "parameters.rs"
    write_atomic(parameters, parameters_source(crate))
    result = check(
        crate,
        layout=target.layout,
        arch=target.arch,
        rustc=Path(options.rustc) if options.rustc else None,
        mode=options.gate,
        kernel_crate=kernel_crate(crate),
        out=outputs.gate_folder,
        env={PARAMETERS_VARIABLE: str(parameters)},
        mrustc=target.transpiler == "mrustc",
    )
    if target.transpiler == "mrustc":
        refuse_written(crate, checked=result.status == "passed")
    if target.transpiler == "mrustc" and result.status == "skipped":
        refuse_doubtful(crate)
        if options.gate != "off":
            refuse_unchecked(crate)
    write_atomic(outputs.gate, json.dumps(asdict(result), indent=1, default=str) + "\n")
    return result


def run_transpile(options: Options, target: Target, crate: Crate, outputs: Outputs) -> Units:
    """Turn the crate into C."""
    if target.transpiler == "rustc":
        units = rustc.transpile_crate(
            find_front(
                options.rustc,
                options.rust_src,
                target.arch,
                target.layout,
                overflow_checks=options.guard.overflow_checks,
            ),
            target.arch,
            crate,
            kernel=kernel_crate(crate),
            parameters=parameters_source(crate),
            out=outputs.out,
        )
        units.write(outputs.units)
        return units
    mrustc = find_mrustc(options.mrustc or None)
    source = find_rust_source(options.rust_src or None, mrustc.releases)
    units = transpile_crate(
        Compiler(mrustc, source, target.mrustc_file, options.guard, _witness(options, target)),
        crate,
        kernel=kernel_crate(crate),
        parameters=parameters_source(crate),
        out=outputs.out,
    )
    units.write(outputs.units)
    return units


def _witness(options: Options, target: Target) -> Witness | None:
    """Return the rustc that tells of the crates' checks, None where there is none to ask."""
    if options.guard.raw:
        return None
    return find_witness(
        target.arch,
        target.layout,
        Path(options.rustc) if options.rustc else None,
        overflow_checks=options.guard.overflow_checks,
    )


def run_compile(target: Target, outputs: Outputs, *, debug: bool = True) -> None:
    """Compile the crate's own C: one file, and with mrustc its root program's too."""
    mrustc = target.transpiler == "mrustc"
    pairs = [(outputs.c_file, outputs.crate_object)]
    pairs += [(outputs.root_c, outputs.root_object)] if mrustc else []
    for source, output in pairs:
        compile_c(target.toolchain, target.flags, source, output, mrustc=mrustc, debug=debug)


def run_link(options: Options, target: Target, crate: Crate, outputs: Outputs) -> None:
    """Link the crate with what it depends on, all of it compiled once and cached."""
    units = Units.read(outputs.units)
    shared = compile_units(target.toolchain, target.flags, units)
    own = [outputs.crate_object, *([outputs.root_object] if units.root else [])]
    objects = [*own, *shared]
    link(target.toolchain, target.flags, objects, roots(options, crate, outputs), outputs.linked)
    names = (one.name for one in Object.read(outputs.linked).symbols)
    write_atomic(outputs.stack_usage, stack_usage.joined(objects, names))


def roots(options: Options, crate: Crate, outputs: Outputs) -> tuple[str, ...]:
    """Return the symbols that the module is there for."""
    if options.roots:
        return options.roots
    if crate.module.runtime == "kernel":
        return KERNEL_ROOTS
    return exported_symbols(outputs.crate_object)


def run_module(target: Target, crate: Crate, outputs: Outputs) -> None:
    """Make the ``.ko`` with the kernel tree's Kbuild."""
    if target.tree is None:
        raise UserError("no kernel tree to make a module with", mend=target.no_tree)
    part = RustPart(outputs.linked, outputs.c_file)
    make_module(target.tree, target.toolchain, crate, part, outputs.module)


def run_validate(options: Options, target: Target, crate: Crate, outputs: Outputs) -> Verdict:
    """Prove what can be proved of the module (or, without a tree, of the object)."""
    is_module = makes_module(crate, target)
    judged = outputs.module if is_module else outputs.linked
    reference = crate_reference(options, target, crate, outputs)
    verdict = validate(judged, reference)
    verdict = replace(
        verdict,
        skipped=(*verdict.skipped, *_skipped_stages(target, crate, outputs)),
        guarded=_guarded(options, target, outputs),
    )
    write(verdict, outputs.findings)
    return verdict


def _guarded(options: Options, target: Target, outputs: Outputs) -> Guarded | None:
    """Return what was repaired and refused of mrustc's faults; rustc's front end has none."""
    if target.transpiler != "mrustc":
        return None
    units = Units.read(outputs.units)
    every = [units.crate, units.root, *units.dependencies, *units.library]
    files = [outputs.out / unit.c_file for unit in every if unit is not None]
    return guarded(files, big_endian=target.layout.big_endian, checks=options.guard.overflow_checks)


def crate_reference(options: Options, target: Target, crate: Crate, outputs: Outputs) -> Reference:
    """Return what a crate's object or module is held against."""
    tree = target.tree
    is_module = makes_module(crate, target)
    meant = set(roots(options, crate, outputs))
    supplied = set(FREESTANDING)
    if crate.module.runtime == "kernel":
        supplied |= {"strlen"} | runtime_symbols() | set(parameter_symbols(crate))
    # A freestanding object is not loaded by this kernel: what it leaves open is its user's to give.
    kernel = kernel_of(tree, target.toolchain) if tree is not None and is_module else None
    exports = {one.name: one.module for one in kernel.exports.values()} if kernel else None
    return Reference(
        arch=target.arch,
        toolchain=target.toolchain,
        flags=target.flags.kernel,
        flags_source=target.flags.origin,
        declared=tuple(Declared(one.flag, one.reason) for one in target.flags.declared),
        kernel_object=tree.object() if tree else None,
        kernel=kernel,
        exports=exports,
        allowed_undefined=frozenset() if is_module else frozenset(supplied),
        allowed_globals=frozenset(meant | supplied if is_module else meant),
        required_globals=frozenset({"init_module", "cleanup_module"} if is_module else meant),
        stack_usage=(outputs.stack_usage,),
    )


def _skipped_stages(target: Target, crate: Crate, outputs: Outputs) -> list[Skipped]:
    """Return the stages that did not run, so that nobody takes them for passed."""
    skipped = []
    gate = json.loads(outputs.gate.read_text(encoding="utf-8"))
    if gate["status"] != "passed":
        skipped.append(Skipped("check.borrows", gate["reason"]))
    if crate.module.runtime == "kernel" and target.tree is None:
        skipped.append(Skipped("module", f"no .ko was made: {target.no_tree}"))
    return skipped


def tell_warnings(target: Target) -> None:
    """Print what a module does not get in this kernel, a line for each option at fault."""
    if target.tree is not None:
        for line in warnings(target.tree.config):
            console.note(f"{target.tree.build}/.config: {line}")


def build(options: Options, report: Callable[[str], None]) -> Verdict:
    """Go the whole way for one crate; ``report`` is told each step's name as it begins."""
    report("target")
    target = options.target()
    tell_warnings(target)
    crate = load_crate(options.crate)
    outputs = Outputs(options.out, crate.crate_name)
    report("check")
    run_check(options, target, crate, outputs)
    report("transpile")
    run_transpile(options, target, crate, outputs)
    report("compile")
    run_compile(target, outputs)
    report("link")
    run_link(options, target, crate, outputs)
    if makes_module(crate, target):
        report("module")
        run_module(target, crate, outputs)
    report("validate")
    return run_validate(options, target, crate, outputs)
