# SPDX-License-Identifier: GPL-2.0-only
"""Which of its errors a crate is refused with, that mrustc takes neither with marks nor without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import FerricError, ToolError, UserError
from pipeline.transpile import source
from pipeline.transpile.constants.unit import Tools
from pipeline.witness.marks import Marks, Place

MARKED = Marks((Place("src/lib.rs", 1, 1, "a[1]", known=True),))
STOPS = ToolError("mrustc: c: stopped in phase “Parse”", argv=["mrustc"])
AT_A_MARK = ToolError("mrustc: c: stopped in phase “Typecheck”", argv=["mrustc"])
REFUSED = UserError("mrustc removes a check", where="src/lib.rs:1")
SAYS = UserError("mrustc: Unexpected token", where="src/lib.rs:1")


@pytest.mark.parametrize(
    ("marked", "plain", "shown"),
    [
        (AT_A_MARK, STOPS, STOPS),
        (AT_A_MARK, SAYS, SAYS),
        (AT_A_MARK, REFUSED, AT_A_MARK),
        (SAYS, REFUSED, SAYS),
    ],
)
def test_the_error_that_says_why(
    marked: FerricError, plain: FerricError, shown: FerricError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attempt(*arguments: Any) -> Path:
        if arguments[-1].places:
            raise source._NotTranspiledError(marked)
        raise plain

    monkeypatch.setattr(source, "_marked", attempt)
    monkeypatch.setattr(source, "_checks", lambda *_: None)
    monkeypatch.setattr(source, "_marks", lambda *_: MARKED)
    monkeypatch.setattr(source, "_values", lambda *_: {})
    none: Any = None
    with pytest.raises(FerricError) as caught:
        source.transpile_source(Tools(none, none), none, none, Path("log"), ())
    assert caught.value is shown
