"""Questions to language models."""

from __future__ import annotations

import asyncio
from typing import Any

from nes_tasks.scraping.providers import BaseLLMProvider

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "year": {"type": ["integer", "null"]}},
    "required": ["name", "year"],
    "additionalProperties": False,
}


def ask(provider: BaseLLMProvider, prompt: str = "Who?", **options: Any) -> str:
    return asyncio.run(provider.generate_text(prompt, **options))


def extract(provider: BaseLLMProvider, schema: Any = SCHEMA, text: str = "Ram, 2081") -> Any:
    return asyncio.run(provider.extract_structured_data(text, schema, "Find the minister."))
