// SPDX-License-Identifier: GPL-2.0-only
// Constants of every kind whose value does not depend on byte order.
use core::fmt::Write;
use core::hint::black_box;
use core::num::{NonZeroU16, NonZeroU32};

#[inline(never)]
fn hidden<T>(value: T) -> T {
    black_box(value)
}

macro_rules! say {
    ($out:expr, $($value:expr),* $(,)?) => { $( writeln!($out, "{:?}", $value).unwrap(); )* };
}

// 1, 2: floats alone, in arrays, tuples and structures.
static SINGLE: f32 = 1.5;
static DOUBLES: [f64; 3] = [0.1, -2.5e10, f64::INFINITY];
struct Mixed {
    small: u8,
    float: f32,
    list: &'static [f32],
    maybe: Option<f64>,
    call: fn(u32) -> u32,
    text: &'static str,
}
fn twice(number: u32) -> u32 {
    number * 2
}
static MIXED: [Mixed; 2] = [
    Mixed { small: 3, float: 2.5, list: &[1.0, -0.5], maybe: Some(0.25), call: twice, text: "ab" },
    Mixed { small: 4, float: -0.0, list: &[], maybe: None, call: twice, text: "" },
];
// 3: promoted.
#[inline(never)]
fn first(numbers: &'static [f32]) -> u32 {
    numbers[0].to_bits()
}
#[inline(never)]
fn code(letter: &'static char) -> u32 {
    *letter as u32
}
// 4, 5: characters.
static LETTERS: (char, [char; 2], Option<char>, Option<char>) =
    (0x51 as char, ['é', 200_u8 as char], Some(b'z' as char), None);
