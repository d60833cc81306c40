/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of <math.h> that mrustc's C names.  A kernel has no floating point: what still calls one
 * of these functions in a module is reported by the symbols check, so they are declared only.
 */
#ifndef FERRIC_MATH_H
#define FERRIC_MATH_H

#define INFINITY (__builtin_inff())
#define NAN (__builtin_nanf(""))

double fmod(double dividend, double divisor);
float fmodf(float dividend, float divisor);
double remainder(double dividend, double divisor);
float remainderf(float dividend, float divisor);

#endif
