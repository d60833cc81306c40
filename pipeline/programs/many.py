# SPDX-License-Identifier: GPL-2.0-only
"""Many small programs in one crate: a byte in the binary says which of them runs.

So a crate is built once for each way, and a panic of one program ends no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.programs.small import Ran
from pipeline.run import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

MARK = b"the-program-that-runs-is:"
_SECONDS, _MOST = 60.0, 1 << 20
_CHOICE = """
static WHICH: [u8; {size}] = *b"{mark}\\xff";
fn program({out}: &mut Out) {{
    match unsafe {{ core::ptr::read_volatile(&WHICH[{last}]) }} {{
{arms}        _ => {{}}
    }}
}}
"""


def one_crate(texts: Sequence[str], *, out: bool) -> str:
    """Return the text of a crate of programs, each the body of a module with ``pub fn program``.

    That function takes what it writes to, where ``out`` says so, or nothing.  As it was built the
    crate runs none of them.
    """
    modules = "".join(
        f"mod p{index} {{\nuse super::*;\n{text}}}\n" for index, text in enumerate(texts)
    )
    argument = "out" if out else ""
    arms = "".join(
        f"        {index} => p{index}::program({argument}),\n" for index in range(len(texts))
    )
    name = argument or "_out"
    mark = MARK.decode()
    choice = _CHOICE.format(size=len(MARK) + 1, mark=mark, out=name, last=len(MARK), arms=arms)
    return choice + modules


def run_each(
    command: Sequence[str], program: Path, numbers: Iterable[int], mark: bytes = MARK
) -> list[Ran]:
    """Return how a built program ends when the byte behind its ``mark`` is each of ``numbers``.

    ``command`` is what the program's path follows: an emulator, or nothing.
    """
    data = program.read_bytes()
    places = data.count(mark)
    if places != 1:
        return [Ran("broken", why=f"{program}: the mark is there {places} times") for _ in numbers]
    at = data.index(mark) + len(mark)
    ran = []
    for number in numbers:
        other = program.with_name(f"{program.name}-{number}")
        other.write_bytes(data[:at] + bytes([number]) + data[at + 1 :])
        other.chmod(0o755)
        done = run([*command, other], timeout=_SECONDS)
        other.unlink()
        if done.timed_out:
            ran.append(Ran("endless", why=f"no end after {_SECONDS:.0f} s"))
        else:
            ran.append(Ran("ran", done.exit_status, done.output[:_MOST]))
    return ran
