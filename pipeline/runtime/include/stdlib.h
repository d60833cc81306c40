/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of <stdlib.h> that mrustc's C names; abort() is in rt.c, nothing allocates. */
#ifndef FERRIC_STDLIB_H
#define FERRIC_STDLIB_H

#include <stddef.h>

void abort(void) __attribute__((noreturn));

#endif
