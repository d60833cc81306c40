/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the Rust crate `kernel` calls, and what a Rust module offers in turn.
 *
 * Only scalars and pointers cross: Rust's side has the same list in `kernel/src/ffi.rs`.
 */
#ifndef FERRIC_KERNEL_H
#define FERRIC_KERNEL_H

#include <linux/compiler.h>
#include <linux/types.h>

/* Offered by the Rust part: what `module!` makes. */
s32 ferric_module_init(void);
void ferric_module_exit(void);

/* Prints `len` bytes; `level` is the character after KERN_SOH, 'c' continues a line. */
void ferric_printk(u8 level, const u8 *text, size_t len);

/* BUG(). */
void ferric_bug(void) __noreturn;

/* THIS_MODULE. */
void *ferric_this_module(void);

/*
 * Error numbers, without sign: from the number in asm-generic/errno.h to this architecture's and
 * back; EINVAL and 0 for one that Rust has no name for.
 */
s32 ferric_errno_from_generic(s32 code);
s32 ferric_errno_to_generic(s32 error);

/* How to allocate: the bits of Rust's `Flags`. */
enum ferric_gfp {
	FERRIC_GFP_KERNEL = 1,
	FERRIC_GFP_ATOMIC = 2,
	FERRIC_GFP_NOWAIT = 4,
	FERRIC_GFP_NOWARN = 8,
	FERRIC_GFP_ZERO = 16,
};

/* Memory; `size` is not 0, `align` a power of two. */
void *ferric_kmalloc(size_t size, size_t align, u32 flags);
void *ferric_krealloc(void *old, size_t size, size_t align, u32 flags);
void ferric_kfree(void *place);

/* Locks: made here, because their size depends on the configuration. */
void *ferric_mutex_make(u32 flags);
void ferric_mutex_free(void *lock);
void ferric_mutex_lock(void *lock);
void ferric_mutex_unlock(void *lock);

void *ferric_spinlock_make(u32 flags);
void ferric_spinlock_free(void *lock);
void ferric_spinlock_lock(void *lock);
void ferric_spinlock_unlock(void *lock);

#endif
