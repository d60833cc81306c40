# SPDX-License-Identifier: GPL-2.0-only
"""The source of coretests: which tests it has, and its modules as a crate without std."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ToolError
from pipeline.files import cached, digest_files, write_atomic
from pipeline.run import run
from tests.coretests.float_tests import by_their_names, without_unusual
from tests.coretests.int_tests import tell, told_their_test

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pipeline.check.rustc import RustcInfo

HEAD = Path(__file__).with_name("head.rs")
MARK = b"the-first-coretest-that-runs:"
_SECONDS = 300.0
_FOUND = re.compile(
    r'name: test::StaticTestName\("([^"]+)"\),\s*ignore: (true|false),.*?'
    r'should_panic:\s*test::ShouldPanic::(No|Yes)(?:WithMessage\(\s*"((?:[^"\\]|\\.)*)"\s*\))?',
    re.DOTALL,
)
_MANIFEST = """\
[package]
name = "program"
version = "0.1.0"
edition = "2024"
[package.metadata.kernel-module]
runtime = "none"
"""
_TEST = re.compile(r"#\[test\]([^{};]*?)(?:pub )?((?:const |unsafe |async )*fn\b)")
_MODULE = re.compile(r"(?<!pub )(?<!\) )(?<!in )(?<!\w)mod (?=\$?\w+\s*[;{])")
_OUTSIDE = re.compile(r"(?<![\w:\"'$])(?:::)?(std|rand)::")
# In a message; what is called on one is more than that.
_SHOWN = re.compile(r"stringify!\(\$\w+\)(?!\.)")
_UNDER_TEST = re.compile(r"^(\s*)test(?= => \{)", re.MULTILINE)
_RARE_FLOATS = re.compile(r"\btarget_has_reliable_f(?:16|128)(?:_math)?\b")
_ROOT_MODULE = re.compile(r"^((?:#\[[^\n]*\]\n)*)(?:pub )?mod (\w+);\n", re.MULTILINE)
_TYPE = re.compile(r"[fiu]\d+|[iu]size|bool|char|str")
_NAMED_FEATURE = re.compile(r"feature\((\w+)\)")
_MACRO = re.compile(r"^macro_rules! (\w+)", re.MULTILINE)
_FEATURE_OF = re.compile(r'feature\s*=\s*"(\w+)"')
_CONSTANT = re.compile(r"pub const fn (\w+)\(self")
_BLOCK = re.compile(
    r"^(?P<in> *)(?:(?:#\[|//)[^\n]*\n(?P=in))*(?:float_test! \{\n\s*name: (?P<made>\w+),|"
    r"#\[test\]\n(?P=in)(?:(?:#|//)[^\n]*\n(?P=in))*(?:pub )?fn (?P<name>\w+)\()"
    r"(?:[^\n]*\}\n|.*?^(?P=in)\}\n)",
    re.DOTALL | re.MULTILINE,
)
_FUNCTION = re.compile(
    r"^(?P<in> *)(?:(?:#\[|//)[^\n]*\n(?P=in))*(?:pub )?(?:const |unsafe )*fn (?P<name>\w+)\b"
    r"(?:[^\n]*\}\n|.*?^(?P=in)\}\n)",
    re.DOTALL | re.MULTILINE,
)
# The call of a macro that makes one test, and is told its name.
_CALL = re.compile(
    r"^ *\w+!(?: \{ (?P<name>test_\w+), [^\n]*\}|\((?P<made>test_\w+), [^\n]*\);)\n", re.MULTILINE
)
# Each function in it is a test, and a constant with the same body.
_TWICE = re.compile(
    r"^(?P<in> *)test_runtime_and_compiletime! \{\n(?P<tests>.*?)^(?P=in)\}\n",
    re.DOTALL | re.MULTILINE,
)
# A constant on which mrustc does not end, and a macro's call with tests of it: coretests keep them
# from Miri, which computes all as mrustc does its constants.
_ENDLESS = re.compile(
    r"^#\[cfg\(not\(miri\)\)\](?=((?:(?!^\}).)*?usize::MAX\](?:(?!^\}).)*))",
    re.DOTALL | re.MULTILINE,
)
# Where a macro makes each test once more, for the compiler to compute.
_COMPUTED = re.compile(r"(?<!\w)(?=mod const_ \{)")
_FEATURE = "#![feature(prelude_import)]\n#![allow(internal_features)]\n"


@dataclass(frozen=True)
class Test:
    """A test: its path in the crate, and how it is to end; ``message`` is part of its panic."""

    __test__ = False

    path: str
    ignored: bool = False
    panics: bool = False
    message: str = ""

    @property
    def module(self) -> str:
        """The crate's module that it stands in."""
        return self.path.partition("::")[0]

    @property
    def constant(self) -> bool:
        """Whether a macro made it that makes each test twice, and it is the one of a constant."""
        return "const_" in self.path.split("::")


