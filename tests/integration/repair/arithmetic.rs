// SPDX-License-Identifier: GPL-2.0-only
// What operators, casts and intrinsics give, written out for every integer type.

use core::fmt::Write;
#[inline(never)]
fn b<T: Copy>(x: T) -> T {
    unsafe { core::ptr::read_volatile(&x) }
}
macro_rules! p { ($o:expr, $($t:tt)*) => { writeln!($o, $($t)*).unwrap() } }
macro_rules! ints { ($o:expr, $($t:ident)*) => { $(
    for &x in &[0 as $t, 1, 2, 3, 7, $t::MAX, $t::MIN, $t::MAX - 1, $t::MIN + 1, $t::MAX / 3, !0] {
        let x = b(x);
        p!($o, "{} {} neg {} not {} clz {} ctz {} pop {} rev {} swap {} abs {}", stringify!($t), x, x.wrapping_neg(), !x,
           x.leading_zeros(), x.trailing_zeros(), x.count_ones(), x.reverse_bits(), x.swap_bytes(), x.leading_ones());
        for &y in &[0 as $t, 1, 2, 5, $t::MAX, $t::MIN, !0] {
            let y = b(y);
            p!($o, "  {} {} {} {:?} {:?} {:?} {:?} {:?} {} {} {} {}", x.wrapping_add(y), x.wrapping_sub(y), x.wrapping_mul(y),
               x.checked_div(y), x.checked_rem(y), x.overflowing_add(y), x.overflowing_sub(y), x.overflowing_mul(y),
               x.saturating_add(y), x.saturating_sub(y), x.saturating_mul(y), x.cmp(&y) as i32);
            p!($o, "  plain {} {} {}", b(x) + b(y), b(x) - b(y), b(x) * b(y));
        }
        for &n in &[0u32, 1, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 200] {
            let n = b(n);
            p!($o, "  {} {} {} {} {} {} {:?}", x.rotate_left(n), x.rotate_right(n), x.wrapping_shl(n), x.wrapping_shr(n), x << n, x >> n, x.checked_shl(n));
        }
        let mut z = x; z = z.saturating_add(3); p!($o, "  sat {}", z); z = z.saturating_sub(7); p!($o, "  sat {}", z);
        z = z.rotate_right(3); p!($o, "  rot {}", z);
        p!($o, "  f {:x} {:x} {:?}", (b(x) as f32).to_bits(), (b(x) as f64).to_bits(), x.to_be_bytes());
        p!($o, "  c {} {} {} {} {} {}", x as u8, x as i16, x as u32, x as i64, x as u128, x as i128);
    } )* } }
macro_rules! floats { ($o:expr, $f:ident, $($t:ident)*) => { $(
    for x in floats_of() { let x = x as $f;
        p!($o, "{} as {} {:x} {}", stringify!($f), stringify!($t), if x.is_nan() { 0 } else { x.to_bits() }, b(x) as $t);
    } )* } }
fn rr(a: u32, n: u32) -> u32 {
    a.rotate_right(n)
}
struct S {
    f: f32,
    a: [u16; 3],
}
fn program(o: &mut Out) {
    deb(o, b(1e19));
    let mut rest = &[b(1u8), 2, 3][..];
    while let [first, tail @ ..] = rest {
        p!(o, "{} {:?}", first, tail);
        rest = tail;
    }
    for n in [0u128, 5, 7, 5 << 64, u128::MAX] {
        let m = match b(n) {
            5 => 1,
            7 => 2,
            0 => 3,
            _ => 4,
        };
        let s = match b(n) as i128 {
            5 => 1,
            -1 => 2,
            0 => 3,
            _ => 4,
        };
        p!(o, "{} {} {:?}", m, s, core::num::NonZeroU128::new(b(n)));
    }
    deb(o, b(1.5));
    ints!(o, u8 i8 u16 i16 u32 i32 u64 i64 u128 i128);
    floats!(o, f32, u8 i8 u16 i16 u32 i32 u64 i64 u128 i128);
    floats!(o, f64, u8 i8 u16 i16 u32 i32 u64 i64 u128 i128);
    for i in 0..40 {
        p!(o, "{}", rr(0x8000_0001, b(i)));
    }
    let mut s = S {
        f: 300.7,
        a: [65535, 2, 3],
    };
    p!(
        o,
        "{} {} {}",
        b(&s).f as u8,
        b(&s).a[0] * b(&s).a[0],
        b(&s).a[b(1)] << b(17)
    );
    s.a[b(1)] += 65534;
    s.a[b(2)] <<= b(15);
    s.a[0] >>= b(20);
    p!(
        o,
        "{:?} {} {}",
        s.a,
        b(5.5f64) % b(-2.0),
        b(-7.5f32) % b(2.0)
    );
    let t: u128 = 0x0102030405060708090a0b0c0d0e0f10;
    p!(
        o,
        "{:x} {:?}",
        u128::from_be_bytes(b(t).to_be_bytes()),
        b(t).to_le_bytes()
    );
    p!(
        o,
        "{:?} {:?}",
        b(f32::NAN).max(b(1.0)),
        b(2.0f64).min(b(f64::NAN))
    );
    p!(
        o,
        "{} {}",
        b(u128::MAX) / b(3),
        b(i128::MIN) % b(1_000_000_007)
    );
}

fn floats_of() -> [f64; 25] {
    [
        b(0.0),
        b(-0.0),
        b(0.5),
        b(-0.5),
        b(1.5),
        b(-1.5),
        b(127.5),
        b(128.0),
        b(-128.5),
        b(-129.0),
        b(255.9),
        b(256.0),
        b(65535.5),
        b(1e9),
        b(-1e9),
        b(3e9),
        b(1e19),
        b(-1e19),
        b(2e19),
        b(1e38),
        b(-1e38),
        b(3.4e38),
        b(f64::NAN),
        b(f64::INFINITY),
        b(f64::NEG_INFINITY),
    ]
}
#[inline(never)]
pub fn deb(o: &mut Out, x: f64) {
    p!(
        o,
        "{:?} {:e} {} {}",
        x,
        x,
        x >= 1e16,
        (x != 0.0 && x < 1e-4) || x >= 1e16
    );
}
