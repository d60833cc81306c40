// SPDX-License-Identifier: GPL-2.0-only
/*
 * Integer arithmetic that GCC calls where the processor has no instruction ("GCC Internals", The
 * GCC low-level runtime library).  mrustc's C has it from compiler_builtins; rustc's front end
 * leaves it to the compiler, and a kernel exports only a part.  All of it is local after the link.
 *
 * Each is made of narrower operations, so that GCC does not turn it into a call of itself.
 */
#include <stdint.h>

#define HIGH(a) ((uint32_t)((a) >> 32))
#define JOIN(high, low) ((uint64_t)(high) << 32 | (low))

uint64_t __ashldi3(uint64_t value, int count)
{
	uint32_t high = HIGH(value), low = value;

	if (count & 32)
		return JOIN(low << (count & 31), 0);
	if (!count)
		return value;
	return JOIN(high << count | low >> (32 - count), low << count);
}

uint64_t __lshrdi3(uint64_t value, int count)
{
	uint32_t high = HIGH(value), low = value;

	if (count & 32)
		return high >> (count & 31);
	if (!count)
		return value;
	return JOIN(high >> count, low >> count | high << (32 - count));
}

int64_t __ashrdi3(int64_t value, int count)
{
	int32_t high = value >> 32;
	uint32_t low = value;

	if (count & 32)
		return JOIN((uint32_t)(high >> 31), (uint32_t)(high >> (count & 31)));
	if (!count)
		return value;
	return JOIN((uint32_t)(high >> count), low >> count | (uint32_t)high << (32 - count));
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
	uint32_t a0 = a & 0xffff, a1 = (uint32_t)a >> 16, b0 = b & 0xffff, b1 = (uint32_t)b >> 16;
	uint32_t t0 = a0 * b0, t1 = a1 * b0 + (t0 >> 16), t2 = a0 * b1 + (t1 & 0xffff);
	uint32_t high = a1 * b1 + (t1 >> 16) + (t2 >> 16);

	return JOIN(high + HIGH(a) * (uint32_t)b + (uint32_t)a * HIGH(b), t2 << 16 | (t0 & 0xffff));
}

int __clzsi2(uint32_t value)
{
	int count = 0, step;

	if (!value)
		return 32;
	for (step = 16; step; step >>= 1) {
		if (!(value >> (32 - step))) {
			value <<= step;
			count += step;
		}
	}
	return count;
}

int __clzdi2(uint64_t value)
{
	return HIGH(value) ? __clzsi2(HIGH(value)) : 32 + __clzsi2(value);
}

int __ctzsi2(uint32_t value)
{
	return value ? 31 - __clzsi2(value & -value) : 32;
}

int __ctzdi2(uint64_t value)
{
	return (uint32_t)value ? __ctzsi2(value) : 32 + __ctzsi2(HIGH(value));
}

/* Bit by bit, from the first that can be set.  By zero nothing divides: rustc has tested it. */
#define DIVIDE(name, type, bits)						\
static type name(type value, type by, type *rest)				\
{										\
	type quotient = 0, place = 1;						\
										\
	while (by < value && !(by >> (bits - 1))) {				\
		by <<= 1;							\
		place <<= 1;							\
	}									\
	for (; place; place >>= 1, by >>= 1) {					\
		if (value >= by) {						\
			value -= by;						\
			quotient |= place;					\
		}								\
	}									\
	*rest = value;								\
	return quotient;							\
}

#define DIVISIONS(divide, stype, type, udiv, umod, sdiv, smod)			\
type udiv(type a, type b)							\
{										\
	type rest;								\
										\
	return divide(a, b, &rest);						\
}										\
type umod(type a, type b)							\
{										\
	type rest;								\
										\
	divide(a, b, &rest);							\
	return rest;								\
}										\
stype sdiv(stype a, stype b)							\
{										\
	type rest, q = divide(a < 0 ? -(type)a : a, b < 0 ? -(type)b : b, &rest); \
										\
	return (a < 0) != (b < 0) ? -q : q;					\
}										\
stype smod(stype a, stype b)							\
{										\
	type rest;								\
										\
	divide(a < 0 ? -(type)a : a, b < 0 ? -(type)b : b, &rest);		\
	return a < 0 ? -rest : rest;						\
}

DIVIDE(divide_64, uint64_t, 64)
DIVISIONS(divide_64, int64_t, uint64_t, __udivdi3, __umoddi3, __divdi3, __moddi3)

#ifdef __SIZEOF_INT128__
typedef unsigned __int128 wide;
typedef __int128 signed_wide;
DIVIDE(divide_128, wide, 128)
DIVISIONS(divide_128, signed_wide, wide, __udivti3, __umodti3, __divti3, __modti3)

/* x86-64 asks for quotient and remainder at once (ix86_expand_divmod_libfunc). */
wide __udivmodti4(wide a, wide b, wide *rest)
{
	return divide_128(a, b, rest);
}

signed_wide __divmodti4(signed_wide a, signed_wide b, signed_wide *rest)
{
	signed_wide quotient = __divti3(a, b);

	*rest = a - quotient * b;
	return quotient;
}

#define HIGH_64(a) ((uint64_t)((a) >> 64))
#define JOIN_128(high, low) ((wide)(uint64_t)(high) << 64 | (uint64_t)(low))

wide __ashlti3(wide value, int count)
{
	uint64_t high = HIGH_64(value), low = value;

	if (count & 64)
		return JOIN_128(low << (count & 63), 0);
	if (!count)
		return value;
	return JOIN_128(high << count | low >> (64 - count), low << count);
}

wide __lshrti3(wide value, int count)
{
	uint64_t high = HIGH_64(value), low = value;

	if (count & 64)
		return high >> (count & 63);
	if (!count)
		return value;
	return JOIN_128(high >> count, low >> count | high << (64 - count));
}

signed_wide __ashrti3(signed_wide value, int count)
{
	int64_t high = HIGH_64(value);
	uint64_t low = value;

	if (count & 64)
		return JOIN_128(high >> 63, high >> (count & 63));
	if (!count)
		return value;
	return JOIN_128(high >> count, low >> count | (uint64_t)high << (64 - count));
}

wide __multi3(wide a, wide b)
{
	uint64_t a0 = (uint32_t)a, a1 = HIGH((uint64_t)a), b0 = (uint32_t)b, b1 = HIGH((uint64_t)b);
	uint64_t t0 = a0 * b0, t1 = a1 * b0 + HIGH(t0), t2 = a0 * b1 + (uint32_t)t1;
	uint64_t high = a1 * b1 + HIGH(t1) + HIGH(t2);

	return JOIN_128(high + HIGH_64(a) * (uint64_t)b + (uint64_t)a * HIGH_64(b),
			t2 << 32 | (uint32_t)t0);
}
#endif
