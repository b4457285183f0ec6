"""What every provider of a language model is: the interface, the cache, the bill."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

USAGE_KEYS = ("requests", "input_tokens", "output_tokens", "total_tokens")


class BaseLLMProvider(ABC):
    """A language model somewhere.

    `provider_name` and `model_id` say which, `max_tokens` limits an answer and `temperature`
    its chance; None leaves either to the model. With `enable_cache` an equal question is asked
    once in the life of the object.
    """

    def __init__(
        self,
        provider_name: str,
        model_id: str,
        max_tokens: int | None = None,
        temperature: float | None = None,
        enable_cache: bool = True,
    ) -> None:
        self.provider_name = provider_name
        self.model_id = model_id
        self.max_tokens = max_tokens
        self.temperature = temperature
        self.enable_cache = enable_cache
        self._cache: dict[Any, str] = {}
        self._usage = dict.fromkeys(USAGE_KEYS, 0)

    @abstractmethod
    async def generate_text(
        self,
        prompt: str,
        system_prompt: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
    ) -> str:
        """Return the model's answer to `prompt`."""

    @abstractmethod
    async def extract_structured_data(
        self, text: str, schema: Mapping[str, Any] | type, instructions: str
    ) -> Any:
        """Return what `text` says in the form of `schema`."""

    def get_token_usage(self) -> dict[str, int]:
        """Return how many requests and tokens the answers cost.

        A recorded answer counts as when it was given, so that a run and its repetition tell
        the same.
        """
        return dict(self._usage)

    def reset_token_usage(self) -> None:
        """Start counting at zero."""
        self._usage = dict.fromkeys(USAGE_KEYS, 0)

    def clear_cache(self) -> None:
        """Forget the answers, not the recorded ones."""
        self._cache.clear()

    def _count(self, input_tokens: int, output_tokens: int) -> None:
        self._usage["requests"] += 1
        self._usage["input_tokens"] += input_tokens
        self._usage["output_tokens"] += output_tokens
        self._usage["total_tokens"] += input_tokens + output_tokens
