// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's side of the Rust crate `kernel`.
 *
 * Kbuild compiles this file into every module, with the kernel's own headers and flags.  It has what
 * Rust cannot call by itself: variadic functions, macros, inline functions and numbers that differ
 * from one configuration or architecture to the next.
 */

#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "ferric_kernel.h"

/* Printing */

void ferric_printk(u8 level, const u8 *text, size_t len)
{
	const char header[] = { KERN_SOH_ASCII, level, '\0' };

	if (level == 'c')
		printk("%s%.*s", header, (int)len, text);
	else
		printk("%s" KBUILD_MODNAME ": %.*s", header, (int)len, text);
}

void ferric_bug(void)
{
	BUG();
}

void *ferric_this_module(void)
{
	return THIS_MODULE;
}

/* Error numbers: the index is the number in asm-generic/errno.h, which Rust uses everywhere. */

static const u16 errno_of_generic[] = {
	[1] = EPERM,
	[2] = ENOENT,
	[3] = ESRCH,
	[4] = EINTR,
	[5] = EIO,
	[6] = ENXIO,
	[7] = E2BIG,
	[8] = ENOEXEC,
	[9] = EBADF,
	[10] = ECHILD,
	[11] = EAGAIN,
	[12] = ENOMEM,
	[13] = EACCES,
	[14] = EFAULT,
	[15] = ENOTBLK,
	[16] = EBUSY,
	[17] = EEXIST,
	[18] = EXDEV,
	[19] = ENODEV,
	[20] = ENOTDIR,
	[21] = EISDIR,
	[22] = EINVAL,
	[23] = ENFILE,
	[24] = EMFILE,
	[25] = ENOTTY,
	[26] = ETXTBSY,
	[27] = EFBIG,
	[28] = ENOSPC,
	[29] = ESPIPE,
	[30] = EROFS,
	[31] = EMLINK,
	[32] = EPIPE,
	[33] = EDOM,
	[34] = ERANGE,
	[35] = EDEADLK,
	[36] = ENAMETOOLONG,
	[38] = ENOSYS,
	[39] = ENOTEMPTY,
	[40] = ELOOP,
	[61] = ENODATA,
	[62] = ETIME,
	[71] = EPROTO,
	[74] = EBADMSG,
	[75] = EOVERFLOW,
	[84] = EILSEQ,
	[90] = EMSGSIZE,
	[95] = EOPNOTSUPP,
	[98] = EADDRINUSE,
	[105] = ENOBUFS,
	[110] = ETIMEDOUT,
	[114] = EALREADY,
	[115] = EINPROGRESS,
	[116] = ESTALE,
	[125] = ECANCELED,
	[512] = ERESTARTSYS,
	[515] = ENOIOCTLCMD,
	[517] = EPROBE_DEFER,
	[524] = ENOTSUPP,
};

s32 ferric_errno_from_generic(s32 code)
{
	if (code > 0 && code < ARRAY_SIZE(errno_of_generic) && errno_of_generic[code])
		return errno_of_generic[code];
	return EINVAL;
}

s32 ferric_errno_to_generic(s32 error)
{
	s32 code;

	for (code = 1; code < ARRAY_SIZE(errno_of_generic); code++) {
		if (error > 0 && errno_of_generic[code] == error)
			return code;
	}
	return 0;
}

/* Memory */

static gfp_t gfp_of(u32 flags)
{
	gfp_t gfp = 0;

	if (flags & FERRIC_GFP_KERNEL)
		gfp |= GFP_KERNEL;
	if (flags & FERRIC_GFP_ATOMIC)
		gfp |= GFP_ATOMIC;
	if (flags & FERRIC_GFP_NOWAIT)
		gfp |= GFP_NOWAIT;
	if (flags & FERRIC_GFP_NOWARN)
		gfp |= __GFP_NOWARN;
	if (flags & FERRIC_GFP_ZERO)
		gfp |= __GFP_ZERO;
	return gfp;
}

/*
 * kmalloc() aligns to ARCH_KMALLOC_MINALIGN (two bytes on m68k), and sizes that are a power of two
 * to themselves: Documentation/core-api/memory-allocation.rst.  0 stands for a size that is beyond
 * what there can be.
 */
static size_t aligned_size(size_t size, size_t align)
{
	if (align <= ARCH_KMALLOC_MINALIGN)
		return size;
	size = max(size, align);
	return size > SIZE_MAX / 4 ? 0 : roundup_pow_of_two(size);
}

void *ferric_kmalloc(size_t size, size_t align, u32 flags)
{
	size_t enough = aligned_size(size, align);

	return enough ? kmalloc(enough, gfp_of(flags)) : NULL;
}

void *ferric_krealloc(void *old, size_t size, size_t align, u32 flags)
{
	size_t enough = aligned_size(size, align);

	return enough ? krealloc(old, enough, gfp_of(flags)) : NULL;
}

void ferric_kfree(void *place)
{
	kfree(place);
}

/* Locks */

void *ferric_mutex_make(u32 flags)
{
	struct mutex *lock = kmalloc(sizeof(*lock), gfp_of(flags));

	if (lock)
		mutex_init(lock);
	return lock;
}

void ferric_mutex_free(void *lock)
{
	mutex_destroy(lock);
	kfree(lock);
}

void ferric_mutex_lock(void *lock)
{
	mutex_lock(lock);
}

void ferric_mutex_unlock(void *lock)
{
	mutex_unlock(lock);
}

void *ferric_spinlock_make(u32 flags)
{
	spinlock_t *lock = kmalloc(sizeof(*lock), gfp_of(flags));

	if (lock)
		spin_lock_init(lock);
	return lock;
}

void ferric_spinlock_free(void *lock)
{
	kfree(lock);
}

void ferric_spinlock_lock(void *lock)
{
	spin_lock(lock);
}

void ferric_spinlock_unlock(void *lock)
{
	spin_unlock(lock);
}
