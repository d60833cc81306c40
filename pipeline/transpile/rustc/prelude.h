/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the C of a Rust crate is written in.  Nothing of the C library is needed.
 */
/* Values that nothing reads, as rustc leaves them to an optimiser. */
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
/* Memory that Rust leaves without a value on purpose, as MaybeUninit and padding are. */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"

typedef __UINT8_TYPE__ u8;
typedef __UINT16_TYPE__ u16;
typedef __UINT32_TYPE__ u32;
typedef __UINT64_TYPE__ u64;
typedef __INT8_TYPE__ s8;
typedef __INT16_TYPE__ s16;
typedef __INT32_TYPE__ s32;
typedef __INT64_TYPE__ s64;
typedef __UINTPTR_TYPE__ uptr;
typedef __INTPTR_TYPE__ sptr;

#define FERRIC_BIG (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
/* A typed access through any pointer, at an alignment that is known. */
#define FERRIC_AT(type, name, alignment) \
	typedef type name __attribute__((may_alias, aligned(alignment)))
/* The same for 128 bits, which are a structure where the compiler has no such integer. */
#define FERRIC_AT_WIDE(type, name, alignment) \
	typedef type name __attribute__((aligned(alignment)))
#define FERRIC_INLINE static inline __attribute__((always_inline, unused))

/* 128 bits: the compiler's own type where it has one, two halves where not. */
#ifdef __SIZEOF_INT128__
typedef unsigned __int128 u128 __attribute__((may_alias));
typedef __int128 s128;
#define U128(high, low) ((u128)(high) << 64 | (u64)(low))
#define u128_low(a) ((u64)(a))
#define u128_high(a) ((u64)((a) >> 64))
#define u128_from(a) ((u128)(a))
#define u128_from_s64(a) ((u128)(s128)(s64)(a))
#define u128_add(a, b) ((a) + (b))
#define u128_sub(a, b) ((a) - (b))
#define u128_mul(a, b) ((a) * (b))
#define u128_udiv(a, b) ((a) / (b))
#define u128_urem(a, b) ((a) % (b))
#define u128_sdiv(a, b) ((u128)((s128)(a) / (s128)(b)))
#define u128_srem(a, b) ((u128)((s128)(a) % (s128)(b)))
#define u128_shl(a, n) ((a) << (n))
#define u128_lshr(a, n) ((a) >> (n))
#define u128_ashr(a, n) ((u128)((s128)(a) >> (n)))
#define u128_and(a, b) ((a) & (b))
#define u128_or(a, b) ((a) | (b))
#define u128_xor(a, b) ((a) ^ (b))
#define u128_eq(a, b) ((a) == (b))
#define u128_ult(a, b) ((a) < (b))
#define u128_slt(a, b) ((s128)(a) < (s128)(b))
#ifndef FERRIC_NO_FLOAT
#define u128_to_f64(a) ((double)(a))
#define s128_to_f64(a) ((double)(s128)(a))
#define u128_to_f32(a) ((float)(a))
#define s128_to_f32(a) ((float)(s128)(a))
#define u128_of_float(a) ((u128)(a))
#define s128_of_float(a) ((u128)(s128)(a))
#endif
#else
#if FERRIC_BIG
typedef struct __attribute__((may_alias)) { u64 high, low; } u128;
#else
typedef struct __attribute__((may_alias)) { u64 low, high; } u128;
#endif
#define U128(h, l) ((u128){ .high = (h), .low = (l) })
#define u128_low(a) ((a).low)
#define u128_high(a) ((a).high)
#define u128_from(a) U128(0, a)
#define u128_from_s64(a) U128((u64)((s64)(a) >> 63), (u64)(a))

FERRIC_INLINE u128 u128_add(u128 a, u128 b)
{
	u64 low = a.low + b.low;

	return U128(a.high + b.high + (low < a.low), low);
}

