// SPDX-License-Identifier: GPL-2.0-only
//! A panic in a module ends like `BUG()` in C: the message goes to the log, the task is stopped.

use crate::{ffi, print};
use core::panic::PanicInfo;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    print::call_printk(print::level::EMERG, format_args!("{}\n", info));
    // SAFETY: `ferric_bug` may be called in any context.
    unsafe { ffi::ferric_bug() }
}
