// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first and only program of a disposable m68k kernel: loads /module.ko three times, unloads it
 * each time, says what the kernel answered, and powers off.  No libc; the numbers of the system
 * calls come from the kernel tree's own header.
 */
#include <asm/unistd_32.h>

#define O_RDONLY 0
#define REBOOT_MAGIC1 0xfee1dead
#define REBOOT_MAGIC2 672274793
#define REBOOT_POWER_OFF 0x4321fedc
#define O_NONBLOCK 04000

static long call(long number, long a, long b, long c, long d)
{
	register long d0 __asm__("d0") = number;
	register long d1 __asm__("d1") = a;
	register long d2 __asm__("d2") = b;
	register long d3 __asm__("d3") = c;
	register long d4 __asm__("d4") = d;

	__asm__ volatile("trap #0" : "+d"(d0) : "d"(d1), "d"(d2), "d"(d3), "d"(d4) : "memory");
	return d0;
}

static void print(const char *text)
{
	long length = 0;

	while (text[length])
		length++;
	call(__NR_write, 1, (long)text, length, 0);
}

static void print_number(long value)
{
	char digits[12];
	int at = sizeof(digits) - 1;
	unsigned long rest = value < 0 ? -value : value;

	digits[at] = '\0';
	do {
		digits[--at] = '0' + rest % 10;
		rest /= 10;
	} while (rest);
	if (value < 0)
		digits[--at] = '-';
	print(digits + at);
}

static void report(const char *what, long result)
{
	print("INIT: ");
	print(what);
	print(" = ");
	print_number(result);
	print("\n");
}

void _start(void)
{
	for (int round = 0; round < 3; round++) {
		long file = call(__NR_open, (long)"/module.ko", O_RDONLY, 0, 0);

		report("load", call(__NR_finit_module, file, (long)ARGUMENTS, 0, 0));
		call(__NR_close, file, 0, 0, 0);
		report("unload", call(__NR_delete_module, (long)NAME, O_NONBLOCK, 0, 0));
	}
	print("INIT: done\n");
	call(__NR_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_POWER_OFF, 0);
	for (;;)
		;
}
