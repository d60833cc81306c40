# SPDX-License-Identifier: GPL-2.0-only
"""Functions that panic, that never return, that sleep: names, and where the kernel says so."""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.names import readable

# library/core/src: panicking.rs, option.rs, result.rs, slice/index.rs, slice/mod.rs, str/mod.rs,
# cell.rs, num/mod.rs, array and ops; library/alloc/src: alloc.rs, raw_vec, vec.
_PANIC = re.compile(
    r"core::panicking::.+"
    r"|core::(?:option|result)::(?:unwrap|expect)_failed.*"
    r"|core::(?:slice|str|array|char|num|cell|ops|time|iter|unicode|task|alloc)\b.*::(?:"
    r"(?:slice|str)_\w+_fail\w*|\w+_fail(?:ed)?|\w*len_mismatch\w*|panic\w*|from_str_radix_panic\w*)"
    r"(?:::.*)?"
    r"|core::num::(?:overflow_panic|imp::overflow_panic)::.+"
    r"|core::(?:result|option)::.*panic.*"
    r"|alloc::alloc::handle_alloc_error.*|alloc::raw_vec::(?:capacity_overflow|handle_error).*"
    r"|alloc::(?:vec|string|collections)\b.*::assert_failed.*"
    r"|std::panicking::.+|std::alloc::rust_oom.*"
    r"|(?:rust_begin_unwind|panic_impl|rust_panic|__rust_start_panic|_RNv\w*rust_begin_unwind)"
    r"|__rustc::rust_begin_unwind|rust_helper_BUG"
)
_MAYBE = re.compile(r"panic|_fail|rust_begin_unwind|alloc_error|overflow|mismatch|BUG")

# tools/objtool/check.c, __dead_end_function(), of Linux 6.1, the headers' __noreturn, and what GCC
# itself or Rust's runtime takes not to return.
_NEVER = frozenset(
    [
        "__invalid_creds",
        "__module_put_and_kthread_exit",
        "__reiserfs_panic",
        "__stack_chk_fail",
        "__ubsan_handle_builtin_unreachable",
        "cpu_bringup_and_idle",
        "cpu_startup_entry",
        "do_exit",
        "do_group_exit",
        "do_task_dead",
        "ex_handler_msr_mce",
        "fortify_panic",
        "kthread_complete_and_exit",
        "kthread_exit",
        "kunit_abort",
        "kunit_try_catch_throw",
        "lbug_with_loc",
        "machine_real_restart",
        "make_task_dead",
        "panic",
        "rewind_stack_and_make_dead",
        "sev_es_terminate",
        "snp_abort",
        "stop_this_cpu",
        "usercopy_abort",
        "xen_start_kernel",
        "abort",
        "rust_begin_unwind",
        "panic_impl",
        "_Unwind_Resume",
    ]
)
_RETURNS = re.compile(
    r"_?printk|_dev_\w+|k(?:v|z)?free|k(?:m|z|c)alloc\w*|mem(?:cpy|set|move|cmp|chr)|str\w+|"
    r"__(?:u?div|u?mod)\w+|mutex_(?:un)?lock|up|down|up_\w+|schedule|capable|snprintf|sprintf"
)