FERRIC_INLINE u128 u128_sub(u128 a, u128 b)
{
	return U128(a.high - b.high - (a.low < b.low), a.low - b.low);
}

#define u128_and(a, b) U128((a).high & (b).high, (a).low & (b).low)
#define u128_or(a, b) U128((a).high | (b).high, (a).low | (b).low)
#define u128_xor(a, b) U128((a).high ^ (b).high, (a).low ^ (b).low)

FERRIC_INLINE u128 u128_shl(u128 a, unsigned int n)
{
	if (n & 64)
		return U128(a.low << (n & 63), 0);
	if (!(n & 63))
		return a;
	return U128(a.high << (n & 63) | a.low >> (64 - (n & 63)), a.low << (n & 63));
}

FERRIC_INLINE u128 u128_lshr(u128 a, unsigned int n)
{
	if (n & 64)
		return U128(0, a.high >> (n & 63));
	if (!(n & 63))
		return a;
	return U128(a.high >> (n & 63), a.low >> (n & 63) | a.high << (64 - (n & 63)));
}

FERRIC_INLINE u128 u128_ashr(u128 a, unsigned int n)
{
	u64 sign = (u64)((s64)a.high >> 63);

	if (n & 64)
		return U128(sign, (u64)((s64)a.high >> (n & 63)));
	if (!(n & 63))
		return a;
	return U128((u64)((s64)a.high >> (n & 63)),
		    a.low >> (n & 63) | a.high << (64 - (n & 63)));
}

FERRIC_INLINE u128 u128_mul(u128 a, u128 b)
{
	u64 a0 = (u32)a.low, a1 = a.low >> 32, b0 = (u32)b.low, b1 = b.low >> 32;
	u64 t0 = a0 * b0, t1 = a1 * b0 + (t0 >> 32), t2 = a0 * b1 + (u32)t1;

	return U128(a1 * b1 + (t1 >> 32) + (t2 >> 32) + a.high * b.low + a.low * b.high,
		    t2 << 32 | (u32)t0);
}

FERRIC_INLINE u8 u128_eq(u128 a, u128 b)
{
	return a.high == b.high && a.low == b.low;
}

FERRIC_INLINE u8 u128_ult(u128 a, u128 b)
{
	return a.high != b.high ? a.high < b.high : a.low < b.low;
}

FERRIC_INLINE u8 u128_slt(u128 a, u128 b)
{
	return a.high != b.high ? (s64)a.high < (s64)b.high : a.low < b.low;
}

static __attribute__((noinline, unused)) u128 u128_divide(u128 a, u128 b, u128 *rest)
{
	u128 quotient = U128(0, 0), left = U128(0, 0);
	int bit;

	for (bit = 127; bit >= 0; bit--) {
		u64 carry = left.high >> 63;

		left = u128_shl(left, 1);
		left.low |= u128_lshr(a, bit).low & 1;
		quotient = u128_shl(quotient, 1);
		if (carry || !u128_ult(left, b)) {
			left = u128_sub(left, b);
			quotient.low |= 1;
		}
	}
	*rest = left;
	return quotient;
}

FERRIC_INLINE u128 u128_udiv(u128 a, u128 b)
{
	u128 rest;

	return u128_divide(a, b, &rest);
}

FERRIC_INLINE u128 u128_urem(u128 a, u128 b)
{
	u128 rest;

	u128_divide(a, b, &rest);
	return rest;
}

FERRIC_INLINE u128 u128_neg_if(u128 a, u64 yes)
{
	return yes ? u128_sub(U128(0, 0), a) : a;
}

FERRIC_INLINE u128 u128_sdiv(u128 a, u128 b)
{
	u64 minus_a = a.high >> 63, minus_b = b.high >> 63;

	return u128_neg_if(u128_udiv(u128_neg_if(a, minus_a), u128_neg_if(b, minus_b)),
			   minus_a ^ minus_b);
}

