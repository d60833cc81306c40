// SPDX-License-Identifier: GPL-2.0-only
// Constants made of bytes, in a given byte order or in the machine's.
use core::fmt::Write;
use core::hint::black_box;

#[inline(never)]
fn hidden<T>(value: T) -> T {
    black_box(value)
}

macro_rules! say {
    ($out:expr, $($value:expr),* $(,)?) => { $( writeln!($out, "{:?}", $value).unwrap(); )* };
}

const NUMBER: u32 = u32::from_be_bytes([1, 2, 3, 4]);
const LITTLE: u64 = u64::from_le_bytes([1, 2, 3, 4, 5, 6, 7, 8]);
const BYTES: [u8; 4] = 0x0102_0304_u32.to_be_bytes();
static BYTES_LE: [u8; 8] = 0x0102_0304_0506_0708_u64.to_le_bytes();
const SAME: u32 = u32::from_ne_bytes(0x0a0b_0c0d_u32.to_ne_bytes());
static WIDE: [u8; 16] = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10_u128.to_be_bytes();
static NETWORK: u16 = u16::to_be(0x0102);
static HEADER: (u16, u32, [u8; 2]) = (u16::to_be(0x800), u32::to_le(0x0102_0304), [1, 2]);
static PAIR: [u16; 2] = unsafe { core::mem::transmute(0x0001_0002_u32.to_be()) };

const fn field(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}
static FIELDS: [u16; 2] = [field(b"\x12\x34\x56", 0), field(b"\x12\x34\x56", 1)];

#[repr(C)]
struct Packet {
    kind: u16,
    length: u32,
}
static PACKET: Packet = Packet { kind: u16::to_be(1), length: 0x0102_0304_u32.to_be() };

pub fn program(out: &mut Out) {
    say!(out, hidden(NUMBER), hidden(LITTLE), hidden(BYTES), hidden(&BYTES_LE), hidden(SAME));
    say!(out, hidden(&WIDE), u16::from_be(*hidden(&NETWORK)), hidden(&FIELDS));
    let header = hidden(&HEADER);
    say!(out, u16::from_be(header.0), u32::from_le(header.1), header.2);
    let pair = hidden(&PAIR);
    say!(out, u16::from_be(pair[0]), u16::from_be(pair[1]));
    let packet = hidden(&PACKET);
    say!(out, u16::from_be(packet.kind), u32::from_be(packet.length));
}
