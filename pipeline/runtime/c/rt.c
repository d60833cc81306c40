// SPDX-License-Identifier: GPL-2.0-only
/*
 * What transpiled code calls and neither compiler_builtins nor a kernel has.  Compiled with the
 * Rust part's flags and linked into every module; all of it is local afterwards.
 */
#include <stdint.h>
#include <stdlib.h>

/* core::intrinsics::abort(), and what GCC calls where the target has no trap instruction. */
void abort(void)
{
	for (;;)
		__builtin_trap();
}

/* Named in the cleanup path of every function; a module's panics never unwind, so none is taken. */
void _Unwind_Resume(void)
{
	abort();
}

/*
 * Population counts: GCC calls these where the target has no instruction, libgcc has them, the
 * 32-bit kernels do not export them and compiler_builtins does not define them.
 */
int __popcountsi2(uint32_t value)
{
	value -= value >> 1 & 0x55555555;
	value = (value & 0x33333333) + (value >> 2 & 0x33333333);
	value = (value + (value >> 4)) & 0x0f0f0f0f;
	return value * 0x01010101u >> 24;
}

int __popcountdi2(uint64_t value)
{
	return __popcountsi2(value) + __popcountsi2(value >> 32);
}

/*
 * Byte order: compiler_builtins has these in Rust, and where the processor has no instruction GCC
 * turns its C back into a call of the very function.  The empty assembly hides the pattern.
 */
static uint32_t hidden(uint32_t value)
{
	__asm__("" : "+r"(value));
	return value;
}

uint32_t __bswapsi2(uint32_t value)
{
	uint32_t outer = hidden(value << 24) | hidden(value >> 24);

	return outer | hidden((value & 0xff00) << 8) | hidden(value >> 8 & 0xff00);
}

uint64_t __bswapdi2(uint64_t value)
{
	uint32_t low = __bswapsi2(value), high = __bswapsi2(value >> 32);

	return (uint64_t)hidden(low) << 32 | high;
}

/* Comparisons of 64 bits, which GCC calls on arc and parisc at -Os: 0 less, 1 equal, 2 greater. */
int __ucmpdi2(uint64_t left, uint64_t right)
{
	uint32_t left_high = left >> 32, right_high = right >> 32;
	uint32_t left_low = left, right_low = right;

	if (left_high != right_high)
		return left_high < right_high ? 0 : 2;
	return left_low < right_low ? 0 : left_low == right_low ? 1 : 2;
}

int __cmpdi2(int64_t left, int64_t right)
{
	int32_t left_high = left >> 32, right_high = right >> 32;
	uint32_t left_low = left, right_low = right;

	if (left_high != right_high)
		return left_high < right_high ? 0 : 2;
	return left_low < right_low ? 0 : left_low == right_low ? 1 : 2;
}
