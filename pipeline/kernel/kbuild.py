# SPDX-License-Identifier: GPL-2.0-only
"""The last step to a ``.ko``: Kbuild compiles the C side, links the Rust part in, runs modpost."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import run
from pipeline.compile.flags import DEBUG
from pipeline.errors import ToolError, UserError
from pipeline.files import output_file

if TYPE_CHECKING:
    from pipeline.crate.model import Crate, Parameter
    from pipeline.kernel.tree import KernelTree
    from pipeline.toolchains.find import Toolchain

RUNTIME_C = Path(__file__).resolve().parents[1] / "runtime" / "c"
_PROTOTYPE = re.compile(r"^[\w ]+[ *](ferric_\w+)\(", re.MULTILINE)
GLUE = ("ferric_kernel.c", "ferric_kernel.h")

# Rust's type, the C type of the variable behind it, and the kernel's name for its param_ops
# (include/linux/moduleparam.h).
_PARAMETER_TYPES = {
    "bool": ("bool", "bool"),
    "u8": ("unsigned char", "byte"),
    "i16": ("short", "short"),
    "u16": ("unsigned short", "ushort"),
    "i32": ("int", "int"),
    "u32": ("unsigned int", "uint"),
    "u64": ("unsigned long long", "ullong"),
    "isize": ("long", "long"),
    "usize": ("unsigned long", "ulong"),
    "str": ("char *", "charp"),
}


@dataclass(frozen=True)
class RustPart:
    """A crate's linked object, and the C of the crate itself that stands for its source."""

    linked: Path
    c_file: Path


def module_source(crate: Crate) -> str:
    """Return the C file that says what ``Cargo.toml`` says: ``.modinfo`` and parameters."""
    info = crate.module
    lines = [
        "// SPDX-License-Identifier: GPL-2.0-only",
        f"// Made from the Cargo.toml of {crate.name}.",
        "#include <linux/module.h>",
        "#include <linux/moduleparam.h>",
        '#include "ferric_kernel.h"',
        "",
        # module_init() makes an alias, and an alias needs a function of this file.
        "static int __init module_start(void)",
        "{",
        "\treturn ferric_module_init();",
        "}",
        "module_init(module_start);",
        "",
        "static void __exit module_stop(void)",
        "{",
        "\tferric_module_exit();",
        "}",
        "module_exit(module_stop);",
        "",
        *(line for parameter in info.parameters for line in _parameter_lines(parameter)),
        f"MODULE_LICENSE({_c(info.license)});",
        *(f"MODULE_AUTHOR({_c(author)});" for author in info.authors),
    ]
    if info.description:
        lines.append(f"MODULE_DESCRIPTION({_c(info.description)});")
    if crate.version:
        lines.append(f"MODULE_VERSION({_c(crate.version)});")
    lines += [f"MODULE_ALIAS({_c(alias)});" for alias in info.aliases]
    lines += [f"MODULE_FIRMWARE({_c(name)});" for name in info.firmware]
    return "\n".join(lines) + "\n"


def parameters_source(crate: Crate) -> str:
    """Return the Rust side of the parameters: the items of ``module_parameters``."""
    # mrustc 0.12 dies on include!() of a file without an item.
    blocks = ["const _: () = ();\n"]
    for parameter in crate.module.parameters:
        raw = {"bool": "u8", "str": "*const ::core::ffi::c_char"}.get(
            parameter.type, parameter.type
        )
        shown = {"str": "&'static ::kernel::str::BStr"}.get(parameter.type, parameter.type)
        name = f"ferric_param_{parameter.name}"
        blocks.append(
            f'extern "C" {{ static {name}: {raw}; }}\n'
            f"/// {_one_line(parameter.description)}\n"
            f"pub const {parameter.name}: ::kernel::module_param::Param<{shown}> =\n"
            f"    unsafe {{ ::kernel::module_param::Param::new(&{name} as *const _) }};\n"
        )
    return "\n".join(blocks)


def parameter_symbols(crate: Crate) -> tuple[str, ...]:
    """Return the C variables that the Rust part reads its parameters from."""
    return tuple(f"ferric_param_{parameter.name}" for parameter in crate.module.parameters)


def runtime_symbols() -> set[str]:
    """Return the functions of the C runtime that a Rust part may call, from its own header."""
    header = (RUNTIME_C / "ferric_kernel.h").read_text(encoding="utf-8")
    return set(_PROTOTYPE.findall(header))


