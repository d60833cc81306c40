# SPDX-License-Identifier: GPL-2.0-only
"""Casts of enums are refused for mrustc where a number may become another, and only there."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.check.mir import FLAGS
from pipeline.check.variants import refuse_numbers
from pipeline.crate.graph import load_crate
from pipeline.errors import UserError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pipeline.crate.model import Crate

ENUMS = """
#[derive(Clone, Copy)] pub enum Low { A = -1, B, C = 7 }
#[derive(Clone, Copy)] #[repr(i64)] pub enum High { A = 0x1_0000_0000, B = 5 }
#[derive(Clone, Copy)] #[repr(i32)] pub enum Least { A = i32::MIN, B = 5 }
#[derive(Clone, Copy)] #[repr(u32)] pub enum Flags { A = 1 << 31, B = 0xffff_ffff }
#[derive(Clone, Copy)] pub enum Later { A = 2 + 3 }
#[derive(Clone, Copy)] #[repr(i64)] pub enum Next { A = 0xffff_ffff, B }
#[derive(Clone, Copy)] pub enum Plain { A, B = 9, C }
macro_rules! numbered { ($name:ident { $($body:tt)* }) => {
    #[derive(Clone, Copy)] pub enum $name { $($body)* } } }
numbered!(Made { A = -3, B });
numbered!(Right { A = 3, B });
pub struct Held { pub low: Low, pub plain: [Plain; 2] }
"""
MANIFEST = (
    '[package]\nname = "t"\nversion = "0.1.0"\nedition = "2021"\n'
    '[package.metadata.kernel-module]\nruntime = "none"\n'
)

pytestmark = pytest.mark.skipif(shutil.which("rustc") is None, reason="no rustc")


def crate_of(folder: Path, text: str) -> tuple[Crate, str]:
    """Write a crate, and return it with what rustc prints as its MIR."""
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(MANIFEST)
    path = folder / "src/lib.rs"
    path.write_text(f"#![no_std]\n{ENUMS}\n{text}\n")
    argv = ["rustc", "--edition=2021", "--crate-type=lib", "--crate-name=t", "-Awarnings"]
    argv += ["-C", "debug-assertions=no", *FLAGS, str(path)]
    env = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    done = subprocess.run(argv, check=True, capture_output=True, text=True, cwd=folder, env=env)
    return load_crate(folder), done.stdout


def expect(wrong: bool) -> AbstractContextManager[object]:
    return pytest.raises(UserError, match="number") if wrong else contextlib.nullcontext()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("pub fn f(x: Low) -> i32 { x as i32 }", True),
        ("pub fn f(x: &Held) -> i64 { x.low as i64 }", True),
        ("pub fn f(x: &[Low]) -> u8 { x[1] as u8 }", True),
        ("pub fn f() -> i32 { Low::A as i32 }", True),
        ("pub fn f() -> i32 { Low::C as i32 + Low::B as i32 }", False),
        ("pub fn f() -> i64 { High::A as i64 }", True),
        ("pub fn f() -> i64 { High::B as i64 }", False),
        ("pub fn f() -> i32 { Least::A as i32 }", True),
        ("pub fn f(x: Next) -> i64 { x as i64 }", True),
        ("pub fn f(x: Flags) -> u64 { x as u64 + Flags::A as u64 }", False),
        ("pub fn f() -> i32 { Later::A as i32 }", True),
        ("pub fn f(x: Plain, y: &Held) -> i32 { x as i32 + y.plain[1] as i32 }", False),
        ("pub fn f(x: Made) -> i32 { x as i32 }", True),
        ("pub fn f(x: Right) -> i32 { x as i32 }", False),
        ("pub fn f(x: Low) -> u8 { match x { Low::A => 1, _ => 2_i32 as u8 } }", False),
        ("pub const C: i64 = Low::A as i64;", True),
        ("pub static S: [u8; (Low::A as i32 + 2) as usize] = [1];", True),
        ("pub fn f() -> i64 { const { let low = Low::A; low as i64 } }", True),
        ("pub const fn f(x: Low) -> i64 { x as i64 }", True),
        ("pub fn f(x: core::cmp::Ordering) -> i32 { x as i32 }", False),
        ("pub fn f() -> i32 { core::cmp::Ordering::Less as i32 }", True),
        ("pub fn f() -> i32 { core::cmp::Ordering::Greater as i32 }", False),
        ("pub fn f() -> i32 { (const { 5 }) + 3 + [0; 2].len() as i32 }", False),
        ("pub mod m { pub enum Low { A = 1 } } pub fn f() -> i32 { m::Low::A as i32 }", True),
    ],
)
def test_a_cast_is_refused_where_its_number_may_be_wrong(
    text: str, wrong: bool, tmp_path: Path
) -> None:
    with expect(wrong):
        refuse_numbers([crate_of(tmp_path, text)], None)


def test_a_renamed_enum_of_another_crate_is_no_way_out(tmp_path: Path) -> None:
    """Where a type's name is none that the sources define, it may be any that they do."""
    mine = crate_of(tmp_path / "mine", "pub fn f(x: Low) -> i32 { x as i32 }")
    renamed = mine[1].replace("Low", "other::Renamed")
    theirs = crate_of(tmp_path / "theirs", "")
    with expect(wrong=True):
        refuse_numbers([theirs, (mine[0], renamed)], None)


def test_the_enums_of_the_kernel_crate_are_known_by_their_text(tmp_path: Path) -> None:
    mine = crate_of(tmp_path / "mine", "pub fn f(x: Plain) -> i32 { x as i32 }")
    kernel, _ = crate_of(tmp_path / "kernel", "pub enum Errno { Again = -11 }")
    refuse_numbers([mine], kernel)
    used = mine[1].replace("Plain", "kernel::Errno")
    with expect(wrong=True):
        refuse_numbers([(mine[0], used)], kernel)
