# SPDX-License-Identifier: GPL-2.0-only
"""Integer operations in C give what Python's unbounded integers give, at every width."""

from __future__ import annotations

import math
import random
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from pipeline.transpile.rustc import operations
from pipeline.transpile.rustc.ir import Float, Int, IrError, Number
from pipeline.transpile.rustc.layout import DataLayout
from pipeline.transpile.rustc.program import PRELUDE
from pipeline.transpile.rustc.types_c import CTypes
from pipeline.transpile.rustc.values import Constants

if TYPE_CHECKING:
    from pathlib import Path

TYPES = CTypes(DataLayout.read("e-p:64:64-i64:64"))
CONSTANTS = Constants(TYPES, lambda name: name, lambda _name, _signature: False)
WIDTHS = [*range(1, 65), 128]
BINARY = ("add", "sub", "mul", "and", "or", "xor", "udiv", "urem", "sdiv", "srem", "shl", "lshr",
          "ashr")  # fmt: skip
CONDITIONS = ("eq", "ne", "ugt", "uge", "ult", "ule", "sgt", "sge", "slt", "sle")


def signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def truncated(first: int, second: int) -> int:
    quotient = abs(first) // abs(second)
    return -quotient if (first < 0) != (second < 0) else quotient


def expected(op: str, bits: int, first: int, second: int) -> int:
    left, right = signed(first, bits), signed(second, bits)
    if op in ("sdiv", "srem"):
        quotient = truncated(left, right)
        return quotient if op == "sdiv" else left - quotient * right
    return {
        "add": lambda: first + second,
        "sub": lambda: first - second,
        "mul": lambda: first * second,
        "and": lambda: first & second,
        "or": lambda: first | second,
        "xor": lambda: first ^ second,
        "udiv": lambda: first // second,
        "urem": lambda: first % second,
        "shl": lambda: first << second,
        "lshr": lambda: first >> second,
        "ashr": lambda: left >> second,
    }[op]()


def compared(condition: str, bits: int, first: int, second: int) -> int:
    if condition[0] == "s":
        first, second = signed(first, bits), signed(second, bits)
    word = condition if condition in ("eq", "ne") else condition[1:]
    order = (first > second) - (first < second)
    return int({"eq": order == 0, "ne": order != 0, "gt": order > 0, "ge": order >= 0,
                "lt": order < 0, "le": order <= 0}[word])  # fmt: skip


def operands(chance: random.Random, bits: int) -> list[int]:
    edges = [0, 1, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1]
    return sorted({value % (1 << bits) for value in (*edges, chance.getrandbits(bits))})


def defined(op: str, bits: int, first: int, second: int) -> bool:
    """Say whether the operation has a result at all."""
    if op in ("shl", "lshr", "ashr"):
        return second < bits
    if op in ("udiv", "urem"):
        return second != 0
    if op in ("sdiv", "srem"):
        return second != 0 and not (first == 1 << (bits - 1) and second == (1 << bits) - 1)
    return True


