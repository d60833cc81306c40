# SPDX-License-Identifier: GPL-2.0-only
"""Names that compilers call behind the programmer's back, or that only user programs have.

The kernel links neither libgcc nor libm nor libc into modules.  libgcc's names are those of the
GCC internals manual, "The GCC low-level runtime library", and of the ports' own files in
libgcc/config; libm's and libc's those of ISO C.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Names that come from one library, why code refers to them, and what to do instead."""

    library: str
    names: re.Pattern[str]
    why: str
    mend: str


_MODES = "(?:qi|hi|si|di|ti)"
_FLOATS = "(?:hf|sf|df|xf|tf|bf)"
_C99 = (
    "acos|acosh|asin|asinh|atan|atan2|atanh|cbrt|ceil|copysign|cos|cosh|erf|erfc|exp|exp2|expm1|"
    "fabs|fdim|floor|fma|fmax|fmin|fmod|frexp|hypot|ilogb|ldexp|lgamma|llrint|llround|log|log10|"
    "log1p|log2|logb|lrint|lround|modf|nan|nearbyint|nextafter|nexttoward|pow|remainder|remquo|"
    "rint|round|scalbln|scalbn|sin|sinh|sqrt|tan|tanh|tgamma|trunc"
)
_LIBC = (
    "malloc|calloc|realloc|free|aligned_alloc|posix_memalign|printf|fprintf|vprintf|vfprintf|puts|"
    "putchar|fputs|fputc|fwrite|fread|fopen|fclose|stdin|stdout|stderr|exit|_exit|_Exit|atexit|"
    "abort|raise|signal|getenv|setjmp|_setjmp|longjmp|__sigsetjmp|siglongjmp|errno|"
    "__errno_location|__assert_fail|__assert|pthread_\\w+|dl_iterate_phdr|syscall|read|write|open|"
    "close|mmap|munmap|clock_gettime|getrandom|sysconf|__stack_chk_guard_local|__libc_\\w+"
)

FAMILIES = (
    Family(
        "libgcc",
        re.compile(
            rf"__(?:u?div|u?mod|u?divmod|mul|add|sub|neg|ashl|ashr|lshr|cmp|ucmp|abs|mulv|addv|subv|"
            rf"negv|absv|popcount|parity|clz|ctz|ffs|clrsb|bswap|bitreverse){_MODES}[234]"
            r"|__(?:u?div|u?mod|u?rem)[bwlq]u?|__rem[bwlq]u?"
            r"|\$\$(?:div|rem|mul)\w+|__[su]divsi3_i4i?|__movmem\w*|__movstr\w*"
            r"|__(?:st|ld)_r13_to_r\d+(?:_ret)?|__millicode\w*|__ashiftrt_\w+|__ashlsi3_r0"
            r"|__clear_cache|__gcc_\w+|__emutls_\w+|__morestack|__enable_execute_stack"
        ),
        "GCC calls it for arithmetic that the processor has no instruction for",
        "let the compiler_builtins that the module brings define it, or use the kernel's helpers "
        "(do_div, div64_u64)",
    ),
    Family(
        "libgcc (floating point)",
        re.compile(
            rf"__(?:add|sub|mul|div|neg|cmp|unord|eq|ne|ge|lt|le|gt|powi|abs|rem){_FLOATS}(?:[23]|i2)"
            rf"|__(?:fix|fixuns|float|floatun|floatuns|extend|trunc)"
            rf"(?:{_MODES}|{_FLOATS})(?:{_MODES}|{_FLOATS})2?"
            rf"|__(?:mul|div)(?:sc|dc|xc|tc)3|_[Qq]p?_\w+"
        ),
        "the code uses floating point, for which GCC calls its emulation",
        "do without floating point: the kernel does not save its registers",
    ),
    Family(
        "libgcc or libatomic",
        re.compile(r"__sync_\w+|__atomic_\w+|__aarch64_(?:cas|swp|ld\w+)\w*"),
        "the processor has no instruction for an atomic of this width",
        "use an atomic of a width that the architecture has, or the kernel's own atomics",
    ),
    Family(
        "libgcc (unwinder)",
        re.compile(
            r"_Unwind_\w+|__register_frame\w*|__deregister_frame\w*|__gxx_personality\w*"
            r"|__gcc_personality\w*|rust_eh_personality"
        ),
        "the code was compiled to unwind after a panic",
        "compile with panic=abort and -fno-exceptions",
    ),
    Family(
        "libm",
        re.compile(rf"(?:{_C99})[fl]?|(?:__)?(?:{_C99})_finite|c(?:abs|arg|exp|log|pow|sqrt)[fl]?"),
        "the code calls a function of the mathematics library",
        "do without floating point: the kernel has no libm and does not save its registers",
    ),
    Family(
        "libc",
        re.compile(_LIBC),
        "the code was written for a user program",
        "use the kernel's own interface for it",
    ),
    Family(
        "another object of the toolchain",
        re.compile(
            r"__tls_get_addr|___tls_get_addr|__dso_handle|__cxa_\w+|_init|_fini|"
            r"__gmon_start__|_ITM_\w+|__ubsan_\w+|__asan_\w+|__tsan_\w+|__gcov_\w+"
        ),
        "the code was compiled for a user program or with instrumentation",
        "compile with the kernel's own flags",
    ),
)


def family(name: str) -> Family | None:
    """Return the library that a symbol's name belongs to, None for any other name."""
    return next((one for one in FAMILIES if one.names.fullmatch(name)), None)
