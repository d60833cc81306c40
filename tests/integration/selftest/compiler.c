// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says whether the compiler can be trusted with a comparison of memory with zero, as the number of
 * wrong answers.  It is linked with driver.c.
 *
 * Debian 12's sh4 cross compiler (12.2.0-13cross1) leaves out the load and the test from -O1 on, and
 * branches by what the flag happens to be.
 */

#include <stdint.h>

int32_t run(void);

static const int32_t numbers[] = {0, 1, -1, 0};

__attribute__((noipa)) static int32_t wrong_if_zero(int32_t number)
{
	return number == 0;
}

__attribute__((noipa)) static int32_t wrong_unless_zero(int32_t number)
{
	return number != 0;
}

__attribute__((noipa)) static int32_t judge(const int32_t *number)
{
	if (*number == 0)
		return wrong_unless_zero(*number);
	return wrong_if_zero(*number);
}

int32_t run(void)
{
	return judge(&numbers[0]) + judge(&numbers[1]) + judge(&numbers[2]) + judge(&numbers[3]);
}
