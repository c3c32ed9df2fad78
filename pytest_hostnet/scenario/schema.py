"""The JSON schema of scenario files, for editors; `python -m pytest_hostnet.scenario.schema`."""

from __future__ import annotations

import json
import sys
from typing import Any

from pytest_hostnet.scenario.model import VERBS, ScenarioFile
from pytest_hostnet.scenario.verb import Verb


def schema() -> dict[str, Any]:
    """Build the schema from the same models that check the files."""
    whole = ScenarioFile.model_json_schema()
    whole["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    whole["title"] = "pytest-hostnet scenario"
    whole["properties"]["steps"]["items"] = {
        "oneOf": [
            {
                "type": "object",
                "description": (kind.__doc__ or "").strip(),
                "properties": {name: _value(kind)},
                "required": [name],
                "additionalProperties": False,
            }
            for name, kind in VERBS.items()
        ]
    }
    return whole


def _value(kind: type[Verb]) -> dict[str, Any]:
    full = kind.model_json_schema()
    full.pop("title", None)
    if not kind.shorthand:
        return full
    return {"anyOf": [full["properties"][kind.shorthand], full]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=1) + "\n")
