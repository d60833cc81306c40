# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from pipeline.crate.graph import load_crate
from pipeline.crate.lexer import Kind, tokens
from pipeline.crate.sources import Sources, sources
from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def found(root: Path, files: Mapping[str, str], env: Mapping[str, str] | None = None) -> Sources:
    """Write ``files`` below ``src`` and find the sources of that crate."""
    (root / "src").mkdir(exist_ok=True)
    (root / "Cargo.toml").write_text(
        '[package]\nname = "m"\n[package.metadata.kernel-module]\nruntime = "none"\n'
    )
    for name, text in files.items():
        path = root / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return sources(load_crate(root), env=env)


def names(root: Path, files: Mapping[str, str], env: Mapping[str, str] | None = None) -> set[str]:
    """Return the files found, relative to ``src``, without the root."""
    paths = [str(path.relative_to(root / "src")) for path in found(root, files, env).files]
    assert paths[0] == "lib.rs"
    assert len(set(paths)) == len(paths)
    return set(paths[1:])


def test_where_modules_are(tmp_path: Path) -> None:
    assert names(
        tmp_path,
        {
            "lib.rs": "pub mod a; pub(crate) mod b; mod inline { pub(in crate) mod c; "
            "mod d { mod e; } }",
            "a.rs": "mod below; mod inner { mod deep; }",
            "a/below.rs": "",
            "a/inner/deep.rs": "",
            "b/mod.rs": "mod below;",
            "b/below.rs": "",
            "inline/c.rs": "mod f;",
            "inline/c/f.rs": "",
            "inline/d/e/mod.rs": "",
        },
    ) == {
        *("a.rs", "a/below.rs", "a/inner/deep.rs", "b/mod.rs", "b/below.rs"),
        *("inline/c.rs", "inline/c/f.rs", "inline/d/e/mod.rs"),
    }


def test_path_attributes(tmp_path: Path) -> None:
    assert names(
        tmp_path,
        {
            "lib.rs": '#[path = "x/one.rs"] mod a;\n mod b;\n #[path = r#"folder"#] mod c { mod d; '
            '#[path = "e2.rs"] mod e; }',
            "x/one.rs": "mod two;",  # a file named by a path is looked beside, as a mod.rs is
            "x/two.rs": "",
            "b.rs": '#[path = "other.rs"] mod o; mod i { #[path = "p.rs"] mod q; }',
            "other.rs": "",
            "b/i/p.rs": "",
            "folder/d.rs": "",
            "folder/e2.rs": "",
        },
    ) == {
        *("x/one.rs", "x/two.rs", "b.rs", "other.rs", "b/i/p.rs", "folder/d.rs", "folder/e2.rs"),
    }


def test_conditions_are_not_decided(tmp_path: Path) -> None:
    result = found(
        tmp_path,
        {
            "lib.rs": """
                #[cfg(unix)] mod there;
                #[cfg(windows)] #[doc = "x"] pub mod absent;
                #[cfg_attr(unix, path = "u.rs")]
                #[cfg_attr(any(windows, feature = "x"), cold, path = "w.rs")] mod os;
                #[cfg(test)] mod tests { mod more; const S: &str = include_str!("no.txt"); }
                #[cfg(test)] const T: &str = include_str!("nor.txt");
                #[cfg_attr(unix, path = "where")] mod folder { mod f; }
            """,
            "there.rs": "#![cfg(unix)] mod nowhere;",
            "u.rs": "",
            "w.rs": "",
            "os.rs": "",
            "where/f.rs": "",
            "folder/f.rs": "",
        },
    )
    source = tmp_path / "src"
    files = {str(path.relative_to(source)) for path in result.files}
    assert files == {"lib.rs", "there.rs", "u.rs", "w.rs", "os.rs", "where/f.rs", "folder/f.rs"}
    absent = {str(path.relative_to(source)) for path in result.missing}
    assert {"absent.rs", "absent/mod.rs", "there/nowhere.rs", "tests/more.rs", "no.txt"} <= absent


def test_includes(tmp_path: Path) -> None:
    files = {
        "lib.rs": r"""
            const A: &str = include_str!("a.txt",);
            const B: &[u8] = core::include_bytes!(r##"b"c.bin"##);
            include!("sub/inc.rs");
            const C: &str = include_str!(concat!("c", ".t", "xt"));
            const D: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/\x64.txt"));
            const E: &str = include_str!(env!("E_FILE"));
            fn f() { assert_eq!(include_str![ "f.txt" ], "") }
            const G: &str = include_str!(concat!(stringify!(g), ".txt"));
            macro_rules! m { ($x:expr, $y:ident) => { mod $y; include_str!($x) } }
        """,
        "a.txt": "mod not_code;",
        'b"c.bin': "",
        "sub/inc.rs": "mod beside; const X: &str = include_str!(\"x.txt\");",
        "sub/beside.rs": "",
        "sub/x.txt": "",
        "c.txt": "",
        "d.txt": "",
        "e.txt": "",
        "f.txt": "",
        "g.txt": "",
    }  # fmt: skip
    env = {"E_FILE": str(tmp_path / "src/e.txt")}
    assert names(tmp_path, files, env) == set(files) - {"lib.rs", "g.txt"}
    undecided = found(tmp_path, files).undecided
    assert [int(place.rpartition(":")[2]) for place in undecided] == [7, 9, 10]


