# SPDX-License-Identifier: GPL-2.0-only
"""What is written from the data is current: the schema and the page of architectures."""

from __future__ import annotations

import json

import jsonschema
import pytest
from ruamel.yaml import YAML

from pipeline.errors import UserError
from pipeline.toolchains.docs import PAGE, render_table, updated
from pipeline.toolchains.load import DEFAULT_PATH, Toolchains, load
from pipeline.toolchains.schema import SCHEMA_PATH, schema_text


def test_schema_is_current() -> None:
    assert SCHEMA_PATH.read_text(encoding="utf-8") == schema_text(), (
        "run python -m pipeline.toolchains.schema"
    )


def test_schema_takes_the_file_and_refuses_a_bad_one() -> None:
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    document = YAML(typ="safe", pure=True).load(DEFAULT_PATH.read_text(encoding="utf-8"))
    jsonschema.validate(document, schema)
    document["architectures"]["m68k"]["colour"] = "red"
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        jsonschema.validate(document, schema)


def test_first_line_names_the_schema() -> None:
    first = DEFAULT_PATH.read_text(encoding="utf-8").partition("\n")[0]
    assert first == "# yaml-language-server: $schema=docs/toolchains.schema.json"
    assert DEFAULT_PATH.parent / "docs/toolchains.schema.json" == SCHEMA_PATH


def test_page_is_current() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert updated(page, load()) == page, "run python -m pipeline.toolchains.docs"


def test_every_architecture_and_deviation_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    toolchains = load()
    for name in toolchains:
        arch = toolchains.get(name)
        assert f"| `{name}` |" in page
        assert f"### `{name}`" in page
        for rust in arch.rust_flags:
            assert f"`{rust.flag}`. {rust.reason}" in page
        if arch.gcc_only:
            assert arch.gcc_only.reason in page
            assert arch.gcc_only.source in page


def test_stale_page_is_seen() -> None:
    toolchains = load()
    fewer = Toolchains({name: toolchains.get(name) for name in toolchains if name != "sh"})
    page = PAGE.read_text(encoding="utf-8")
    assert updated(page, fewer) != page
    assert "`sh`" not in render_table(fewer)
    with pytest.raises(UserError, match="markers"):
        updated("# no markers\n", toolchains)
