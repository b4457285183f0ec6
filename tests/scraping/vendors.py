"""The interfaces of the providers, from the server's side: what each takes and gives.

Requests and answers have the form that the vendors document; the addresses of the documents
are in the provider's module.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from loopback import Loopback, Reply, as_json

from nes_tasks.scraping.providers import (
    AnthropicProvider,
    AWSBedrockProvider,
    GoogleVertexAIProvider,
    OpenAIProvider,
)
from nes_tasks.scraping.providers.base import HttpProvider

KEY = "sk-test-0123456789"
TOKEN = "ya29.token-0123456789"


def openai_answer(text: Any, reason: str = "stop") -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": None,
                "finish_reason": reason,
            }
        ],
        "usage": {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16},
    }


def anthropic_answer(text: Any, reason: str = "end_turn") -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "x"},
            {"type": "text", "text": text},
        ],
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 11, "output_tokens": 5},
    }


def bedrock_answer(text: Any, reason: str = "end_turn") -> dict[str, Any]:
    blocks = [{"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"text": text}]
    return {
        "output": {"message": {"role": "assistant", "content": blocks}},
        "stopReason": reason,
        "usage": {"inputTokens": 11, "outputTokens": 5, "totalTokens": 16},
        "metrics": {"latencyMs": 100},
    }


def google_answer(text: Any, reason: str = "STOP") -> dict[str, Any]:
    parts = [{"text": "hm", "thought": True}, {"text": text}]
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason}],
        "usageMetadata": {
            "promptTokenCount": 11,
            "candidatesTokenCount": 5,
            "totalTokenCount": 16,
        },
        "modelVersion": "m",
    }


@dataclass(frozen=True)
class Vendor:
    """One interface: where it is asked, and how an answer looks that ends for a reason."""

    name: str
    make: Callable[..., HttpProvider]
    path: str
    answer: Callable[..., dict[str, Any]]
    truncated_history_error: str
    withheld: str
    key_variable: str
    key_header: str

    def serve(self, server: Loopback, *replies: Reply) -> None:
        server.put(self.path, *replies)

    def says(self, text: Any, reason: str | None = None) -> Reply:
        return as_json(self.answer(text, reason) if reason else self.answer(text))


VENDORS = (
    Vendor(
        "openai",
        lambda server, **options: OpenAIProvider(
            "m", base_url=f"{server.url}/v1", **{"api_key": KEY, **options}
        ),
        "/v1/chat/completions",
        openai_answer,
        "length",
        "content_filter",
        "OPENAI_API_KEY",
        "authorization",
    ),
    Vendor(
        "anthropic",
        lambda server, **options: AnthropicProvider(
            "m", base_url=server.url, **{"api_key": KEY, **options}
        ),
        "/v1/messages",
        anthropic_answer,
        "max_tokens",
        "refusal",
        "ANTHROPIC_API_KEY",
        "x-api-key",
    ),
    Vendor(
        "aws_bedrock",
        lambda server, **options: AWSBedrockProvider(
            "vendor.m-1:0", base_url=server.url, **{"api_key": KEY, **options}
        ),
        "/model/vendor.m-1%3A0/converse",
        bedrock_answer,
        "max_tokens",
        "guardrail_intervened",
        "AWS_BEARER_TOKEN_BEDROCK",
        "authorization",
    ),
)


def google(server: Loopback, folder: Path, **options: Any) -> GoogleVertexAIProvider:
    """Return a provider with a service account whose tokens come from `server`."""
    return GoogleVertexAIProvider(
        "my-project",
        base_url=server.url,
        credentials_path=service_account(server, folder),
        **options,
    )


GOOGLE_PATH = (
    "/v1/projects/my-project/locations/us-central1/publishers/google/models"
    "/gemini-2.5-flash:generateContent"
)


@functools.cache
def private_key() -> str:
    """Return a new private key, the same one for all tests of a run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def service_account(server: Loopback, folder: Path) -> Path:
    """Write the key file of a service account, in the form that Google hands out."""
    content = {
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "1",
        "private_key": private_key(),
        "client_email": "me@my-project.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": server.put(
            "/token", as_json({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})
        ),
    }
    path = folder / "service-account.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
