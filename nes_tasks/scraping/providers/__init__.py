"""Providers of language models: one interface, four that exist.

Each is imported when it is first used. All of them speak HTTP themselves and need the extra
``scraping``; `GoogleVertexAIProvider` also ``vertex``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_exports

if TYPE_CHECKING:
    from .anthropic import AnthropicProvider as AnthropicProvider
    from .aws import AWSBedrockProvider as AWSBedrockProvider
    from .base import BaseLLMProvider as BaseLLMProvider
    from .google import GoogleVertexAIProvider as GoogleVertexAIProvider
    from .mock import MockLLMProvider as MockLLMProvider
    from .openai import OpenAIProvider as OpenAIProvider

_MODULES = {
    "AWSBedrockProvider": "aws",
    "AnthropicProvider": "anthropic",
    "BaseLLMProvider": "base",
    "GoogleVertexAIProvider": "google",
    "MockLLMProvider": "mock",
    "OpenAIProvider": "openai",
}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
