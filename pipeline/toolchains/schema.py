# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline.toolchains.schema``: write the JSON Schema that editors read."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.files import write_if_changed
from pipeline.toolchains.model import ToolchainsFile

SCHEMA_PATH = Path(__file__).resolve().parents[2] / "docs" / "toolchains.schema.json"


def schema_text() -> str:
    """Return the schema of ``toolchains.yaml``, made from the models that check it."""
    schema = ToolchainsFile.model_json_schema(by_alias=True)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "GPL-2.0-only; written by python -m pipeline.toolchains.schema",
        **schema,
    }
    return json.dumps(schema, indent=1) + "\n"


if __name__ == "__main__":
    write_if_changed(SCHEMA_PATH, schema_text())
