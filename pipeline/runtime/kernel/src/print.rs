// SPDX-License-Identifier: GPL-2.0-only
//! Printing to the kernel's log.
//!
//! A message is written into a buffer on the stack and handed to `printk` as bytes: no format
//! string of Rust's ever reaches C, so nothing in a message can be taken for one.

use crate::ffi;
use core::fmt;

/// Size of the buffer on the stack.  A longer message goes out in pieces, as a continued line: a
/// kernel stack is a few KiB, and the kernel warns of frames from 1 KiB on.
const BUFFER: usize = 256;

/// The levels of `include/linux/kern_levels.h`, as the character after `KERN_SOH`.
#[doc(hidden)]
pub mod level {
    pub const EMERG: u8 = b'0';
    pub const ALERT: u8 = b'1';
    pub const CRIT: u8 = b'2';
    pub const ERR: u8 = b'3';
    pub const WARNING: u8 = b'4';
    pub const NOTICE: u8 = b'5';
    pub const INFO: u8 = b'6';
    pub const DEBUG: u8 = b'7';
    pub const CONT: u8 = b'c';
}

/// A message on its way to the log.
struct Message {
    level: u8,
    used: usize,
    buffer: [u8; BUFFER],
}

impl Message {
    /// Prints what is in the buffer; what comes after it continues the line.
    fn flush(&mut self) {
        if self.used > 0 {
            // SAFETY: the first `used` bytes of the buffer are readable, and C keeps no pointer.
            unsafe { ffi::ferric_printk(self.level, self.buffer.as_ptr(), self.used) };
            self.level = level::CONT;
            self.used = 0;
        }
    }
}

impl fmt::Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if self.used == BUFFER {
                self.flush();
            }
            self.buffer[self.used] = byte;
            self.used += 1;
        }
        Ok(())
    }
}

/// Prints `args` at `level`: what the `pr_…!` macros call.
#[doc(hidden)]
pub fn call_printk(level: u8, args: fmt::Arguments<'_>) {
    let mut message = Message {
        level,
        used: 0,
        buffer: [0; BUFFER],
    };
    // The buffer takes everything: an error can only come from a `Display` that gives up by itself,
    // and then what it wrote is still worth printing.
    fmt::write(&mut message, args).ok();
    message.flush();
}

/// Prints an emergency-level message: the system is unusable.
#[macro_export]
macro_rules! pr_emerg (
    ($($arg:tt)*) => (
        $crate::print::call_printk($crate::print::level::EMERG, ::core::format_args!($($arg)*))
    )
);

/// Prints an alert-level message: action must be taken immediately.
#[macro_export]
macro_rules! pr_alert (
    ($($arg:tt)*) => (
        $crate::print::call_printk($crate::print::level::ALERT, ::core::format_args!($($arg)*))
    )
);

/// Prints a critical-level message.
#[macro_export]
macro_rules! pr_crit (
    ($($arg:tt)*) => (
        $crate::print::call_printk($crate::print::level::CRIT, ::core::format_args!($($arg)*))
    )
);

/// Prints an error-level message.
#[macro_export]
macro_rules! pr_err (
    ($($arg:tt)*) => (
        $crate::print::call_printk($crate::print::level::ERR, ::core::format_args!($($arg)*))
    )
);

/// Prints a warning-level message.
#[macro_export]
macro_rules! pr_warn (
    ($($arg:tt)*) => (
        $crate::print::call_printk($crate::print::level::WARNING, ::core::format_args!($($arg)*))
    )
);

/// Prints a notice-level message: normal, but of note.
#[macro_export]
macro_rules! pr_notice (
    ($($arg:tt)*) => (
        $crate::print::call_printk($crate::print::level::NOTICE, ::core::format_args!($($arg)*))
    )
);

/// Prints an info-level message.
#[macro_export]
macro_rules! pr_info (
    ($($arg:tt)*) => (
        $crate::print::call_printk($crate::print::level::INFO, ::core::format_args!($($arg)*))
    )
);

/// Prints a debug-level message; nothing where the crate is built without debug assertions.
#[macro_export]
macro_rules! pr_debug (
    ($($arg:tt)*) => (
        if cfg!(debug_assertions) {
            $crate::print::call_printk($crate::print::level::DEBUG, ::core::format_args!($($arg)*))
        }
    )
);

/// Continues the line of the message before, which must not have ended in a newline.
#[macro_export]
macro_rules! pr_cont (
    ($($arg:tt)*) => (
        $crate::print::call_printk($crate::print::level::CONT, ::core::format_args!($($arg)*))
    )
);
