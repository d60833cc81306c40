// SPDX-License-Identifier: GPL-2.0-only
//! Integers of all widths: arithmetic at its edges, shifts, bits, bytes, conversions.

use crate::tester::Tester;
use crate::Test;

pub const TESTS: &[Test] = &[
    ("integers_u8", integers_u8),
    ("integers_u16", integers_u16),
    ("integers_u32", integers_u32),
    ("integers_u64", integers_u64),
    ("integers_u128", integers_u128),
    ("integers_i8", integers_i8),
    ("integers_i16", integers_i16),
    ("integers_i32", integers_i32),
    ("integers_i64", integers_i64),
    ("integers_i128", integers_i128),
    ("integers_usize", integers_usize),
    ("integers_wide", integers_wide),
    ("integers_casts", integers_casts),
    ("integers_division", integers_division),
];

/// Gives numbers of which a good part lies at the type's edges.
fn operand(t: &mut Tester<'_>) -> u128 {
    let wide = u128::from(t.random()) << 64 | u128::from(t.random());
    match t.random() % 8 {
        0 => wide % 3,
        1 => u128::MAX - wide % 3,
        2 => 1 << (wide % 128),
        3 => (1 << (wide % 128)) - 1,
        _ => wide >> (t.random() % 128),
    }
}

/// What signed and unsigned integers of all widths have in common.
macro_rules! common {
    ($t:ident, $type:ident, $a:ident, $b:ident, $shift:ident) => {
        $t.see(&[
            $a.wrapping_add($b),
            $a.wrapping_sub($b),
            $a.wrapping_mul($b),
            $a.wrapping_neg(),
            $a.wrapping_shl($shift),
            $a.wrapping_shr($shift),
            $a.saturating_sub($b),
            $a.saturating_mul($b),
            $a.rotate_left(1 + $shift % ($type::BITS - 1)),
            $a.rotate_right(1 + $shift % ($type::BITS - 1)),
            $a.swap_bytes(),
            !$a,
            $a & $b,
            $a | $b,
            $a ^ $b,
        ]);
        $t.see(&[
            $a.checked_add($b),
            $a.checked_sub($b),
            $a.checked_mul($b),
            $a.checked_pow($shift % 9),
            $a.checked_div($b),
            $a.checked_rem($b),
            $a.checked_shl($shift),
            $a.checked_shr($shift),
        ]);
        $t.see(&[
            $a.overflowing_add($b),
            $a.overflowing_sub($b),
            $a.overflowing_mul($b),
            $a.overflowing_neg(),
            $a.overflowing_shl($shift),
        ]);
        $t.see(&[$a.trailing_zeros(), $a.count_ones(), $a.trailing_ones()]);
        $t.see(&($a < $b, $a == $b, $a.cmp(&$b) as i8));
        $t.same($a.wrapping_add($b).wrapping_sub($b), $a);
        $t.same(
            $a.rotate_left($shift % 7 + 1).rotate_right($shift % 7 + 1),
            $a,
        );
        $t.same($type::from_be_bytes($a.to_be_bytes()), $a);
        $t.same($type::from_le_bytes($a.to_le_bytes()), $a);
        $t.same($type::from_ne_bytes($a.to_ne_bytes()), $a);
        $t.same($type::from_be($a.to_be()), $a);
        if let (Some(quotient), Some(rest)) = ($a.checked_div($b), $a.checked_rem($b)) {
            $t.same(quotient.wrapping_mul($b).wrapping_add(rest), $a);
            $t.see(&(quotient, rest, $a.wrapping_rem_euclid($b)));
        }
    };
}

macro_rules! unsigned {
    ($name:ident, $type:ident) => {
        fn $name(t: &mut Tester<'_>) {
            for _ in 0..40 {
                let (a, b) = (operand(t) as $type, operand(t) as $type);
                let shift = (t.random() % 200) as u32;
                common!(t, $type, a, b, shift);
                t.see(&(a.abs_diff(b), a.saturating_add(b), (a / 2).div_ceil(3)));
            }
            t.same($type::MAX.wrapping_add(1), $type::MIN);
            t.same($type::MAX.count_ones(), $type::BITS);
        }
    };
}

