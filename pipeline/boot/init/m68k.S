/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * m68k: arguments are on the stack (System V ABI); a system call takes its number in d0, arguments
 * in d1 to d5 and gives -errno in d0 (arch/m68k/kernel/entry.S, "system_call").
 */
	.globl	_start
_start:
	sub.l	%fp, %fp
	jbsr	start_c

	.globl	system_call
system_call:
	movem.l	%d2-%d5, -(%sp)
	movem.l	20(%sp), %d0-%d5
	trap	#0
	movem.l	(%sp)+, %d2-%d5
	rts
