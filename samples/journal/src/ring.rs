// SPDX-License-Identifier: GPL-2.0-only
//! A buffer that keeps the newest values.

use kernel::alloc::{AllocError, Flags, KVec};

/// At most `limit` values; a new one takes the place of the oldest.
pub struct Ring<T> {
    values: KVec<T>,
    limit: usize,
    oldest: usize,
}

impl<T> Ring<T> {
    /// Makes an empty ring for `limit` values; all its memory is allocated here.
    pub fn new(limit: usize, flags: Flags) -> Result<Self, AllocError> {
        Ok(Ring {
            values: KVec::with_capacity(limit, flags)?,
            limit,
            oldest: 0,
        })
    }

    /// Returns how many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Adds a value, and returns the one that had to go.
    pub fn push(&mut self, value: T) -> Option<T> {
        if self.values.len() < self.limit {
            self.values.push_within_capacity(value).err()
        } else {
            let place = self.values.get_mut(self.oldest)?;
            self.oldest = (self.oldest + 1) % self.limit;
            Some(core::mem::replace(place, value))
        }
    }

    /// Goes over the values from the oldest to the newest.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let (newer, older) = self.values.split_at(self.oldest);
        older.iter().chain(newer)
    }
}
