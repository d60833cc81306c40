/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of <math.h> that mrustc's C names.  A kernel has no floating point: what still calls one
 * of these functions in a module is reported by the symbols check, so they are declared only.
 */
#ifndef FERRIC_MATH_H
#define FERRIC_MATH_H

#define INFINITY (__builtin_inff())
#define NAN (__builtin_nanf(""))

#define fabs(number) __builtin_fabs(number)
#define fabsf(number) __builtin_fabsf(number)
#define copysign(number, sign) __builtin_copysign(number, sign)
#define copysignf(number, sign) __builtin_copysignf(number, sign)

#define FERRIC_MATH_1(name) double name(double); float name##f(float);
#define FERRIC_MATH_2(name) double name(double, double); float name##f(float, float);
FERRIC_MATH_2(fmod)
FERRIC_MATH_2(pow)
FERRIC_MATH_1(rint)
FERRIC_MATH_1(round)
FERRIC_MATH_1(trunc)
FERRIC_MATH_1(floor)
FERRIC_MATH_1(ceil)
FERRIC_MATH_1(sqrt)
FERRIC_MATH_1(exp)
FERRIC_MATH_1(exp2)
FERRIC_MATH_1(log)
FERRIC_MATH_1(log10)
FERRIC_MATH_1(log2)
FERRIC_MATH_1(sin)
FERRIC_MATH_1(cos)
double fma(double, double, double);
float fmaf(float, float, float);

#endif
