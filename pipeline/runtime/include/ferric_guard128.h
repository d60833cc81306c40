/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 128-bit integers for the C of mrustc, under the names that its own helpers have.
 *
 * The halves lie as the target's byte order has them, so that a static, a transmute and
 * to_ne_bytes() see Rust's layout.  Part of <ferric_guard.h>.
 */
#ifndef FERRIC_FERRIC_GUARD128_H
#define FERRIC_FERRIC_GUARD128_H

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
typedef struct { uint64_t hi, lo; } uint128_t;
typedef struct { uint64_t hi, lo; } int128_t;
#else
typedef struct { uint64_t lo, hi; } uint128_t;
typedef struct { uint64_t lo, hi; } int128_t;
#endif

FERRIC_HELPER uint128_t make128_raw(uint64_t hi, uint64_t lo) { return (uint128_t){ .lo = lo, .hi = hi }; }
FERRIC_HELPER int128_t make128s_raw(uint64_t hi, uint64_t lo) { return (int128_t){ .lo = lo, .hi = hi }; }
FERRIC_HELPER uint128_t make128(uint64_t v) { return make128_raw(0, v); }
FERRIC_HELPER int128_t make128s(int64_t v) { return make128s_raw(v < 0 ? ~0ull : 0, (uint64_t)v); }
FERRIC_HELPER uint128_t int128_to_uint128(int128_t a) { return make128_raw(a.hi, a.lo); }
FERRIC_HELPER int128_t uint128_to_int128(uint128_t a) { return make128s_raw(a.hi, a.lo); }

/* The upper half of a 128-bit integer whose value its lower half has. */
FERRIC_HELPER uint64_t ferric_sign_u128(uint64_t lo) { return 0; }
FERRIC_HELPER uint64_t ferric_sign_i128(uint64_t lo) { return (int64_t)lo < 0 ? ~0ull : 0; }
#define FERRIC_SIGN_128(value)                                                        \
	_Generic((value), uint128_t: ferric_sign_u128, int128_t: ferric_sign_i128)((value).lo)

FERRIC_HELPER int cmp128(uint128_t a, uint128_t b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	return a.lo == b.lo ? 0 : a.lo < b.lo ? -1 : 1;
}

FERRIC_HELPER int cmp128s(int128_t a, int128_t b)
{
	if (a.hi != b.hi)
		return (int64_t)a.hi < (int64_t)b.hi ? -1 : 1;
	return a.lo == b.lo ? 0 : a.lo < b.lo ? -1 : 1;
}

/* The result modulo 2^128 goes to *o, which may be an operand; true says that it did not fit. */
FERRIC_HELPER bool add128_o(uint128_t a, uint128_t b, uint128_t *o)
{
	uint64_t lo = a.lo + b.lo, hi;
	bool carry = __builtin_add_overflow(a.hi, b.hi, &hi);

	carry |= __builtin_add_overflow(hi, (uint64_t)(lo < a.lo), &hi);
	*o = make128_raw(hi, lo);
	return carry;
}

FERRIC_HELPER bool sub128_o(uint128_t a, uint128_t b, uint128_t *o)
{
	uint64_t hi;
	bool borrow = __builtin_sub_overflow(a.hi, b.hi, &hi);

	borrow |= __builtin_sub_overflow(hi, (uint64_t)(a.lo < b.lo), &hi);
	*o = make128_raw(hi, a.lo - b.lo);
	return borrow;
}

FERRIC_HELPER uint128_t ferric_mul_64_64(uint64_t a, uint64_t b)
{
	uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
	uint64_t low = a0 * b0, middle = a1 * b0 + (low >> 32), other = a0 * b1 + (uint32_t)middle;

	return make128_raw(a1 * b1 + (middle >> 32) + (other >> 32), (other << 32) | (uint32_t)low);
}

