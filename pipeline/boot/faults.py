# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel says when something is wrong: texts of Linux 6.1, with where they come from.

A line that matches is a fault, and the lines that follow belong to it.  What an out-of-tree module
does to a healthy kernel is no fault: it taints it with "O".
"""

from __future__ import annotations

import re

# Each: what is wrong, the text, and the source of the text.
_TEXTS: tuple[tuple[str, str, str], ...] = (
    ("panic", r"Kernel panic - not syncing", "kernel/panic.c"),
    ("BUG", r"\bBUG: |kernel BUG at|Kernel bug at|Kernel Bug\b", "kernel/, lib/, alpha traps.c"),
    ("BUG", r"Break handling|break instruction|die_if_kernel recursion", "parisc, alpha traps.c"),
    ("WARNING", r"\bWARNING: (?!Serial|Symbol version)", "kernel/panic.c"),
    ("Oops", r"\bOops\b|Internal error:|general protection fault", "arch/*/kernel/traps.c"),
    ("Oops", r"Unable to handle kernel|BAD KERNEL (?:BUSERR|TRAP)", "arch/*/mm/fault.c, m68k"),
    (
        "Oops",
        r"Kernel Fault: Code=|Kernel addressing failure|Instruction fault \d",
        "parisc, alpha",
    ),
    (
        "Oops",
        r"Arithmetic fault|Fault in unaligned fixup|illegal (?:slot )?instruction",
        "alpha, sh",
    ),
    (
        "Oops",
        r"User process fault|Illegal operation:|Addressing exception:|specification exc",
        "s390",
    ),
    (
        "Oops",
        r"\*\*\* (?:ADDRESS ERROR|ILLEGAL INSTRUCTION|ZERO DIVIDE)",
        "arch/m68k/kernel/traps.c",
    ),
    ("Oops", r"Division by zero in kernel|divide error:", "lib/, arch/x86"),
    (
        "unaligned access",
        (
            r"(?:Bad )?unaligned kernel access|KERNEL: Unaligned Access|Not-handled unaligned insn"
            r"|Unaligned handler failed|unaligned program counter|Unaligned data reference"
        ),
        "alpha and openrisc traps.c, sh mm/alignment.c, parisc unaligned.c",
    ),
    ("Unknown symbol", r"Unknown symbol \S+", "kernel/module/main.c"),
    ("symbol version", r"disagrees about version of symbol|no symbol version for", "version.c"),
    (
        "Invalid module format",
        (
            r"Invalid module format|version magic '.*' should be|Invalid ELF |ELF Spec violation"
            r"|No module found in object|module has no symbols \(stripped"
        ),
        "kernel/module/main.c",
    ),
    (
        "relocation",
        (
            r"Unknown (?:rela )?relocation|Relocation \(type \d+\) overflow"
            r"|relocation of symbol .* is out of range|relocation truncated|Overflow in relocation"
        ),
        "arch/*/kernel/module.c",
    ),
    ("module", r"exports duplicate symbol|has an invalid section index", "kernel/module/main.c"),
    ("module", r"please compile with -fno-common|suspiciously returned", "kernel/module/main.c"),
    (
        "module parameter",
        r"unknown parameter '.*' ignored|invalid for parameter",
        "kernel/params.c",
    ),
    ("licence", r"module license '.*' taints kernel|module license taints", "kernel/module/main.c"),
    (
        "RCU stall",
        r"rcu:? .*(?:self-)?detected (?:expedited )?stalls?\b",
        "kernel/rcu/tree_stall.h",
    ),
    ("hung task", r"INFO: task .* blocked for more than", "kernel/hung_task.c"),
    ("lockup", r"(?:soft|hard) LOCKUP|soft lockup", "kernel/watchdog.c"),
    (
        "locking",
        r"possible (?:circular|recursive) locking|INFO: possible|inconsistent lock",
        "lockdep",
    ),
    ("locking", r"scheduling while atomic|sleeping function called from invalid", "kernel/sched"),
    ("memory", r"Bad page state|page allocation failure|Out of memory|invoked oom-killer", "mm/"),
    (
        "memory",
        r"list_(?:add|del) corruption|refcount_t: |UBSAN: |KASAN: |KFENCE: |kmemleak: ",
        "lib/",
    ),
    ("memory", r"Trying to vfree|Object (?:already free|padding overwritten)|Redzone", "mm/"),
    (
        "stack",
        r"corrupted stack end|stack overflow|kernel stack overflow|stack-protector",
        "kernel/",
    ),
)
_FAULT = re.compile("|".join(f"(?P<f{at}>{text})" for at, (_, text, _) in enumerate(_TEXTS)))
# The letters of a taint, then the kernel's release, which begins with a digit (lib/dump_stack.c).
_TAINTED = re.compile(r"\bTainted: (?P<flags>[A-Z ]+)(?:[\d(]|$)")
_EXPECTED_TAINT = frozenset("GO")
# Documentation/admin-guide/tainted-kernels.rst
_TAINT_BITS = "PFSRMBUDAWCIOELKXTN"
_OUT_OF_TREE = 1 << _TAINT_BITS.index("O")


def fault(line: str) -> str:
    """Return what is wrong in one word or two, where a line of the console says so; else ``""``."""
    match = _FAULT.search(line)
    if match is not None and match.lastgroup is not None:
        return _TEXTS[int(match.lastgroup[1:])][0]
    tainted = _TAINTED.search(line)
    if tainted is not None and set(tainted["flags"].replace(" ", "")) - _EXPECTED_TAINT:
        return "taint"
    return ""


def unexpected_taint(mask: int) -> str:
    """Return the letters of a taint mask (``/proc/sys/kernel/tainted``) that nobody expects."""
    rest = mask & ~_OUT_OF_TREE
    letters = "".join(letter for bit, letter in enumerate(_TAINT_BITS) if rest >> bit & 1)
    return letters or (f"{rest:#x}" if rest else "")
