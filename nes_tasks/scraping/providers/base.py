"""A provider of a language model: the interface, the cache, the bill, and asking by HTTP.

What differs between the interfaces is in the subclasses: how a question is put, how an answer
is read.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar, Unpack

from ..errors import ExchangeError, ProviderAnswerError, ProviderMissingError
from ..exchange import Answer, Credentials, Request, excerpt
from ..http_client import HttpClient, RetryHandler
from ..recording import PASS_VARIABLE
from .answer_schema import AnswerSchema

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
        """Clear the cache; recorded answers stay."""
        self._cache.clear()

    def _count(self, input_tokens: int, output_tokens: int) -> None:
        self._usage["requests"] += 1
        self._usage["input_tokens"] += input_tokens
        self._usage["output_tokens"] += output_tokens
        self._usage["total_tokens"] += input_tokens + output_tokens


Result = TypeVar("Result")

MODEL_TIMEOUT = 180.0

EXTRACTION_PROMPT = (
    "You extract data from the text that the user gives you. Use only what the text says: leave"
    " out, or set to null, what it does not. Keep names and quotations as they are written."
    " Answer with one JSON value that fits the JSON Schema below, and with nothing else."
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a model, with its limits."""

    prompt: str
    system_prompt: str | None
    max_tokens: int | None
    temperature: float | None


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer and its token counts; 0 where the server does not report them."""

    text: str
    input_tokens: int = 0
    output_tokens: int = 0


class Connection(TypedDict, total=False):
    """Connection parameters of a provider, as keyword arguments.

    `base_url` is where the interface is, None for the vendor's own; `api_key` the key, else it
    is in the environment variable `api_key_variable` when a server is really asked. `timeout`
    is in seconds for one answer (default 180), `retry_handler` says how often to try.
    """

    base_url: str | None
    api_key: str | None
    api_key_variable: str | None
    timeout: float
    retry_handler: RetryHandler | None


class HttpProvider(BaseLLMProvider):
    """The base class of providers; for `connection` see `Connection`.

    A script may name any `base_url`, and a contributor's key must not get there unasked: the
    variable of the vendor is used for the vendor's own address only.
    """

    vendor_url: str
    vendor_key_variable: str

    def __init__(
        self,
        provider_name: str,
        model_id: str,
        max_tokens: int | None,
        temperature: float | None,
        enable_cache: bool,
        **connection: Unpack[Connection],
    ) -> None:
        super().__init__(provider_name, model_id, max_tokens, temperature, enable_cache)
        self.base_url = (connection.get("base_url") or self.vendor_url).rstrip("/")
        self._is_vendor = self.base_url == self.vendor_url
        self._api_key = connection.get("api_key")
        self._key_variable = connection.get("api_key_variable") or (
            self.vendor_key_variable if self._is_vendor else None
        )
        self._client = HttpClient(
            timeout=connection.get("timeout", MODEL_TIMEOUT),
            retry=connection.get("retry_handler"),
        )

    def __repr__(self) -> str:
        """Return the provider without its key."""
        return f"{type(self).__name__}(model_id={self.model_id!r}, base_url={self.base_url!r})"

    async def generate_text(
        self,
        prompt: str,
        system_prompt: str | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
    ) -> str:
        """Return the model's answer to `prompt`.

        `max_tokens` and `temperature` hold for this answer only. Raises `ValueError` for an
        empty prompt, `ProviderMissingError` without a key, `ProviderAnswerError` for an answer
        that is cut off, withheld or malformed, `ExchangeError` when there is none.
        """
        if not prompt.strip():
            raise ValueError("the prompt is empty")
        question = self._question(prompt, system_prompt, max_tokens, temperature)
        return await self._ask(question, lambda text: text)

    async def extract_structured_data(
        self, text: str, schema: Mapping[str, Any] | type, instructions: str = ""
    ) -> Any:
        """Return what `text` says as JSON data that fits `schema`.

        `schema` is a JSON Schema or a pydantic class; `instructions` say what to look for.
        Raises `ValueError` for an empty text or an invalid schema, and otherwise what
        `generate_text` raises, also for an answer that does not fit.
        """
        if not text.strip():
            raise ValueError("the text is empty")
        expected = AnswerSchema(schema)
        parts = [EXTRACTION_PROMPT, instructions.strip(), f"JSON Schema:\n{expected.text}"]
        question = self._question(text, "\n\n".join(filter(None, parts)), None, None)
        return await self._ask(question, lambda answer: expected.read(answer, str(self)))

    def __str__(self) -> str:
        """Return the name of the provider for messages."""
        return f"{self.provider_name} ({self.model_id})"

    def _question(
        self,
        prompt: str,
        system_prompt: str | None,
        max_tokens: int | None,
        temperature: float | None,
    ) -> Question:
        return Question(
            prompt,
            system_prompt,
            self.max_tokens if max_tokens is None else max_tokens,
            self.temperature if temperature is None else temperature,
        )

    async def _ask(self, question: Question, accept: Callable[[str], Result]) -> Result:
        """Return the model's answer parsed by `accept`; refused answers are not cached."""
        known = self._cache.get(question) if self.enable_cache else None
        if known is not None:
            return accept(known)

        def read(answer: Answer) -> tuple[Completion, Result]:
            completion = self._read_completion(answer)
            return completion, accept(completion.text)

        completion, result = await self._client.exchange(
            self._request(question), read, authorize=self._credentials
        )
        self._count(completion.input_tokens, completion.output_tokens)
        if self.enable_cache:
            self._cache[question] = completion.text
        return result

    def _read_completion(self, answer: Answer) -> Completion:
        body = answer.json()
        if isinstance(body, dict) and body.get("error"):
            raise ExchangeError(f"{self}: {excerpt(str(body['error']))}", status=answer.status)
        try:
            completion = self._completion(body)
        except (KeyError, IndexError, TypeError, AttributeError):
            raise ProviderAnswerError(
                f"{self}: the answer has not the form of this interface: {excerpt(answer.text)}"
            ) from None
        if not isinstance(completion.text, str) or not completion.text.strip():
            raise ProviderAnswerError(f"{self} answered with no text")
        return completion

    def _cut_off(self) -> ProviderAnswerError:
        return ProviderAnswerError(
            f"{self}: the answer was cut off at the limit of tokens", hint="raise max_tokens"
        )

    def _withheld(self, reason: object) -> ProviderAnswerError:
        return ProviderAnswerError(f"{self}: the answer was withheld ({reason})")

    def _key(self) -> str | None:
        """Return the key, None when this address needs none; raises `ProviderMissingError`."""
        key = self._api_key
        if key is None and self._key_variable is not None:
            key = os.environ.get(self._key_variable)
        if not key or not key.strip():
            if self._key_variable is None:
                return None
            raise ProviderMissingError(
                f"{self} needs a key, and {self._key_variable} is not set in this process",
                hint=f"set it, and for a migration also {PASS_VARIABLE}={self._key_variable}",
            )
        key = key.strip()
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ProviderMissingError(f"{self}: the key holds characters that no key has")
        return key

    @abstractmethod
    def _request(self, question: Question) -> Request:
        """Return the request for the question."""

    @abstractmethod
    def _completion(self, body: Any) -> Completion:
        """Return what a JSON answer says.

        Raises `ProviderAnswerError` when it is cut off or withheld; a lookup error stands for
        an answer of another form.
        """

    @abstractmethod
    async def _credentials(self) -> Credentials:
        """Return the credentials of a request."""


def tokens(usage: Any, key: str) -> int:
    """Return a count of tokens, 0 when the server does not report it."""
    count = usage.get(key) if isinstance(usage, dict) else None
    return count if isinstance(count, int) else 0


def without_none(**values: Any) -> dict[str, Any]:
    """Return the values that are given."""
    return {key: value for key, value in values.items() if value is not None}
