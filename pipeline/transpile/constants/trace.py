# SPDX-License-Identifier: GPL-2.0-only
"""What mrustc did to compute a crate's constants, step by step, held against what Rust says.

mrustc 0.12 evaluates constants with an interpreter of its own, which looks at one byte of what a
``match`` is given, does not see most overflows, does not saturate a cast, and more.  With
``MRUSTC_DEBUG`` it writes down every step and every value.  The steps that it is known to get wrong
are done again here; a constant for which the result is another one is refused.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pipeline.errors import UserError
from pipeline.transpile.constants import folding, numbers
from pipeline.transpile.constants.arithmetic import COMPARISONS, INTRINSICS, OPERATIONS
from pipeline.transpile.constants.steps import Step
from pipeline.transpile.constants.within import Within

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from pipeline.transpile.constants.source import Sources

_STEP = re.compile(r" run_(?:statement|terminator): E(\d+) F(\d+) BB\d+/(?:\d+|TERM): (.*)")
_BLOCK = re.compile(r" run_(?:statement|terminator): E(\d+) F(\d+) BB(\d+)/")
_RESULT = re.compile(
    r" run_(?:statement|terminator): > E(\d+) F(\d+) (\S+) := ValueRef\(\{\d+\+(\d+)\}(.*)\)$"
)
_BEGIN = re.compile(r" evaluate_constant: >> \((.*)\)$")
_END: Final = " evaluate_constant: << ("
_CALL = re.compile(r"Call\( (\S+) = (.*?)\( (.*)\), bb(\d+), bb\d+\)$")
_INTRINSIC = re.compile(r'"(\w+)"::<(.*),>$')
_ASSIGN = re.compile(r"(\S+) = (\w+)\((.*)\)$")
_SWITCH = re.compile(r"SwitchValue\( (.*) : (.*), else bb(\d+)\)$")
_LOCAL = re.compile(r"(?:_\d+|a\d+|retval)$")
_CONSTANT = re.compile(r"(0x[0-9a-f]+|[+-]?\d+) ([iu](?:8|16|32|64|128|size)|char)$")
_FLOAT = re.compile(r"(-?(?:0x[0-9a-f.]+p[+-]\d+|inf|nan)) (f32|f64)$")
_LIMIT = re.compile(r"<([iu](?:8|16|32|64|128|size)) /\*- \*/>::(MIN|MAX|BITS)$")
_VALUE = re.compile(r" evaluate_constant: (.*) = ValueRef\(\{0\+(\d+)\}([0-9A-F ]*)\)$")
_KNOWN = re.compile(r": Value (\S+) known to be (.*)$")
_PART = re.compile(r" get_lval: (\S+) ValueRef\(.*\): (.*)$")
_FOLDED = re.compile(r" Cast\((\S+) as ([iu]\w+)\) = (\S+ [iu]\w+)$")
_COMPUTED = re.compile(r" MIR_Optimise_ConstPropagate: .*BinOp\((\S+) f32 \w+ (\S+) f32\) = ")
_OPTIMISED = re.compile(r" MIR_Optimise: >> \((?!Pass \d)(.*)\)$")
_OPERATOR = re.compile(rf"(.+) ({'|'.join((*OPERATIONS, *COMPARISONS))}) (.+)$")
_OPERAND = re.compile(r" do_arith_checked: (-?\d+) from ")
_SUSPECT: Final = frozenset(
    ["bitreverse", "rotate_left", "rotate_right", "add_with_overflow", "sub_with_overflow",
     "mul_with_overflow", "saturating_add", "saturating_sub"]
)  # fmt: skip
_RIGHT_UNSIGNED: Final = frozenset(
    ["add_with_overflow", "sub_with_overflow", "saturating_add", "saturating_sub"]
)
MEND: Final = "compute it at run time, write it as a literal, or use transpiler=rustc"


_NAMELESS = re.compile(r"ty_0x[0-9a-f]+#")


@dataclass
class _Frame:
    """A function that is evaluated: the bytes and types of its variables, where known.

    ``home`` is whose variable has its result.
    """

    constants: dict[str, bytes]
    pointer: int
    values: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    borrowed: set[str] = field(default_factory=set)
    home: tuple[_Frame, str] | None = None

    def leave(self) -> None:
        """Give the result, where it is known, to the function that called this one."""
        if self.home is None or not _LOCAL.match(self.home[1]):
            return
        caller, place = self.home
        data, kind = self.read("retval")
        if data is not None:
            caller.values[place] = data
        if kind:
            caller.kinds[place] = kind

    def read(self, text: str) -> tuple[bytes | None, str]:
        """Return the bytes and the type of a variable or a number."""
        if match := _CONSTANT.match(text):
            number, kind = int(match[1], 0), match[2]
            return number.to_bytes(17, "little", signed=True), kind
        if match := _FLOAT.match(text):
            return numbers.float_bytes(match[1], match[2]), match[2]
        if match := _LIMIT.match(text):
            kind = match[1] if match[2] != "BITS" else "u32"
            size = numbers.width(match[1], self.pointer)
            least, most = numbers.limits(match[1], size)
            number = {"MIN": least, "MAX": most}.get(match[2], 8 * size)
            return number.to_bytes(17, "little", signed=True), kind
        if text in ("true", "false"):
            return bytes([text == "true"]), "bool"
        if text in self.constants:
            return self.constants[text], ""
        known = self.values.get(text) if text not in self.borrowed else None
        return known, self.kinds.get(text, "")


@dataclass
class _Called:
    """A call of a function that has not begun: what it is given, and whose variable is set."""

    operands: list[tuple[bytes | None, str]]
    home: tuple[_Frame, str]


class Audit:
    """Reads mrustc's steps in order, and tells of each constant for which one is wrong."""

    def __init__(
        self,
        pointer: int,
        source: Sources,
        proven: AbstractSet[str] = frozenset(),
        *,
        overflow_checks: bool = False,
    ) -> None:
        """Take the size of a pointer, the sources for places, and what is known to be right.

        ``overflow_checks``: what overflows in a function has to panic there.
        """
        self.pointer = pointer
        self.overflow_checks = overflow_checks
        self.source = source
        self.frames: dict[tuple[int, int], _Frame] = {}
        self.called: dict[int, _Called] = {}
        self.names: list[str] = []
        self.within = Within()
        self.constants: dict[str, bytes] = {}
        self.pending: list[Step] = []
        self.arm: tuple[tuple[int, int], str] | None = None
        self.proven = proven
        self.floats = source.floats
        self.function = "a constant"
        self.known: dict[str, str] = {}
        self.wrong: dict[str, UserError] = {}

    def read(self, lines: Iterable[str]) -> None:
        """Read all lines; :class:`UserError` names the constants that mrustc gets wrong."""
        self.collect(lines)
        raise_all(list(self.wrong.values()))

    def collect(self, lines: Iterable[str]) -> None:
        """Read all lines, and keep an error for each constant that mrustc gets wrong."""
        for line in lines:
            if " run_" in line:
                self._line(line.rstrip("\n"))
            elif self.pending and self._operand(self.pending[-1], line):
                pass
            elif match := _BEGIN.search(line):
                self.within.begins(match[1], self.names[-1] if self.names else "")
                self.names.append(match[1])
            elif match := _VALUE.search(line):
                data = match[3].replace(" ", "")
                if len(data) == 2 * int(match[2]):
                    self.constants[match[1]] = bytes.fromhex(data)
            elif _END in line and self.names:
                self.names.pop()
            else:
                self.within.line(line.rstrip("\n"))
                self._folding(line.rstrip("\n"))

    @staticmethod
    def _operand(step: Step, line: str) -> bool:
        """Say whether a line tells of what a step is given, and note that."""
        if match := _OPERAND.search(line):
            step.said.append(int(match[1]))
        elif match := _PART.search(line):
            if step.what == "cast":
                of = step.operands[0][0] if step.operands else None
                step.operands[:1] = [(of, _part(match[1], match[2]))]
        else:
            return False
        return True

    def _folding(self, line: str) -> None:
        """Look at what mrustc does with a number that it knows before anything is evaluated."""
        if why := folding.wrong(line, self.pointer, overflow_checks=self.overflow_checks):
            self._refuse(why)
        elif match := _KNOWN.search(line):
            self.known = {match[1]: match[2]} if _FLOAT.match(match[2]) else {}
        elif match := _COMPUTED.search(line):
            if not all(numbers.is_rounded(one, "f32") for one in match.groups()):
                self._refuse("what it adds, multiplies or compares is not rounded to f32 before")
        elif (match := _FOLDED.search(line)) and match[1] in self.known:
            size = numbers.width(match[2], self.pointer)
            text, _, kind = self.known[match[1]].rpartition(" ")
            if not numbers.is_rounded(text, kind):
                self._refuse("what it casts is not rounded to f32 before")
            of = _Frame({}, self.pointer).read(self.known[match[1]])[0] or b""
            got = _Frame({}, self.pointer).read(match[3])[0]
            if got is None or got[:size] != numbers.to_integer(of, match[2], size):
                self._refuse("a cast from a float in it gives a wrong result")
        elif (match := _OPTIMISED.search(line)) and not self.names:
            self.function = match[1]

    def _line(self, line: str) -> None:
        if match := _RESULT.search(line):
            self._result((int(match[1]), int(match[2])), match[3], int(match[4]), match[5])
            return
        step = _STEP.search(line)
        if step is None:
            return
        key = (int(step[1]), int(step[2]))
        self._check_arm(key, line)
        while self.pending and self.pending[-1].frame == key:
            self.pending.pop()
        frame = self._frame(key)
        text = step[3]
        if match := _SWITCH.match(text):
            self._switch(key, frame, match)
        elif match := _CALL.match(text):
            self._call(key, frame, match)
        elif match := _ASSIGN.match(text):
            self._assign(key, frame, match[1], match[2], match[3])
        elif text == "Return":
            self.frames.pop(key).leave()

    def _frame(self, key: tuple[int, int]) -> _Frame:
        """Return a frame; a new one has the arguments of the call before it."""
        if key not in self.frames:
            frame = self.frames[key] = _Frame(self.constants, self.pointer)
            called = self.called.pop(key[0], None)
            frame.home = called.home if called else None
            for index, (data, kind) in enumerate(called.operands if called else ()):
                if data is not None:
                    frame.values[f"a{index}"] = data
                if kind:
                    frame.kinds[f"a{index}"] = kind
        return self.frames[key]

    # -- steps ----------------------------------------------------------------------------------

    def _switch(self, key: tuple[int, int], frame: _Frame, match: re.Match[str]) -> None:
        """Work out which arm a ``match`` on a number has to take."""
        data, kind = frame.read(match[1])
        if data is None:
            self._refuse("what a `match` in it looks at cannot be known")
            return
        size = 4 if kind == "char" else numbers.width(kind, self.pointer)
        looked_at = int.from_bytes(data[:size] if size else data, "little")
        arms = dict(arm.split(" => bb") for arm in match[2].split(", "))
        arm = {int(number, 0): block for number, block in arms.items()}.get(looked_at, match[3])
        self.arm = (key, arm)

    def _check_arm(self, key: tuple[int, int], line: str) -> None:
        if self.arm is None:
            return
        expected, self.arm = self.arm, None
        block = _BLOCK.search(line)
        if block is None or key != expected[0] or block[3] != expected[1]:
            self._refuse("a `match` in it takes the wrong arm")

    def _call(self, key: tuple[int, int], frame: _Frame, match: re.Match[str]) -> None:
        place, function, text = match[1], match[2], match[3]
        operands = [frame.read(one) for one in _arguments(text)]
        frame.kinds.pop(place, None)
        frame.values.pop(place, None)
        intrinsic = _INTRINSIC.match(function)
        if intrinsic is None:
            self.called[key[0]] = _Called(operands, (frame, place))
            return
        # `const_eval_select` calls a function with what stands in a tuple.
        self.called[key[0]] = _Called([], (frame, place))
        if intrinsic[1] in _SUSPECT and not (
            # Sums of numbers without a sign are right.
            intrinsic[2].startswith("u") and intrinsic[1] in _RIGHT_UNSIGNED
        ):
            self.pending.append(Step(key, intrinsic[1], intrinsic[2], operands))
        elif operator := INTRINSICS.get(intrinsic[1]):
            kind = intrinsic[2].partition(",")[0]
            self.pending.append(Step(key, intrinsic[1], kind, operands, operator))

    def _assign(self, key: tuple[int, int], frame: _Frame, place: str, how: str, of: str) -> None:
        if how == "Borrow":
            frame.borrowed.add(re.split(r"[.*\[#@]", of.rpartition(", ")[2])[0])
        if not _LOCAL.match(place):
            root = re.split(r"[.*\[#@]", place.lstrip("("))[0]
            frame.values.pop(root, None)
            return
        frame.values.pop(place, None)
        frame.kinds.pop(place, None)
        if how == "Constant":
            kind = of.rpartition(" ")[2]
        elif how == "Cast":
            operand, _, kind = of.rpartition(" as ")
            self.pending.append(Step(key, "cast", kind, [frame.read(operand)]))
        elif how in ("Use", "UniOp"):
            kind = frame.read(of.removeprefix("INV ").removeprefix("NEG "))[1]
        elif how == "BinOp" and (match := _OPERATOR.match(of)):
            operands = [frame.read(match[1]), frame.read(match[3])]
            kind = operands[0][1]
            self.pending.append(Step(key, f"operator {match[2]}", kind, operands, match[2]))
            kind = "bool" if match[2] in COMPARISONS else kind
        else:
            kind = ""
        if kind:
            frame.kinds[place] = kind

    def _result(self, key: tuple[int, int], place: str, size: int, text: str) -> None:
        frame = self._frame(key)
        digits = text.replace(" ", "")
        whole = len(digits) == 2 * size and re.fullmatch("[0-9A-F-]*", digits) is not None
        # Padding is written as `--`.
        data = bytes.fromhex(digits.replace("-", "0")) if whole else None
        if any(one.frame == key for one in self.pending):
            while (step := self.pending.pop()).frame != key:
                pass
            if why := step.wrong(data, self.pointer, floats=self.floats):
                self._refuse(why)
        if _LOCAL.match(place):
            frame.values.pop(place, None)
            if data is not None and "-" not in digits:
                frame.values[place] = data

    def _refuse(self, why: str) -> None:
        name = self.names[-1] if self.names else self.function
        if name in self.proven or name in self.wrong:
            return
        key, where = name, self.source.place(name)
        if _NAMELESS.search(name):
            # mrustc makes one up from an address; nothing says where it stands.
            name, where = "the length of an array", os.path.commonpath(self.source.files)
        elif function := self.within.function(name):
            name, where = f"a constant in {function}", self.source.place(function)
        self.wrong[key] = UserError(
            f"mrustc computes {name} wrongly: {why}"
            if "cannot" not in why
            else f"mrustc may compute {name} wrongly: {why}",
            where=where,
            mend=MEND,
        )


