// SPDX-License-Identifier: GPL-2.0-only
//! What a test is given: a digest to feed, comparisons, and numbers to work on.

use core::fmt;

/// A value that a digest can take: as bytes that are the same on every architecture.
pub trait Seen {
    /// Feeds the value into the digest.
    fn feed(&self, digest: &mut Digest);
}

/// FNV-1a with 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>).
pub struct Digest(u64);

impl Digest {
    /// Feeds bytes in.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// One test under way.
pub struct Tester<'a> {
    name: &'static str,
    log: &'a mut dyn FnMut(fmt::Arguments<'_>),
    digest: Digest,
    failures: u32,
    seed: u64,
    skipped: Option<&'static str>,
}

/// How a test ended.
pub enum Outcome {
    /// All comparisons held; the digest.
    Passed(u64),
    /// Some did not; the digest.
    Failed(u64),
    /// The target has not what the test is about.
    Skipped(&'static str),
}

impl<'a> Tester<'a> {
    /// Starts the test `name`, which complains to `log`.
    pub fn new(name: &'static str, log: &'a mut dyn FnMut(fmt::Arguments<'_>)) -> Self {
        let mut tester = Tester {
            name,
            log,
            digest: Digest(0xcbf2_9ce4_8422_2325),
            failures: 0,
            seed: 0,
            skipped: None,
        };
        tester.see(name);
        tester.seed = tester.digest.0;
        tester
    }

    /// Feeds a value into the digest.
    pub fn see<T: Seen + ?Sized>(&mut self, value: &T) {
        value.feed(&mut self.digest);
    }

    /// Feeds a value into the digest that must equal another.
    pub fn same<T: Seen + PartialEq + fmt::Debug>(&mut self, actual: T, expected: T) {
        self.see(&actual);
        if actual != expected {
            self.failures += 1;
            (self.log)(format_args!(
                "# {}: {:?} is not {:?}",
                self.name, actual, expected
            ));
        }
    }

    /// Gives the next number of a sequence that no compiler foresees.
    ///
    /// The generator is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
    /// generators, 2014).
    pub fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Gives an array of such numbers, each below `limit`.
    pub fn randoms<const N: usize>(&mut self, limit: u32) -> [u32; N] {
        let mut numbers = [0; N];
        for number in numbers.iter_mut() {
            *number = (self.random() % u64::from(limit)) as u32;
        }
        numbers
    }

    /// Says that the test cannot be done on this target, and why.
    #[allow(dead_code)] // only some targets have something to skip
    pub fn skip(&mut self, reason: &'static str) {
        self.skipped = Some(reason);
    }

    /// Ends the test.
    pub fn finish(self) -> Outcome {
        match self.skipped {
            Some(reason) => Outcome::Skipped(reason),
            None if self.failures == 0 => Outcome::Passed(self.digest.0),
            None => Outcome::Failed(self.digest.0),
        }
    }
}

macro_rules! seen_integers {
    ($($type:ty)*) => {$(
        impl Seen for $type {
            fn feed(&self, digest: &mut Digest) {
                digest.bytes(&self.to_be_bytes());
            }
        }
    )*};
}

seen_integers!(i8 u8 i16 u16 i32 u32 i64 u64);

impl Seen for u128 {
    fn feed(&self, digest: &mut Digest) {
        ((*self >> 64) as u64).feed(digest);
        (*self as u64).feed(digest);
    }
}

impl Seen for i128 {
    fn feed(&self, digest: &mut Digest) {
        (*self as u128).feed(digest);
    }
}

impl Seen for usize {
    fn feed(&self, digest: &mut Digest) {
        (*self as u64).feed(digest);
    }
}

impl Seen for isize {
    fn feed(&self, digest: &mut Digest) {
        (*self as i64).feed(digest);
    }
}

impl Seen for bool {
    fn feed(&self, digest: &mut Digest) {
        digest.bytes(&[u8::from(*self)]);
    }
}

impl Seen for char {
    fn feed(&self, digest: &mut Digest) {
        u32::from(*self).feed(digest);
    }
}

impl Seen for () {
    fn feed(&self, _: &mut Digest) {}
}

impl Seen for str {
    fn feed(&self, digest: &mut Digest) {
        self.len().feed(digest);
        digest.bytes(self.as_bytes());
    }
}

impl<T: Seen> Seen for [T] {
    fn feed(&self, digest: &mut Digest) {
        self.len().feed(digest);
        for value in self {
            value.feed(digest);
        }
    }
}

impl<T: Seen, const N: usize> Seen for [T; N] {
    fn feed(&self, digest: &mut Digest) {
        self.as_slice().feed(digest);
    }
}

impl<T: Seen + ?Sized> Seen for &T {
    fn feed(&self, digest: &mut Digest) {
        (**self).feed(digest);
    }
}

impl<T: Seen> Seen for Option<T> {
    fn feed(&self, digest: &mut Digest) {
        self.is_some().feed(digest);
        if let Some(value) = self {
            value.feed(digest);
        }
    }
}

impl<T: Seen, E: Seen> Seen for Result<T, E> {
    fn feed(&self, digest: &mut Digest) {
        self.is_ok().feed(digest);
        match self {
            Ok(value) => value.feed(digest),
            Err(error) => error.feed(digest),
        }
    }
}

impl<A: Seen, B: Seen> Seen for (A, B) {
    fn feed(&self, digest: &mut Digest) {
        self.0.feed(digest);
        self.1.feed(digest);
    }
}

impl<A: Seen, B: Seen, C: Seen> Seen for (A, B, C) {
    fn feed(&self, digest: &mut Digest) {
        self.0.feed(digest);
        self.1.feed(digest);
        self.2.feed(digest);
    }
}
