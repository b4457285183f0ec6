"""Providers of language models: one interface, four implementations.

Each is imported when it is first used. All of them use HTTP directly and need the extra
``scraping``; `GoogleVertexAIProvider` also ``vertex``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...lazy import lazy_exports

if TYPE_CHECKING:
    from .base import BaseLLMProvider as BaseLLMProvider
    from .google import GoogleVertexAIProvider as GoogleVertexAIProvider
    from .vendors import AnthropicProvider as AnthropicProvider
    from .vendors import AWSBedrockProvider as AWSBedrockProvider
    from .vendors import MockLLMProvider as MockLLMProvider
    from .vendors import OpenAIProvider as OpenAIProvider

_MODULES = {
    "AWSBedrockProvider": "vendors",
    "AnthropicProvider": "vendors",
    "BaseLLMProvider": "base",
    "GoogleVertexAIProvider": "google",
    "MockLLMProvider": "vendors",
    "OpenAIProvider": "vendors",
}

__all__ = sorted(_MODULES)
__getattr__, __dir__ = lazy_exports(__name__, _MODULES)
