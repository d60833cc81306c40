// SPDX-License-Identifier: GPL-2.0-only
//! A module's life: made when it is loaded, dropped when it is unloaded.

use crate::error::Result;
use crate::ffi;
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// A kernel module: the value lives from loading to unloading, and its `Drop` is the module's exit.
pub trait Module: Sized + Sync + Send {
    /// Called when the module is loaded.  An error is what `insmod` reports, and the module is gone.
    fn init(module: &'static ThisModule) -> Result<Self>;
}

/// The module that this code is part of: C's `THIS_MODULE`.
pub struct ThisModule(());

static THIS_MODULE: ThisModule = ThisModule(());

impl ThisModule {
    /// Returns the `struct module *`, for calls of C functions that ask for an owner.
    pub fn as_ptr(&self) -> *mut c_void {
        // SAFETY: returns the address of an object that lives as long as this code does.
        unsafe { ffi::ferric_this_module() }
    }
}

/// Where [`module!`](crate::module!) keeps the module's value.
#[doc(hidden)]
pub struct ModuleSlot<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: the kernel calls a module's init and exit one after the other, never at once, and nothing
// else touches the slot.
unsafe impl<T> Sync for ModuleSlot<T> {}

impl<T: Module> ModuleSlot<T> {
    /// Makes a slot with no module in it.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        ModuleSlot(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Makes the module's value; gives 0, or a negative error number and the slot stays empty.
    ///
    /// # Safety
    ///
    /// The slot is empty, and no other call on it is under way.
    pub unsafe fn init(&'static self) -> i32 {
        match T::init(&THIS_MODULE) {
            Ok(module) => {
                // SAFETY: the caller promises that nobody else uses the slot.
                unsafe { (*self.0.get()).write(module) };
                0
            }
            Err(error) => error.to_errno(),
        }
    }

    /// Drops the module's value.
    ///
    /// # Safety
    ///
    /// [`ModuleSlot::init`] gave 0, this is the only call after it, and none is under way.
    pub unsafe fn exit(&'static self) {
        // SAFETY: the caller promises that the value is there and nobody else uses it.
        unsafe { (*self.0.get()).assume_init_drop() };
    }
}

/// Declares the crate's kernel module: `module! { type: MyModule }`.
///
/// License, authors, description, alias and parameters stand in `Cargo.toml` under
/// `[package.metadata.kernel-module]`.  The parameters come back as constants in a module of this
/// name: `module_parameters::count.value()`.
#[macro_export]
macro_rules! module {
    (type: $type:ty $(,)?) => {
        #[allow(dead_code, non_upper_case_globals, unused_unsafe)]
        mod module_parameters {
            include!(env!("FERRIC_MODULE_PARAMETERS"));
        }

        const _: () = {
            static MODULE: $crate::ModuleSlot<$type> = $crate::ModuleSlot::new();

            #[no_mangle]
            pub extern "C" fn ferric_module_init() -> i32 {
                // SAFETY: called once by the kernel, when the module is loaded.
                unsafe { MODULE.init() }
            }

            #[no_mangle]
            pub extern "C" fn ferric_module_exit() {
                // SAFETY: called once by the kernel, after an init that succeeded.
                unsafe { MODULE.exit() }
            }
        };
    };
}
