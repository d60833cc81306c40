// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the self-test as a program with nothing under it but system calls: the log goes to standard
 * output, and the exit status is the number of tests that failed.
 *
 * Debian has no C library that works under user-mode emulation for all of these architectures, so
 * this file has the entry point, two system calls, and the five functions of <string.h> that
 * compilers take for granted.  Numbers of system calls and the registers that they use are those of
 * arch/<arch>/kernel (entry.S, syscalls/syscall.tbl) in Linux; syscall(2) has a table of them.
 */

#include <stddef.h>
#include <stdint.h>

int32_t run(void);
void selftest_write(const uint8_t *text, size_t len);
_Noreturn void selftest_abort(void);
_Noreturn void abort(void);
_Noreturn void start_c(void);

#if defined(__m68k__)

#define SYS_EXIT 1
#define SYS_WRITE 4

__asm__(".globl _start\n"
	"_start:\n"
	"	sub.l %fp,%fp\n"
	"	jbsr start_c\n");

static long system_call(long number, long a, long b, long c)
{
	register long d0 __asm__("d0") = number;
	register long d1 __asm__("d1") = a;
	register long d2 __asm__("d2") = b;
	register long d3 __asm__("d3") = c;

	__asm__ volatile("trap #0" : "+r"(d0) : "r"(d1), "r"(d2), "r"(d3) : "memory");
	return d0;
}

#elif defined(__alpha__)

#define SYS_EXIT 1
#define SYS_WRITE 4

/* The global pointer is found from where we are. */
__asm__(".globl _start\n"
	".ent _start\n"
	"_start:\n"
	"	br $27, 1f\n"
	"1:	ldgp $29, 0($27)\n"
	"	jsr $26, start_c\n"
	".end _start\n");

static long system_call(long number, long a, long b, long c)
{
	register long v0 __asm__("$0") = number;
	register long a0 __asm__("$16") = a;
	register long a1 __asm__("$17") = b;
	register long a2 __asm__("$18") = c;
	register long failed __asm__("$19");

	__asm__ volatile("callsys"
			 : "+r"(v0), "=r"(failed), "+r"(a0), "+r"(a1), "+r"(a2)
			 :
			 : "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$20", "$21", "$22",
			   "$23", "$24", "$25", "$27", "$28", "memory");
	return failed ? -v0 : v0;
}

#include "alpha_divide.h"

#elif defined(__hppa__)

#define SYS_EXIT 1
#define SYS_WRITE 4

/*
 * The stack grows upwards: a frame, 64 bytes aligned, is made above what the kernel left there.
 * Data is addressed from $global$, in register 27.
 */
__asm__(".import start_c,code\n"
	".import $global$,data\n"
	".export _start,entry\n"
	"_start:\n"
	"	ldil L'$global$,%r27\n"
	"	ldo R'$global$(%r27),%r27\n"
	"	ldo 127(%sp),%sp\n"
	"	depi 0,31,6,%sp\n"
	"	bl start_c,%r2\n"
	"	nop\n");

static long system_call(long number, long a, long b, long c)
{
	register long r20 __asm__("r20") = number;
	register long r26 __asm__("r26") = a;
	register long r25 __asm__("r25") = b;
	register long r24 __asm__("r24") = c;
	register long r28 __asm__("r28");

	/* The gateway page at 0x100; the instruction after the branch is executed first. */
	__asm__ volatile("ble 0x100(%%sr2,%%r0)\n\tnop"
			 : "=r"(r28), "+r"(r20), "+r"(r26), "+r"(r25), "+r"(r24)
			 :
			 : "r1", "r2", "r21", "r22", "r23", "r29", "r31", "memory");
	return r28;
}

#elif defined(__sh__)

#define SYS_EXIT 1
#define SYS_WRITE 4

__asm__(".globl _start\n"
	".align 2\n"
	"_start:\n"
	"	mov #0, r14\n"
	"	mov.l 1f, r0\n"
	"	jsr @r0\n"
	"	nop\n"
	".align 2\n"
	"1:	.long start_c\n");

static long system_call(long number, long a, long b, long c)
{
	register long r3 __asm__("r3") = number;
	register long r4 __asm__("r4") = a;
	register long r5 __asm__("r5") = b;
	register long r6 __asm__("r6") = c;
	register long r0 __asm__("r0");

	/* 0x10 and the number of arguments */
	__asm__ volatile("trapa #0x13" : "=r"(r0) : "r"(r3), "r"(r4), "r"(r5), "r"(r6) : "memory");
	return r0;
}

#elif defined(__or1k__)

#define SYS_EXIT 93
#define SYS_WRITE 64

__asm__(".globl _start\n"
	"_start:\n"
	"	l.movhi r9, 0\n"
	"	l.jal start_c\n"
	"	l.nop\n");

static long system_call(long number, long a, long b, long c)
{
	register long r11 __asm__("r11") = number;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;
	register long r5 __asm__("r5") = c;

	__asm__ volatile("l.sys 1"
			 : "+r"(r11), "+r"(r3), "+r"(r4), "+r"(r5)
			 :
			 : "r6", "r7", "r8", "r12", "r13", "r15", "r17", "r19", "r21", "r23", "r25",
			   "r27", "r29", "r31", "memory");
	return r11;
}

#else
#error "no entry point and no system call for this architecture"
#endif

void selftest_write(const uint8_t *text, size_t len)
{
	while (len > 0) {
		long written = system_call(SYS_WRITE, 1, (long)text, (long)len);

		if (written <= 0)
			abort();
		text += written;
		len -= (size_t)written;
	}
}

void selftest_abort(void)
{
	abort();
}

void abort(void)
{
	for (;;)
		system_call(SYS_EXIT, 134, 0, 0);
}

void start_c(void)
{
	int32_t failures = run();

	for (;;)
		system_call(SYS_EXIT, failures > 99 ? 99 : failures, 0, 0);
}

/* Built with -fno-tree-loop-distribute-patterns, or these loops would become calls of themselves. */

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	if ((uintptr_t)to <= (uintptr_t)from)
		{ for (size_t i = 0; i < len; i++) ((uint8_t *)to)[i] = ((const uint8_t *)from)[i]; return to; }
	while (len-- > 0)
		((uint8_t *)to)[len] = ((const uint8_t *)from)[len];
	return to;
}

void *memset(void *to, int byte, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = (uint8_t)byte;
	return to;
}

int memcmp(const void *left, const void *right, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int difference = ((const uint8_t *)left)[i] - ((const uint8_t *)right)[i];

		if (difference != 0)
			return difference;
	}
	return 0;
}

size_t strlen(const char *text)
{
	size_t len = 0;

	while (text[len] != '\0')
		len++;
	return len;
}
