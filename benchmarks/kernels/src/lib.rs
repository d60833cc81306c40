// SPDX-License-Identifier: GPL-2.0-only
//! Five small programs whose instructions are counted, and whose results are compared.
//!
//! Each is a C function of its own name, so that a tool sees where it begins and ends. `run` calls
//! all of them and writes a line for each: its name and its result.

#![no_std]

use core::fmt::{self, Write};
use core::hint::black_box;

type Kernel = extern "C" fn(u32) -> u64;

static KERNELS: [(&str, Kernel); 5] = [
    ("sort", kernel_sort),
    ("crc", kernel_crc),
    ("iterators", kernel_iterators),
    ("formatting", kernel_formatting),
    ("interpreter", kernel_interpreter),
];
const ROUNDS: u32 = 8;

extern "C" {
    fn selftest_write(text: *const u8, len: usize);
    fn selftest_abort() -> !;
}

struct Out;

impl Write for Out {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        unsafe { selftest_write(text.as_ptr(), text.len()) };
        Ok(())
    }
}

#[panic_handler]
fn panicked(_info: &core::panic::PanicInfo<'_>) -> ! {
    unsafe { selftest_abort() }
}

/// Runs every kernel; the compiler knows neither which one nor how often.
#[no_mangle]
pub extern "C" fn run() -> i32 {
    for (name, kernel) in black_box(&KERNELS) {
        let result = black_box(*kernel)(black_box(ROUNDS));
        if writeln!(Out, "{name} {result:016x}").is_err() {
            return 1;
        }
    }
    0
}

/// Numbers that look random (Marsaglia's xorshift).
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

fn mix(digest: u64, value: u64) -> u64 {
    (digest ^ value).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23)
}

/// Sorts 2,000 numbers by `core`'s own unstable sort.
#[no_mangle]
pub extern "C" fn kernel_sort(rounds: u32) -> u64 {
    let mut digest = 0;
    let mut random = Numbers(0x1234_5678);
    let mut numbers = [0_u32; 2000];
    for _ in 0..rounds {
        for place in &mut numbers {
            *place = random.next();
        }
        numbers.sort_unstable();
        for pair in numbers.chunks_exact(2) {
            digest = mix(digest, u64::from(pair[0]) << 32 | u64::from(pair[1]));
        }
    }
    digest
}

/// The CRC-32 of 16 KiB, with a table of 256 entries.
#[no_mangle]
pub extern "C" fn kernel_crc(rounds: u32) -> u64 {
    let mut table = [0_u32; 256];
    for (index, entry) in table.iter_mut().enumerate() {
        let mut value = index as u32;
        for _ in 0..8 {
            value = if value & 1 == 1 { value >> 1 ^ 0xedb8_8320 } else { value >> 1 };
        }
        *entry = value;
    }
    let mut random = Numbers(1);
    let mut data = [0_u8; 16384];
    for byte in &mut data {
        *byte = random.next() as u8;
    }
    let mut digest = 0;
    for round in 0..rounds {
        data[round as usize] ^= 0x55;
        let crc = data.iter().fold(!0_u32, |crc, &byte| {
            crc >> 8 ^ table[((crc ^ u32::from(byte)) & 0xff) as usize]
        });
        digest = mix(digest, u64::from(!crc));
    }
    digest
}

/// A chain of adapters over numbers and a slice.
#[no_mangle]
pub extern "C" fn kernel_iterators(rounds: u32) -> u64 {
    let mut weights = [0_u64; 97];
    let mut random = Numbers(7);
    weights.iter_mut().for_each(|weight| *weight = u64::from(random.next()));
    (0..rounds).fold(0, |digest, round| {
        let sum = (0_u64..10_000)
            .skip(round as usize)
            .step_by(3)
            .filter(|number| number % 5 != 0)
            .map(|number| number.wrapping_mul(number) ^ number >> 3)
            .zip(weights.iter().cycle())
            .take_while(|(number, _)| *number < 1 << 40)
            .map(|(number, &weight)| number.wrapping_add(weight))
            .enumerate()
            .fold(0_u64, |sum, (at, number)| sum.wrapping_add(number.rotate_left(at as u32 & 63)));
        mix(digest, sum)
    })
}

