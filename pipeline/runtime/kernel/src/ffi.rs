// SPDX-License-Identifier: GPL-2.0-only
//! What `ferric_kernel.c` offers; `ferric_kernel.h` beside it has the same list in C.

extern "C" {
    /// Prints `len` bytes at level `level` (an ASCII digit, or `c` to continue a line).
    pub(crate) fn ferric_printk(level: u8, text: *const u8, len: usize);

    /// Does what the kernel does where it cannot go on.
    pub(crate) fn ferric_bug() -> !;

    /// Returns this architecture's number for an error that `asm-generic/errno.h` has at `code`.
    pub(crate) fn ferric_errno_from_generic(code: i32) -> i32;

    /// The inverse of [`ferric_errno_from_generic`]; 0 for an error that `kernel::error` has not.
    pub(crate) fn ferric_errno_to_generic(errno: i32) -> i32;

    /// Returns `THIS_MODULE`.
    pub(crate) fn ferric_this_module() -> *mut core::ffi::c_void;
}
