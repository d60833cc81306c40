/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x86_64: arguments are in rdi, rsi, rdx, rcx, r8 and r9; a system call takes its number in rax
 * and arguments in rdi, rsi, rdx, r10, r8 and r9, and gives -errno in rax
 * (arch/x86/entry/entry_64.S, "entry_SYSCALL_64").
 */
	.globl	_start
_start:
	xorl	%ebp, %ebp
	andq	$-16, %rsp
	call	start_c

	.globl	system_call
system_call:
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	syscall
	ret
