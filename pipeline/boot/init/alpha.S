/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alpha: arguments are in $16 to $21, a result in $0; a system call takes its number in $0 and
 * arguments in $16 to $21, and gives in $19 whether $0 is an error
 * (arch/alpha/kernel/entry.S, "entSys").
 */
	.globl	_start
	.ent	_start
_start:
	/* The global pointer is found from where we are. */
	br	$27, 1f
1:	ldgp	$29, 0($27)
	mov	$31, $15
	jsr	$26, start_c
	.end	_start

	.globl	system_call
	.ent	system_call
system_call:
	.frame	$30, 0, $26
	.prologue 0
	mov	$16, $0
	mov	$17, $16
	mov	$18, $17
	mov	$19, $18
	mov	$20, $19
	mov	$21, $20
	callsys
	beq	$19, 2f
	negq	$0, $0
2:	ret	$31, ($26)
	.end	system_call
