// SPDX-License-Identifier: GPL-2.0-only
//! Memory: cells, uninitialised storage, raw pointers, unions, layouts that C shares, statics.

use crate::tester::Tester;
use crate::Test;
use core::cell::{Cell, OnceCell, RefCell};
use core::mem::{self, align_of, size_of, MaybeUninit};
use core::ptr::{self, NonNull};

pub const TESTS: &[Test] = &[
    ("memory_cells", memory_cells),
    ("memory_uninitialised", memory_uninitialised),
    ("memory_pointers", memory_pointers),
    ("memory_layout", memory_layout),
    ("memory_unions", memory_unions),
    ("memory_statics", memory_statics),
    ("memory_atomics", memory_atomics),
];

fn memory_cells(t: &mut Tester<'_>) {
    let cell = Cell::new(5_u32);
    let (a, b) = (&cell, &cell);
    a.set(b.get() + 1);
    t.same(b.replace(9), 6);
    t.same(a.take(), 9);
    let shared = RefCell::new([1_u8, 2, 3]);
    {
        let first = shared.borrow();
        t.same(shared.try_borrow_mut().is_err(), true);
        t.same(first.len(), 3);
    }
    shared.borrow_mut()[1] = 20;
    {
        let _writer = shared.borrow_mut();
        t.same(shared.try_borrow().is_err(), true);
    }
    t.same(shared.into_inner(), [1, 20, 3]);
    let once = OnceCell::new();
    t.same(once.get().is_none(), true);
    t.same(*once.get_or_init(|| 7_u8), 7);
    t.same(once.set(8), Err(8));
}

fn memory_uninitialised(t: &mut Tester<'_>) {
    let mut storage = [const { MaybeUninit::<u64>::uninit() }; 6];
    for (index, slot) in storage.iter_mut().enumerate() {
        slot.write(t.random() >> index);
    }
    // SAFETY: every element was written.
    let numbers = storage.map(|slot| unsafe { slot.assume_init() });
    t.see(&numbers);
    let mut words = ["a", "b"];
    let (left, right) = words.split_at_mut(1);
    mem::swap(&mut left[0], &mut right[0]);
    t.same(mem::replace(&mut words[0], "c"), "b");
    t.same(words, ["c", "a"]);
    t.same(mem::take(&mut words[1]), "a");
}

fn memory_pointers(t: &mut Tester<'_>) {
    let mut numbers: [u16; 8] = core::array::from_fn(|i| i as u16 * 3);
    let start = numbers.as_mut_ptr();
    // SAFETY: all places are inside the array, and no reference to it is in use.
    unsafe {
        *start.add(2) += 100;
        ptr::copy(start.add(2), start.add(4), 3);
        ptr::swap(start, start.add(7));
        t.same(start.add(5).offset_from(start), 5);
        t.see(&core::slice::from_raw_parts(start.add(1), 6));
        t.same(
            ptr::read_unaligned(start.cast::<u8>().add(2).cast::<u16>()),
            3,
        );
        start.add(3).write_volatile(77);
    }
    t.same(numbers[3], 77);
    let mut value = 1_u32;
    let pointer = NonNull::from(&mut value);
    // SAFETY: `value` lives, and nothing else uses it meanwhile.
    unsafe { *pointer.as_ptr() += 1 };
    t.same((value, ptr::null::<u8>().is_null()), (2, true));
    // SAFETY: both have the same size, and any bits are numbers.
    t.same(
        unsafe { mem::transmute::<[u16; 2], [u8; 4]>([0x0102_u16.to_be(); 2]) },
        [1, 2, 1, 2],
    );
    // SAFETY: these bytes are ASCII.
    t.same(unsafe { core::str::from_utf8_unchecked(b"ascii") }, "ascii");
    t.same(ptr::eq(&numbers[0], numbers.as_ptr()), true);
}

/// A header as it stands on a wire: no padding.
#[repr(C, packed)]
#[derive(Clone, Copy)]
struct Header {
    kind: u8,
    length: u32,
    check: u16,
}

#[repr(C)]
struct Padded {
    kind: u8,
    length: u16,
    rest: [u8; 3],
}

#[repr(align(16))]
struct Aligned(u8);

#[repr(transparent)]
struct Id(u16);

