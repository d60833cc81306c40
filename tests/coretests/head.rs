// SPDX-License-Identifier: GPL-2.0-only
// What stands before the modules of coretests: what they take from std, without std; where that
// cannot be, a test that reaches it ends with a line that says what it wanted.
#[macro_use]
extern crate alloc as alloc_crate;
#[allow(unused_macros)]
macro_rules! print { ($($t:tt)*) => {{ let _ = format_args!($($t)*); }} }
#[allow(unused_macros)]
macro_rules! println { ($($t:tt)*) => {{ let _ = format_args!($($t)*); }} }
#[allow(unused_macros)]
macro_rules! eprintln { ($($t:tt)*) => {{ let _ = format_args!($($t)*); }} }
// There is one thread.
#[allow(unused_macros)]
macro_rules! thread_local {
    (static $name:ident: $t:ty = $init:expr;) => {
        static $name: $crate::facade::thread::LocalKey<$t> =
            $crate::facade::thread::LocalKey::new(|| $init);
    };
}

pub mod facade {
    pub use core::*;
    pub use alloc_crate::{borrow, boxed, fmt, format, rc, slice, str, string, vec};
    pub mod alloc { pub use alloc_crate::alloc::*; }
    pub mod task { pub use alloc_crate::task::*; pub use core::task::*; }
    pub mod ffi { pub use alloc_crate::ffi::*; pub use core::ffi::*; }
    pub mod sync {
        pub use alloc_crate::sync::*;
        pub use core::sync::*;
        // Its traits are asked for, and nothing is locked.
        pub struct MutexGuard<'a, T>(#[allow(dead_code)] &'a T);
    }
    pub mod collections {
        pub use alloc_crate::collections::*;
        // A set is a set: only whether two are equal is asked.
        pub type HashSet<T> = alloc_crate::collections::BTreeSet<T>;
    }
    pub mod hash {
        pub use core::hash::*;
        pub struct DefaultHasher;
        pub struct RandomState;
        impl RandomState {
            pub fn new() -> Self { RandomState }
        }
        impl BuildHasher for RandomState {
            type Hasher = DefaultHasher;
            fn build_hasher(&self) -> DefaultHasher { crate::wanted("std's RandomState") }
        }
        impl Hasher for DefaultHasher {
            fn finish(&self) -> u64 { crate::wanted("std's DefaultHasher") }
            fn write(&mut self, _bytes: &[u8]) { crate::wanted("std's DefaultHasher") }
        }
    }
    pub mod panic {
        pub use core::panic::*;
        use alloc_crate::boxed::Box;
        use core::sync::atomic::{AtomicU8, Ordering};
        pub type Payload = Box<dyn core::any::Any + Send + 'static>;
        pub static CATCHES: AtomicU8 = AtomicU8::new(0);
        // What does not panic needs no catching; what does ends the test, and says why.
        pub fn catch_unwind<F: FnOnce() -> R + UnwindSafe, R>(f: F) -> Result<R, Payload> {
            CATCHES.store(1, Ordering::Relaxed);
            let result = f();
            CATCHES.store(0, Ordering::Relaxed);
            Ok(result)
        }
        pub type Hook = Box<dyn Fn(&PanicInfo<'_>)>;
        pub fn set_hook(_hook: Hook) {}
        pub fn take_hook() -> Hook { Box::new(|_| {}) }
        pub fn resume_unwind(_payload: Payload) -> ! { crate::wanted("to catch a panic") }
    }
    pub mod thread {
        pub type Result<T> = core::result::Result<T, super::panic::Payload>;
        pub struct Thread;
        impl Thread {
            pub fn unpark(&self) { crate::wanted("threads") }
        }
        pub fn current() -> Thread { Thread }
        pub fn park() { crate::wanted("threads") }
        pub struct LocalKey<T: 'static>(core::cell::OnceCell<T>, fn() -> T);
        unsafe impl<T> Sync for LocalKey<T> {}
        impl<T> LocalKey<T> {
            pub const fn new(init: fn() -> T) -> Self { LocalKey(core::cell::OnceCell::new(), init) }
            pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R { f(self.0.get_or_init(self.1)) }
        }
    }
    pub mod prelude { pub mod v1 {
        pub use crate::StdFloat;
        pub use core::prelude::rust_2024::*;
        pub use alloc_crate::{borrow::ToOwned, boxed::Box, string::{String, ToString}, vec::Vec};
    } }
}
// What needs a library of mathematics, which no kernel has.
macro_rules! float_methods { ($($name:ident($($of:ty),*) -> $to:ty;)*) => {
    pub trait StdFloat: Sized {
        $(fn $name(self $(, _: $of)*) -> $to { crate::wanted("std's mathematics") })*
    }
} }
float_methods! {
    abs_sub(Self) -> Self; acos() -> Self; acosh() -> Self; asin() -> Self; asinh() -> Self;
    atan() -> Self; atan2(Self) -> Self; atanh() -> Self; cbrt() -> Self; cos() -> Self;
    cosh() -> Self; div_euclid(Self) -> Self; erf() -> Self; erfc() -> Self; exp() -> Self;
    exp2() -> Self; exp_m1() -> Self; gamma() -> Self; hypot(Self) -> Self; ln() -> Self;
    ln_1p() -> Self; ln_gamma() -> (Self, i32); log(Self) -> Self; log10() -> Self;
    log2() -> Self; powf(Self) -> Self; powi(i32) -> Self; rem_euclid(Self) -> Self;
    sin() -> Self; sin_cos() -> (Self, Self); sinh() -> Self; sqrt() -> Self; tan() -> Self;
    tanh() -> Self; floor() -> Self; ceil() -> Self; round() -> Self; trunc() -> Self;
    round_ties_even() -> Self; fract() -> Self; mul_add(Self, Self) -> Self;
}
impl StdFloat for f16 {}
impl StdFloat for f32 {}
impl StdFloat for f64 {}
impl StdFloat for f128 {}
#[prelude_import]
#[allow(unused_imports)]
use facade::prelude::v1::*;

