// SPDX-License-Identifier: GPL-2.0-only
//! Locks with the value that they protect.
//!
//! How large a kernel lock is depends on the configuration, so C allocates it and Rust holds a
//! pointer: making one can fail, and it stays where it is when the value around it moves.

mod lock;

pub use lock::{Backend, Guard, Lock};

use crate::ffi;
use core::ffi::c_void;

/// A lock that sleeps until it is free: C's `struct mutex`.
pub type Mutex<T> = Lock<T, MutexBackend>;

/// A lock that spins, and forbids preemption: C's `spinlock_t`.
///
/// Nothing may sleep while it is held, and it does not keep interrupts away.
pub type SpinLock<T> = Lock<T, SpinLockBackend>;

/// What makes a [`Lock`] a [`Mutex`].
pub struct MutexBackend;

// SAFETY: `struct mutex` excludes every other task, and orders memory accordingly.
unsafe impl Backend for MutexBackend {
    fn make(flags: u32) -> *mut c_void {
        // SAFETY: may be called wherever the flags allow an allocation.
        unsafe { ffi::ferric_mutex_make(flags) }
    }

    unsafe fn free(lock: *mut c_void) {
        // SAFETY: the caller promises a lock of ours that nobody holds.
        unsafe { ffi::ferric_mutex_free(lock) }
    }

    unsafe fn lock(lock: *mut c_void) {
        // SAFETY: the caller promises a lock of ours.
        unsafe { ffi::ferric_mutex_lock(lock) }
    }

    unsafe fn unlock(lock: *mut c_void) {
        // SAFETY: the caller promises that it holds this lock.
        unsafe { ffi::ferric_mutex_unlock(lock) }
    }
}

/// What makes a [`Lock`] a [`SpinLock`].
pub struct SpinLockBackend;

// SAFETY: `spinlock_t` excludes every other processor and task, and orders memory accordingly.
unsafe impl Backend for SpinLockBackend {
    fn make(flags: u32) -> *mut c_void {
        // SAFETY: may be called wherever the flags allow an allocation.
        unsafe { ffi::ferric_spinlock_make(flags) }
    }

    unsafe fn free(lock: *mut c_void) {
        // SAFETY: the caller promises a lock of ours that nobody holds.
        unsafe { ffi::ferric_spinlock_free(lock) }
    }

    unsafe fn lock(lock: *mut c_void) {
        // SAFETY: the caller promises a lock of ours.
        unsafe { ffi::ferric_spinlock_lock(lock) }
    }

    unsafe fn unlock(lock: *mut c_void) {
        // SAFETY: the caller promises that it holds this lock.
        unsafe { ffi::ferric_spinlock_unlock(lock) }
    }
}