def test_what_only_looks_like_a_module(tmp_path: Path) -> None:
    text = r"""
        // mod a;
        /* mod b; /* nested */ mod c; */
        /// mod d;
        const S: &str = "mod e; \" mod f;";
        const R: &str = r#"mod g; " mod h;"#;
        const Q: char = '"'; const Q2: char = '\''; const Q3: u8 = b'"'; const U: char = '\u{22}';
        fn life<'a>(x: &'a str) -> &'a str { 'outer: loop { break 'outer; } x }
        const C: &core::ffi::CStr = c"mod i;"; const B: &[u8] = br"mod j;";
        macro_rules! m { ($n:ident) => { mod $n; mod absent; } }
        fn r#mod() { r#mod(); let r#include_str = 1; }
        const QUOTE: &str = "\\"; mod real;
    """
    assert names(tmp_path, {"lib.rs": text, "real.rs": ""}) == {"real.rs"}


def test_raw_identifier_names_the_plain_file(tmp_path: Path) -> None:
    files = {"lib.rs": "mod r#try; mod été;", "try.rs": "", "été.rs": ""}
    assert names(tmp_path, files) == {"try.rs", "été.rs"}


def test_modules_named_in_macros_count_if_there(tmp_path: Path) -> None:
    text = (
        "cfg_if! { if #[cfg(a)] { mod yes; } else { mod no; } } macro_rules! m { () => { mod z; } }"
    )
    assert names(tmp_path, {"lib.rs": text, "yes.rs": "", "z.rs": ""}) == {"yes.rs", "z.rs"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n\nmod no;", "lib.rs:3: file not found for module `no`"),
        ("mod twice;", "found at both"),
        ("#[path = \"lib.rs\"] mod again;", "circular modules"),
        ("include!(\"lib.rs\");", "circular modules"),
        ("mod a;", "circular modules"),
        ("\nconst X: &str = include_str!(\"no.txt\");", "lib.rs:2: include_str!: there is no file"),
        ("\n/* /* */", "lib.rs:2: a block comment has no end"),
        ("\n\"", "lib.rs:2: a string has no end"),
        ("\nr#\"x\"", "lib.rs:2: a raw string has no end"),
    ],
)  # fmt: skip
def test_errors_say_where(tmp_path: Path, text: str, words: str) -> None:
    files = {
        "lib.rs": text,
        "twice.rs": "",
        "twice/mod.rs": "",
        "a.rs": "mod b;",
        "a/b.rs": '#[path = "../a.rs"] mod c;',
    }
    with pytest.raises(UserError) as error:
        found(tmp_path, files)
    assert words in str(error.value)


def test_missing_module_names_both_paths(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        found(tmp_path, {"lib.rs": "mod no;"})
    assert str(tmp_path / "src/no.rs") in error.value.mend
    assert str(tmp_path / "src/no/mod.rs") in error.value.mend


@pytest.mark.parametrize(
    "text",
    [
        "/*" * 200_000,
        "{" * 200_000,
        "#[" * 100_000,
        '#[cfg_attr(a, path = "x")] mod a { ' * 40,
        '"\\' * 300_000,
        "'" * 100_000,
        "include_str!(" * 100_000,
        "r" + "#" * 200_000,
        "x" * (9 * 1024 * 1024),
    ],
    ids=[
        "comments",
        "braces",
        "attributes",
        "folders",
        "string",
        "quotes",
        "nested",
        "raw",
        "large",
    ],
)
def test_hostile_source_ends_soon(tmp_path: Path, text: str) -> None:
    start = time.process_time()
    try:
        result = found(tmp_path, {"lib.rs": text})
        assert result.files == (tmp_path / "src/lib.rs",)
    except UserError:
        pass
    assert time.process_time() - start < 30


def test_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/latin.rs").write_bytes(b"// \xff")
    with pytest.raises(UserError, match="not UTF-8"):
        found(tmp_path, {"lib.rs": "mod latin;"})


def test_depth_is_bounded(tmp_path: Path) -> None:
    deep = {"lib.rs": "mod m;"} | {f"{'m/' * depth}m.rs": "mod m;" for depth in range(140)}
    with pytest.raises(UserError, match="deeper than"):
        found(tmp_path, deep)


def test_spaces_and_links_in_the_path(tmp_path: Path) -> None:
    root = tmp_path / "a folder"
    root.mkdir()
    assert names(root, {"lib.rs": "mod a;", "a.rs": ""}) == {"a.rs"}
    assert names(root, {"lib.rs": '#[path = "../src/a.rs"] mod a;', "a.rs": ""}) == {"a.rs"}


def test_lines_and_values_of_tokens(tmp_path: Path) -> None:
    text = '\ufeff#!/usr/bin/x\n"a\\n\\x41\\u{1F600}\\\n   b"\n/* \n */ r"\\n" name'
    got = tokens(text, tmp_path)
    assert [(token.kind, token.text, token.line) for token in got] == [
        (Kind.STRING, "a\nA\U0001f600b", 2),
        (Kind.STRING, "\\n", 5),
        (Kind.IDENT, "name", 5),
    ]