class Check:
    """The C of one test program: statements that print the number of each wrong result."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def value(self, kind: Int, text: str, wanted: int) -> None:
        wanted %= 1 << kind.bits
        name = TYPES.name(kind)
        right = CONSTANTS.expression(Number(wanted), kind)
        equal = f"u128_eq(r, {right})" if kind.bits > 64 else f"r == {right}"
        made = operations.cut(text, kind)
        number = len(self.lines)
        self.lines.append(f'{{ {name} r = {made}; if (!({equal})) printf("{number}\\n"); }}')

    def run(self, folder: Path, *flags: str) -> list[str]:
        source = folder / "check.c"
        chunks = [self.lines[at : at + 500] for at in range(0, len(self.lines), 500)]
        functions = [
            f"static void f{number}(void)\n{{\n" + "\n".join(chunk) + "\n}\n"
            for number, chunk in enumerate(chunks)
        ]
        calls = " ".join(f"f{number}();" for number in range(len(chunks)))
        source.write_text(
            f"{PRELUDE.read_text()}\nint printf(const char *, ...);\n{''.join(functions)}"
            f"int main(void) {{ {calls} return 0; }}\n"
        )
        program = folder / "check"
        gcc = ["gcc", "-std=gnu11", "-O1", "-Wall", "-Werror", *flags, str(source), "-lm", "-o"]
        done = subprocess.run([*gcc, str(program)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:3000]
        out = subprocess.run([program], capture_output=True, text=True, timeout=60, check=True)
        return [self.lines[int(number)] for number in out.stdout.split()][:5]


@pytest.fixture(params=[(), ("-U__SIZEOF_INT128__",)], ids=["int128", "halves"])
def flags(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Compile for a machine with 128-bit integers, and for one without."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    return tuple(request.param)


def test_arithmetic_and_comparisons(flags: tuple[str, ...], tmp_path: Path) -> None:
    chance = random.Random(1)  # noqa: S311 - the same numbers each time
    check = Check()
    for bits in WIDTHS:
        kind = Int(bits)
        values = operands(chance, bits)
        for first in values:
            for second in values:
                words = [variable(kind, value) for value in (first, second)]
                for op in BINARY:
                    if defined(op, bits, first, second):
                        text = operations.binary(op, kind, *words)
                        check.value(kind, text, expected(op, bits, first, second))
                for condition in CONDITIONS:
                    text = operations.compare("icmp", condition, kind, *words)
                    check.value(Int(1), text, compared(condition, bits, first, second))
    assert len(check.lines) > 10_000
    assert check.run(tmp_path, *flags) == []


def test_conversions(flags: tuple[str, ...], tmp_path: Path) -> None:
    chance = random.Random(2)  # noqa: S311 - the same numbers each time
    check = Check()
    for bits in WIDTHS:
        for other in (1, 7, 8, 13, 16, 24, 32, 33, 40, 64, 128):
            for value in operands(chance, bits):
                for op in ("trunc",) if other < bits else ("zext", "sext") if other > bits else ():
                    text = operations.cast(op, Int(bits), Int(other), variable(Int(bits), value),
                                           TYPES)  # fmt: skip
                    wanted = signed(value, bits) if op == "sext" else value
                    check.value(Int(other), text, wanted)
    assert check.run(tmp_path, *flags) == []


def test_products_without_carries(flags: tuple[str, ...], tmp_path: Path) -> None:
    chance = random.Random(4)  # noqa: S311 - the same numbers each time
    check = Check()
    for bits in (8, 16, 32, 64, 128):
        kind = Int(bits)
        for first in operands(chance, bits):
            for second in operands(chance, bits):
                words = ", ".join(variable(kind, value) for value in (first, second))
                wanted = 0
                for bit in range(bits):
                    wanted ^= first << bit if second >> bit & 1 else 0
                text = f"{'u128' if bits == 128 else 'ferric'}_clmul({words})"
                check.value(kind, text, wanted)
    assert check.run(tmp_path, *flags) == []


def test_products_of_128_bits(flags: tuple[str, ...], tmp_path: Path) -> None:
    chance = random.Random(5)  # noqa: S311 - the same numbers each time
    check = Check()
    narrow, wide = Int(128), Int(256)
    for op in ("zext", "sext"):
        for first in operands(chance, 128):
            for second in operands(chance, 128):
                words = [
                    operations.cast(op, narrow, wide, variable(narrow, value), TYPES)
                    for value in (first, second)
                ]
                product = operations.binary("mul", wide, *words)
                total = operations.binary("add", wide, product, words[0])
                by = CONSTANTS.expression(Number(128), wide)
                high = operations.binary("lshr", wide, total, by)
                left, right = (
                    signed(value, 128) if op == "sext" else value for value in (first, second)
                )
                wanted = left * right + left
                for text, value in ((total, wanted), (high, wanted >> 128)):
                    check.value(narrow, operations.cast("trunc", wide, narrow, text, TYPES), value)
    assert check.run(tmp_path, *flags) == []


def bits_of(value: float) -> int:
    return int.from_bytes(struct.pack(">d", value), "big")


def test_floats(flags: tuple[str, ...], tmp_path: Path) -> None:
    chance = random.Random(3)  # noqa: S311 - the same numbers each time
    check = Check()
    numbers = [0.0, -0.0, 5e-324, 2.5, -7.0, 1e300, 3e-310, 2.0**53 + 2, -1.1]
    numbers += [chance.uniform(-1, 1) * 2.0 ** chance.randint(-1070, 1000) for _ in range(30)]
    for first in numbers:
        for second in numbers:
            if second:
                words = (f"ferric_f64({bits_of(value):#x}ull)" for value in (first, second))
                text = f"ferric_bits_f64({operations.binary('frem', Float('double'), *words)})"
                check.value(Int(64), text, bits_of(math.fmod(first, second)))
    kind = Int(128)
    for value in [chance.getrandbits(128) >> chance.randrange(128) for _ in range(300)]:
        for op, number in (("uitofp", value), ("sitofp", signed(value, 128))):
            text = operations.cast(op, kind, Float("double"), variable(kind, value), TYPES)
            check.value(Int(64), f"ferric_bits_f64({text})", bits_of(float(number)))
    assert check.run(tmp_path, *flags) == []


def test_what_has_no_c_is_refused() -> None:
    for op, bits in (("sdiv", 100), ("ashr", 65), ("add", 300), ("sdiv", 256)):
        with pytest.raises(IrError, match="bits"):
            operations.binary(op, Int(bits), "a", "b")


def variable(kind: Int, value: int) -> str:
    """Return a constant as the writer writes it."""
    return CONSTANTS.expression(Number(value), kind)