FERRIC_HELPER bool mul128_o(uint128_t a, uint128_t b, uint128_t *o)
{
	uint128_t r = ferric_mul_64_64(a.lo, b.lo), c = ferric_mul_64_64(a.hi, b.lo),
		  d = ferric_mul_64_64(a.lo, b.hi);
	bool over = (a.hi != 0 && b.hi != 0) || c.hi != 0 || d.hi != 0;

	over |= __builtin_add_overflow(r.hi, c.lo, &r.hi);
	over |= __builtin_add_overflow(r.hi, d.lo, &r.hi);
	*o = r;
	return over;
}

FERRIC_HELPER uint128_t shl128(uint128_t a, uint32_t n)
{
	n &= 127;
	if (n == 0)
		return a;
	if (n >= 64)
		return make128_raw(a.lo << (n - 64), 0);
	return make128_raw((a.hi << n) | (a.lo >> (64 - n)), a.lo << n);
}

FERRIC_HELPER uint128_t shr128(uint128_t a, uint32_t n)
{
	n &= 127;
	if (n == 0)
		return a;
	if (n >= 64)
		return make128_raw(0, a.hi >> (n - 64));
	return make128_raw(a.hi >> n, (a.lo >> n) | (a.hi << (64 - n)));
}

FERRIC_HELPER int128_t shl128s(int128_t a, uint32_t n)
{
	return uint128_to_int128(shl128(int128_to_uint128(a), n));
}

FERRIC_HELPER int128_t shr128s(int128_t a, uint32_t n)
{
	int64_t hi = (int64_t)a.hi;

	n &= 127;
	if (n == 0)
		return a;
	if (n >= 64)
		return make128s_raw(hi < 0 ? ~0ull : 0, (uint64_t)(hi >> (n - 64)));
	return make128s_raw((uint64_t)(hi >> n), (a.lo >> n) | (a.hi << (64 - n)));
}

/* b is not zero. */
FERRIC_HELPER void ferric_divide_128(uint128_t a, uint128_t b, uint128_t *q, uint128_t *r)
{
	uint128_t quotient = make128(0), rest = make128(0);

	if (a.hi == 0 && b.hi == 0) {
		*q = make128(a.lo / b.lo);
		*r = make128(a.lo % b.lo);
		return;
	}
	for (int bit = 127; bit >= 0; bit--) {
		bool carry = rest.hi >> 63;

		rest = shl128(rest, 1);
		rest.lo |= shr128(a, (uint32_t)bit).lo & 1;
		quotient = shl128(quotient, 1);
		if (carry || cmp128(rest, b) >= 0) {
			(void)sub128_o(rest, b, &rest);
			quotient.lo |= 1;
		}
	}
	*q = quotient;
	*r = rest;
}

FERRIC_HELPER uint128_t add128(uint128_t a, uint128_t b) { (void)add128_o(a, b, &a); return a; }
FERRIC_HELPER uint128_t sub128(uint128_t a, uint128_t b) { (void)sub128_o(a, b, &a); return a; }
FERRIC_HELPER uint128_t mul128(uint128_t a, uint128_t b) { (void)mul128_o(a, b, &a); return a; }
FERRIC_HELPER uint128_t and128(uint128_t a, uint128_t b) { return make128_raw(a.hi & b.hi, a.lo & b.lo); }
FERRIC_HELPER uint128_t or128(uint128_t a, uint128_t b) { return make128_raw(a.hi | b.hi, a.lo | b.lo); }
FERRIC_HELPER uint128_t xor128(uint128_t a, uint128_t b) { return make128_raw(a.hi ^ b.hi, a.lo ^ b.lo); }

FERRIC_HELPER uint128_t div128(uint128_t a, uint128_t b)
{
	uint128_t q, r;

	if (FERRIC_UNLIKELY((b.lo | b.hi) == 0))
		ferric_panic_div_by_zero(0);
	ferric_divide_128(a, b, &q, &r);
	return q;
}

