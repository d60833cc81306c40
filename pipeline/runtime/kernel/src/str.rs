// SPDX-License-Identifier: GPL-2.0-only
//! Strings: the kernel's are bytes, and need not be UTF-8.

use core::fmt::{self, Write};

pub use core::ffi::CStr;

/// Bytes that are mostly text.
///
/// `Display` shows printable ASCII as it is and everything else as `\xNN`; `Debug` adds quotes.
#[repr(transparent)]
pub struct BStr([u8]);

impl BStr {
    /// Sees bytes as a `BStr`.
    pub const fn from_bytes(bytes: &[u8]) -> &BStr {
        // SAFETY: `BStr` is `repr(transparent)` over `[u8]`.
        unsafe { &*(bytes as *const [u8] as *const BStr) }
    }

    /// Returns the bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the number of bytes.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there are no bytes.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for BStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in &self.0 {
            match byte {
                b' '..=b'~' => f.write_char(byte as char)?,
                _ => write!(f, "\\x{:02x}", byte)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for &byte in &self.0 {
            match byte {
                b'"' => f.write_str("\\\"")?,
                b'\\' => f.write_str("\\\\")?,
                b' '..=b'~' => f.write_char(byte as char)?,
                _ => write!(f, "\\x{:02x}", byte)?,
            }
        }
        f.write_char('"')
    }
}
