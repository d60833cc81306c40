// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a crate's test on the machine that builds it, with that machine's C library: what driver.c
 * beside this does with system calls alone.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int32_t run(void);
void selftest_write(const uint8_t *text, size_t len);
_Noreturn void selftest_abort(void);

void selftest_write(const uint8_t *text, size_t len)
{
	if (fwrite(text, 1, len, stdout) != len)
		abort();
}

_Noreturn void selftest_abort(void)
{
	fflush(stdout);
	_Exit(134);
}

int main(void)
{
	int32_t failures;

	/* A program that crashes has said what it said before. */
	setvbuf(stdout, NULL, _IONBF, 0);
	failures = run();
	return failures > 99 ? 99 : failures;
}
