/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * parisc: arguments are in r26 to r23, then below the stack pointer (a stack that grows upwards);
 * a system call goes through the gateway page at 0x100 with its number in r20 and arguments in r26
 * to r21, the return address in r31, and gives -errno in r28 (arch/parisc/kernel/syscall.S,
 * "linux_gateway_entry").
 */
	.level	1.1
	.import	start_c, code
	.import	$global$, data
	.text
	.export	_start, entry
_start:
	/* Data is addressed from $global$, in r27; frames are of 64 bytes. */
	ldil	L'$global$, %r27
	ldo	R'$global$(%r27), %r27
	ldo	127(%sp), %sp
	depi	0, 31, 6, %sp
	copy	%r0, %r3
	bl	start_c, %r2
	nop

	.export	system_call, entry
system_call:
	stw	%r2, -20(%sp)
	copy	%r26, %r20
	copy	%r25, %r26
	copy	%r24, %r25
	copy	%r23, %r24
	ldw	-52(%sp), %r23
	ldw	-56(%sp), %r22
	/* The instruction after a branch is executed first. */
	ble	0x100(%sr2, %r0)
	nop
	ldw	-20(%sp), %r2
	bv	%r0(%r2)
	nop
