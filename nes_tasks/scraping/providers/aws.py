"""Converse: the interface of Amazon Bedrock.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, authenticated
by a Bedrock API key: https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html.
"""

from __future__ import annotations

from typing import Any, Unpack
from urllib.parse import quote

from ..exchange import Credentials, Request
from .http_provider import Completion, Connection, HttpProvider, Question, tokens, without_none


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