def raise_all(errors: Sequence[UserError]) -> None:
    """Raise the only error, or one with a line for each; nothing where there is none."""
    if not errors:
        return
    first, *others = errors
    more = [f"\n{one.where}: {one.what}" if one.where else f"\n{one.what}" for one in others]
    raise UserError("".join([first.what, *more]), where=first.where, mend=first.mend)


def _part(which: str, whole: str) -> str:
    """Return the type of an element of an array, a slice or a tuple; empty for others."""
    if which.startswith("["):
        return whole[1:].partition(";")[0].removesuffix("]") if whole.startswith("[") else ""
    if whole.startswith("(") and which[1:].isdigit():
        kinds = _arguments(whole[1:-1])
        return kinds[int(which[1:])] if int(which[1:]) < len(kinds) else ""
    return ""


def _arguments(text: str) -> list[str]:
    """Return what stands between the commas of ``a0, <u8 as Of<u8, u8>>::MAX, ``."""
    found, depth, start, quoted = [], 0, 0, False
    for at, sign in enumerate(text):
        if sign == '"' and text[at - 1 : at] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif sign in "(<[{":
            depth += 1
        elif sign in ")]}" or (sign == ">" and text[at - 1] not in "-="):
            depth -= 1
        elif sign == "," and depth == 0:
            found.append(text[start:at].strip())
            start = at + 1
    return found