macro_rules! signed {
    ($name:ident, $type:ident) => {
        fn $name(t: &mut Tester<'_>) {
            for _ in 0..40 {
                let (a, b) = (operand(t) as $type, operand(t) as $type);
                let shift = (t.random() % 200) as u32;
                common!(t, $type, a, b, shift);
                t.see(&(a.abs_diff(b), a.unsigned_abs(), a.signum()));
                t.see(&(a.checked_abs(), a.checked_neg(), a.wrapping_abs()));
                t.see(&(a.is_negative(), a.overflowing_abs(), a.saturating_neg()));
            }
            t.same($type::MIN.checked_div(-1), None);
            t.same($type::MIN.wrapping_div(-1), $type::MIN);
            t.same($type::MIN.overflowing_rem(-1), (0, true));
            t.same($type::MIN >> ($type::BITS - 1), -1);
        }
    };
}

unsigned!(integers_u8, u8);
unsigned!(integers_u16, u16);
unsigned!(integers_u32, u32);
unsigned!(integers_u64, u64);
signed!(integers_i8, i8);
signed!(integers_i16, i16);
signed!(integers_i32, i32);
signed!(integers_i64, i64);

fn integers_u128(t: &mut Tester<'_>) {
    for _ in 0..40 {
        let (a, b) = (operand(t), operand(t));
        let shift = (t.random() % 128) as u32;
        t.see(&[
            a.wrapping_add(b),
            a.wrapping_sub(b),
            a.wrapping_mul(b),
            a << shift,
            a >> shift,
        ]);
        t.see(&[
            !a,
            a & b,
            a | b,
            a ^ b,
            a / (b | 1),
            a % (b | 1),
            a.swap_bytes(),
        ]);
        t.see(&(
            a.leading_zeros(),
            a.trailing_zeros(),
            (a as u64).count_ones(),
        ));
        t.see(&(a < b, a == b, a.cmp(&b) as i8));
        t.see(&(
            (a >> 1).checked_add(b >> 1),
            a.is_power_of_two(),
            a.checked_div(b),
        ));
        t.same(a.wrapping_add(b).wrapping_sub(b), a);
        t.same(a / (b | 1) * (b | 1) + a % (b | 1), a);
    }
    t.same(u128::MAX.wrapping_add(1), 0);
    t.same(u128::MAX.leading_zeros() + u128::MIN.leading_zeros(), 128);
}

fn integers_i128(t: &mut Tester<'_>) {
    for _ in 0..40 {
        let (a, b) = (operand(t) as i128, operand(t) as i128 >> 1);
        t.see(&[
            a.wrapping_add(b),
            a.wrapping_sub(b),
            a.wrapping_mul(b),
            a.wrapping_neg(),
        ]);
        t.see(&[!a, a & b, a | b, a ^ b, a / 10, a % 10, a.signum()]);
        t.see(&(a < b, a == b, a.cmp(&b) as i8));
        t.see(&(a.is_negative(), a.unsigned_abs(), a as i64));
        t.same(a / 1_000_003 * 1_000_003 + a % 1_000_003, a);
    }
    t.same(i128::MAX.wrapping_add(1), i128::MIN);
}

/// Pointer-sized integers, with values that fit the narrowest.
fn integers_usize(t: &mut Tester<'_>) {
    for _ in 0..40 {
        let a = (t.random() % 30_000) as usize;
        let b = (t.random() % 30_000) as usize + 1;
        t.see(&[
            a + b,
            a * b,
            a / b,
            a % b,
            a.abs_diff(b),
            a.next_multiple_of(b),
            a.div_ceil(b),
        ]);
        t.see(&[a as isize - b as isize, (a as isize - 15_000) / b as isize]);
        t.same(a.checked_sub(b).is_none(), a < b);
        t.same(usize::try_from(a as u64).ok(), Some(a));
    }
}