const CODE: u32 = 'é' as u32 + 'a' as u32;
const FROM: char = 0x41 as char;
// 6: bits of floats.
const BITS: (u32, u64) = (1.5_f32.to_bits(), (-0.1_f64).to_bits());
const BACK: (f32, f64) = (f32::from_bits(0x3fc0_0000), f64::from_bits(0x3ff8_0000_0000_0000));
// 7, 8: wide numbers and signs.
static WIDE: (u128, i128) = (0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10, -5);
static SIGNED: [i64; 3] = [-1, i64::MIN, -7 / 2];
// 9: flags and enums, with data, niches and numbers.
#[derive(Debug)]
enum Shape {
    Empty,
    Number(u32),
    Pair(u8, u16),
    Float(f32),
    Text(&'static str),
}
static SHAPES: [Shape; 5] =
    [Shape::Empty, Shape::Number(0x1234_5678), Shape::Pair(1, 0x203), Shape::Float(1.5), Shape::Text("x")];
// The tag of the inner enum tells of the outer one, too.
static DRAWN: [Result<u64, Shape>; 4] =
    [Err(Shape::Float(-1.0)), Ok(0x102), Err(Shape::Pair(1, 0x203)), Err(Shape::Empty)];
static NICHES: (Option<NonZeroU32>, Option<NonZeroU16>, Option<&u32>, Option<bool>) =
    (NonZeroU32::new(0x102), None, Some(&7), Some(true));
#[repr(u16)]
#[derive(Clone, Copy, Debug)]
enum Level {
    Low = 0x102,
    High = 0x304,
}
static LEVELS: [Level; 2] = [Level::Low, Level::High];
const LEVEL: u16 = Level::High as u16;
static FLAGS: [bool; 3] = [true, 2 > 3, !false];
// 10: loops in functions.
const fn checksum(bytes: &[u8]) -> u32 {
    let mut sum: u32 = 0x1234;
    let mut at = 0;
    while at < bytes.len() {
        sum = (sum << 3) ^ (sum >> 7) ^ bytes[at] as u32;
        at += 1;
    }
    sum
}
static SUM: u32 = checksum(b"some bytes");
const fn table() -> [u16; 16] {
    let mut made = [0; 16];
    let mut at = 0;
    while at < 16 {
        made[at] = (at * at * 0x101) as u16;
        at += 1;
    }
    made
}
static TABLE: [u16; 16] = table();
// 11: conditions.
const fn grade(number: u32) -> u32 {
    if number > 1000 { 3 } else if number == 300 { 2 } else { 1 }
}
static GRADES: [u32; 3] = [grade(5), grade(300), grade(0x10000)];
// 12: a match on a byte, on an enum, on a tuple of flags.
const fn word(byte: u8) -> u32 {
    match byte {
        b'a' => 0x100,
        b'b' => 0x200,
        _ => 0x300,
    }
}
const fn size(shape: &Shape) -> usize {
    match shape {
        Shape::Empty => 0,
        Shape::Number(_) => 4,
        Shape::Pair(..) => 3,
        Shape::Float(_) => 5,
        Shape::Text(text) => text.len(),
    }
}
static WORDS: [u32; 3] = [word(b'a'), word(b'b'), word(0)];
static SIZES: [usize; 2] = [size(&Shape::Pair(1, 2)), size(&Shape::Text("four"))];
const fn both(one: bool, other: bool) -> u32 {
    match (one, other) {
        (true, true) => 0x1111,
        (true, false) => 0x2222,
        (false, _) => 0x3333,
    }
}
static BOTH: [u32; 3] = [both(true, true), both(true, false), both(false, true)];
// 13: associated constants, of traits too, and parameters.
trait Sized2 {
    const SIZE: u32;
    const TWICE: u32 = Self::SIZE * 2;
    const SCALE: f32;
}
impl Sized2 for u8 {
    const SIZE: u32 = 0x101;
    const SCALE: f32 = 1.25;
}
impl Sized2 for u16 {
    const SIZE: u32 = 0x202;
    const TWICE: u32 = 0x9999;
    const SCALE: f32 = -3.0;
}
#[inline(never)]
fn scaled<T: Sized2>() -> (u32, u32, u32) {
    (T::SIZE, T::TWICE, T::SCALE.to_bits())
}
struct Buffer<const N: usize>;
impl<const N: usize> Buffer<N> {
    const BYTES: usize = N * 3 + 0x100;
    const HALF: f64 = N as f64 / 2.0;
}
#[inline(never)]
fn filled<const N: usize>() -> [u16; N] {
    [N as u16 * 0x101; N]
}
// 14: writable statics.
static mut COUNT: (u32, f32) = (0x1020_3040, 2.5);
// 15: repeats and nested arrays.
static REPEATED: [[u32; 2]; 3] = [[0x0a0b_0c0d, 1]; 3];
static FLOATS: [[f32; 2]; 2] = [[0.5; 2], [1.0, 2.0]];
// 16: wrapping, shifts, checks that pass.
const WRAPPED: (u32, i16, u8) =
    (u32::MAX.wrapping_add(5), 0x7fff_i16.wrapping_mul(3), 200_u8.wrapping_shl(9));
const SHIFTED: (u64, i32, u128) = (1 << 40, -256 >> 4, u128::MAX >> 100);
const CHECKED: (Option<u32>, Option<u8>) = (5_u32.checked_sub(6), 100_u8.checked_add(1));
const COUNTED: (u32, u32, u32, u32) =
    (0xf0f0_u32.count_ones(), 1_u64.leading_zeros(), 8_u16.trailing_zeros(), !0_u8 as u32);
const ROTATED: u32 = 0x1234_5678_u32.rotate_left(8);
const SWAPPED: (u16, u32) = (0x0102_u16.swap_bytes(), 0x0102_0304_u32.swap_bytes());
// 17: constants of constants, slices of slices, references to statics.
const INNER: (f32, char) = (SCALE * 2.0, FROM);
const SCALE: f32 = 0.75;
static OUTER: (&u32, &[&str], &(f32, char)) = (&SUM, &["one", "two"], &INNER);
// 18: arithmetic on floats.
const MEAN: f64 = (1.0 + 2.0 * 3.5 - 0.5) / 4.0;
const COMPARED: (bool, bool) = (1.5_f32 < 2.5, f64::NAN == f64::NAN);
const WHOLE: (u32, i8, f32) = (2.9_f32 as u32, -3.5_f64 as i8, 7_u8 as f32);
// 19: text and bytes.
static BYTES: (&[u8], &[u8; 3], &str) = (b"\x00\xff\n", b"abc", "h\u{e9}\n");
// 20: alignment and packing.
#[repr(C, packed(2))]
#[derive(Clone, Copy)]
struct Packed {
    one: u16,
    two: u32,
    three: f64,
}
static PACKED: Packed = Packed { one: 0x102, two: 0x0304_0506, three: 1.5 };
#[repr(C, align(16))]
struct Aligned(u8, f32);
static ALIGNED: Aligned = Aligned(7, 0.5);
// 21: lengths.
const LENGTH: usize = table().len() + 1;
static LONG: [u8; LENGTH] = [9; LENGTH];

fn swaps() -> [i32; 9] {
    // The twin has other variables where the target has to swap nothing, and other numbers in them.
    use core::hint::black_box as bb;
    let x0 = bb(bb(0_i32).swap_bytes().to_be());
    let x1 = bb(bb(1_i32).swap_bytes().to_be());
    let x2 = bb(bb(2_i32).swap_bytes().to_be());
    let x3 = bb(bb(3_i32).swap_bytes().to_be());
    let x4 = bb(bb(4_i32).swap_bytes().to_be());
    let x5 = bb(bb(5_i32).swap_bytes().to_be());
    let x6 = bb(bb(6_i32).swap_bytes().to_be());
    let x7 = bb(bb(7_i32).swap_bytes().to_be());
    let x8 = bb(bb(8_i32).swap_bytes().to_be());
    [x0, x1, x2, x3, x4, x5, x6, x7, x8]
}

pub fn program(out: &mut Out) {
    say!(out, hidden(&SINGLE).to_bits(), hidden(&DOUBLES).map(f64::to_bits));
    for mixed in hidden(&MIXED) {
        say!(out, mixed.small, mixed.float.to_bits(), mixed.list.len(), (mixed.call)(21), mixed.text);
        say!(out, mixed.maybe.map(f64::to_bits), mixed.list.first().map(|one| one.to_bits()));
    }
    say!(out, first(&[1.5, 2.5]), code(&'Q'), code(&(0x52 as char)));
    say!(out, hidden(&LETTERS), hidden(CODE), hidden(FROM), hidden(FROM as u32));
    say!(out, hidden(BITS), hidden(BACK).0 == 1.5, hidden(BACK).1 == 1.5);
    say!(out, hidden(&WIDE), hidden(&SIGNED), hidden(&SHAPES), hidden(&DRAWN), hidden(&NICHES));
    say!(out, hidden(&LEVELS), hidden(LEVEL), hidden(&FLAGS), hidden(&SUM), hidden(&TABLE));
    say!(out, hidden(&GRADES), hidden(&WORDS), hidden(&SIZES), hidden(&BOTH));
    say!(out, scaled::<u8>(), scaled::<u16>());
    say!(out, swaps().map(|one| one.to_be().swap_bytes()));
    say!(out, Buffer::<5>::BYTES, Buffer::<300>::BYTES, hidden(Buffer::<7>::HALF).to_bits());
    say!(out, filled::<3>(), filled::<1>());
    unsafe {
        say!(out, COUNT.0, COUNT.1.to_bits());
        COUNT = (hidden(1), 0.5);
        say!(out, COUNT.0, COUNT.1.to_bits());
    }
    say!(out, hidden(&REPEATED), hidden(&FLOATS).map(|row| row.map(f32::to_bits)));
    say!(out, hidden(WRAPPED), hidden(SHIFTED), hidden(CHECKED), hidden(COUNTED));
    say!(out, hidden(ROTATED), hidden(SWAPPED), hidden(INNER).0.to_bits(), hidden(INNER).1);
    let outer = hidden(&OUTER);
    say!(out, outer.0, outer.1, outer.2.0.to_bits(), outer.2.1);
    say!(out, hidden(MEAN).to_bits(), hidden(COMPARED), hidden(WHOLE).0, hidden(WHOLE).1);
    say!(out, hidden(WHOLE).2.to_bits(), hidden(&BYTES));
    let packed = *hidden(&PACKED);
    say!(out, { packed.one }, { packed.two }, { packed.three }.to_bits());
    say!(out, hidden(&ALIGNED).0, hidden(&ALIGNED).1.to_bits(), hidden(&LONG).len());
}
