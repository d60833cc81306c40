// SPDX-License-Identifier: GPL-2.0-only
/*
 * Division on alpha, which has no instruction for it: GCC calls functions that Linux exports to its
 * modules (arch/alpha/lib/divide.S) and that are in no libgcc.
 *
 * Their calling convention is their own: operands in $24 and $25, the result in $27, the return
 * address in $23, and nothing else may change but $28.  So everything that a C function may change
 * is kept here around the call of one.
 */

#define KEPT(insn)                                                                                  \
	insn " $0, 0($30)\n" insn " $1, 8($30)\n" insn " $2, 16($30)\n" insn " $3, 24($30)\n"       \
	insn " $4, 32($30)\n" insn " $5, 40($30)\n" insn " $6, 48($30)\n" insn " $7, 56($30)\n"     \
	insn " $8, 64($30)\n" insn " $16, 72($30)\n" insn " $17, 80($30)\n" insn " $18, 88($30)\n"  \
	insn " $19, 96($30)\n" insn " $20, 104($30)\n" insn " $21, 112($30)\n"                      \
	insn " $22, 120($30)\n" insn " $23, 128($30)\n" insn " $24, 136($30)\n"                     \
	insn " $25, 144($30)\n" insn " $26, 152($30)\n" insn " $29, 160($30)\n"

#define WHOLE(from, to) "mov " from ", " to
#define ZERO_EXTENDED(from, to) "zapnot " from ", 15, " to
#define SIGN_EXTENDED(from, to) "addl " from ", $31, " to

/* `extend(from, to)` makes of a register what the operands' width asks for, `result` of what C gave. */
#define DIVISION(name, function, extend, result)                                                            \
	__asm__(".globl " #name "\n"                                                                \
		".ent " #name "\n"                                                                  \
		#name ":\n"                                                                         \
		"	lda $30, -176($30)\n"                                                       \
		KEPT("stq")                                                                         \
		"	" extend("$24", "$16") "\n"                                                 \
		"	" extend("$25", "$17") "\n"                                                 \
		"	lda $27, " #function "\n"                                                   \
		"	jsr $26, ($27)\n"                                                           \
		"	" result("$0", "$27") "\n"                                                  \
		KEPT("ldq")                                                                         \
		"	lda $30, 176($30)\n"                                                        \
		"	ret $31, ($23)\n"                                                           \
		".end " #name "\n")

uint64_t alpha_quotient(uint64_t dividend, uint64_t divisor);
uint64_t alpha_remainder(uint64_t dividend, uint64_t divisor);
int64_t alpha_signed_quotient(int64_t dividend, int64_t divisor);
int64_t alpha_signed_remainder(int64_t dividend, int64_t divisor);

uint64_t alpha_remainder(uint64_t dividend, uint64_t divisor)
{
	uint64_t rest = 0;

	for (int bit = 63; bit >= 0; bit--) {
		uint64_t carry = rest >> 63;

		rest = rest << 1 | (dividend >> bit & 1);
		if (carry || rest >= divisor)
			rest -= divisor;
	}
	return rest;
}

uint64_t alpha_quotient(uint64_t dividend, uint64_t divisor)
{
	uint64_t rest = 0, quotient = 0;

	for (int bit = 63; bit >= 0; bit--) {
		uint64_t carry = rest >> 63;

		rest = rest << 1 | (dividend >> bit & 1);
		quotient <<= 1;
		if (carry || rest >= divisor) {
			rest -= divisor;
			quotient |= 1;
		}
	}
	return quotient;
}

static uint64_t magnitude(int64_t number)
{
	return number < 0 ? -(uint64_t)number : (uint64_t)number;
}

int64_t alpha_signed_quotient(int64_t dividend, int64_t divisor)
{
	uint64_t quotient = alpha_quotient(magnitude(dividend), magnitude(divisor));

	return (int64_t)((dividend < 0) != (divisor < 0) ? -quotient : quotient);
}

int64_t alpha_signed_remainder(int64_t dividend, int64_t divisor)
{
	uint64_t rest = alpha_remainder(magnitude(dividend), magnitude(divisor));

	return (int64_t)(dividend < 0 ? -rest : rest);
}

DIVISION(__divqu, alpha_quotient, WHOLE, WHOLE);
DIVISION(__remqu, alpha_remainder, WHOLE, WHOLE);
DIVISION(__divq, alpha_signed_quotient, WHOLE, WHOLE);
DIVISION(__remq, alpha_signed_remainder, WHOLE, WHOLE);
DIVISION(__divlu, alpha_quotient, ZERO_EXTENDED, SIGN_EXTENDED);
DIVISION(__remlu, alpha_remainder, ZERO_EXTENDED, SIGN_EXTENDED);
DIVISION(__divl, alpha_signed_quotient, SIGN_EXTENDED, SIGN_EXTENDED);
DIVISION(__reml, alpha_signed_remainder, SIGN_EXTENDED, SIGN_EXTENDED);
