# SPDX-License-Identifier: GPL-2.0-only
"""Pack a crate that was built and validated: its C, its Rust source, a Makefile and a README."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline import stages
from pipeline.compile.flags import (
    DEBUG,
    DROPPED,
    DROPPED_WITH_ARGUMENT,
    HEADERS,
    NEUTRAL,
    debug_flags,
)
from pipeline.crate.sources import sources
from pipeline.dist.archive import write_archive
from pipeline.dist.c_files import c_files
from pipeline.dist.layout import layout_source
from pipeline.dist.origin import origin
from pipeline.errors import UserError
from pipeline.kernel.kbuild import GLUE, RUNTIME_C, module_source, parameters_source
from pipeline.link.module import SCRIPT
from pipeline.target import for_other_machines
from pipeline.toolchains.load import load
from pipeline.toolchains.probe import probe
from pipeline.transpile.crates import Units, dependency_roots
from pipeline.validate.finding import Severity, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.crate.model import Crate
    from pipeline.dist.c_files import CFile
    from pipeline.stages import Options, Outputs
    from pipeline.target import Target

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_ROOT = re.compile(r"[\w.]+", re.ASCII)
_LAYOUT = "layout.c"
_RECORD = "-frecord-gcc-switches"


def archive_name(crate: Crate, arch: str) -> str:
    """Return the tarball's name without its suffix, which is also the folder that is in it."""
    return f"{crate.name}-{crate.version}-{arch}"


def archive_path(out: Path, crate: Crate, arch: str) -> Path:
    """Return the path of the tarball of a crate that was built in ``out``."""
    return out / f"{archive_name(crate, arch)}.tar.xz"


def run_dist(options: Options, target: Target, crate: Crate, outputs: Outputs) -> Path:
    """Pack what the earlier stages left of ``crate``; return the tarball's path.

    Raises :class:`~pipeline.errors.UserError` for a crate whose verdict has errors.
    """
    _require_sound(outputs)
    target = for_other_machines(target)
    packed = c_files(target, outputs)
    kernel = stages.kernel_crate(crate)
    files = {f"c/{one.name}": one.content for one in packed}
    # GCC's own layout; that of Rust's types stands in the C itself.
    layout = probe(target.toolchain, target.flags.words)
    files[f"c/{_LAYOUT}"] = layout_source(layout).encode()
    files |= {f"include/{one.name}": one.read_bytes() for one in HEADERS.iterdir()}
    files |= _rust(crate, kernel)
    files["module.lds"] = SCRIPT.encode()
    facts = _facts(options, target, crate, outputs, packed) | {"layout": layout}
    if kernel is not None:
        files |= {name: (RUNTIME_C / name).read_bytes() for name in GLUE}
        files[f"{crate.crate_name}_module.c"] = module_source(crate).encode()
        files["Kbuild"] = rendered("Kbuild", facts)
        files["Makefile"] = rendered("Makefile.module", facts)
    else:
        files["Makefile"] = rendered("Makefile.object", facts)
    files["README"] = rendered("README", facts)
    output = archive_path(outputs.out, crate, target.arch.name)
    write_archive(output, archive_name(crate, target.arch.name), files)
    return output


def _require_sound(outputs: Outputs) -> None:
    verdict = read(outputs.findings)
    if errors := verdict.count(Severity.ERROR):
        raise UserError(
            f"not packed: {verdict.path.name} has {errors} error{'s' if errors > 1 else ''}",
            where=str(outputs.findings),
            mend="mend them (`python -m pipeline report` shows them), then pack it again",
        )


def _rust(crate: Crate, kernel: Crate | None) -> dict[str, bytes]:
    """Return the Rust source: whoever gets the C may want to change what it was made of."""
    files: dict[str, bytes] = {}
    for one in dependency_roots(crate, kernel):
        folder = f"rust/{one.name}"
        paths = sorted({one.manifest_path, *sources(one).files})
        for number, path in enumerate(path for path in paths if path.is_file()):
            inside = path.is_relative_to(one.root)
            name = path.relative_to(one.root).as_posix() if inside else f"{number}-{path.name}"
            files[f"{folder}/{name}" if inside else f"{folder}-outside/{name}"] = path.read_bytes()
    if crate.module.parameters:
        files["rust/module_parameters.rs"] = parameters_source(crate).encode()
    return files


def _facts(
    options: Options, target: Target, crate: Crate, outputs: Outputs, packed: list[CFile]
) -> dict[str, Any]:
    """Return what the templates say, each value from what the build itself uses."""
    flags = target.flags
    units = Units.read(outputs.units)
    workarounds = load().workarounds
    conditional = {one.flag for one in workarounds}
    roots = _checked(stages.roots(options, crate, outputs))
    objects = [f"c/{one.name.removesuffix('.c')}.o" for one in packed]
    headers = {str(HEADERS): "$(src)/include", flags.headers[-1]: "$(gcc-include)"}
    debug = [word.replace(str(HEADERS), "$(src)/include") for word in debug_flags(Path("$(src)/c"))]
    return {
        "crate": crate,
        "name": crate.crate_name,
        "archive": archive_name(crate, target.arch.name),
        "target": target,
        "prefix": Path(target.toolchain.prefix).name,
        "origin": origin(options, target, crate, stages.kernel_crate(crate), units),
        "objects": [*objects, f"c/{_LAYOUT.removesuffix('.c')}.o"],
        "with_debug": [name for name, one in zip(objects, packed, strict=True) if one.debug],
        "debug": debug,
        "c_flags": [_RECORD, *DEBUG],
        "kernel_flags": _quoted(flags.kernel),
        "dropped": dropped_patterns(),
        "declared": [one for one in flags.declared if one.flag not in conditional],
        "workarounds": workarounds,
        "neutral": NEUTRAL,
        "headers": [headers.get(word, word) for word in flags.headers],
        "roots": roots,
    }


def dropped_patterns() -> list[str]:
    """Return make's patterns for the kernel's flags that the Rust part does not take.

    With their arguments they are those that :func:`pipeline.compile.flags.code_flags` drops: an
    argument is a word that does not begin with a dash.
    """
    return [*(f"{word}%" for word in DROPPED), *sorted(DROPPED_WITH_ARGUMENT)]


def _checked(roots: Iterable[str]) -> list[str]:
    """Return the roots; one that a Makefile would take for something else is refused."""
    names = list(roots)
    for name in names:
        if not _ROOT.fullmatch(name):
            raise UserError(
                f"a Makefile cannot have the symbol {name!r}",
                mend="give it a name of letters, digits, dots and underscores",
            )
    return names


def _quoted(words: Iterable[str]) -> list[str]:
    """Return words as a Makefile's recipe takes them."""
    return [shlex.quote(word).replace("$", "$$").replace("#", "\\#") for word in words]


def rendered(name: str, facts: dict[str, Any]) -> bytes:
    """Return a template with the facts in it; one that is missing is an error."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - makefiles and plain text, not HTML
    )
    return environment.get_template(f"{name}.j2").render(facts).encode()
