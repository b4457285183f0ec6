"""Providers of language models: one interface, four that exist.

Each is imported when it is first used. All of them speak HTTP themselves and need the extra
``scraping``; `GoogleVertexAIProvider` also ``vertex``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .anthropic import AnthropicProvider as AnthropicProvider
    from .aws import AWSBedrockProvider as AWSBedrockProvider
    from .base import BaseLLMProvider as BaseLLMProvider
    from .google import GoogleVertexAIProvider as GoogleVertexAIProvider
    from .mock import MockLLMProvider as MockLLMProvider
    from .openai import OpenAIProvider as OpenAIProvider

_ROOMS = {
    "AWSBedrockProvider": "aws",
    "AnthropicProvider": "anthropic",
    "BaseLLMProvider": "base",
    "GoogleVertexAIProvider": "google",
    "MockLLMProvider": "mock",
    "OpenAIProvider": "openai",
}

__all__ = sorted(_ROOMS)


def __getattr__(name: str) -> Any:
    """Load the room of a public name."""
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_ROOMS[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *_ROOMS})
