"""The JSON schemas that pages show, and whether a document is what they say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KINDS = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": float,
    "object": dict,
    "string": str,
}


def schema_of(page: Path) -> dict[str, Any]:
    """Return the definitions of the schema on a page."""
    found = re.search(r"^```json\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    loaded: dict[str, Any] = json.loads(found[1])
    definitions: dict[str, Any] = loaded["$defs"]
    return definitions


def problems(value: Any, rule: dict[str, Any], defs: dict[str, Any], at: str) -> Iterator[str]:
    """Check what the page uses of JSON schema, and that no key is undocumented."""
    if "$ref" in rule:
        rule = defs[rule["$ref"].rpartition("/")[2]]
    if "anyOf" in rule:
        if all(list(problems(value, choice, defs, at)) for choice in rule["anyOf"]):
            yield f"{at}: no choice fits"
        return
    if "enum" in rule:
        if value not in rule["enum"]:
            yield f"{at}: {value!r} is not one of {rule['enum']}"
        return
    kinds = rule.get("type", list(KINDS))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if type(value) not in [KINDS[kind] for kind in kinds]:
        yield f"{at}: {value!r} is not {kinds}"
    elif isinstance(value, dict) and "type" in rule:
        known = rule.get("properties", {})
        yield from (f"{at}: no {key}" for key in rule.get("required", ()) if key not in value)
        for key, item in value.items():
            if key in known:
                yield from problems(item, known[key], defs, f"{at}.{key}")
            elif "additionalProperties" in rule:
                yield from problems(item, rule["additionalProperties"], defs, f"{at}.{key}")
            else:
                yield f"{at}: {key} is not documented"
    elif isinstance(value, list) and "items" in rule:
        for number, item in enumerate(value):
            yield from problems(item, rule["items"], defs, f"{at}[{number}]")
