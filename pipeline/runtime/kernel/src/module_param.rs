// SPDX-License-Identifier: GPL-2.0-only
//! Module parameters: variables of C that the kernel fills in from `insmod`'s command line.

use crate::str::BStr;
use core::ffi::{c_char, CStr};

/// A type that a module parameter can have.
pub trait ModuleParam: Sized {
    /// The type of the C variable behind it.
    type Raw: Copy;

    /// Makes a value of what is in the C variable.
    fn from_raw(raw: Self::Raw) -> Self;
}

macro_rules! integer_params {
    ($($type:ty)*) => {$(
        impl ModuleParam for $type {
            type Raw = $type;

            fn from_raw(raw: $type) -> $type {
                raw
            }
        }
    )*};
}

integer_params!(i8 u8 i16 u16 i32 u32 i64 u64 isize usize);

impl ModuleParam for bool {
    /// C's `bool`, read as a byte: what the kernel writes there is 0 or 1, but that is not ours to
    /// rely on.
    type Raw = u8;

    fn from_raw(raw: u8) -> bool {
        raw != 0
    }
}

impl ModuleParam for &'static BStr {
    /// C's `char *`, of a parameter that cannot be written to once the module is loaded.
    type Raw = *const c_char;

    fn from_raw(raw: *const c_char) -> &'static BStr {
        if raw.is_null() {
            return BStr::from_bytes(b"");
        }
        // SAFETY: the kernel's `charp` parameters end in a NUL, and live as long as the module.
        BStr::from_bytes(unsafe { CStr::from_ptr(raw) }.to_bytes())
    }
}

/// A module parameter.
pub struct Param<T: ModuleParam>(*const T::Raw);

impl<T: ModuleParam> Param<T> {
    /// Makes a parameter of the C variable at `address`.
    ///
    /// # Safety
    ///
    /// The variable must be readable as long as the module is loaded, and be of the kind that
    /// [`ModuleParam::Raw`] says.
    pub const unsafe fn new(address: *const T::Raw) -> Self {
        Param(address)
    }

    /// Returns the parameter's value.
    pub fn value(&self) -> T {
        // SAFETY: `new` promises a readable variable; it can change behind our back (a parameter may
        // be writable in sysfs), so it is read exactly once.
        T::from_raw(unsafe { core::ptr::read_volatile(self.0) })
    }
}
