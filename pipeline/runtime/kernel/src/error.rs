// SPDX-License-Identifier: GPL-2.0-only
//! Kernel errors.
//!
//! The numbers of errors differ between architectures: `EAGAIN` is 35 on alpha, `ENOSYS` is 251 on
//! parisc.  An [`Error`] made here holds the number of `include/uapi/asm-generic/errno.h`, and C
//! turns it into the architecture's own where it crosses the border.

use crate::ffi;
use core::fmt;
use core::num::NonZeroI32;

/// A kernel error.
///
/// Positive: a number of `asm-generic/errno.h` that [`code`] has a name for.  Negative: a number of
/// this architecture, as C gave it, that [`code`] has no name for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(NonZeroI32);

/// What most functions here give back.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

macro_rules! declare_errors {
    ($($name:ident = $number:literal, $doc:literal;)*) => {
        /// The errors by the names that C has for them.
        pub mod code {
            use super::Error;
            use core::num::NonZeroI32;

            $(
                #[doc = $doc]
                pub const $name: Error = Error(match NonZeroI32::new($number) {
                    Some(number) => number,
                    None => unreachable!(),
                });
            )*
        }

        /// Returns the name of an error that has one.
        fn name_of(generic: i32) -> Option<&'static str> {
            match generic {
                $($number => Some(stringify!($name)),)*
                _ => None,
            }
        }
    };
}

declare_errors! {
    EPERM = 1, "Operation not permitted.";
    ENOENT = 2, "No such file or directory.";
    ESRCH = 3, "No such process.";
    EINTR = 4, "Interrupted system call.";
    EIO = 5, "I/O error.";
    ENXIO = 6, "No such device or address.";
    E2BIG = 7, "Argument list too long.";
    ENOEXEC = 8, "Exec format error.";
    EBADF = 9, "Bad file number.";
    ECHILD = 10, "No child processes.";
    EAGAIN = 11, "Try again.";
    ENOMEM = 12, "Out of memory.";
    EACCES = 13, "Permission denied.";
    EFAULT = 14, "Bad address.";
    ENOTBLK = 15, "Block device required.";
    EBUSY = 16, "Device or resource busy.";
    EEXIST = 17, "File exists.";
    EXDEV = 18, "Cross-device link.";
    ENODEV = 19, "No such device.";
    ENOTDIR = 20, "Not a directory.";
    EISDIR = 21, "Is a directory.";
    EINVAL = 22, "Invalid argument.";
    ENFILE = 23, "File table overflow.";
    EMFILE = 24, "Too many open files.";
    ENOTTY = 25, "Not a typewriter.";
    ETXTBSY = 26, "Text file busy.";
    EFBIG = 27, "File too large.";
    ENOSPC = 28, "No space left on device.";
    ESPIPE = 29, "Illegal seek.";
    EROFS = 30, "Read-only file system.";
    EMLINK = 31, "Too many links.";
    EPIPE = 32, "Broken pipe.";
    EDOM = 33, "Argument out of domain.";
    ERANGE = 34, "Result not representable.";
    EDEADLK = 35, "Resource deadlock would occur.";
    ENAMETOOLONG = 36, "File name too long.";
    ENOSYS = 38, "No such function.";
    ENOTEMPTY = 39, "Directory not empty.";
    ELOOP = 40, "Too many symbolic links.";
    ENODATA = 61, "No data available.";
    ETIME = 62, "Timer expired.";
    EPROTO = 71, "Protocol error.";
    EBADMSG = 74, "Not a data message.";
    EOVERFLOW = 75, "Value too large for its type.";
    EILSEQ = 84, "Illegal byte sequence.";
    EMSGSIZE = 90, "Message too long.";
    EOPNOTSUPP = 95, "Operation not supported.";
    EADDRINUSE = 98, "Address already in use.";
    ENOBUFS = 105, "No buffer space available.";
    ETIMEDOUT = 110, "Timed out.";
    EALREADY = 114, "Operation already in progress.";
    EINPROGRESS = 115, "Operation now in progress.";
    ESTALE = 116, "Stale file handle.";
    ECANCELED = 125, "Operation cancelled.";
    ERESTARTSYS = 512, "Restart the system call.";
    ENOIOCTLCMD = 515, "No such ioctl command.";
    EPROBE_DEFER = 517, "Probe again later.";
    ENOTSUPP = 524, "Operation is not supported.";
}

impl Error {
    /// Makes an error of what a C function gave back: a negative error number.
    ///
    /// A number that is not one (0, positive, below -4095) becomes `EINVAL`.
    pub fn from_errno(errno: i32) -> Error {
        if !(-4095..0).contains(&errno) {
            return code::EINVAL;
        }
        // SAFETY: a pure function of its argument.
        let generic = unsafe { ffi::ferric_errno_to_generic(-errno) };
        let number = if generic > 0 { generic } else { errno };
        match NonZeroI32::new(number) {
            Some(number) => Error(number),
            None => code::EINVAL,
        }
    }

    /// Returns the negative error number that C understands.
    pub fn to_errno(self) -> i32 {
        let number = self.0.get();
        if number < 0 {
            return number;
        }
        // SAFETY: a pure function of its argument.
        -unsafe { ffi::ferric_errno_from_generic(number) }
    }

    /// Returns the error's name, such as `"ENOMEM"`, where it has one.
    pub fn name(self) -> Option<&'static str> {
        name_of(self.0.get())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => f.debug_tuple("Error").field(&self.to_errno()).finish(),
        }
    }
}

/// Turns what a C function gave back into a result: negative is an error.
pub fn to_result(status: i32) -> Result {
    if status < 0 {
        Err(Error::from_errno(status))
    } else {
        Ok(())
    }
}

impl From<core::num::TryFromIntError> for Error {
    fn from(_: core::num::TryFromIntError) -> Error {
        code::EINVAL
    }
}

impl From<core::str::Utf8Error> for Error {
    fn from(_: core::str::Utf8Error) -> Error {
        code::EINVAL
    }
}

impl From<core::alloc::LayoutError> for Error {
    fn from(_: core::alloc::LayoutError) -> Error {
        code::ENOMEM
    }
}

impl From<fmt::Error> for Error {
    fn from(_: fmt::Error) -> Error {
        code::EINVAL
    }
}

impl From<core::convert::Infallible> for Error {
    fn from(never: core::convert::Infallible) -> Error {
        match never {}
    }
}
