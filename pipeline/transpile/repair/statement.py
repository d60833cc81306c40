# SPDX-License-Identifier: GPL-2.0-only
"""The statements that mrustc writes into a function, one line of them at a time."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from pipeline.transpile.repair.assignment import Assignment
from pipeline.transpile.repair.composite import rotate, saturate
from pipeline.transpile.repair.expression import Expression, Places, Words
from pipeline.transpile.repair.stand_in import refused
from pipeline.transpile.repair.tokens import UnknownFormError, split

if TYPE_CHECKING:
    from collections.abc import Callable

# `// _3 = BinOp(…`, and `// ^ Call( _3 = "name"::<…` where an intrinsic was called.
_VALUE = re.compile(r"// .*? = (\w+)\(")
_INTRINSIC = re.compile(r'// \^ Call\( .*? = "([\w:]+)"::')
# `"size_of_val"::<TYPE,>( …`
_SIZE_OF = re.compile(r'// \^ Call\( \S+ = "size_of_val"::<(.*),>\( ')
_OVERFLOWING: Final = re.compile(r"__builtin_(?:add|sub)_overflow$|(?:add|sub)128s?_o$")
# How mrustc asks whether 128 bits are not zero.
_WIDE_NICHE = re.compile(r"(.+)\.lo == 0 && \1\.hi != 0")
_LABEL = re.compile(r"bb\d+$")


class Line:
    """One line of a function, read, repaired and counted.

    ``below`` gives the rest of a line that follows, from the words it is asked for: the ``// ^``
    comment, where an intrinsic's name stands, or the ``default:`` of a switch.
    """

    def __init__(
        self,
        line: str,
        places: Places,
        counts: Counter[str],
        *,
        below: Callable[[str], str],
        checked: bool = False,
    ) -> None:
        """Take the line apart; ``checked`` asks for overflow checks as in a debug build."""
        words, self.comment = split(line)
        self.line = line
        self.words = Words(words, places, counts)
        self.below = below
        self.assignment = Assignment(self.words, self, checked=checked)

    @property
    def value(self) -> str:
        """What MIR has on the right: ``BinOp``, ``Cast``, ``Use`` and so on, or empty."""
        match = _VALUE.match(self.comment)
        return match[1] if match else ""

    @property
    def intrinsic(self) -> str:
        """The name of the intrinsic that the line stands for, or empty."""
        comment = self.comment if self.comment.startswith("// ^") else self.below("// ^ ")
        match = _INTRINSIC.match(comment)
        return match[1] if match else ""

    @property
    def size_of(self) -> str:
        """The Rust type whose value's size the line computes; empty where it computes none."""
        match = _SIZE_OF.match(self.below("// ^ "))
        return match[1] if match else ""

    def repaired(self) -> str:
        """Return the line with its repairs, or as it was where there are none.

        A line for a vector does not link: of mrustc's, a select looks at all higher bits of the
        mask, and lanes are added, shifted and converted as C does.
        """
        before = Counter(self.words.counts)
        try:
            return self._repaired(before.total())
        except UnknownFormError:
            if self.comment or not self.intrinsic.startswith("simd_"):
                raise
        self.words.counts.clear()
        self.words.counts.update(before)
        self.words.counts["vector"] += 1
        return f"\t{refused(self.intrinsic)}"

    def _repaired(self, before: int) -> str:
        pieces = []
        while self.words.next:
            pieces.append(self._statement())
            if self.words.open:
                raise UnknownFormError(
                    f"arithmetic in a place that has no rule: {self.line.strip()}"
                )
        if self.words.counts.total() == before:
            return self.line
        indent = self.line[: len(self.line) - len(self.line.lstrip("\t"))]
        return f"{indent}{' '.join(pieces)}{self._kept_comment()}"

    def _kept_comment(self) -> str:
        return f"\t{self.comment}" if self.comment else ""

    def _statement(self) -> str:  # noqa: C901, PLR0911 - one arm per kind of statement
        """Read one statement, or one piece of a statement with a body."""
        words = self.words
        match words.next:
            case "{" if words.peek(2) == "v" and self.intrinsic.startswith("rotate_"):
                return rotate(words, self.intrinsic)
            case "{" | "}" | ";" | "else":
                return words.take()
            case "if":
                return self._if()
            case "switch":
                return self._switch()
            case "for":
                return self._for()
            case "case":
                words.take()
                value = words.expression()
                words.expect(":")
                return f"case {value.text}:"
            case "default":
                words.take()
                words.expect(":")
                return "default:"
            case "goto" | "break" | "return":
                return self._jump()
            case "static":
                return self._rest("static")
            case "__asm__" | "register":
                return self._rest(words.next)
        if _LABEL.match(words.next) and words.peek(1) == ":":
            return words.take() + words.take()
        if words.at_type():
            return self._declaration()
        return self._expression_statement()

    def _in_parentheses(self) -> str:
        self.words.expect("(")
        inner = self.words.expression()
        self.words.expect(")")
        return inner.text

    def _switch(self) -> str:
        """Read ``switch(value) {``; of 128 bits mrustc looks at the lower 64 only.

        Its cases are 64-bit numbers: one whose upper half says otherwise is none of them.
        """
        words = self.words
        words.expect("switch", "(")
        value = words.expression()
        words.expect(")")
        if value.kind != "member" or value.sign != "lo":
            return f"switch ({value.text})"
        other, whole = self.below("default: "), value.parts[0]
        if not other.endswith(";"):
            raise UnknownFormError("a match on a 128-bit integer without another arm")
        words.counts["match"] += 1
        test = f"if ({whole.text}.hi != FERRIC_SIGN_128({whole.text}))"
        return f"{test} {other.removeprefix('default: ')} switch ({value.text})"

    def _if(self) -> str:
        words = self.words
        if words.peek(1) == "(" and _OVERFLOWING.match(words.peek(2)):
            return saturate(words, self.intrinsic)
        words.take()
        test = self._in_parentheses()
        if match := _WIDE_NICHE.fullmatch(test):
            words.counts["niche"] += 1
            test = f"({match[1]}.lo | {match[1]}.hi) != 0"
        return f"if ({test})"

    def _for(self) -> str:
        """Read ``for(unsigned int i = 0; i < n; i ++)``, the only loop that mrustc writes."""
        words = self.words
        words.expect("for", "(")
        kind = words.type()
        words.expect("i", "=", "0", ";", "i", "<")
        end = words.expression()
        words.expect(";", "i", "++", ")")
        return f"for ({kind} i = 0; i < {end.text}; i++)"

    def _jump(self) -> str:
        words = self.words
        what = words.take()
        if what == "goto":
            what += f" {words.take()}"
        elif what == "return" and words.next != ";":
            what += f" {words.expression().text}"
        words.expect(";")
        return what + ";"

    def _rest(self, what: str) -> str:
        """Take a whole line as it is: a table of constants, or the user's own assembly."""
        words = self.words
        if what == "static":
            text: list[str] = []
            while not text or text[-1] != ";":
                text.append(words.take())
            return " ".join(text)
        rest = words.words[words.at :]
        words.at = len(words.words)
        return " ".join(rest)

    def _declaration(self) -> str:
        words = self.words
        kind = words.type()
        name = words.take()
        if words.skip("="):
            if words.skip("{"):
                words.expect("0", "}", ";")
                return f"{kind} {name} = {{0}};"
            value = words.expression()
            words.expect(";")
            return f"{kind} {name} = {value.text};"
        words.expect(";")
        return f"{kind} {name};"

    def _expression_statement(self) -> str:
        words = self.words
        place = words.expression()
        if words.next in ("=", "|=", "&="):
            sign = words.take()
            words.to_the_end = self.value == "Borrow" and self._is_rest(place.raw)
            value = words.expression()
            words.to_the_end = False
            words.expect(";")
            return self.assignment.statement(place, sign, value)
        words.expect(";")
        if what := self._stop(place):
            words.counts["stop"] += 1
            return refused(what)
        return f"{self._call(place).text};"

    def _is_rest(self, name: str) -> bool:
        """Say whether a raw pointer is that to the rest of a slice pattern: a slice is made of it.

        ``&raw const slice[4]`` is another, and has to be of an element.
        """
        if name not in self.words.places.raw_pointers:
            return False
        return bool(self.below(f"MakeDst({name.replace('var', '_')}, "))

    def _stop(self, call: Expression) -> str:
        """Return the name of what mrustc has no C for, where it ends the program instead.

        The intrinsic ``abort`` and the value of a call that does not return end it in Rust, too;
        so does the other arm of a match that has all.
        """
        if call.raw.startswith("assert("):
            return self.intrinsic or "it"
        if call.raw != "abort()" or not self.line.startswith("\tabort()"):
            return ""
        if self.value:
            return "" if self.value == "Use" else f"this_{self.value.lower()}"
        return self.intrinsic.removeprefix("abort")

    def _call(self, call: Expression) -> Expression:
        """Check a call without a result; ``memcpy`` counts its bytes with a multiplication."""
        if call.kind != "call":
            raise UnknownFormError(f"a statement without an effect: {call.raw[:60]}")
        for part in call.parts:
            if part.kind == "binary" and part.sign == "*" and part.parts[1].kind == "sizeof":
                self.words.approve(part)
        return call