FERRIC_HELPER uint128_t mod128(uint128_t a, uint128_t b)
{
	uint128_t q, r;

	if (FERRIC_UNLIKELY((b.lo | b.hi) == 0))
		ferric_panic_rem_by_zero(0);
	ferric_divide_128(a, b, &q, &r);
	return r;
}

#define FERRIC_VIA_UNSIGNED(name)                                                     \
	FERRIC_HELPER int128_t name##s(int128_t a, int128_t b)                        \
	{                                                                             \
		return uint128_to_int128(name(int128_to_uint128(a), int128_to_uint128(b))); \
	}
FERRIC_VIA_UNSIGNED(add128)
FERRIC_VIA_UNSIGNED(sub128)
FERRIC_VIA_UNSIGNED(mul128)
FERRIC_VIA_UNSIGNED(and128)
FERRIC_VIA_UNSIGNED(or128)
FERRIC_VIA_UNSIGNED(xor128)

FERRIC_HELPER int128_t neg128s(int128_t a) { return sub128s(make128s(0), a); }

FERRIC_HELPER bool add128s_o(int128_t a, int128_t b, int128_t *o)
{
	*o = add128s(a, b);
	return ((a.hi ^ o->hi) & (b.hi ^ o->hi)) >> 63;
}

FERRIC_HELPER bool sub128s_o(int128_t a, int128_t b, int128_t *o)
{
	*o = sub128s(a, b);
	return ((a.hi ^ b.hi) & (a.hi ^ o->hi)) >> 63;
}

FERRIC_HELPER uint128_t ferric_magnitude(int128_t a)
{
	return int128_to_uint128(a.hi >> 63 ? neg128s(a) : a);
}

FERRIC_HELPER bool mul128s_o(int128_t a, int128_t b, int128_t *o)
{
	bool negative = (a.hi ^ b.hi) >> 63;
	uint128_t r;
	bool over = mul128_o(ferric_magnitude(a), ferric_magnitude(b), &r);

	*o = negative ? neg128s(uint128_to_int128(r)) : uint128_to_int128(r);
	/* The magnitude may be 2^127 at most for a negative result, less for another. */
	return over || cmp128(r, make128_raw(0x7fffffffffffffffull + negative, negative ? 0 : ~0ull)) > 0;
}

FERRIC_HELPER bool ferric_is_min_by_minus_one(int128_t a, int128_t b)
{
	return a.lo == 0 && a.hi == 1ull << 63 && (b.lo & b.hi) == ~0ull;
}

FERRIC_HELPER int128_t div128s(int128_t a, int128_t b)
{
	int128_t q;

	if (FERRIC_UNLIKELY(ferric_is_min_by_minus_one(a, b)))
		ferric_panic_div_overflow(0);
	q = uint128_to_int128(div128(ferric_magnitude(a), ferric_magnitude(b)));
	return (a.hi ^ b.hi) >> 63 ? neg128s(q) : q;
}

FERRIC_HELPER int128_t mod128s(int128_t a, int128_t b)
{
	int128_t r;

	if (FERRIC_UNLIKELY(ferric_is_min_by_minus_one(a, b)))
		ferric_panic_rem_overflow(0);
	r = uint128_to_int128(mod128(ferric_magnitude(a), ferric_magnitude(b)));
	return a.hi >> 63 ? neg128s(r) : r;
}

