// SPDX-License-Identifier: GPL-2.0-only
//! The self-test as an object that C can link: `int32_t run(void)`.
//!
//! The program brings two functions: one that writes bytes, and one that ends it after a panic.

use core::fmt;
use core::panic::PanicInfo;

extern "C" {
    /// Writes `len` bytes of the log.
    fn selftest_write(text: *const u8, len: usize);

    /// Ends the program.
    fn selftest_abort() -> !;
}

struct Output;

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the bytes are readable, and the program keeps no pointer to them.
        unsafe { selftest_write(text.as_ptr(), text.len()) };
        Ok(())
    }
}

fn write_line(line: fmt::Arguments<'_>) {
    let written = fmt::write(&mut Output, format_args!("{}\n", line));
    debug_assert!(written.is_ok(), "Output takes everything");
}

/// Runs all tests, writes their log, and returns how many failed.
#[no_mangle]
pub extern "C" fn run() -> i32 {
    crate::run(&mut write_line)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    write_line(format_args!("Bail out! {}", info));
    // SAFETY: may be called at any time.
    unsafe { selftest_abort() }
}
