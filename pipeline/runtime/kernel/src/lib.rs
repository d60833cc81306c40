// SPDX-License-Identifier: GPL-2.0-only
//! What a kernel module sees of the kernel.
//!
//! Names and shapes are those of the crate `kernel` of Rust for Linux wherever both have the same
//! thing.  Under it is a small C file, `ferric_kernel.c`, which Kbuild compiles into every module:
//! it knows the kernel's headers, and only scalars and pointers cross between the two (see [`ffi`]).

#![no_std]

mod ffi;
mod panic;

pub mod alloc;
pub mod error;
pub mod module_param;
pub mod prelude;
pub mod print;
pub mod str;
pub mod sync;

mod module;

pub use module::{Module, ModuleSlot, ThisModule};
