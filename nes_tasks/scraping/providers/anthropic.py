"""Messages: the interface of Anthropic. https://docs.anthropic.com/en/api/messages."""

from __future__ import annotations

from typing import Any, Unpack

from ..exchange import Credentials, Request
from .http_provider import Completion, Connection, HttpProvider, Question, tokens, without_none

API_VERSION = "2023-06-01"


class AnthropicProvider(HttpProvider):
    """A model of Anthropic; the key is `api_key`, else the variable ANTHROPIC_API_KEY.

    The interface wants a limit, so `max_tokens` has a default. For `connection`
    see `Connection`.
    """

    vendor_url = "https://api.anthropic.com"
    vendor_key_variable = "ANTHROPIC_API_KEY"

    def __init__(
        self,
        model_id: str,
        max_tokens: int = 4096,
        temperature: float | None = None,
        enable_cache: bool = True,
        **connection: Unpack[Connection],
    ) -> None:
        super().__init__("anthropic", model_id, max_tokens, temperature, enable_cache, **connection)

    def _request(self, question: Question) -> Request:
        body = {
            "model": self.model_id,
            "max_tokens": question.max_tokens,
            "messages": [{"role": "user", "content": question.prompt}],
            **without_none(system=question.system_prompt, temperature=question.temperature),
        }
        headers = {"anthropic-version": API_VERSION}
        return Request("POST", f"{self.base_url}/v1/messages", body, headers)

    def _completion(self, body: Any) -> Completion:
        reason = body.get("stop_reason")
        if reason in ("max_tokens", "model_context_window_exceeded"):
            raise self._cut_off()
        if reason == "refusal":
            raise self._withheld(reason)
        usage = body.get("usage")
        return Completion(
            "".join(block["text"] for block in body["content"] if block["type"] == "text"),
            tokens(usage, "input_tokens"),
            tokens(usage, "output_tokens"),
        )

    async def _credentials(self) -> Credentials:
        key = self._key()
        return Credentials(headers={"x-api-key": key} if key else {})
