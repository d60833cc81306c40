/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * openrisc: arguments are in r3 to r8, a result in r11; a system call takes its number in r11 and
 * arguments in r3 to r8, and gives -errno in r11 (arch/openrisc/kernel/entry.S,
 * "_sys_call_handler").
 */
	.globl	_start
_start:
	l.addi	r2, r0, 0
	l.jal	start_c
	l.nop

	.globl	system_call
system_call:
	l.ori	r11, r3, 0
	l.ori	r3, r4, 0
	l.ori	r4, r5, 0
	l.ori	r5, r6, 0
	l.ori	r6, r7, 0
	l.ori	r7, r8, 0
	l.sys	1
	/* The instruction after a jump is executed first. */
	l.jr	r9
	l.nop