FERRIC_INLINE u128 u128_srem(u128 a, u128 b)
{
	u64 minus_a = a.high >> 63;

	return u128_neg_if(u128_urem(u128_neg_if(a, minus_a), u128_neg_if(b, b.high >> 63)),
			   minus_a);
}

#ifndef FERRIC_NO_FLOAT
FERRIC_INLINE u128 u128_of_float(double a)
{
	u64 high = (u64)(a / 18446744073709551616.0);

	return U128(high, (u64)(a - (double)high * 18446744073709551616.0));
}

FERRIC_INLINE u128 s128_of_float(double a)
{
	return a < 0 ? u128_neg_if(u128_of_float(-a), 1) : u128_of_float(a);
}

/* Rounds once: 64 bits with all that is below them in the last, then by a power of two, exactly. */
#define FERRIC_TO_FLOAT(type, name) \
	FERRIC_INLINE type u128_to_##name(u128 a) \
	{ \
		unsigned int n = a.high ? 64 - (unsigned int)__builtin_clzll(a.high) : 0; \
		u64 top = u128_lshr(a, n).low, rest = n ? a.low << (64 - n) : 0; \
		type scaled = (type)(top | !!rest); \
\
		for (; n; n--) \
			scaled *= 2; \
		return scaled; \
	} \
	FERRIC_INLINE type s128_to_##name(u128 a) \
	{ \
		return a.high >> 63 ? -u128_to_##name(u128_neg_if(a, 1)) : u128_to_##name(a); \
	}

FERRIC_TO_FLOAT(double, f64)
FERRIC_TO_FLOAT(float, f32)
#endif
#endif

FERRIC_INLINE u8 u128_add_overflow(u128 a, u128 b, u128 *sum)
{
	*sum = u128_add(a, b);
	return u128_ult(*sum, a);
}

FERRIC_INLINE u8 u128_sub_overflow(u128 a, u128 b, u128 *difference)
{
	*difference = u128_sub(a, b);
	return u128_ult(a, b);
}

FERRIC_INLINE u8 u128_mul_overflow(u128 a, u128 b, u128 *product)
{
	*product = u128_mul(a, b);
	return (u128_high(a) || u128_low(a)) && !u128_eq(u128_udiv(*product, a), b);
}

FERRIC_INLINE u8 s128_add_overflow(u128 a, u128 b, u128 *sum)
{
	*sum = u128_add(a, b);
	return (u128_high(a) ^ u128_high(*sum)) & (u128_high(b) ^ u128_high(*sum)) & 1ull << 63 ? 1 : 0;
}

FERRIC_INLINE u8 s128_sub_overflow(u128 a, u128 b, u128 *difference)
{
	*difference = u128_sub(a, b);
	return (u128_high(a) ^ u128_high(b)) & (u128_high(a) ^ u128_high(*difference)) & 1ull << 63
		? 1 : 0;
}

FERRIC_INLINE u8 s128_mul_overflow(u128 a, u128 b, u128 *product)
{
	const u128 zero = U128(0, 0), least = U128(1ull << 63, 0), minus = u128_sub(zero, U128(0, 1));

	*product = u128_mul(a, b);
	if (u128_eq(a, zero))
		return 0;
	if (u128_eq(a, minus))
		return u128_eq(b, least);
	return !u128_eq(u128_sdiv(*product, a), b);
}

FERRIC_INLINE u32 u128_ctlz(u128 a)
{
	return u128_high(a) ? __builtin_clzll(u128_high(a))
		: u128_low(a) ? 64 + __builtin_clzll(u128_low(a)) : 128;
}

FERRIC_INLINE u32 u128_cttz(u128 a)
{
	return u128_low(a) ? __builtin_ctzll(u128_low(a))
		: u128_high(a) ? 64 + __builtin_ctzll(u128_high(a)) : 128;
}

#define u128_ctpop(a) (__builtin_popcountll(u128_low(a)) + __builtin_popcountll(u128_high(a)))

