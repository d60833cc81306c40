/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Rust means by its operators, for the C of mrustc.
 *
 * The repair pass (docs/repair.md) writes these names where mrustc wrote a bare C operator, an index
 * or a helper of its own.  The type of a place is asked of GCC (_Generic), never guessed from text.
 * Everything is inline, so a check that GCC can prove costs nothing; what panics is out of line.
 */
#ifndef FERRIC_FERRIC_GUARD_H
#define FERRIC_FERRIC_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FERRIC_INLINE static inline __attribute__((always_inline, unused))
#define FERRIC_HELPER static inline __attribute__((unused))
#define FERRIC_COLD static __attribute__((noreturn, cold, noinline, unused))
#define FERRIC_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* Where a check stands in the source: what core::panic::Location has, in its order. */
struct ferric_place {
	uint32_t line, column;
	const char *file;
	uintptr_t length;
};

/* A place that can be read: where nobody knows one it has no file and line 0. */
FERRIC_INLINE const struct ferric_place *ferric_known(const struct ferric_place *at)
{
	static const struct ferric_place nowhere = {0, 0, "", 0};

	return at ? at : &nowhere;
}

/*
 * core's own functions, by the names that mrustc gives them; they do not return.  The repair pass
 * gives each a second form that is told the place of the caller, or 0 where nobody knows it.
 */
extern tBANG ZRG2c4core9panicking18panic_bounds_check0g_at(
	uintptr_t index, uintptr_t len, const struct ferric_place *at);
#define FERRIC_PANIC(name, length_and_name)                                           \
	extern tBANG ZRG3c4core9panicking11panic_const##length_and_name##0g_at(       \
		const struct ferric_place *at);                                       \
	FERRIC_COLD void ferric_panic_##name(const struct ferric_place *at)           \
	{                                                                             \
		ZRG3c4core9panicking11panic_const##length_and_name##0g_at(at);        \
		abort();                                                              \
	}
FERRIC_PANIC(div_by_zero, 23panic_const_div_by_zero)
FERRIC_PANIC(rem_by_zero, 23panic_const_rem_by_zero)
FERRIC_PANIC(div_overflow, 24panic_const_div_overflow)
FERRIC_PANIC(rem_overflow, 24panic_const_rem_overflow)
FERRIC_PANIC(add_overflow, 24panic_const_add_overflow)
FERRIC_PANIC(sub_overflow, 24panic_const_sub_overflow)
FERRIC_PANIC(mul_overflow, 24panic_const_mul_overflow)
FERRIC_PANIC(neg_overflow, 24panic_const_neg_overflow)
FERRIC_PANIC(shl_overflow, 24panic_const_shl_overflow)
FERRIC_PANIC(shr_overflow, 24panic_const_shr_overflow)

FERRIC_COLD void ferric_panic_index(uintptr_t index, uintptr_t len, const struct ferric_place *at)
{
	ZRG2c4core9panicking18panic_bounds_check0g_at(index, len, at);
	abort();
}

/* The index itself, where it is below `len`. */
FERRIC_INLINE uintptr_t ferric_index_at(uintptr_t index, uintptr_t len, const struct ferric_place *at)
{
	if (FERRIC_UNLIKELY(index >= len))
		ferric_panic_index(index, len, at);
	return index;
}
#define ferric_index(index, len) ferric_index_at(index, len, 0)

/*
 * The last field of a structure that ends in a trait object: behind the others, as its vtable and
 * C, which does not know the object, want it aligned.
 */
FERRIC_INLINE uintptr_t ferric_beyond(uintptr_t offset, uintptr_t least, uintptr_t align)
{
	if (align < least)
		align = least;
	return (offset + align - 1) & ~(align - 1);
}
#define FERRIC_TAIL(base, S, field, least, meta)                                      \
	((__typeof__(&((S *)0)->field))((uintptr_t)(base) +                           \
		ferric_beyond(offsetof(S, field), least, ((VTABLE_HDR *)(meta))->align)))

