"""Chat completions: the interface of OpenAI, which local servers speak as well.

https://platform.openai.com/docs/api-reference/chat. Ollama, llama.cpp, vLLM and LM Studio have
it at their ``/v1``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from ..exchange import Credentials, Request
from .http_provider import Completion, Connection, HttpProvider, Question, tokens, without_none


class OpenAIProvider(HttpProvider):
    """A model of OpenAI, or of any server with its interface at `base_url`.

    `base_url` ends in ``/v1`` (``http://localhost:11434/v1`` for Ollama). The key is `api_key`,
    else the variable OPENAI_API_KEY for OpenAI and none for another server, unless
    `api_key_variable` names one. `options` go into the request as they are (``{"seed": 1}``).
    For `connection` see `Connection`.
    """

    vendor_url = "https://api.openai.com/v1"
    vendor_key_variable = "OPENAI_API_KEY"

    def __init__(
        self,
        model_id: str,
        max_tokens: int | None = None,
        temperature: float | None = None,
        enable_cache: bool = True,
        *,
        options: Mapping[str, Any] | None = None,
        **connection: Unpack[Connection],
    ) -> None:
        super().__init__("openai", model_id, max_tokens, temperature, enable_cache, **connection)
        self._options = dict(options or {})

    def _request(self, question: Question) -> Request:
        messages = [{"role": "user", "content": question.prompt}]
        if question.system_prompt is not None:
            messages.insert(0, {"role": "system", "content": question.system_prompt})
        # OpenAI's newer models refuse the old name, other servers do not know the new one.
        limit = "max_completion_tokens" if self._is_vendor else "max_tokens"
        body = {
            "model": self.model_id,
            "messages": messages,
            **without_none(**{limit: question.max_tokens, "temperature": question.temperature}),
            **self._options,
        }
        return Request("POST", f"{self.base_url}/chat/completions", body)

    def _completion(self, body: Any) -> Completion:
        choice = body["choices"][0]
        reason = choice.get("finish_reason")
        refusal = choice["message"].get("refusal")
        if reason == "length":
            raise self._cut_off()
        if reason == "content_filter" or refusal:
            raise self._withheld(refusal or reason)
        usage = body.get("usage")
        return Completion(
            choice["message"]["content"],
            tokens(usage, "prompt_tokens"),
            tokens(usage, "completion_tokens"),
        )

    async def _credentials(self) -> Credentials:
        key = self._key()
        return Credentials(headers={"Authorization": f"Bearer {key}"} if key else {})
