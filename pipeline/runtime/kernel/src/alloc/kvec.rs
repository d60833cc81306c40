// SPDX-License-Identifier: GPL-2.0-only
//! A vector on the kernel's heap.

use super::{allocate, free, reallocate, AllocError, Flags};
use core::alloc::Layout;
use core::fmt;
use core::mem::size_of;
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};

/// Values one after the other in memory that grows when asked to.
pub struct KVec<T> {
    place: NonNull<T>,
    capacity: usize,
    len: usize,
}

// SAFETY: a vector owns its values, as a plain array does.
unsafe impl<T: Send> Send for KVec<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for KVec<T> {}

impl<T> KVec<T> {
    /// Makes an empty vector; nothing is allocated.
    pub const fn new() -> Self {
        KVec {
            place: NonNull::dangling(),
            capacity: 0,
            len: 0,
        }
    }

    /// Makes an empty vector that has room for `capacity` values.
    pub fn with_capacity(capacity: usize, flags: Flags) -> Result<Self, AllocError> {
        let mut vector = KVec::new();
        vector.reserve(capacity, flags)?;
        Ok(vector)
    }

    /// Returns how many values there is room for without another allocation.
    pub fn capacity(&self) -> usize {
        if size_of::<T>() == 0 {
            usize::MAX
        } else {
            self.capacity
        }
    }

    /// Makes room for `additional` more values, and for some more where it grows at all.
    pub fn reserve(&mut self, additional: usize, flags: Flags) -> Result<(), AllocError> {
        let needed = self.len.checked_add(additional).ok_or(AllocError)?;
        if needed <= self.capacity() {
            return Ok(());
        }
        let capacity = needed.max(self.capacity.saturating_mul(2));
        let layout = Layout::array::<T>(capacity).map_err(|_| AllocError)?;
        let place = if self.capacity == 0 {
            allocate(layout, flags)?
        } else {
            // SAFETY: the memory is ours; a capacity above 0 of a type with a size was allocated.
            unsafe { reallocate(self.place.cast(), layout, flags)? }
        };
        self.place = place.cast();
        self.capacity = capacity;
        Ok(())
    }

    /// Appends a value.
    pub fn push(&mut self, value: T, flags: Flags) -> Result<(), AllocError> {
        self.reserve(1, flags)?;
        self.push_within_capacity(value).map_err(|_| AllocError)
    }

    /// Appends a value where there is room; gives it back where there is none.
    pub fn push_within_capacity(&mut self, value: T) -> Result<(), T> {
        if self.len >= self.capacity() {
            return Err(value);
        }
        // SAFETY: there is room for one more.
        unsafe { self.place.as_ptr().add(self.len).write(value) };
        self.len += 1;
        Ok(())
    }

    /// Takes the last value off.
    pub fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: the value at the old end is there, and is not part of the vector any more.
        Some(unsafe { self.place.as_ptr().add(self.len).read() })
    }

    /// Takes the value at `index` out; the ones after it move up.
    pub fn remove(&mut self, index: usize) -> Option<T> {
        if index >= self.len {
            return None;
        }
        // SAFETY: the value is there; the ones after it take its place.
        unsafe {
            let hole = self.place.as_ptr().add(index);
            let value = hole.read();
            ptr::copy(hole.add(1), hole, self.len - index - 1);
            self.len -= 1;
            Some(value)
        }
    }

    /// Drops all values from `len` on.
    pub fn truncate(&mut self, len: usize) {
        while self.len > len {
            drop(self.pop());
        }
    }

    /// Drops all values; the memory is kept.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Appends copies of all values of a slice.
    pub fn extend_from_slice(&mut self, values: &[T], flags: Flags) -> Result<(), AllocError>
    where
        T: Clone,
    {
        self.reserve(values.len(), flags)?;
        values
            .iter()
            .try_for_each(|value| self.push(value.clone(), flags))
    }

    /// Returns the values as a slice.
    pub fn as_slice(&self) -> &[T] {
        self
    }

    /// Returns the values as a slice that can be changed.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self
    }
}

impl<T> Default for KVec<T> {
    fn default() -> Self {
        KVec::new()
    }
}

impl<T> Drop for KVec<T> {
    fn drop(&mut self) {
        self.clear();
        if self.capacity > 0 {
            // SAFETY: a capacity above 0 was allocated, and the vector goes.
            unsafe { free(self.place.cast()) };
        }
    }
}

impl<T> Deref for KVec<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: the first `len` values are there.
        unsafe { core::slice::from_raw_parts(self.place.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for KVec<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: the first `len` values are there, and the vector is borrowed alone.
        unsafe { core::slice::from_raw_parts_mut(self.place.as_ptr(), self.len) }
    }
}

impl<'a, T> IntoIterator for &'a KVec<T> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for KVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
