// SPDX-License-Identifier: GPL-2.0-only
//! A panic in a module ends like `BUG()` in C: the message goes to the log, the task is stopped.

use crate::{ffi, print};
use core::panic::PanicInfo;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    match info.location() {
        Some(place) if place.line() != 0 => print::call_printk(
            print::level::EMERG,
            format_args!("panicked at {}: {}\n", place, info.message()),
        ),
        // mrustc does not track callers: a place that no rustc told has no file and line 0.  The
        // call trace that `BUG()` prints names the function.
        _ => print::call_printk(
            print::level::EMERG,
            format_args!("panicked: {}\n", info.message()),
        ),
    }
    // SAFETY: `ferric_bug` may be called in any context.
    unsafe { ffi::ferric_bug() }
}
