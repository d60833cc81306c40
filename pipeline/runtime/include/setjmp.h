/* SPDX-License-Identifier: GPL-2.0-only */
/* mrustc's C names jmp_buf and setjmp() for catching panics; a module's panics never return. */
#ifndef FERRIC_SETJMP_H
#define FERRIC_SETJMP_H

typedef struct { void *words[5]; } jmp_buf[1];

#define setjmp(buffer) ((void)(buffer), 0)
void longjmp(jmp_buf buffer, int value) __attribute__((noreturn));

#endif