def parse(expanded: str) -> list[Test]:
    """Return the tests in what rustc shows of a crate with its test harness expanded."""
    return [
        Test(path, ignore == "true", panics == "Yes", re.sub(r"\\(.)", r"\1", message or ""))
        for path, ignore, panics, message in _FOUND.findall(expanded)
    ]


def listing(rustc: RustcInfo, tests: Path, flags: Sequence[str] = ()) -> list[Test]:
    """Return the tests below ``tests/lib.rs``, those that macros write among them.

    ``flags`` say how panics end: attributes leave tests out by that.  Only the expansion counts:
    names that no crate here has are no matter.  It is made once for a rustc and a source.
    """
    files = [file for file in tests.rglob("*") if file.is_file()]
    digest = digest_files(files, base=tests)
    key = {"rustc": rustc.verbose, "source": digest, "flags": list(flags)}

    def make(folder: Path) -> None:
        out = folder / "expanded.rs"
        argv: list[str | Path] = [rustc.path, "--edition", "2024", "--test", "--cap-lints", "allow"]
        argv += [*flags, "-Zunpretty=expanded", tests / "lib.rs", "-o", out]
        result = run(argv, env={"RUSTC_BOOTSTRAP": "1"}, timeout=_SECONDS)
        if not out.is_file() or not parse(out.read_text(encoding="utf-8")):
            what, tail = "no tests found", result.output[-2000:]
            raise ToolError(what, argv=result.argv, exit_status=result.exit_status, tail=tail)

    return parse((cached("coretests", key, make) / "expanded.rs").read_text(encoding="utf-8"))


def without_std(text: str) -> str:
    """Return a file of coretests, line by line the same, that needs neither std nor libtest."""
    text = _MODULE.sub("pub mod ", _TEST.sub(r"\1pub \2", text))
    # `cfg_select!` asks whether libtest runs it: this does so in its place.
    text = _UNDER_TEST.sub(r"\1all()", text).replace("coretests::", "program::")
    # No machine that only GCC reaches has these; rustc's stand-in of a target says that it does.
    text = _RARE_FLOATS.sub("any()", text)
    # mrustc words what a macro got otherwise, and is refused for it.
    text = _SHOWN.sub('"..."', text)
    return _OUTSIDE.sub(lambda m: f"crate::{'facade' if m[1] == 'std' else 'rand'}::", text)


@functools.cache
def std_features(tests: Path) -> tuple[str, ...]:
    """Return the features in the root's attributes that neither core nor alloc has, but std."""
    named = set(_NAMED_FEATURE.findall((tests / "lib.rs").read_text(encoding="utf-8")))
    library = tests.parents[1]
    return tuple(sorted((named & _declared(library / "std")) - _declared(library / "core")))


def _declared(crate: Path) -> set[str]:
    """Return the features that a crate of the library declares."""
    files = sorted((crate / "src").rglob("*.rs"))
    return {
        name for file in files for name in _FEATURE_OF.findall(file.read_text(encoding="utf-8"))
    }


@functools.cache
def std_floats(tests: Path) -> re.Pattern[str]:
    """Return what calls a method of floating point that std has for constants, and core has not.

    Those that are not for constants stand in ``head.rs``, and say so when they are reached.
    """
    library = tests.parents[1]
    own = {
        of: set(_CONSTANT.findall((library / of / "src/num/f32.rs").read_text(encoding="utf-8")))
        for of in ("std", "core")
    }
    return re.compile(rf"(?:\.|::)({'|'.join(sorted(own['std'] - own['core']))})\(")