// The crates rand and rand_xorshift are not in the library's source.
pub mod rand {
    pub struct XorShift(u64);
    pub trait Rng {
        fn next(&mut self) -> u64;
        fn random<T: Random>(&mut self) -> T { T::random(self.next()) }
    }
    impl Rng for XorShift {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }
    }
    pub trait Random { fn random(bits: u64) -> Self; }
    impl Random for i32 { fn random(bits: u64) -> i32 { (bits >> 32) as i32 } }
    pub mod seq {
        pub trait IndexedRandom<T> { fn choose(&self, rng: &mut impl super::Rng) -> Option<&T>; }
        impl<T> IndexedRandom<T> for [T] {
            fn choose(&self, rng: &mut impl super::Rng) -> Option<&T> {
                if self.is_empty() { return None; }
                self.get((rng.next() % self.len() as u64) as usize)
            }
        }
    }
    pub mod distr {
        pub struct Uniform<T>(T, T);
        impl<T> Uniform<T> {
            pub fn new(low: T, high: T) -> Result<Self, core::fmt::Error> { Ok(Uniform(low, high)) }
        }
        pub trait Distribution<T> { fn sample(&self, rng: &mut impl super::Rng) -> T; }
        macro_rules! sample { ($($t:ty)*) => {$(
            impl Distribution<$t> for Uniform<$t> {
                fn sample(&self, rng: &mut impl super::Rng) -> $t {
                    self.0 + (rng.next() % (self.1 - self.0) as u64) as $t
                }
            }
        )*} }
        sample!(u16 u32 u64);
    }
    pub fn start() -> XorShift { XorShift(0x9e37_79b9_7f4a_7c15) }
}
#[allow(dead_code)]
pub(crate) fn test_rng() -> rand::XorShift { rand::start() }

