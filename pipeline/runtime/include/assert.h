/* SPDX-License-Identifier: GPL-2.0-only */
/* assert() for transpiled code: mrustc writes it only for what cannot be false. */
#ifndef FERRIC_ASSERT_H
#define FERRIC_ASSERT_H

#define assert(condition) ((void)((condition) || (__builtin_trap(), 0)))

#endif
