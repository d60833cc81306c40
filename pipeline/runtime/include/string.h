/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of <string.h> that mrustc's C names; every kernel exports these functions. */
#ifndef FERRIC_STRING_H
#define FERRIC_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *left, const void *right, size_t count);
size_t strlen(const char *text);

#endif