unsafe extern "C" {
    fn selftest_write(text: *const u8, len: usize);
    fn selftest_abort() -> !;
}
pub struct Out;
impl core::fmt::Write for Out {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        unsafe { selftest_write(text.as_ptr(), text.len()) };
        Ok(())
    }
}
fn say(text: core::fmt::Arguments<'_>) {
    let _ = core::fmt::Write::write_fmt(&mut Out, text);
}
pub fn wanted(what: &str) -> ! {
    say(format_args!("\nwants {}\n", what));
    unsafe { selftest_abort() }
}
#[panic_handler]
fn panicked(info: &core::panic::PanicInfo<'_>) -> ! {
    if facade::panic::CATCHES.load(core::sync::atomic::Ordering::Relaxed) == 1 {
        wanted("to catch a panic");
    }
    say(format_args!("\npanic: {}\n", info.message()));
    unsafe { selftest_abort() }
}

const WORDS: usize = 1 << 21;
pub struct Heap(core::cell::UnsafeCell<[u64; WORDS]>, core::cell::Cell<usize>);
unsafe impl Sync for Heap {}
#[global_allocator]
static HEAP: Heap = Heap(core::cell::UnsafeCell::new([0; WORDS]), core::cell::Cell::new(0));
unsafe impl core::alloc::GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: core::alloc::Layout) -> *mut u8 {
        let base = self.0.get() as usize;
        let start = (base + self.1.get() + layout.align() - 1) & !(layout.align() - 1);
        if layout.size() > 8 * WORDS || start + layout.size() > base + 8 * WORDS {
            return core::ptr::null_mut();
        }
        self.1.set(start + layout.size() - base);
        start as *mut u8
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: core::alloc::Layout) {
        // Only the last block comes back: that is enough for what grows in a loop.
        let at = pointer as usize - self.0.get() as usize;
        if at + layout.size() == self.1.get() {
            self.1.set(at);
        }
    }
}

// The tests of decimal numbers call it, and the reference has it from its C library.
#[cfg(not(target_arch = "x86_64"))]
#[unsafe(no_mangle)]
extern "C" fn ldexp(x: f64, n: i32) -> f64 {
    let sign = x.to_bits() & (1 << 63);
    let (mut exponent, mut mantissa) = ((x.to_bits() >> 52 & 0x7ff) as i64, x.to_bits() << 12 >> 12);
    if exponent == 0x7ff || x.to_bits() << 1 == 0 {
        return x;
    }
    if exponent == 0 {
        let up = mantissa.leading_zeros() as i64 - 11;
        (exponent, mantissa) = (1 - up, mantissa << up);
    }
    mantissa |= 1 << 52;
    exponent += n as i64;
    if exponent >= 0x7ff {
        return f64::from_bits(sign | 0x7ff << 52);
    }
    if exponent >= 1 {
        return f64::from_bits(sign | (exponent as u64) << 52 | mantissa << 12 >> 12);
    }
    // To the nearest subnormal, of two as near to the even one.
    let down = (1 - exponent).min(54) as u32;
    let (whole, half) = (mantissa >> down, 1 << (down - 1));
    let rest = mantissa & (1 << down) - 1;
    f64::from_bits(sign | whole + (rest > half || rest == half && whole & 1 == 1) as u64)
}

// What a test may return.
pub trait Ended { fn ended(self); }
impl Ended for () { fn ended(self) {} }
impl<T: Ended, E: core::fmt::Debug> Ended for Result<T, E> {
    fn ended(self) { self.unwrap().ended() }
}
// The number of the first test to run, most significant byte first; as built there is none.
static FIRST: [u8; 31] = *b"the-first-coretest-that-runs:\xff\xff";
#[unsafe(no_mangle)]
pub extern "C" fn run() -> i32 {
    let byte = |at: usize| unsafe { core::ptr::read_volatile(&FIRST[at]) } as u16;
    let first = byte(29) << 8 | byte(30);
    let mut number = first;
    // Some at a time: what they say is written down before the next ones begin.
    while number < TESTS && number - first < 16 {
        say(format_args!("\nbegins {}\n", number));
        one_test(number);
        say(format_args!("\nended {}\n", number));
        number += 1;
        if HEAP.1.get() > 4 * WORDS {
            break;
        }
    }
    0
}