/// 128 bits as the high half of products and as sums with carry.
fn integers_wide(t: &mut Tester<'_>) {
    let mut total: u128 = 0;
    for _ in 0..40 {
        let (a, b) = (t.random(), t.random());
        let product = u128::from(a) * u128::from(b);
        let (low_a, high_a) = (a & 0xffff_ffff, a >> 32);
        let (low_b, high_b) = (b & 0xffff_ffff, b >> 32);
        let middle =
            (low_a * low_b >> 32) + (low_a * high_b & 0xffff_ffff) + (high_a * low_b & 0xffff_ffff);
        let high =
            high_a * high_b + (low_a * high_b >> 32) + (high_a * low_b >> 32) + (middle >> 32);
        t.same((product >> 64) as u64, high);
        t.same(product as u64, a.wrapping_mul(b));
        t.same(
            product / u128::from(a | 1) * u128::from(a | 1) + product % u128::from(a | 1),
            product,
        );
        total = total.wrapping_mul(31).wrapping_add(product);
        t.see(&[
            total,
            total / 1_000_000_007,
            total % 1_000_000_007,
            total >> 65,
        ]);
        t.see(&(
            (total as i128) / 12_345,
            (total as i128) % 12_345,
            total as i64 >> 7,
        ));
    }
    t.same(
        u128::MAX,
        340_282_366_920_938_463_463_374_607_431_768_211_455,
    );
    t.same(
        i128::MIN,
        -170_141_183_460_469_231_731_687_303_715_884_105_728,
    );
}

/// Casts cut, extend by zero and extend by sign; `try_from` refuses what does not fit.
fn integers_casts(t: &mut Tester<'_>) {
    for _ in 0..40 {
        let wide = operand(t);
        let signed = wide as i64;
        t.see(&(wide as u8, wide as u16, wide as u32));
        t.see(&(
            wide as u8 as i8 as i32,
            wide as u16 as i16 as i64,
            wide as u32 as i32 as i128,
        ));
        t.see(&(signed as i8, signed as i16, signed as i32));
        t.see(&(
            signed as i8 as u64,
            signed as i16 as u128,
            signed as i32 as u64,
        ));
        t.see(&(
            u8::try_from(signed).ok(),
            i16::try_from(wide).ok(),
            u64::try_from(wide).ok(),
        ));
        t.see(&(
            i8::try_from(signed).is_ok(),
            u32::try_from(signed).is_ok(),
            u16::try_from(wide).is_ok(),
        ));
        t.see(&(
            (wide as u32).checked_ilog10(),
            (wide as u64).checked_ilog10(),
        ));
        t.see(&(
            (wide as u32).leading_zeros(),
            (wide as u64).leading_ones(),
            wide.leading_zeros(),
        ));
        t.see(&(
            (wide as u64).checked_ilog2(),
            (wide as u32).checked_next_power_of_two(),
        ));
        t.same(i128::from(signed) as i64, signed);
        t.same(u64::from(wide as u32) as u32, wide as u32);
        t.see(&(
            char::from_u32(wide as u32),
            wide & 1 == 1,
            (wide & 1 == 1) as u8,
        ));
    }
    t.same(-1_i8 as u8 as char, 'ÿ');
    t.same('é' as u8, 0xe9);
}

/// Division rounds to zero; `div_euclid` does not; zero is refused, not divided by.
fn integers_division(t: &mut Tester<'_>) {
    for a in -7_i32..=7 {
        for b in -3_i32..=3 {
            t.see(&(a.checked_div(b), a.checked_rem(b), a.checked_div_euclid(b)));
            t.see(&(
                i64::from(a).checked_div(i64::from(b)),
                a.checked_rem_euclid(b),
            ));
            if b != 0 {
                t.same(a / b * b + a % b, a);
                t.same(a.div_euclid(b) * b + a.rem_euclid(b), a);
                t.same(a.rem_euclid(b) >= 0, true);
            }
        }
    }
    t.same(
        (-7_i32 / 2, -7_i32 % 2, (-7_i32).div_euclid(2)),
        (-3, -1, -4),
    );
}
