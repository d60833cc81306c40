// SPDX-License-Identifier: GPL-2.0-only
//! A value on the kernel's heap.

use super::{allocate, free, AllocError, Flags};
use core::alloc::Layout;
use core::fmt;
use core::mem::{size_of, ManuallyDrop};
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// A value in memory of its own, which is freed when the box is dropped.
pub struct KBox<T>(NonNull<T>);

// SAFETY: a box owns its value, as a plain variable does.
unsafe impl<T: Send> Send for KBox<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for KBox<T> {}

impl<T> KBox<T> {
    /// Moves `value` into memory of its own.
    pub fn new(value: T, flags: Flags) -> Result<Self, AllocError> {
        let place = if size_of::<T>() == 0 {
            NonNull::dangling()
        } else {
            allocate(Layout::new::<T>(), flags)?.cast::<T>()
        };
        // SAFETY: the memory is ours, and has the size and the alignment of `T`.
        unsafe { place.as_ptr().write(value) };
        Ok(KBox(place))
    }

    /// Gives the memory away; [`KBox::from_raw`] takes it back.
    pub fn into_raw(this: Self) -> *mut T {
        ManuallyDrop::new(this).0.as_ptr()
    }

    /// Makes a box again of what [`KBox::into_raw`] gave.
    ///
    /// # Safety
    ///
    /// `raw` came from [`KBox::into_raw`], and is turned into a box only once.
    pub unsafe fn from_raw(raw: *mut T) -> Self {
        // SAFETY: `into_raw` gives no null pointer.
        KBox(unsafe { NonNull::new_unchecked(raw) })
    }

    /// Takes the value out and frees the memory.
    pub fn into_inner(this: Self) -> T {
        let place = ManuallyDrop::new(this).0;
        // SAFETY: the box owned its value; it is moved out once, and the memory is not used again.
        unsafe {
            let value = place.as_ptr().read();
            free_value(place);
            value
        }
    }
}

/// Frees the memory of a value, not the value.
///
/// # Safety
///
/// `place` is a box's memory, and is not used again.
unsafe fn free_value<T>(place: NonNull<T>) {
    if size_of::<T>() != 0 {
        // SAFETY: a value that has a size was allocated.
        unsafe { free(place.cast()) };
    }
}

impl<T> Drop for KBox<T> {
    fn drop(&mut self) {
        // SAFETY: the box owns its value, and goes.
        unsafe {
            self.0.as_ptr().drop_in_place();
            free_value(self.0);
        }
    }
}

impl<T> Deref for KBox<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the box owns a value.
        unsafe { self.0.as_ref() }
    }
}

impl<T> DerefMut for KBox<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the box owns a value, and is borrowed alone.
        unsafe { self.0.as_mut() }
    }
}

impl<T: fmt::Debug> fmt::Debug for KBox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Display> fmt::Display for KBox<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