# What the kernel marks with might_sleep() or documents as sleeping, by the file that does.
_SLEEP = (
    (
        "kernel/locking/mutex.c",
        (
            r"(?:ww_)?mutex_lock(?:_interruptible|_killable|_io)?(?:_nested)?|"
            r"_mutex_lock_(?:nest_lock|io_nested)|ww_mutex_lock(?:_interruptible)?"
        ),
    ),
    ("kernel/locking/semaphore.c", r"down(?:_interruptible|_killable|_timeout)?"),
    (
        "kernel/locking/rwsem.c",
        r"down_(?:read|write)(?:_interruptible|_killable)?(?:_nested|_non_owner)?",
    ),
    ("kernel/locking/rtmutex_api.c", r"rt_mutex_(?:lock|unlock)(?:_interruptible|_killable)?"),
    ("kernel/locking/percpu-rwsem.c", r"percpu_down_(?:read|write)|__percpu_down_read"),
    (
        "kernel/sched/core.c",
        (
            r"schedule|io_schedule(?:_timeout)?|yield(?:_to)?|__?cond_resched(?:_lock\w*|_rwlock\w*)?|"
            r"preempt_schedule\w*|schedule_preempt_disabled"
        ),
    ),
    (
        "kernel/time/timer.c, kernel/time/hrtimer.c",
        (
            r"msleep(?:_interruptible)?|ssleep|fsleep|usleep_range(?:_state|_idle)?|"
            r"schedule_timeout(?:_\w+)?|schedule_hrtimeout(?:_range\w*)?"
        ),
    ),
    ("kernel/sched/completion.c", r"wait_for_completion(?:_\w+)?"),
    (
        "kernel/sched/wait.c, kernel/sched/wait_bit.c",
        (
            r"wait_woken|do_wait_intr(?:_irq)?|"
            r"out_of_line_wait_on_\w+|__wait_on_bit(?:_lock)?"
        ),
    ),
    (
        "kernel/workqueue.c",
        (
            r"(?:__)?flush_workqueue|drain_workqueue|flush_(?:delayed_|rcu_)?work|"
            r"cancel_(?:delayed_)?work_sync|destroy_workqueue|schedule_on_each_cpu"
        ),
    ),
    ("kernel/kthread.c", r"kthread_(?:stop|park|flush_work(?:er)?|create_on_node|destroy_worker)"),
    (
        "kernel/irq/manage.c",
        r"synchronize_irq|disable_irq|free_irq|request_(?:threaded|any_context)_irq",
    ),
    (
        "kernel/rcu/tree.c, kernel/rcu/srcutree.c",
        r"synchronize_(?:s?rcu|net)(?:_expedited|_tasks\w*)?|rcu_barrier(?:_tasks\w*)?|srcu_barrier",
    ),
    (
        "mm/vmalloc.c, mm/util.c",
        r"v[mz]alloc\w*|__vmalloc\w*|vfree|kvfree|vmap|vunmap|kvmalloc_node",
    ),
    (
        "mm/slab_common.c, mm/slub.c (where the flags have __GFP_DIRECT_RECLAIM)",
        (
            r"__?k[mzc]alloc\w*|kmalloc_\w+|kmem_cache_alloc(?:_\w+)?|krealloc|kmemdup|kstrdup|kasprintf|"
            r"kvasprintf|kmem_cache_(?:create\w*|destroy)"
        ),
    ),
    (
        "mm/page_alloc.c (likewise)",
        r"__alloc_pages\w*|__get_free_pages|get_zeroed_page|alloc_pages\w*",
    ),
    (
        "include/linux/uaccess.h, lib/usercopy.c, mm/gup.c",
        (
            r"_?copy_(?:to|from|in)_user|__copy_user\w*|__(?:arch_|generic_)?copy_(?:to|from)_user\w*|"
            r"raw_copy_(?:to|from)_user|__?clear_user|strn(?:cpy|len)_(?:from_)?user|memdup_user\w*|"
            r"__(?:get|put)_user_\w+|get_user_pages\w*|pin_user_pages\w*"
        ),
    ),
    ("kernel/kmod.c, kernel/umh.c", r"__request_module|call_usermodehelper\w*"),
    ("drivers/base/firmware_loader/main.c", r"request_firmware\w*|firmware_request_\w+"),
    (
        "fs/buffer.c, block/blk-core.c",
        r"__bread\w*|sync_dirty_buffer|submit_bio_wait|blk_execute_rq",
    ),
)
SLEEP = tuple((source, re.compile(pattern)) for source, pattern in _SLEEP)


@lru_cache(maxsize=4096)
def panics(symbol: str) -> str:
    """Return the readable name of a function that panics, nothing for any other symbol."""
    if not _MAYBE.search(symbol):
        return ""
    name = readable(symbol)
    path = name.split(" {")[0]
    return path if _PANIC.fullmatch(path) else ""


@lru_cache(maxsize=4096)
def never_returns(symbol: str) -> bool:
    """Say whether a function is known never to return."""
    return symbol in _NEVER or bool(panics(symbol))


def returns(symbol: str) -> bool:
    """Say whether a function of the kernel is known to return."""
    return bool(_RETURNS.fullmatch(symbol)) or bool(sleeps(symbol))


@lru_cache(maxsize=4096)
def sleeps(symbol: str) -> str:
    """Return the kernel file that makes a function sleep, nothing for any other symbol."""
    return next((source for source, names in SLEEP if names.fullmatch(symbol)), "")
