// SPDX-License-Identifier: GPL-2.0-only
//! Tests of the Rust language and of `core` that give the same log on every architecture.
//!
//! Each test feeds what it computes into a digest and compares what it can with what must come out.
//! The log has one line for each, as KTAP has them: `ok 1 integers_u8 6e5b1c32a0f4d987`.  A digest
//! that differs between two builds of this crate is a fault in one of them, also where the test's own
//! comparisons pass.  There is no floating point (kernels have none), no allocation, no pointer's
//! width and no address in it.

#![no_std]

mod closures;
mod control;
mod enums;
mod formatting;
mod integers;
mod iterators;
mod memory;
mod programs;
mod slices;
#[cfg(feature = "standalone")]
mod standalone;
mod tester;
mod text;
mod traits;

use core::fmt;
use tester::{Outcome, Tester};

/// A test: its name, and what it does.
type Test = (&'static str, fn(&mut Tester<'_>));

/// All tests, in the order in which they run.
const GROUPS: [&[Test]; 11] = [
    integers::TESTS,
    slices::TESTS,
    iterators::TESTS,
    closures::TESTS,
    traits::TESTS,
    enums::TESTS,
    control::TESTS,
    memory::TESTS,
    text::TESTS,
    formatting::TESTS,
    programs::TESTS,
];

/// Runs all tests, calls `log` for each line of the log (without its newline), and returns how many
/// tests failed.
pub fn run(log: &mut dyn FnMut(fmt::Arguments<'_>)) -> i32 {
    let total = GROUPS.iter().map(|group| group.len()).sum::<usize>();
    log(format_args!("KTAP version 1"));
    log(format_args!("1..{}", total));

    let (mut passed, mut failed) = (0, 0);
    let tests = GROUPS.iter().copied().flatten();
    for (index, (name, test)) in tests.enumerate() {
        let number = index + 1;
        let mut tester = Tester::new(name, log);
        test(&mut tester);
        match tester.finish() {
            Outcome::Passed(digest) => {
                log(format_args!("ok {} {} {:016x}", number, name, digest));
                passed += 1;
            }
            Outcome::Failed(digest) => {
                log(format_args!("not ok {} {} {:016x}", number, name, digest));
                failed += 1;
            }
            Outcome::Skipped(reason) => {
                log(format_args!("ok {} {} # SKIP {}", number, name, reason))
            }
        }
    }
    let skipped = total as i32 - passed - failed;
    log(format_args!(
        "# passed {}, failed {}, skipped {}",
        passed, failed, skipped
    ));
    failed
}
