/* SPDX-License-Identifier: GPL-2.0-only */
/* GCC's own integer types: its <stdint.h> would look for a C library's without -ffreestanding. */
#ifndef FERRIC_STDINT_H
#define FERRIC_STDINT_H

#include <stdint-gcc.h>

#endif