@dataclass(frozen=True)
class Cut:
    """What a crate leaves out: features of its root, and blocks, each a file's line it begins at.

    A block is a test, or the call of a macro that makes some.  ``files`` are left out as a whole;
    ``mrustc`` is what it does not end on (:func:`endless`) or does not know.  ``added`` are
    features that the root has to ask for besides: what another release calls those of the tests.
    """

    features: frozenset[str] = frozenset()
    blocks: frozenset[tuple[str, int]] = frozenset()
    files: frozenset[str] = frozenset()
    mrustc: bool = False
    added: frozenset[str] = frozenset()

    def __or__(self, other: Cut) -> Cut:
        """Return what either leaves out."""
        return Cut(
            self.features | other.features,
            self.blocks | other.blocks,
            self.files | other.files,
            self.mrustc or other.mrustc,
            self.added | other.added,
        )


def blocks(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield the first and last line of each block of a file, the name of its tests, its text.

    A block in the body of a macro makes tests of that name in several modules.
    """
    for found in (*_BLOCK.finditer(text), *_CALL.finditer(text)):
        start = text.count("\n", 0, found.start()) + 1
        yield start, start + found[0].count("\n") - 1, found["made"] or found["name"], found[0]
    for found in _TWICE.finditer(text):
        before = text.count("\n", 0, found.start("tests"))
        for start, end, name, body in functions(found["tests"]):
            if body.startswith(f"{found['in']}    ") and body[len(found["in"]) + 4] != " ":
                yield before + start, before + end, name, body


def functions(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield the same of each function, that macros make tests of without saying so."""
    for found in _FUNCTION.finditer(text):
        start = text.count("\n", 0, found.start()) + 1
        yield start, start + found[0].count("\n") - 1, found["name"], found[0]


def makes(text: str, line: int, module: str) -> bool:
    """Say whether a module may call the macro of a file that a line of it stands in, if in one."""
    before = "".join(text.splitlines(keepends=True)[:line])
    called = _MACRO.findall(before)
    return not called or re.search(rf"\b{called[-1]}!", module) is not None


@functools.cache
def at_first(tests: Path) -> tuple[Cut, Mapping[str, str]]:
    """Return what is cut of coretests before anyone builds it, and why, by the paths' parts."""
    calls, found, why = std_floats(tests), set(), {}
    for file in sorted(tests.rglob("*.rs")):
        for start, _end, name, text in blocks(file.read_text(encoding="utf-8")):
            if (match := calls.search(text)) and "float_test!" in text:
                found.add((str(file.relative_to(tests)), start))
                why[f"floats::{name}::"] = f"wants std's {match[1]} in a constant"
    return Cut(frozenset(std_features(tests)), frozenset(found)), why


@functools.cache
def endless(tests: Path) -> frozenset[str]:
    """Return the words of what macros make tests of that mrustc does not end on."""
    files = (file.read_text(encoding="utf-8") for file in tests.rglob("*.rs"))
    return frozenset(
        word
        for text in files
        for found in _ENDLESS.findall(text)
        for word in re.findall(r"\w+", found)
    )


def _without(text: str, starts: Collection[int], path: str, chosen: Sequence[Test]) -> str:
    """Return the file of a module without what begins at some lines, and with the chosen tests.

    Only what is indented may be a macro's, which makes tests of its name in other modules, too.
    """
    lines = text.splitlines(keepends=True)
    anywhere = {name for one in chosen for name in one.path.split("::")[1:]}
    below = (one.path for one in chosen if one.path.startswith(f"{path}::"))
    here = {name for one in below for name in one.split("::")[1:]}
    left: list[tuple[int, int]] = []
    for start, end, name, block in blocks(text):
        if name not in (anywhere if block.startswith(" ") else here):
            left.append((start, end))
        lines[start - 1 : end] = tell(block, name).splitlines(keepends=True)
    if starts:
        every = (*blocks(text), *functions(text))
        left += [(start, end) for start, end, _name, _text in every if start in starts]
    for start, end in left:
        lines[start - 1 : end] = ["\n"] * (end - start + 1)
    return "".join(lines)


def root_text(tests: Path, chosen: Sequence[Test], left_out: Cut) -> str:
    """Return the crate's root: coretests' own with some of its modules, between ours.

    ``chosen`` are the tests that it runs by their numbers.
    """
    root = (tests / "lib.rs").read_text(encoding="utf-8")
    wanted = {one.module for one in chosen}
    own = _ROOT_MODULE.finditer(root)
    kept = "".join(f"{m[1]}mod {m[2]};\n" for m in own if m[2] in wanted)
    start = _ROOT_MODULE.search(root)
    before = root[: start.start()] if start else root
    before = re.sub(rf"#!\[feature\(({'|'.join(left_out.features)})\)\]\n", "", before)
    attributes, at, macros = before.partition("\n/// Version of")
    arms = "".join(f"        {n} => crate::{one.path}().ended(),\n" for n, one in enumerate(chosen))
    run_one = (
        f"const TESTS: u16 = {len(chosen)};\n"
        f"fn one_test(n: u16) {{\n    match n {{\n{arms}        _ => {{}}\n    }}\n}}\n"
    )
    head = HEAD.read_text(encoding="utf-8")
    added = "".join(f"#![feature({one})]\n" for one in sorted(left_out.added - left_out.features))
    macros = without_std(told_their_test(macros))
    parts = ("#![no_std]\n", attributes, "\n", _FEATURE, added, head, at, macros, kept)
    return "".join(parts) + run_one


def _files(tests: Path, chosen: Sequence[Test], cut: Collection[str]) -> dict[Path, str]:
    """Return the files of the tests' modules, without modules that nobody chose or needs.

    A module is needed that gives others its macros, or whose name stands in a path, if it is none
    of the files in ``cut``; one with a chosen test is.
    """
    modules = {one.module for one in chosen}
    every = {file.relative_to(tests): file for file in sorted(tests.rglob("*.rs"))}
    texts = {
        name: file.read_text(encoding="utf-8")
        for name, file in every.items()
        if name.parts[0].removesuffix(".rs") in modules
    }
    everything = "\n".join(texts.values())

    def needed(path: str, attributes: str) -> bool:
        return (
            any(one.path.startswith(path) for one in chosen)
            or "macro_use" in attributes
            or _used(path.split("::")[-2], everything)
        )

    left: list[str] = []
    cuts = (f"{_path(Path(name))}::" for name in cut)
    gone = {path for path in cuts if not any(one.path.startswith(path) for one in chosen)}
    for name, text in list(texts.items()):

        def kept(found: re.Match[str], above: str = _path(name)) -> str:
            path = f"{above}::{found[2]}::"
            if path not in gone and needed(path, found[1]):
                return found[0]
            left.append(path)
            return "\n" * found[0].count("\n")

        if name.name != "lib.rs":
            texts[name] = _ROOT_MODULE.sub(kept, text)
    return {
        name: text
        for name, text in texts.items()
        if not any(f"{_path(name)}::".startswith(path) for path in left)
    }


def _used(module: str, text: str) -> bool:
    """Say whether a module's name stands in a path; in front of one, a type's is the type.

    Below the library's crates it is another module.
    """
    first = "" if _TYPE.fullmatch(module) else rf"|(?<!:)\b{module}::"
    path = rf"(?:(?<!\bcore)(?<!\bstd)(?<!\balloc)::|use ){module}\b{first}"
    return re.search(path, text) is not None


def _path(name: Path) -> str:
    """Return the path of the module that a file has."""
    return name.as_posix().removesuffix(".rs").removesuffix("/mod").replace("/", "::")


def write_crate(tests: Path, chosen: Sequence[Test], folder: Path, left_out: Cut) -> Path:
    """Write the crate that has the modules of ``chosen``, and runs them from a number on.

    Tests that are not chosen are not in it, where they do not come out of a macro; but none that
    are :attr:`Test.constant` where no such test is chosen.
    """
    computed = any(one.constant for one in chosen)
    for relative, text in _files(tests, chosen, left_out.files).items():
        starts = {line for name, line in left_out.blocks if name == str(relative)}
        kept = _ENDLESS.sub("#[cfg(any())]", text) if left_out.mrustc else text
        kept = kept if computed else _COMPUTED.sub("#[cfg(any())] ", kept)
        if relative.parts[0] == "floats":
            kept = by_their_names(kept, constant=computed)
            kept = without_unusual(kept) if left_out.mrustc else kept
        kept = _without(kept, starts, _path(relative), chosen)
        write_atomic(folder / "src" / relative, without_std(kept))
    write_atomic(folder / "Cargo.toml", _MANIFEST)
    write_atomic(folder / "src" / "lib.rs", root_text(tests, chosen, left_out))
    return folder
