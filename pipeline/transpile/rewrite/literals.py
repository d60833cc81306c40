# SPDX-License-Identifier: GPL-2.0-only
"""C strings: mrustc 0.12 takes an escaped byte from 0x80 on for a character, and encodes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.crate.lexer import Kind
from pipeline.transpile.rewrite.edits import Edit
from pipeline.transpile.rewrite.literal import characters, is_raw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.crate.lexer import Token

_ASCII: Final = 0x80
_C_STRING: Final = '(unsafe {{ ::core::ffi::CStr::from_bytes_with_nul_unchecked(b"{bytes}\\0") }})'


def edits(source: str, stream: Sequence[Token]) -> Iterator[Edit]:
    """Yield the C strings with such a byte, as byte strings."""
    for token in stream:
        if token.kind is not Kind.STRING or source[token.start] != "c":
            continue
        found = characters(source, token.start, token.end)
        spelled = [source[one.start : one.end] for one in found]
        if is_raw(source, token.start) or not any(
            text.startswith("\\x") and ord(one.value) >= _ASCII
            for text, one in zip(spelled, found, strict=True)
        ):
            continue
        values = [
            bytes([ord(one.value)]) if text.startswith("\\x") else one.value.encode()
            for text, one in zip(spelled, found, strict=True)
        ]
        text = "".join(f"\\x{byte:02x}" for byte in b"".join(values))
        yield Edit(token.start, token.end, _C_STRING.format(bytes=text))
