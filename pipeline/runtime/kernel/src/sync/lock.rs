// SPDX-License-Identifier: GPL-2.0-only
//! What locks of all kinds have in common.

use crate::alloc::{AllocError, Flags};
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// A kind of kernel lock.
///
/// # Safety
///
/// From `lock` to `unlock` nobody else's `lock` on the same lock returns, and what was written
/// before `unlock` is seen after the next `lock`.
pub unsafe trait Backend {
    /// Makes a lock that nobody holds; null where there is no memory.
    fn make(flags: u32) -> *mut c_void;

    /// Destroys a lock.
    ///
    /// # Safety
    ///
    /// `lock` came from `make`, nobody holds it, and it is not used again.
    unsafe fn free(lock: *mut c_void);

    /// Waits until the lock is free, and takes it.
    ///
    /// # Safety
    ///
    /// `lock` came from `make` and was not freed.
    unsafe fn lock(lock: *mut c_void);

    /// Lets the lock go.
    ///
    /// # Safety
    ///
    /// `lock` came from `make`, and the caller holds it.
    unsafe fn unlock(lock: *mut c_void);
}

/// A value that can only be reached by who holds the lock.
pub struct Lock<T, B: Backend> {
    lock: NonNull<c_void>,
    backend: PhantomData<B>,
    value: UnsafeCell<T>,
}

// SAFETY: the value goes with the lock, whose kernel object may be used from anywhere.
unsafe impl<T: Send, B: Backend> Send for Lock<T, B> {}
// SAFETY: one at a time has the value: that it can be sent is enough.
unsafe impl<T: Send, B: Backend> Sync for Lock<T, B> {}

impl<T, B: Backend> Lock<T, B> {
    /// Makes a lock around `value`.
    pub fn new(value: T, flags: Flags) -> Result<Self, AllocError> {
        Ok(Lock {
            lock: NonNull::new(B::make(flags.bits())).ok_or(AllocError)?,
            backend: PhantomData,
            value: UnsafeCell::new(value),
        })
    }

    /// Takes the lock; it is let go when the guard is dropped.
    #[must_use = "the lock is let go at once where the guard is not kept"]
    pub fn lock(&self) -> Guard<'_, T, B> {
        // SAFETY: the lock lives as long as `self`.
        unsafe { B::lock(self.lock.as_ptr()) };
        Guard {
            lock: self,
            not_send: PhantomData,
        }
    }
}

impl<T, B: Backend> Drop for Lock<T, B> {
    fn drop(&mut self) {
        // SAFETY: a guard borrows the lock, so there is none.
        unsafe { B::free(self.lock.as_ptr()) };
    }
}

/// The right to use a lock's value.
pub struct Guard<'a, T, B: Backend> {
    lock: &'a Lock<T, B>,
    /// A lock is let go by the task that took it.
    not_send: PhantomData<*mut ()>,
}

// SAFETY: a shared guard gives a shared reference to the value and nothing more.
unsafe impl<T: Sync, B: Backend> Sync for Guard<'_, T, B> {}

impl<T, B: Backend> Deref for Guard<'_, T, B> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T, B: Backend> DerefMut for Guard<'_, T, B> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held, and the guard is borrowed alone.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T, B: Backend> Drop for Guard<'_, T, B> {
    fn drop(&mut self) {
        // SAFETY: the lock is held, by us.
        unsafe { B::unlock(self.lock.lock.as_ptr()) };
    }
}
