# SPDX-License-Identifier: GPL-2.0-only
"""``python -m pipeline.validate.schema``: write the JSON Schema of ``findings.json``."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.files import write_if_changed
from pipeline.validate.finding import SCHEMA, VERDICT, Severity

SCHEMA_PATH = Path(__file__).resolve().parents[2] / "docs" / "findings.schema.json"


def schema_text() -> str:
    """Return the schema of a verdict's document, made from the classes that are written."""
    schema = VERDICT.json_schema()
    schema["properties"] |= {
        "schema": {"const": SCHEMA, "description": "The number of this form."},
        "worst": {
            "enum": [*Severity, None],
            "description": "The worst severity of all findings.",
        },
    }
    schema["required"] += ["schema", "worst"]
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "GPL-2.0-only; written by python -m pipeline.validate.schema",
        **schema,
    }
    return json.dumps(schema, indent=1) + "\n"


if __name__ == "__main__":
    write_if_changed(SCHEMA_PATH, schema_text())
