// SPDX-License-Identifier: GPL-2.0-only
//! Runs the self-test when the module is loaded; loading fails where a test does.

#![no_std]

use kernel::prelude::*;

module! {
    type: SelfTest,
}

struct SelfTest;

impl kernel::Module for SelfTest {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let failures = selftest_core::run(&mut |line| pr_info!("{}\n", line));
        if failures == 0 {
            Ok(SelfTest)
        } else {
            pr_err!("{} tests failed\n", failures);
            Err(EIO)
        }
    }
}
