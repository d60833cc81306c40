// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks at a freestanding crate's statics and functions as any C program would, and prints what it
 * sees, a name and hexadecimal numbers on each line.  pipeline/runtime/user/driver.c runs it.
 */

#include <stddef.h>
#include <stdint.h>

extern const uint32_t TABLE[4];
extern uint32_t COUNTER;
extern const uint8_t BYTES[3];
extern const uint16_t half_word;
extern const int16_t NEGATIVE;
extern const uint64_t WIDE;
extern const uint16_t ZEROES[5];
extern const uint32_t *const POINTER;
uint32_t compute(uint32_t n);
uint32_t renamed(uint32_t x);
uint32_t inlined(uint32_t x);
uint32_t method(uint32_t x);
uint32_t shared(void);

void selftest_write(const uint8_t *text, size_t len);
int32_t run(void);

static void print(const char *text)
{
	size_t len = 0;

	while (text[len] != '\0')
		len++;
	selftest_write((const uint8_t *)text, len);
}

static void number(uint64_t value)
{
	char text[18] = " ";

	for (int i = 0; i < 16; i++)
		text[1 + i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
	text[17] = '\0';
	print(text);
}

#define SHOW(name, ...)                                                                            \
	do {                                                                                       \
		const uint64_t values[] = { __VA_ARGS__ };                                         \
		print(name);                                                                       \
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)                    \
			number(values[i]);                                                         \
		print("\n");                                                                       \
	} while (0)

#define MISALIGNED(name) ((uintptr_t)&(name) % _Alignof(name))

int32_t run(void)
{
	SHOW("TABLE", TABLE[0], TABLE[1], TABLE[2], TABLE[3]);
	SHOW("COUNTER", COUNTER);
	SHOW("compute", compute(5), compute(100));
	SHOW("COUNTER", COUNTER);
	COUNTER = 1000;
	SHOW("compute", compute(3));
	SHOW("COUNTER", COUNTER);
	SHOW("BYTES", BYTES[0], BYTES[1], BYTES[2]);
	SHOW("half_word", half_word);
	SHOW("NEGATIVE", (uint64_t)NEGATIVE);
	SHOW("WIDE", WIDE);
	SHOW("ZEROES", ZEROES[0], ZEROES[1], ZEROES[2], ZEROES[3], ZEROES[4]);
	SHOW("POINTER", POINTER == TABLE, *POINTER);
	SHOW("misaligned", MISALIGNED(TABLE), MISALIGNED(COUNTER), MISALIGNED(half_word),
	     MISALIGNED(NEGATIVE), MISALIGNED(WIDE), MISALIGNED(POINTER));
	SHOW("functions", renamed(1), inlined(1), method(1));
	SHOW("shared", shared());
	return 0;
}