/// Text in a buffer of fixed size.
struct Text {
    bytes: [u8; 128],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = self.bytes.get_mut(self.length..).ok_or(fmt::Error)?;
        let place = free.get_mut(..text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}

#[derive(Debug)]
struct Point {
    x: i32,
    name: &'static str,
}

/// Numbers, padding and a derived `Debug`, as `core::fmt` writes them.
#[no_mangle]
pub extern "C" fn kernel_formatting(rounds: u32) -> u64 {
    let mut digest = 0;
    let mut random = Numbers(99);
    for _ in 0..rounds * 64 {
        let number = random.next();
        let point = Point { x: number as i32 >> 8, name: "point" };
        let mut text = Text { bytes: [0; 128], length: 0 };
        let written =
            write!(text, "{:>12} {:#12x} {:?} {}", number, number >> 5, point, number & 7 == 0);
        digest = mix(digest, u64::from(written.is_ok()));
        let (whole, _) = text.bytes.split_at(text.length);
        digest = whole.iter().fold(digest, |digest, &byte| mix(digest, u64::from(byte)));
    }
    digest
}

#[derive(Clone, Copy)]
enum Op {
    Push(i64),
    Load(u8),
    Store(u8),
    Add,
    Multiply,
    Less,
    JumpIfNot(usize),
    Jump(usize),
    Halt,
}

/// Sums squares below 2,000, modulo 2^64: a loop in the language of a small stack machine.
static PROGRAM: [Op; 17] = [
    Op::Load(0),
    Op::Push(2000),
    Op::Less,
    Op::JumpIfNot(15),
    Op::Load(0),
    Op::Load(0),
    Op::Multiply,
    Op::Load(1),
    Op::Add,
    Op::Store(1),
    Op::Load(0),
    Op::Push(1),
    Op::Add,
    Op::Store(0),
    Op::Jump(0),
    Op::Load(1),
    Op::Halt,
];

struct Machine {
    stack: [i64; 16],
    depth: usize,
    variables: [i64; 4],
}

impl Machine {
    fn push(&mut self, value: i64) {
        self.stack[self.depth] = value;
        self.depth += 1;
    }

    fn pop(&mut self) -> i64 {
        self.depth -= 1;
        self.stack[self.depth]
    }

    fn interpret(&mut self, program: &[Op]) -> Option<i64> {
        let mut at = 0;
        loop {
            let op = *program.get(at)?;
            at += 1;
            match op {
                Op::Push(value) => self.push(value),
                Op::Load(name) => self.push(self.variables[usize::from(name)]),
                Op::Store(name) => self.variables[usize::from(name)] = self.pop(),
                Op::Add => {
                    let (b, a) = (self.pop(), self.pop());
                    self.push(a.wrapping_add(b));
                }
                Op::Multiply => {
                    let (b, a) = (self.pop(), self.pop());
                    self.push(a.wrapping_mul(b));
                }
                Op::Less => {
                    let (b, a) = (self.pop(), self.pop());
                    self.push(i64::from(a < b));
                }
                Op::JumpIfNot(to) => {
                    if self.pop() == 0 {
                        at = to;
                    }
                }
                Op::Jump(to) => at = to,
                Op::Halt => return Some(self.pop()),
            }
        }
    }
}

/// An interpreter over an enum with data.
#[no_mangle]
pub extern "C" fn kernel_interpreter(rounds: u32) -> u64 {
    let mut digest = 0;
    for round in 0..rounds {
        let variables = [i64::from(round), 0, 0, 0];
        let mut machine = Machine { stack: [0; 16], depth: 0, variables };
        let result = machine.interpret(black_box(&PROGRAM));
        digest = mix(digest, result.unwrap_or(-1) as u64);
    }
    digest
}
