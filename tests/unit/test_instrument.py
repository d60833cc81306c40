# SPDX-License-Identifier: GPL-2.0-only
"""What is found in a source, what is written into its copy, and what is appended to its C."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.crate.graph import load_crate
from pipeline.errors import ToolError, UserError
from pipeline.transpile.instrument import Export, Instrumentation, add_aliases, instrument
from pipeline.transpile.items import ItemKind, items

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path("lib.rs")


def statics(source: str) -> list[tuple[str, str]]:
    """Return the name of each static found, and the source between it and the end found."""
    found = [item for item in items(source, HERE) if item.kind is ItemKind.STATIC]
    return [(item.name, source[item.start : item.end]) for item in found]


def changed(root: Path, files: Mapping[str, str], edition: str = "2021") -> Instrumentation | None:
    """Write a crate with ``files`` below ``src``, and say how it is to be changed."""
    (root / "src").mkdir(parents=True)
    manifest = f'[package]\nname = "my-crate"\nedition = "{edition}"\n'
    manifest += '[package.metadata.kernel-module]\nruntime = "none"\n'
    (root / "Cargo.toml").write_text(manifest)
    for name, text in files.items():
        path = root / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return instrument(load_crate(root))


def copy(root: Path, source: str) -> str:
    """Return what becomes of a ``lib.rs``; it has as many lines as before."""
    changes = changed(root / "crate", {"lib.rs": source})
    if changes is None:
        return source
    changes.write(root / "copy")
    text = (root / "copy/src/lib.rs").read_text(encoding="utf-8")
    assert text.count("\n") == source.count("\n")
    assert (root / "crate/src/lib.rs").read_text(encoding="utf-8") == source
    return text


@pytest.mark.parametrize(
    "item",
    [
        "#[no_mangle] pub static X: u32 = 1;",
        "#[unsafe(no_mangle)]\npub(crate) static mut X: u32 = 1;",
        '#[export_name = "x"] #[cfg(a)] static X: [u8; 4] = [0; 4];',
        '#[doc = "; static Y"] #[no_mangle]\n/// static Z: u8 = 1;\n#[allow(x)]\nstatic X: u8 = 1;',
        "#[no_mangle] pub static X: [u8; { const N: usize = 2; N }] = { let x = 1; [x; 2] };",
        "#[no_mangle] static X: Table<{ 1; 2 }, fn() -> u8> = Table { f: || { 1; 2 } };",
        '#[no_mangle] static X: &str = r#"; #[no_mangle] static Y: u8 = 1;"#;',
        "#[no_mangle] static X: char = ';';",
        "#[no_mangle] static r#X: u8 = m!{ ; };",
        "#[global_allocator] static X: A = A /* ; */ ;",
    ],
)
def test_a_static_ends_at_its_own_semicolon(item: str) -> None:
    around = f"use a::b;\nmod m {{ fn f() {{ {item} }} }}\nstatic AFTER: u8 = 1;\n"
    assert statics(around) == [("X", item)]


@pytest.mark.parametrize(
    "source",
    [
        "macro_rules! m { () => { #[no_mangle] static X: u8 = 1; } }",
        "lazy! { #[no_mangle] static ref X: u8 = 1; }",
        'const T: &str = r##"#[no_mangle] static X: u8 = 1;"##;',
        "// #[no_mangle] static X: u8 = 1;\n/* #[no_mangle] static Y: u8 = 1; */",
        'extern "C" { #[no_mangle] static X: u8; }',
        "unsafe extern { #[no_mangle] pub safe static X: u8; }",
        "#[no_mangle] const X: u8 = 1; static Y: u8 = 1;",
        "fn f() { let c = #[no_mangle] static || 1; let d = static move || 2; }",
        "fn f<'a>(x: &'static u8) {} static PLAIN: u8 = 1;",
        "#[no_mangle] static X: u8 = 1 }",
    ],
)
def test_what_is_no_static_of_ours(source: str) -> None:
    assert statics(source) == []


def test_functions_and_where_they_stand() -> None:
    source = """
    #[no_mangle] pub unsafe extern "C" fn free() -> impl Sized { #[naked] fn inner() {} }
    impl<T> S<T> { #[no_mangle] fn method() {} }
    trait T { #[inline] fn provided(); }
    fn plain() { if !flag { #[inline] fn nested() {} } }
    extern "C" { #[link_section = "x"] fn declared(); }
    #[no_mangle] type F = fn(u8);
    """
    found = [(item.name, item.associated) for item in items(source, HERE)]
    assert found == [
        *(("free", False), ("inner", False), ("method", True), ("provided", True)),
        ("nested", False),
    ]


def test_conditions_are_carried_along() -> None:
    source = (
        '#[cfg(all(a, feature = "b"))] #[cfg_attr(c, cfg(d))]\n'
        '#[cfg_attr(e, cfg_attr(not(f), export_name = "g"), inline)] static X: u8 = 1;'
    )
    (item,) = items(source, HERE)
    assert item.cfgs == '#[cfg(all(a, feature = "b"))] #[cfg_attr(c, cfg(d))] '
    (meta,) = item.named("export_name")
    assert (meta.value, meta.cfgs) == ("g", "#[cfg(e)] #[cfg(not ( f ))] ")


def test_hostile_sources_take_linear_time() -> None:
    began = time.process_time()
    for source in ("#[no_mangle] static X: " * 40_000, "#[" * 40_000, "static X: [" * 40_000):
        assert statics(source) == []
    assert time.process_time() - began < 10
    with pytest.raises(UserError, match="cfg_attr, one in another"):
        items("#[" + "cfg_attr(a, " * 5000 + "no_mangle" + ")" * 5000 + "] static X: u8 = 1;", HERE)


def test_a_crate_without_such_items_is_not_copied(tmp_path: Path) -> None:
    source = '#[no_mangle] pub extern "C" fn f() {}\n#[inline] fn g() {}\nstatic USED: u8 = 1;\n'
    assert changed(tmp_path / "crate", {"lib.rs": source}) is None


def test_a_getter_follows_its_static(tmp_path: Path) -> None:
    source = "#[cfg(a)]\n#[no_mangle]\npub static r#X: [u8; 2] =\n    [1, 2]; fn next() {}\n"
    getter = (
        '#[cfg(a)] #[doc(hidden)] #[no_mangle] pub extern "C" fn __ferric_static_my_crate_0() '
        "-> *const () { unsafe { &r#X as *const _ as *const () } }"
    )
    assert copy(tmp_path, source) == source.replace("[1, 2];", f"[1, 2]; {getter}")


def test_getters_are_counted_over_all_files(tmp_path: Path) -> None:
    one = '#[export_name = "one"] static X: u8 = 1;'
    changes = changed(tmp_path / "a b", {"lib.rs": f"mod m;\n{one}", "m.rs": f"\n{one}"})
    assert changes is not None
    lib, inner = tmp_path / "a b/src/lib.rs", tmp_path / "a b/src/m.rs"
    assert changes.exports == (
        Export("__ferric_static_my_crate_0", "one", f"{lib}:2"),
        Export("__ferric_static_my_crate_1", "one", f"{inner}:2"),
    )
    assert '#[link_name = "one"] static X' in changes.texts[lib]


def test_the_allocator_gets_its_four_functions(tmp_path: Path) -> None:
    text = copy(tmp_path, "#[global_allocator]\nstatic A: Bump = Bump;\n")
    line = text.splitlines()[1]
    heads = [f"fn __rdl_{name}(" for name in ("alloc", "dealloc", "realloc", "alloc_zeroed")]
    assert [line.count(head) for head in heads] == [1, 1, 1, 1]
    layout = "::core::alloc::Layout::from_size_align_unchecked(size, align)"
    assert f"GlobalAlloc::realloc(&A, ptr, {layout}, new_size)" in line


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('#[export_name = "x"] fn f() {}', '#[link_name = "x"] fn f() {}'),
        ('#[unsafe(\nexport_name = r"x"\n)] fn f() {}', '#[link_name = "x"\n\n] fn f() {}'),
        (
            '#[cfg_attr(a, export_name = "x")] fn f() {}',
            '#[cfg_attr(a, link_name = "x")] fn f() {}',
        ),
        ("#[inline(never)] #[no_mangle] fn f() {}", "#[doc(hidden)] #[no_mangle] fn f() {}"),
        ("impl S { #[unsafe(no_mangle)] fn f() {} }", "impl S { #[no_mangle] fn f() {} }"),
    ],
)
def test_functions_are_made_to_be_emitted(before: str, after: str, tmp_path: Path) -> None:
    assert copy(tmp_path, before) == after


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ('#[link_section = ".x"] fn f() {}', "#[link_section] on functions"),
        ("#[unsafe(naked)] fn f() {}", "#[naked]"),
        ('#[target_feature(enable = "x")] fn f() {}', "#[target_feature]"),
        ("#[thread_local] static X: u8 = 1;", "#[thread_local]"),
        ("#[used] static X: u8 = 1;", "#[used]"),
        ('#[export_name = "a b"] static X: u8 = 1;', "no C identifier"),
        ('impl S { #[export_name = "a"] fn f() {} }', "in an impl"),
    ],
)
def test_what_mrustc_ignores_becomes_an_error_under_its_condition(
    item: str, said: str, tmp_path: Path
) -> None:
    text = copy(tmp_path, item.replace("#[", "#[cfg(a)] #[", 1))
    before, _, after = text.partition("compile_error!(")
    assert before.endswith("#[cfg(a)] ")
    assert said in after.partition(");")[0]


def test_a_link_section_on_a_static_is_let_be(tmp_path: Path) -> None:
    source = '#[link_section = ".x"] static X: u8 = 1;'
    assert copy(tmp_path, source) == source


def test_a_file_outside_the_crate_is_refused_only_where_a_copy_is_needed(tmp_path: Path) -> None:
    (tmp_path / "shared.rs").write_text("fn shared() {}\n")
    lib = '#[path = "../../shared.rs"] mod shared;\n'
    assert changed(tmp_path / "plain", {"lib.rs": lib}) is None
    with pytest.raises(UserError, match="reads a file outside its folder"):
        changed(tmp_path / "exporting", {"lib.rs": f"{lib}#[no_mangle] static X: u8 = 1;"})


def test_a_text_that_looks_like_rust_is_not_changed(tmp_path: Path) -> None:
    text = "#[no_mangle] static X: u8 = 1;"
    changes = changed(
        tmp_path / "crate",
        {"lib.rs": f'const T: &str = include_str!("text.rs");\n{text}', "text.rs": text},
    )
    assert changes is not None
    changes.write(tmp_path / "copy")
    assert (tmp_path / "copy/src/text.rs").read_text() == text


C = """// PROTO extern "C" ::"c"::{getter}
#define ZRG1c {getter}
tUNIT * ZRG1c(void) // -> *const ()
;
union u_static_ZRG1X ZRG1X = {{ .raw = {{1}} }};
#define ZRG1f function
void  ZRG1f(void) // -> ()
{{
	var0 = &ZRG1Y.val;
}}
tUNIT * ZRG1c(void) // -> *const ()

{{
	var0 = {address};	// _0 = Constant(&ZRG1Z.val)
	return rv;
}}
"""


def aliased(folder: Path, exports: list[Export], address: str = "&ZRG1X.val") -> str:
    c_file = folder / "c.c"
    before = C.format(getter="__ferric_static_c_0", address=address)
    c_file.write_text(before)
    add_aliases(c_file, exports)
    return c_file.read_text().removeprefix(before)


def test_the_alias_is_of_the_static_that_the_getter_names(tmp_path: Path) -> None:
    exports = [
        Export("__ferric_static_c_0", "X", "lib.rs:1"),
        Export("__ferric_static_c_1", "LEFT_OUT", "lib.rs:2"),
    ]
    assert aliased(tmp_path, exports) == (
        'extern __typeof__(ZRG1X) __ferric_alias_0 __asm__("X") __attribute__((alias("ZRG1X")));\n'
    )


def test_a_name_is_given_once(tmp_path: Path) -> None:
    export = Export("__ferric_static_c_0", "X", "lib.rs:1")
    with pytest.raises(UserError, match=r"^lib\.rs:1: .*X is taken: the static at lib\.rs:1"):
        aliased(tmp_path, [export, export])
    with pytest.raises(UserError, match="function is taken"):
        aliased(tmp_path, [Export("__ferric_static_c_0", "function", "lib.rs:1")])


def test_a_getter_that_tells_nothing_is_the_tools_fault(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="does not tell the symbol"):
        aliased(tmp_path, [Export("__ferric_static_c_0", "X", "lib.rs:1")], address="(void*)0")