fn memory_layout(t: &mut Tester<'_>) {
    t.same((size_of::<Header>(), align_of::<Header>()), (7, 1));
    t.same((size_of::<Padded>(), mem::offset_of!(Padded, rest)), (8, 4));
    t.same((size_of::<Aligned>(), align_of::<Aligned>()), (16, 16));
    t.same(
        (size_of::<Id>(), size_of::<[Id; 3]>(), size_of::<()>()),
        (2, 6, 0),
    );
    t.same(
        (size_of::<u64>(), size_of::<u128>(), size_of::<char>()),
        (8, 16, 4),
    );
    t.same(size_of::<&[u8]>() == 2 * size_of::<usize>(), true);
    let header = Header {
        kind: 9,
        length: 0x0a0b_0c0d_u32.to_be(),
        check: 0x0102_u16.to_be(),
    };
    // SAFETY: `Header` is packed: seven bytes, all of them set.
    let bytes = unsafe { mem::transmute::<Header, [u8; 7]>(header) };
    t.same(bytes, [9, 0x0a, 0x0b, 0x0c, 0x0d, 1, 2]);
    let length = header.length;
    t.same(u32::from_be(length), 0x0a0b_0c0d);
    let places = [Aligned(1), Aligned(2)];
    t.same(
        places
            .iter()
            .all(|place| ptr::from_ref(place).addr() % 16 == 0),
        true,
    );
    t.same(u32::from(places[1].0) + u32::from(Id(4).0), 6);
    let padded = Padded {
        kind: 1,
        length: 2,
        rest: [3; 3],
    };
    t.same(
        u16::from(padded.kind) + padded.length + u16::from(padded.rest[2]),
        6,
    );
}

#[repr(C)]
union Word {
    number: u32,
    bytes: [u8; 4],
    halves: [u16; 2],
}

fn memory_unions(t: &mut Tester<'_>) {
    let mut word = Word {
        number: 0x1122_3344_u32.to_be(),
    };
    // SAFETY: every field is made of plain numbers, and all bytes are set.
    unsafe {
        t.same(word.bytes, [0x11, 0x22, 0x33, 0x44]);
        word.bytes[2] = 0xff;
        t.same(u32::from_be(word.number), 0x1122_ff44);
        t.same(word.halves.map(u16::from_be), [0x1122, 0xff44]);
    }
}

static TABLE: [u32; 16] = table();
static WORDS: [&str; 3] = ["zero", "one", "two"];
static PAIRS: &[(u8, i64)] = &[(1, -1), (2, i64::MAX), (3, 0x0123_4567_89ab_cdef)];
static NESTED: Option<(u16, [Option<u8>; 3])> = Some((0x1234, [Some(5), None, Some(0)]));
const MASKS: [u64; 4] = [1 << 63, 1 << 32, !0, 0xff00];

/// Makes a table at compile time: the first of each byte of a CRC-32, by nibbles.
const fn table() -> [u32; 16] {
    let mut table = [0; 16];
    let mut index = 0;
    while index < 16 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 4 {
            value = if value & 1 == 1 {
                value >> 1 ^ 0xedb8_8320
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

fn memory_statics(t: &mut Tester<'_>) {
    t.see(&TABLE);
    let crc = b"123456789".iter().fold(!0_u32, |crc, byte| {
        let crc = crc ^ u32::from(*byte);
        let crc = TABLE[(crc & 15) as usize] ^ (crc >> 4);
        TABLE[(crc & 15) as usize] ^ (crc >> 4)
    });
    t.same(!crc, 0xcbf4_3926);
    t.see(&WORDS);
    t.see(PAIRS);
    t.see(&NESTED);
    t.see(&MASKS);
    t.same(WORDS[1].len() + PAIRS.len(), 6);
}

#[cfg(target_has_atomic = "32")]
fn memory_atomics(t: &mut Tester<'_>) {
    use core::sync::atomic::{fence, AtomicBool, AtomicU32, AtomicUsize, Ordering};
    static COUNTER: AtomicU32 = AtomicU32::new(40);
    COUNTER.store(40, Ordering::Release);
    t.same(COUNTER.fetch_add(2, Ordering::SeqCst), 40);
    t.same(COUNTER.fetch_xor(0xff, Ordering::Relaxed), 42);
    let exchanged = COUNTER.compare_exchange(213, 7, Ordering::AcqRel, Ordering::Acquire);
    t.same(exchanged, Ok(213));
    let refused = COUNTER.compare_exchange(213, 8, Ordering::SeqCst, Ordering::SeqCst);
    t.same(refused, Err(7));
    t.same(
        COUNTER.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(7)),
        Ok(7),
    );
    t.same(COUNTER.fetch_max(90, Ordering::SeqCst), 0);
    let flag = AtomicBool::new(false);
    t.same(
        (
            flag.swap(true, Ordering::SeqCst),
            flag.load(Ordering::Relaxed),
        ),
        (false, true),
    );
    let size = AtomicUsize::new(1);
    size.fetch_sub(1, Ordering::SeqCst);
    fence(Ordering::SeqCst);
    t.same(
        (size.into_inner(), COUNTER.load(Ordering::Acquire)),
        (0, 90),
    );
}

#[cfg(not(target_has_atomic = "32"))]
fn memory_atomics(t: &mut Tester<'_>) {
    t.skip("no compare-and-swap");
}