FERRIC_INLINE u64 ferric_reverse(u64 a)
{
	a = (a >> 1 & 0x5555555555555555ull) | (a & 0x5555555555555555ull) << 1;
	a = (a >> 2 & 0x3333333333333333ull) | (a & 0x3333333333333333ull) << 2;
	a = (a >> 4 & 0x0f0f0f0f0f0f0f0full) | (a & 0x0f0f0f0f0f0f0f0full) << 4;
	return __builtin_bswap64(a);
}

/* The low half of a product without carries: of bits a sum is their exclusive or. */
FERRIC_INLINE u64 ferric_clmul(u64 a, u64 b)
{
	u64 product = 0;

	for (; b; b >>= 1, a <<= 1)
		product ^= a & -(b & 1);
	return product;
}

static __attribute__((noinline, unused)) u128 u128_clmul(u128 a, u128 b)
{
	u128 product = U128(0, 0);
	int bit;

	for (bit = 0; bit < 128; bit++)
		if (u128_low(u128_lshr(b, bit)) & 1)
			product = u128_xor(product, u128_shl(a, bit));
	return product;
}

/* 256 bits: what core multiplies two 128-bit integers in; never in memory. */
typedef struct { u64 word[4]; } u256;

FERRIC_INLINE u256 u256_from(u128 a)
{
	return (u256){ { u128_low(a), u128_high(a) } };
}

FERRIC_INLINE u256 u256_from_s128(u128 a)
{
	u64 sign = (u64)((s64)u128_high(a) >> 63);

	return (u256){ { u128_low(a), u128_high(a), sign, sign } };
}

#define u256_low(a) U128((a).word[1], (a).word[0])

FERRIC_INLINE u256 u256_add(u256 a, u256 b)
{
	u64 carry = 0;
	int i;

	for (i = 0; i < 4; i++) {
		u64 sum = a.word[i] + b.word[i], over = sum < a.word[i];

		a.word[i] = sum + carry;
		carry = over | (a.word[i] < sum);
	}
	return a;
}

static __attribute__((noinline, unused)) u256 u256_mul(u256 a, u256 b)
{
	u256 product = { { 0 } };
	int i, j;

	for (i = 0; i < 8; i++) {
		u64 carry = 0, x = (u32)(a.word[i / 2] >> 32 * (i % 2));

		for (j = 0; i + j < 8; j++) {
			u64 y = (u32)(b.word[j / 2] >> 32 * (j % 2));
			int at = i + j, shift = 32 * (at % 2);
			u64 sum = x * y + (u32)(product.word[at / 2] >> shift) + carry;

			product.word[at / 2] &= ~(0xffffffffull << shift);
			product.word[at / 2] |= (u64)(u32)sum << shift;
			carry = sum >> 32;
		}
	}
	return product;
}

FERRIC_INLINE u256 u256_lshr(u256 a, unsigned int n)
{
	u256 shifted = { { 0 } };
	unsigned int i, words = n / 64, bits = n % 64;

	for (i = 0; i + words < 4; i++) {
		shifted.word[i] = a.word[i + words] >> bits;
		if (bits && i + words + 1 < 4)
			shifted.word[i] |= a.word[i + words + 1] << (64 - bits);
	}
	return shifted;
}

#define u128_ne(a, b) (!u128_eq(a, b))
#define u128_ule(a, b) (!u128_ult(b, a))
#define u128_ugt(a, b) u128_ult(b, a)
#define u128_uge(a, b) (!u128_ult(a, b))
#define u128_sle(a, b) (!u128_slt(b, a))
#define u128_sgt(a, b) u128_slt(b, a)
#define u128_sge(a, b) (!u128_slt(a, b))

#ifndef FERRIC_NO_FLOAT
FERRIC_INLINE float ferric_f32(u32 bits)
{
	union { u32 bits; float value; } both = { .bits = bits };

	return both.value;
}

