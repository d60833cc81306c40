/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sh: arguments are in r4 to r7, then on the stack, a result in r0; a system call takes its number
 * in r3 and arguments in r4 to r7, r0 and r1, and gives -errno in r0; the trap's number is 0x10
 * and how many arguments there are (arch/sh/kernel/entry-common.S, "system_call").
 */
	.globl	_start
	.align	2
_start:
	mov	#0, r14
	mov.l	1f, r0
	jsr	@r0
	nop
	.align	2
1:	.long	start_c

	.globl	system_call
	.align	2
system_call:
	mov	r4, r3
	mov	r5, r4
	mov	r6, r5
	mov	r7, r6
	mov.l	@r15, r7
	mov.l	@(4,r15), r0
	trapa	#0x15
	rts
	nop