/* A width or a precision of a format string: core panics where 16 bits do not hold it. */
extern tBANG ZRG2c4core9panicking5panic0g(SLICE_PTR expression);
FERRIC_COLD void ferric_panic_format_count(void)
{
	ZRG2c4core9panicking5panic0g(
		(SLICE_PTR){(void *)"Formatting argument out of range", 32});
	abort();
}
FERRIC_INLINE uint16_t ferric_format_count(uintptr_t count)
{
	if (FERRIC_UNLIKELY(count > 0xffff))
		ferric_panic_format_count();
	return (uint16_t)count;
}

#define FERRIC_AT const struct ferric_place *at
#define FERRIC_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The operators of one integer type T; U is the unsigned type of its size.  Sums of U and 0u are
 * computed in unsigned int at least: C would promote a small unsigned type to int.
 */
#define FERRIC_BITS(T) ((unsigned)sizeof(T) * 8u)
#define FERRIC_IS_SIGNED(T) ((T)-1 < (T)1)
#define FERRIC_MIN(T, U) (FERRIC_IS_SIGNED(T) ? (T)((U)1 << (FERRIC_BITS(T) - 1)) : (T)0)
#define FERRIC_MAX(T, U) ((T)~FERRIC_MIN(T, U))

#define FERRIC_ARITHMETIC(T, U, N, name)                                              \
	FERRIC_INLINE T ferric_##name##_##N(T a, T b)                                 \
	{                                                                             \
		T r;                                                                  \
		(void)__builtin_##name##_overflow(a, b, &r);                          \
		return r;                                                             \
	}                                                                             \
	FERRIC_INLINE T ferric_##name##_checked_##N(T a, T b, FERRIC_AT)                         \
	{                                                                             \
		T r;                                                                  \
		if (FERRIC_UNLIKELY(__builtin_##name##_overflow(a, b, &r)))           \
			ferric_panic_##name##_overflow(at);                             \
		return r;                                                             \
	}
#define FERRIC_DIVISION(T, U, N, name, operator)                                      \
	FERRIC_INLINE T ferric_##name##_##N(T a, T b, FERRIC_AT)                       \
	{                                                                             \
		if (FERRIC_UNLIKELY(b == 0))                                          \
			ferric_panic_##name##_by_zero(at);                              \
		if (FERRIC_IS_SIGNED(T) && FERRIC_UNLIKELY(b == (T)-1) &&             \
		    FERRIC_UNLIKELY(a == FERRIC_MIN(T, U)))                           \
			ferric_panic_##name##_overflow(at);                             \
		return (T)(a operator b);                                             \
	}
#define FERRIC_INTEGER(T, U, N)                                                       \
	FERRIC_ARITHMETIC(T, U, N, add)                                               \
	FERRIC_ARITHMETIC(T, U, N, sub)                                               \
	FERRIC_ARITHMETIC(T, U, N, mul)                                               \
	FERRIC_DIVISION(T, U, N, div, /)                                              \
	FERRIC_DIVISION(T, U, N, rem, %)                                              \
	FERRIC_INLINE T ferric_shl_##N(T a, unsigned n)                               \
	{                                                                             \
		return (T)(((U)a + 0u) << (n & (FERRIC_BITS(T) - 1)));                \
	}                                                                             \
	FERRIC_INLINE T ferric_shr_##N(T a, unsigned n)                               \
	{                                                                             \
		return (T)(a >> (n & (FERRIC_BITS(T) - 1)));                          \
	}                                                                             \
	FERRIC_INLINE T ferric_shl_checked_##N(T a, unsigned long long n, FERRIC_AT)             \
	{                                                                             \
		if (FERRIC_UNLIKELY(n >= FERRIC_BITS(T)))                             \
			ferric_panic_shl_overflow(at);                                  \
		return ferric_shl_##N(a, (unsigned)n);                                \
	}                                                                             \
	FERRIC_INLINE T ferric_shr_checked_##N(T a, unsigned long long n, FERRIC_AT)             \
	{                                                                             \
		if (FERRIC_UNLIKELY(n >= FERRIC_BITS(T)))                             \
			ferric_panic_shr_overflow(at);                                  \
		return ferric_shr_##N(a, (unsigned)n);                                \
	}                                                                             \
	FERRIC_INLINE T ferric_neg_##N(T a) { return (T)(0u - (U)a); }                \
	FERRIC_INLINE T ferric_neg_checked_##N(T a, FERRIC_AT)                                   \
	{                                                                             \
		if (FERRIC_UNLIKELY(a == FERRIC_MIN(T, U)))                           \
			ferric_panic_neg_overflow(at);                                  \
		return ferric_neg_##N(a);                                             \
	}                                                                             \
	FERRIC_INLINE T ferric_saturating_add_##N(T a, T b)                           \
	{                                                                             \
		T r;                                                                  \
		if (__builtin_add_overflow(a, b, &r))                                 \
			r = a < (T)1 && b < (T)1 ? FERRIC_MIN(T, U) : FERRIC_MAX(T, U); \
		return r;                                                             \
	}                                                                             \
	FERRIC_INLINE T ferric_saturating_sub_##N(T a, T b)                           \
	{                                                                             \
		T r;                                                                  \
		if (__builtin_sub_overflow(a, b, &r))                                 \
			r = a < b ? FERRIC_MIN(T, U) : FERRIC_MAX(T, U);              \
		return r;                                                             \
	}                                                                             \
	FERRIC_INLINE T ferric_rotate_left_##N(T a, unsigned n)                       \
	{                                                                             \
		unsigned m = FERRIC_BITS(T) - 1;                                      \
		return (T)((((U)a + 0u) << (n & m)) | (((U)a + 0u) >> (-n & m)));     \
	}                                                                             \
	FERRIC_INLINE T ferric_rotate_right_##N(T a, unsigned n)                      \
	{                                                                             \
		return ferric_rotate_left_##N(a, -n);                                 \
	}                                                                             \
	FERRIC_INLINE uint32_t ferric_popcount_##N(T a)                               \
	{                                                                             \
		return (uint32_t)__builtin_popcountll((U)a);                          \
	}                                                                             \
	FERRIC_INLINE uint32_t ferric_ctlz_##N(T a)                                   \
	{                                                                             \
		U v = (U)a;                                                           \
		if (v == 0)                                                           \
			return FERRIC_BITS(T);                                        \
		if (sizeof(T) <= sizeof(unsigned))                                    \
			return (uint32_t)__builtin_clz((unsigned)v) -                 \
			       (FERRIC_BITS(unsigned) - FERRIC_BITS(T));              \
		return (uint32_t)__builtin_clzll(v) -                                 \
		       (FERRIC_BITS(unsigned long long) - FERRIC_BITS(T));            \
	}                                                                             \
	FERRIC_INLINE uint32_t ferric_cttz_##N(T a)                                   \
	{                                                                             \
		U v = (U)a;                                                           \
		if (v == 0)                                                           \
			return FERRIC_BITS(T);                                        \
		if (sizeof(T) <= sizeof(unsigned))                                    \
			return (uint32_t)__builtin_ctz((unsigned)v);                  \
		return (uint32_t)__builtin_ctzll(v);                                  \
	}                                                                             \
	/* A float is converted as double: that is exact, and the bounds are powers of two. */ \
	FERRIC_INLINE T ferric_from_double_##N(double x)                              \
	{                                                                             \
		double beyond = (FERRIC_IS_SIGNED(T) ? 1.0 : 2.0) *                   \
				(double)((U)1 << (FERRIC_BITS(T) - 1));               \
		if (x != x)                                                           \
			return 0;                                                     \
		if (x >= beyond)                                                      \
			return FERRIC_MAX(T, U);                                      \
		if (x <= (FERRIC_IS_SIGNED(T) ? -beyond : 0.0))                       \
			return FERRIC_MIN(T, U);                                      \
		return (T)x;                                                          \
	}

FERRIC_INTEGER(signed char, unsigned char, schar)
FERRIC_INTEGER(unsigned char, unsigned char, uchar)
FERRIC_INTEGER(short, unsigned short, short)
FERRIC_INTEGER(unsigned short, unsigned short, ushort)
FERRIC_INTEGER(int, unsigned, int)
FERRIC_INTEGER(unsigned, unsigned, uint)
FERRIC_INTEGER(long, unsigned long, long)
FERRIC_INTEGER(unsigned long, unsigned long, ulong)
FERRIC_INTEGER(long long, unsigned long long, llong)
FERRIC_INTEGER(unsigned long long, unsigned long long, ullong)

#define FERRIC_FLOAT_ARITHMETIC(T, N, name, operator)                                 \
	FERRIC_INLINE T ferric_##name##_##N(T a, T b) { return a operator b; }        \
	FERRIC_INLINE T ferric_##name##_checked_##N(T a, T b, FERRIC_AT)              \
	{                                                                             \
		return (void)at, a operator b;                                        \
	}
#define FERRIC_FLOATING(T, N)                                                         \
	FERRIC_FLOAT_ARITHMETIC(T, N, add, +)                                         \
	FERRIC_FLOAT_ARITHMETIC(T, N, sub, -)                                         \
	FERRIC_FLOAT_ARITHMETIC(T, N, mul, *)                                         \
	FERRIC_INLINE T ferric_div_##N(T a, T b, FERRIC_AT) { return (void)at, a / b; } \
	FERRIC_INLINE T ferric_neg_##N(T a) { return -a; }                            \
	FERRIC_INLINE T ferric_neg_checked_##N(T a, FERRIC_AT) { return (void)at, -a; }
FERRIC_FLOATING(float, float)
FERRIC_FLOATING(double, double)

#define FERRIC_CHOICES(name)                                                          \
	signed char: name##_schar, unsigned char: name##_uchar, short: name##_short,  \
	unsigned short: name##_ushort, int: name##_int, unsigned: name##_uint,        \
	long: name##_long, unsigned long: name##_ulong, long long: name##_llong,      \
	unsigned long long: name##_ullong
/* The function `name` for the type of the place `like`, which is not evaluated. */
#define FERRIC_FOR(like, name) _Generic((like), FERRIC_CHOICES(name))
#define FERRIC_FOR_NUMBER(like, name)                                                 \
	_Generic((like), FERRIC_CHOICES(name), float: name##_float, double: name##_double)

#define FERRIC_ADD(like, a, b) FERRIC_FOR_NUMBER(like, ferric_add)(a, b)
#define FERRIC_SUB(like, a, b) FERRIC_FOR_NUMBER(like, ferric_sub)(a, b)
#define FERRIC_MUL(like, a, b) FERRIC_FOR_NUMBER(like, ferric_mul)(a, b)
#define FERRIC_DIV(like, a, b) FERRIC_DIV_AT(like, a, b, 0)
#define FERRIC_REM(like, a, b) FERRIC_REM_AT(like, a, b, 0)
#define FERRIC_NEG(like, a) FERRIC_FOR_NUMBER(like, ferric_neg)(a)
#define FERRIC_SHL(like, a, n) FERRIC_FOR(like, ferric_shl)(a, (unsigned)(n))
#define FERRIC_SHR(like, a, n) FERRIC_FOR(like, ferric_shr)(a, (unsigned)(n))
#define FERRIC_ADD_CHECKED(like, a, b) FERRIC_ADD_CHECKED_AT(like, a, b, 0)
#define FERRIC_SUB_CHECKED(like, a, b) FERRIC_SUB_CHECKED_AT(like, a, b, 0)
#define FERRIC_MUL_CHECKED(like, a, b) FERRIC_MUL_CHECKED_AT(like, a, b, 0)
#define FERRIC_NEG_CHECKED(like, a) FERRIC_NEG_CHECKED_AT(like, a, 0)
#define FERRIC_SHL_CHECKED(like, a, n) FERRIC_SHL_CHECKED_AT(like, a, n, 0)
#define FERRIC_SHR_CHECKED(like, a, n) FERRIC_SHR_CHECKED_AT(like, a, n, 0)
/* The same, told where they stand in the source. */
#define FERRIC_DIV_AT(like, a, b, at) FERRIC_FOR_NUMBER(like, ferric_div)(a, b, at)
#define FERRIC_REM_AT(like, a, b, at) FERRIC_FOR(like, ferric_rem)(a, b, at)
#define FERRIC_ADD_CHECKED_AT(like, a, b, at) \
	FERRIC_FOR_NUMBER(like, ferric_add_checked)(a, b, at)
#define FERRIC_SUB_CHECKED_AT(like, a, b, at) \
	FERRIC_FOR_NUMBER(like, ferric_sub_checked)(a, b, at)
#define FERRIC_MUL_CHECKED_AT(like, a, b, at) \
	FERRIC_FOR_NUMBER(like, ferric_mul_checked)(a, b, at)
#define FERRIC_NEG_CHECKED_AT(like, a, at) \
	FERRIC_FOR_NUMBER(like, ferric_neg_checked)(a, at)
#define FERRIC_SHL_CHECKED_AT(like, a, n, at) \
	FERRIC_FOR(like, ferric_shl_checked)(a, n, at)
#define FERRIC_SHR_CHECKED_AT(like, a, n, at) \
	FERRIC_FOR(like, ferric_shr_checked)(a, n, at)
#define FERRIC_CTLZ(T, a) FERRIC_FOR((T)0, ferric_ctlz)(a)
#define FERRIC_CTTZ(T, a) FERRIC_FOR((T)0, ferric_cttz)(a)
#define FERRIC_POPCOUNT(a) FERRIC_FOR(a, ferric_popcount)(a)

/* A cast to the integer type T, whatever `value` is; from a float it saturates. */
#define FERRIC_AS_DOUBLE(value)                                                       \
	((double)_Generic((value), float: (value), double: (value), default: 0.0f))
#define FERRIC_CAST(T, value)                                                         \
	_Generic((value),                                                             \
		float: FERRIC_FOR((T)0, ferric_from_double)(FERRIC_AS_DOUBLE(value)), \
		double: FERRIC_FOR((T)0, ferric_from_double)(FERRIC_AS_DOUBLE(value)), \
		default: (T)(value))

#include <ferric_guard128.h>

/* For a 128-bit place, too: its functions have the names of the types. */
#define FERRIC_FOR_128(like, name)                                                    \
	_Generic((like), FERRIC_CHOICES(name), uint128_t: name##_u128, int128_t: name##_i128)
#define FERRIC_SATURATING_ADD(like, a, b) FERRIC_FOR_128(like, ferric_saturating_add)(a, b)
#define FERRIC_SATURATING_SUB(like, a, b) FERRIC_FOR_128(like, ferric_saturating_sub)(a, b)
#define FERRIC_ROTATE_LEFT(like, a, n) FERRIC_FOR_128(like, ferric_rotate_left)(a, n)
#define FERRIC_ROTATE_RIGHT(like, a, n) FERRIC_FOR_128(like, ferric_rotate_right)(a, n)
#define FERRIC_CAST_128(like, value)                                                  \
	_Generic((value),                                                             \
		float: FERRIC_128_OF(like, ferric_from_double)(FERRIC_AS_DOUBLE(value)), \
		double: FERRIC_128_OF(like, ferric_from_double)(FERRIC_AS_DOUBLE(value)), \
		default: FERRIC_128_OF(like, ferric_widen)(                           \
			(uint64_t)(value), FERRIC_IS_NEGATIVE(value)))
#define FERRIC_128_OF(like, name) _Generic((like), uint128_t: name##_u128, int128_t: name##_i128)
#define FERRIC_IS_NEGATIVE(value) ((value) < 0)

#endif
