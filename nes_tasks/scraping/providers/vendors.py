"""The providers that need few lines each: OpenAI, Anthropic and Amazon Bedrock.

The mock of the legacy system is a name without a model behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, Unpack
from urllib.parse import quote

from ..errors import ProviderMissingError
from ..exchange import Credentials, Request
from .base import Completion, Connection, HttpProvider, Question, tokens, without_none


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


class AWSBedrockProvider(HttpProvider):
    """A model on Amazon Bedrock in the region `region_name`.

    The key is `api_key`, else the variable AWS_BEARER_TOKEN_BEDROCK: an API key of Bedrock, not
    the access keys of AWS, which are not supported. For `connection` see `Connection`.
    """

    vendor_key_variable = "AWS_BEARER_TOKEN_BEDROCK"

    def __init__(
        self,
        model_id: str,
        region_name: str = "us-east-1",
        max_tokens: int | None = None,
        temperature: float | None = None,
        enable_cache: bool = True,
        **connection: Unpack[Connection],
    ) -> None:
        self.region_name = region_name
        self.vendor_url = f"https://bedrock-runtime.{region_name}.amazonaws.com"
        super().__init__(
            "aws_bedrock", model_id, max_tokens, temperature, enable_cache, **connection
        )

    def _request(self, question: Question) -> Request:
        limits = without_none(maxTokens=question.max_tokens, temperature=question.temperature)
        system = None if question.system_prompt is None else [{"text": question.system_prompt}]
        body = {
            "messages": [{"role": "user", "content": [{"text": question.prompt}]}],
            **without_none(system=system, inferenceConfig=limits or None),
        }
        model = quote(self.model_id, safe="")
        return Request("POST", f"{self.base_url}/model/{model}/converse", body)

    def _completion(self, body: Any) -> Completion:
        reason = body.get("stopReason")
        if reason in ("max_tokens", "model_context_window_exceeded"):
            raise self._cut_off()
        if reason in ("guardrail_intervened", "content_filtered"):
            raise self._withheld(reason)
        usage = body.get("usage")
        # Blocks of other kinds, such as a model's reasoning, are not the answer.
        blocks = body["output"]["message"]["content"]
        return Completion(
            "".join(block["text"] for block in blocks if "text" in block),
            tokens(usage, "inputTokens"),
            tokens(usage, "outputTokens"),
        )

    async def _credentials(self) -> Credentials:
        key = self._key()
        return Credentials(headers={"Authorization": f"Bearer {key}"} if key else {})


class MockLLMProvider:
    """A name that scripts may know. There is no model behind it, so it cannot be made."""

    def __new__(cls, *_: Any, **__: Any) -> NoReturn:
        """Raise `ProviderMissingError`."""
        raise ProviderMissingError(
            "MockLLMProvider makes up its answers, and nothing made up gets into the database",
            hint="use OpenAIProvider with a model of your own or a local one",
        )