FERRIC_INLINE double ferric_f64(u64 bits)
{
	union { u64 bits; double value; } both = { .bits = bits };

	return both.value;
}

FERRIC_INLINE u32 ferric_bits_f32(float value)
{
	union { float value; u32 bits; } both = { .value = value };

	return both.bits;
}

FERRIC_INLINE u64 ferric_bits_f64(double value)
{
	union { double value; u64 bits; } both = { .value = value };

	return both.bits;
}

/* The remainder, exact as Rust's % is; a kernel has no fmod. */
static __attribute__((noinline, unused)) double ferric_fmod(double dividend, double divisor)
{
	const u64 hidden = 1ull << 52;
	u64 x = ferric_bits_f64(dividend), y = ferric_bits_f64(divisor) & ~(1ull << 63);
	u64 sign = x & 1ull << 63;
	int from, to;

	x ^= sign;
	if (!y || x >= 2047 * hidden || y > 2047 * hidden)
		return dividend * divisor / (dividend * divisor);
	if (x < y)
		return dividend;
	/* Both as 53 bits times a power of two, which may lie below those that a double has. */
	from = x >> 52 ? (int)(x >> 52) : 1;
	to = y >> 52 ? (int)(y >> 52) : 1;
	x = x >> 52 ? (x & (hidden - 1)) | hidden : x;
	y = y >> 52 ? (y & (hidden - 1)) | hidden : y;
	for (; x < hidden; from--)
		x <<= 1;
	for (; y < hidden; to--)
		y <<= 1;
	for (;; from--) {
		x -= x >= y ? y : 0;
		if (from == to || !x)
			break;
		x <<= 1;
	}
	for (; x && x < hidden; to--)
		x <<= 1;
	if (to > 0)
		x = x ? (x ^ hidden) | (u64)to << 52 : 0;
	else
		x = x ? x >> (1 - to) : 0;
	return ferric_f64(x | sign);
}
#endif

/* An integer of so many bytes as no C type has, in the byte order of memory. */
FERRIC_INLINE u64 ferric_load(const void *from, unsigned int bytes)
{
	const u8 *at = from;
	u64 value = 0;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		value |= (u64)at[FERRIC_BIG ? bytes - 1 - i : i] << (8 * i);
	return value;
}

FERRIC_INLINE void ferric_store(void *to, u64 value, unsigned int bytes)
{
	u8 *at = to;
	unsigned int i;

	for (i = 0; i < bytes; i++)
		at[FERRIC_BIG ? bytes - 1 - i : i] = (u8)(value >> (8 * i));
}

FERRIC_INLINE u128 ferric_load_wide(const void *from, unsigned int bytes)
{
	const u8 *at = from;
	u64 low = ferric_load(FERRIC_BIG ? at + bytes - 8 : at, 8);
	u64 high = ferric_load(FERRIC_BIG ? at : at + 8, bytes - 8);

	return U128(high, low);
}

FERRIC_INLINE void ferric_store_wide(void *to, u128 value, unsigned int bytes)
{
	u8 *at = to;

	ferric_store(FERRIC_BIG ? at + bytes - 8 : at, u128_low(value), 8);
	ferric_store(FERRIC_BIG ? at : at + 8, u128_high(value), bytes - 8);
}

/* Each byte read once and written once, in an order that lets the two overlap. */
FERRIC_INLINE void ferric_copy_volatile(void *to, const void *from, uptr bytes)
{
	volatile u8 *out = to;
	const volatile u8 *in = from;
	uptr i;

	for (i = 0; i < bytes; i++) {
		uptr at = (uptr)to <= (uptr)from ? i : bytes - 1 - i;

		out[at] = in[at];
	}
}

FERRIC_INLINE void ferric_set_volatile(void *to, u8 value, uptr bytes)
{
	volatile u8 *out = to;
	uptr i;

	for (i = 0; i < bytes; i++)
		out[i] = value;
}
