// SPDX-License-Identifier: GPL-2.0-only
//! Memory from `kmalloc`: every allocation can fail, and says so.

mod kbox;
mod kvec;

pub use kbox::KBox;
pub use kvec::KVec;

use crate::error::{code, Error};
use crate::ffi;
use core::alloc::Layout;
use core::ffi::c_void;
use core::ptr::NonNull;

/// There was no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllocError;

impl From<AllocError> for Error {
    fn from(_: AllocError) -> Error {
        code::ENOMEM
    }
}

/// How an allocation may be made: one of [`flags`], and what is added to it by `|`.
///
/// The kernel's own bits differ between versions and configurations, so these are not they: C turns
/// them into a `gfp_t`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    /// Returns the bits as C takes them.
    pub(crate) fn bits(self) -> u32 {
        self.0
    }
}

impl core::ops::BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// The flags by the names that C has for them; their bits are those of `enum ferric_gfp`.
pub mod flags {
    use super::Flags;

    /// The usual way: may sleep.
    pub const GFP_KERNEL: Flags = Flags(1);
    /// For where sleeping is forbidden: under a spinlock, in an interrupt.
    pub const GFP_ATOMIC: Flags = Flags(2);
    /// Must not sleep, and leaves the reserves alone.
    pub const GFP_NOWAIT: Flags = Flags(4);
    /// No complaint in the log where there is no memory.
    pub const __GFP_NOWARN: Flags = Flags(8);
    /// The memory is all zeros.
    pub const __GFP_ZERO: Flags = Flags(16);
}

/// Allocates memory for `layout`, whose size is not 0.
pub(crate) fn allocate(layout: Layout, flags: Flags) -> Result<NonNull<u8>, AllocError> {
    // SAFETY: any size and alignment may be asked for.
    let place = unsafe { ffi::ferric_kmalloc(layout.size(), layout.align(), flags.bits()) };
    NonNull::new(place.cast()).ok_or(AllocError)
}

/// Makes `old` larger or smaller, moved if need be; where that fails, `old` is as it was.
///
/// # Safety
///
/// `old` came from [`allocate`] or from here with the alignment of `layout`; it is not used again
/// after success.  The size of `layout` is not 0.
pub(crate) unsafe fn reallocate(
    old: NonNull<u8>,
    layout: Layout,
    flags: Flags,
) -> Result<NonNull<u8>, AllocError> {
    // SAFETY: the caller promises that `old` is an allocation with this alignment.
    let place = unsafe {
        ffi::ferric_krealloc(
            old.as_ptr().cast(),
            layout.size(),
            layout.align(),
            flags.bits(),
        )
    };
    NonNull::new(place.cast()).ok_or(AllocError)
}

/// Frees what [`allocate`] or [`reallocate`] gave.
///
/// # Safety
///
/// `place` came from one of the two and is not used again.
pub(crate) unsafe fn free(place: NonNull<u8>) {
    // SAFETY: the caller promises that `place` is an allocation.
    unsafe { ffi::ferric_kfree(place.as_ptr().cast::<c_void>()) };
}
