/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * s390x: arguments are in r2 to r6, then on the stack above the 160 bytes of a frame; r6 is kept
 * for the caller; a system call takes its number in r1 and arguments in r2 to r7, and gives -errno
 * in r2 (arch/s390/kernel/entry.S, "system_call").
 */
	.globl	_start
_start:
	aghi	%r15, -160
	xc	0(8,%r15), 0(%r15)
	brasl	%r14, start_c

	.globl	system_call
system_call:
	stg	%r6, 48(%r15)
	lgr	%r1, %r2
	lgr	%r2, %r3
	lgr	%r3, %r4
	lgr	%r4, %r5
	lgr	%r5, %r6
	lg	%r6, 160(%r15)
	svc	0
	lg	%r6, 48(%r15)
	br	%r14