def make_module(
    tree: KernelTree, toolchain: Toolchain, crate: Crate, rust: RustPart, output: Path
) -> None:
    """Make ``output`` (a ``.ko``) of a crate's linked object.

    A modpost warning is an error.
    """
    name = crate.crate_name
    log = output.with_name(output.name + ".log")
    with output_file(output) as temporary, tempfile.TemporaryDirectory(prefix="ferric-") as folder:
        work = Path(folder)
        if any(character.isspace() for character in folder):
            raise UserError(
                "Kbuild takes no path with a space in it",
                where=folder,
                mend="set TMPDIR to another",
            )
        for glue in GLUE:
            shutil.copyfile(RUNTIME_C / glue, work / glue)
        (work / f"{name}_module.c").write_text(module_source(crate), encoding="utf-8")
        _add_rust_part(rust, work, name)
        (work / "Kbuild").write_text(_kbuild(name), encoding="utf-8")
        argv = [*tree.make(toolchain), f"M={work}", _extra_flags(work, tree), "modules"]
        text = run.check(argv, f"Kbuild does not make {name}.ko", log=log)
        made = work / f"{name}.ko"
        if not made.is_file():
            raise ToolError(f"Kbuild ended well but made no {name}.ko", argv=argv, log=log)
        _refuse_warnings(text, argv, log)
        shutil.copyfile(made, temporary)


def _add_rust_part(rust: RustPart, work: Path, name: str) -> None:
    """Put the Rust part where Kbuild and modpost look for a prebuilt object.

    For MODULE_VERSION modpost digests the sources that each object's ``.cmd`` file names
    (scripts/mod/sumversion.c), and a prebuilt object has no such file unless it brings one.
    """
    shutil.copyfile(rust.linked, work / f"{name}_rust.o_shipped")
    source = work / f"{name}_rust.transpiled"
    shutil.copyfile(rust.c_file, source)
    record = f"source_{name}_rust.o := {source}\n\ndeps_{name}_rust.o := \\\n\n"
    (work / f".{name}_rust.o.cmd").write_text(record, encoding="utf-8")


def _kbuild(name: str) -> str:
    return f"obj-m := {name}.o\n{name}-y := {name}_module.o ferric_kernel.o {name}_rust.o\n"


def _extra_flags(work: Path, tree: KernelTree) -> str:
    """Return flags for all that Kbuild compiles here, its own ``<module>.mod.c`` included.

    The flags in use stand in each object, so that they can be proved; so do the layouts of the
    types that cross to Rust; and no object has the name of a folder that lives for one build
    (BUG() keeps ``__FILE__``), or of one of this machine (debug information keeps all headers').
    """
    places = f"-fdebug-prefix-map={tree.source}=linux -fdebug-prefix-map={tree.build}=build"
    debug = " ".join(DEBUG)
    return f"KCFLAGS=-frecord-gcc-switches {debug} {places} -ffile-prefix-map={work}/="


def _refuse_warnings(text: str, argv: list[str], log: Path) -> None:
    warnings = [line for line in text.splitlines() if line.startswith(("WARNING: ", "ERROR: "))]
    if warnings:
        raise ToolError(
            "modpost has objections to the module",
            argv=argv,
            log=log,
            tail="\n".join(warnings[: run.TAIL_LINES]),
        )


def _parameter_lines(parameter: Parameter) -> list[str]:
    c_type, ops = _PARAMETER_TYPES[parameter.type]
    default = parameter.default
    if isinstance(default, bool):
        value = "true" if default else "false"
    elif isinstance(default, str):
        value = _c(default)
    else:
        value = _integer(default, parameter.type)
    variable = f"ferric_param_{parameter.name}"
    return [
        f"extern {c_type} {variable};",
        f"{c_type} {variable} = {value};",
        f"module_param_named({parameter.name}, {variable}, {ops}, 0{parameter.permissions:o});",
        f"MODULE_PARM_DESC({parameter.name}, {_c(parameter.description)});",
        "",
    ]


def _integer(value: int, type_name: str) -> str:
    """Write an integer for C so that no constant is too large for its type, the least included."""
    if value < 0:
        return f"({value + 1} - 1)"
    return f"{value}{'ULL' if type_name in {'u64', 'usize'} else ''}"


def _c(text: str) -> str:
    """Write a C string literal; .modinfo has one NUL-ended line each, so no control characters."""
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise UserError(
            f"a control character in {json.dumps(text[:60])}", mend="take it out of Cargo.toml"
        )
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("??", '?""?')
    return f'"{escaped}"'


def _one_line(text: str) -> str:
    return " ".join(text.split())
