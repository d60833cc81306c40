// SPDX-License-Identifier: GPL-2.0-only
//! What `ferric_kernel.c` offers; `ferric_kernel.h` beside it has the same list in C.

use core::ffi::c_void;

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
    pub(crate) fn ferric_this_module() -> *mut c_void;

    /// Allocates `size` bytes (not 0) aligned to `align`; null where there is no memory.
    pub(crate) fn ferric_kmalloc(size: usize, align: usize, flags: u32) -> *mut c_void;

    /// Changes the size of an allocation; null, and the old one is as it was, where that fails.
    pub(crate) fn ferric_krealloc(
        old: *mut c_void,
        size: usize,
        align: usize,
        flags: u32,
    ) -> *mut c_void;

    /// Frees an allocation.
    pub(crate) fn ferric_kfree(place: *mut c_void);

    /// Makes a `struct mutex`; null where there is no memory.
    pub(crate) fn ferric_mutex_make(flags: u32) -> *mut c_void;

    /// Destroys a `struct mutex` that nobody holds.
    pub(crate) fn ferric_mutex_free(lock: *mut c_void);

    /// `mutex_lock()`.
    pub(crate) fn ferric_mutex_lock(lock: *mut c_void);

    /// `mutex_unlock()`.
    pub(crate) fn ferric_mutex_unlock(lock: *mut c_void);

    /// Makes a `spinlock_t`; null where there is no memory.
    pub(crate) fn ferric_spinlock_make(flags: u32) -> *mut c_void;

    /// Destroys a `spinlock_t` that nobody holds.
    pub(crate) fn ferric_spinlock_free(lock: *mut c_void);

    /// `spin_lock()`.
    pub(crate) fn ferric_spinlock_lock(lock: *mut c_void);

    /// `spin_unlock()`.
    pub(crate) fn ferric_spinlock_unlock(lock: *mut c_void);
}
