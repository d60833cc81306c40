// SPDX-License-Identifier: GPL-2.0-only
//! A kernel module that greets: printing, formatting and module parameters.

#![no_std]

use kernel::prelude::*;

module! {
    type: Hello,
}

struct Hello {
    greeted: u32,
}

impl kernel::Module for Hello {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let greetings = module_parameters::greetings.value();
        let name = module_parameters::name.value();

        for number in 1..=greetings {
            pr_info!("Hello, {}! ({} of {})\n", name, number, greetings);
        }
        pr_info!("Pointers here have {} bits\n", usize::BITS);

        Ok(Hello { greeted: greetings })
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        pr_info!("Goodbye after {} greetings\n", self.greeted);
    }
}