/* As in a debug build. */
#define FERRIC_CHECKED_128(op)                                                        \
	FERRIC_HELPER uint128_t ferric_checked_##op##128(uint128_t a, uint128_t b)    \
	{                                                                             \
		if (FERRIC_UNLIKELY(op##128_o(a, b, &a)))                             \
			ferric_panic_##op##_overflow(0);                               \
		return a;                                                             \
	}                                                                             \
	FERRIC_HELPER int128_t ferric_checked_##op##128s(int128_t a, int128_t b)      \
	{                                                                             \
		int128_t r;                                                           \
		if (FERRIC_UNLIKELY(op##128s_o(a, b, &r)))                            \
			ferric_panic_##op##_overflow(0);                               \
		return r;                                                             \
	}
FERRIC_CHECKED_128(add)
FERRIC_CHECKED_128(sub)
FERRIC_CHECKED_128(mul)

#define FERRIC_CHECKED_SHIFT_128(op, T, name)                                         \
	FERRIC_HELPER T ferric_checked_##name(T a, uint64_t n)                        \
	{                                                                             \
		if (FERRIC_UNLIKELY(n >= 128))                                        \
			ferric_panic_##op##_overflow(0);                               \
		return name(a, (uint32_t)n);                                          \
	}
FERRIC_CHECKED_SHIFT_128(shl, uint128_t, shl128)
FERRIC_CHECKED_SHIFT_128(shl, int128_t, shl128s)
FERRIC_CHECKED_SHIFT_128(shr, uint128_t, shr128)
FERRIC_CHECKED_SHIFT_128(shr, int128_t, shr128s)

FERRIC_HELPER int128_t ferric_checked_neg128s(int128_t a)
{
	if (FERRIC_UNLIKELY(a.hi == 1ull << 63 && a.lo == 0))
		ferric_panic_neg_overflow(0);
	return neg128s(a);
}

FERRIC_HELPER uint128_t popcount128(uint128_t a)
{
	return make128((uint64_t)(__builtin_popcountll(a.lo) + __builtin_popcountll(a.hi)));
}

FERRIC_HELPER uint128_t intrinsic_ctlz_u128(uint128_t v)
{
	return make128(v.hi ? ferric_ctlz_ullong(v.hi) : 64 + ferric_ctlz_ullong(v.lo));
}

FERRIC_HELPER uint128_t intrinsic_cttz_u128(uint128_t v)
{
	return make128(v.lo ? ferric_cttz_ullong(v.lo) : 64 + ferric_cttz_ullong(v.hi));
}

FERRIC_HELPER uint128_t __builtin_bswap128(uint128_t v)
{
	return make128_raw(__builtin_bswap64(v.lo), __builtin_bswap64(v.hi));
}

FERRIC_HELPER uint8_t __mrustc_bitrev8(uint8_t v)
{
	v = (uint8_t)((v & 0x55) << 1 | (v >> 1 & 0x55));
	v = (uint8_t)((v & 0x33) << 2 | (v >> 2 & 0x33));
	return (uint8_t)(v << 4 | v >> 4);
}

FERRIC_HELPER uint64_t __mrustc_bitrev64(uint64_t v)
{
	v = (v & 0x5555555555555555ull) << 1 | (v >> 1 & 0x5555555555555555ull);
	v = (v & 0x3333333333333333ull) << 2 | (v >> 2 & 0x3333333333333333ull);
	v = (v & 0x0f0f0f0f0f0f0f0full) << 4 | (v >> 4 & 0x0f0f0f0f0f0f0f0full);
	return __builtin_bswap64(v);
}

FERRIC_HELPER uint16_t __mrustc_bitrev16(uint16_t v) { return (uint16_t)(__mrustc_bitrev64(v) >> 48); }
FERRIC_HELPER uint32_t __mrustc_bitrev32(uint32_t v) { return (uint32_t)(__mrustc_bitrev64(v) >> 32); }
FERRIC_HELPER uint128_t __mrustc_bitrev128(uint128_t v)
{
	return make128_raw(__mrustc_bitrev64(v.lo), __mrustc_bitrev64(v.hi));
}

FERRIC_HELPER uint128_t ferric_saturating_add_u128(uint128_t a, uint128_t b)
{
	return add128_o(a, b, &a) ? make128_raw(~0ull, ~0ull) : a;
}

FERRIC_HELPER uint128_t ferric_saturating_sub_u128(uint128_t a, uint128_t b)
{
	return sub128_o(a, b, &a) ? make128(0) : a;
}

FERRIC_HELPER int128_t ferric_limit_128(bool negative)
{
	return negative ? make128s_raw(1ull << 63, 0) : make128s_raw(~0ull >> 1, ~0ull);
}

FERRIC_HELPER int128_t ferric_saturating_add_i128(int128_t a, int128_t b)
{
	int128_t r;

	return add128s_o(a, b, &r) ? ferric_limit_128(a.hi >> 63) : r;
}

FERRIC_HELPER int128_t ferric_saturating_sub_i128(int128_t a, int128_t b)
{
	int128_t r;

	return sub128s_o(a, b, &r) ? ferric_limit_128(a.hi >> 63) : r;
}

FERRIC_HELPER uint128_t ferric_rotate_left_u128(uint128_t a, uint32_t n)
{
	return or128(shl128(a, n), shr128(n & 127 ? a : make128(0), -n));
}

FERRIC_HELPER uint128_t ferric_rotate_right_u128(uint128_t a, uint32_t n)
{
	return ferric_rotate_left_u128(a, -n);
}

FERRIC_HELPER int128_t ferric_rotate_left_i128(int128_t a, uint32_t n)
{
	return uint128_to_int128(ferric_rotate_left_u128(int128_to_uint128(a), n));
}

FERRIC_HELPER int128_t ferric_rotate_right_i128(int128_t a, uint32_t n)
{
	return ferric_rotate_left_i128(a, -n);
}

FERRIC_HELPER uint128_t ferric_widen_u128(uint64_t lo, bool negative)
{
	return make128_raw(negative ? ~0ull : 0, lo);
}

FERRIC_HELPER int128_t ferric_widen_i128(uint64_t lo, bool negative)
{
	return make128s_raw(negative ? ~0ull : 0, lo);
}

#define FERRIC_TWO_64 18446744073709551616.0
#define FERRIC_TWO_127 170141183460469231731687303715884105728.0

/* x is finite, not negative and below 2^128. */
FERRIC_INLINE uint128_t ferric_split_double(double x)
{
	uint64_t hi = (uint64_t)(x / FERRIC_TWO_64);

	return make128_raw(hi, (uint64_t)(x - (double)hi * FERRIC_TWO_64));
}

FERRIC_INLINE uint128_t ferric_from_double_u128(double x)
{
	if (!(x > 0.0))
		return make128(0);
	if (x >= 2.0 * FERRIC_TWO_127)
		return make128_raw(~0ull, ~0ull);
	return ferric_split_double(x);
}

FERRIC_INLINE int128_t ferric_from_double_i128(double x)
{
	if (x != x)
		return make128s(0);
	if (x >= FERRIC_TWO_127 || x <= -FERRIC_TWO_127)
		return ferric_limit_128(x < 0.0);
	if (x < 0.0)
		return neg128s(uint128_to_int128(ferric_split_double(-x)));
	return uint128_to_int128(ferric_split_double(x));
}

/*
 * The upper 64 significant bits, the lowest of them set where a bit below is: rounded once, they
 * give what the whole number would; the power of two that is left over changes no digit.
 */
#define FERRIC_TO_FLOATING(T, name)                                                   \
	FERRIC_INLINE T cast128_##name(uint128_t v)                                   \
	{                                                                             \
		uint32_t n;                                                           \
		uint128_t y;                                                          \
		if (v.hi == 0)                                                        \
			return (T)v.lo;                                               \
		n = ferric_ctlz_ullong(v.hi);                                         \
		y = shl128(v, n);                                                     \
		return (T)(y.hi | (y.lo != 0)) * (T)(1ull << (63 - n)) * (T)2;        \
	}                                                                             \
	FERRIC_INLINE T cast128s_##name(int128_t v)                                   \
	{                                                                             \
		T magnitude = cast128_##name(ferric_magnitude(v));                    \
		return v.hi >> 63 ? -magnitude : magnitude;                           \
	}
FERRIC_TO_FLOATING(float, float)
FERRIC_TO_FLOATING(double, double)

#endif
