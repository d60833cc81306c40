// SPDX-License-Identifier: GPL-2.0-only
//! Runs the self-test on the machine that builds it: rustc's own code generator is the reference.

fn main() {
    std::process::exit(selftest_core::run(&mut |line| println!("{line}")));
}
