"""generateContent: the interface of Google's Vertex AI.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/projects.locations.publishers.models/generateContent
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Unpack

from ..errors import ExchangeError, MissingPackageError, ProviderMissingError
from ..exchange import Credentials, Request, excerpt
from ..recording import PASS_VARIABLE
from .base import Completion, Connection, HttpProvider, Question, tokens, without_none

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 (no secret)
TOKEN_TIMEOUT = 30.0

_WITHHELD = {
    "BLOCKLIST", "PROHIBITED_CONTENT", "RECITATION", "SAFETY", "SPII",
}  # fmt: skip


class GoogleVertexAIProvider(HttpProvider):
    """A model on Vertex AI in the project `project_id`; needs the extra ``vertex``.

    `credentials_path` is the file of a service account or of ``gcloud auth
    application-default login``, else the variable GOOGLE_APPLICATION_CREDENTIALS names it.
    With another `base_url` the path, or the variable by `api_key_variable`, must be given; an
    `api_key` is of no use here. For the rest of `connection` see `Connection`.
    """

    vendor_key_variable = "GOOGLE_APPLICATION_CREDENTIALS"

    def __init__(
        self,
        project_id: str,
        location: str = "us-central1",
        model_id: str = "gemini-2.5-flash",
        max_tokens: int | None = 65535,
        temperature: float | None = 0.7,
        credentials_path: str | Path | None = None,
        enable_cache: bool = True,
        **connection: Unpack[Connection],
    ) -> None:
        self.project_id = project_id
        self.location = location
        region = "" if location == "global" else f"{location}-"
        self.vendor_url = f"https://{region}aiplatform.googleapis.com"
        self._credentials_path = credentials_path
        self._account: Any = None
        super().__init__(
            "google_vertex_ai", model_id, max_tokens, temperature, enable_cache, **connection
        )

    def _request(self, question: Question) -> Request:
        system = question.system_prompt
        limits = without_none(maxOutputTokens=question.max_tokens, temperature=question.temperature)
        body = {
            "contents": [{"role": "user", "parts": [{"text": question.prompt}]}],
            **without_none(
                systemInstruction=None if system is None else {"parts": [{"text": system}]},
                generationConfig=limits or None,
            ),
        }
        return Request(
            "POST",
            f"{self.base_url}/v1/projects/{self.project_id}/locations/{self.location}"
            f"/publishers/google/models/{self.model_id}:generateContent",
            body,
        )

    def _completion(self, body: Any) -> Completion:
        blocked = (body.get("promptFeedback") or {}).get("blockReason")
        if blocked:
            raise self._withheld(blocked)
        candidate = body["candidates"][0]
        reason = candidate.get("finishReason")
        if reason == "MAX_TOKENS":
            raise self._cut_off()
        if reason in _WITHHELD:
            raise self._withheld(reason)
        usage = body.get("usageMetadata")
        # Parts marked as thoughts are not the answer.
        parts = [part for part in candidate["content"]["parts"] if not part.get("thought")]
        return Completion(
            "".join(part["text"] for part in parts),
            tokens(usage, "promptTokenCount"),
            tokens(usage, "candidatesTokenCount"),
        )

    async def _credentials(self) -> Credentials:
        # In a thread: the library that signs is not asynchronous.
        token = await asyncio.to_thread(self._access_token)
        return Credentials(headers={"Authorization": f"Bearer {token}"})

    def _access_token(self) -> str:
        try:
            from google.auth.exceptions import GoogleAuthError
        except ImportError:
            raise MissingPackageError("google-auth", "vertex") from None
        if self._account is None:
            self._account = self._load_account()
        if not self._account.valid:
            try:
                self._account.refresh(_token_transport())
            except GoogleAuthError as error:
                raise ExchangeError(
                    f"{self}: Google gave no access token: {excerpt(str(error))}",
                    hint="check the credentials file; for a personal one, gcloud auth"
                    " application-default login",
                ) from None
        return str(self._account.token)

    def _load_account(self) -> Any:
        from google.auth.exceptions import GoogleAuthError
        from google.oauth2.credentials import Credentials as UserCredentials
        from google.oauth2.service_account import Credentials as ServiceCredentials

        path = self._credentials_file()
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            kind = content.get("type")
            if kind == "service_account":
                return ServiceCredentials.from_service_account_info(  # type: ignore[no-untyped-call]
                    content, scopes=[SCOPE]
                )
            if kind == "authorized_user":
                return UserCredentials(  # type: ignore[no-untyped-call]
                    None,
                    refresh_token=content["refresh_token"],
                    token_uri=content.get("token_uri", TOKEN_URI),
                    client_id=content["client_id"],
                    client_secret=content["client_secret"],
                    scopes=[SCOPE],
                )
            problem = f"its type is {kind!r}, neither service_account nor authorized_user"
        except (OSError, ValueError, KeyError, AttributeError, GoogleAuthError) as error:
            # The text of a parser's error could quote the key that it could not parse.
            problem = str(error.strerror) if isinstance(error, OSError) else "it is malformed"
        raise ProviderMissingError(f"{self}: the credentials file {path} cannot be used: {problem}")

    def _credentials_file(self) -> Path:
        path = self._credentials_path
        if path is None and self._key_variable is not None:
            path = os.environ.get(self._key_variable)
        if not path:
            raise ProviderMissingError(
                f"{self} needs credentials, and neither credentials_path nor"
                f" {self.vendor_key_variable} names a file",
                hint=f"set it, and for a migration also {PASS_VARIABLE}={self.vendor_key_variable}",
            )
        return Path(path).expanduser()


def _token_transport() -> Any:
    """Return how google-auth fetches a token: with httpx, past any recording."""
    import httpx
    from google.auth.exceptions import TransportError
    from google.auth.transport import Request as TransportRequest
    from google.auth.transport import Response as TransportResponse

    class Fetched(TransportResponse):
        def __init__(self, response: httpx.Response) -> None:
            self._response = response

        @property
        def status(self) -> int:
            return self._response.status_code

        @property
        def headers(self) -> Any:
            return self._response.headers

        @property
        def data(self) -> bytes:
            return self._response.content

    class Fetch(TransportRequest):
        def __call__(
            self,
            url: str,
            method: str = "GET",
            body: Any = None,
            headers: Any = None,
            timeout: float | None = None,
            **_: Any,
        ) -> Fetched:
            try:
                return Fetched(
                    httpx.request(
                        method, url, content=body, headers=headers, timeout=timeout or TOKEN_TIMEOUT
                    )
                )
            except httpx.HTTPError as error:
                raise TransportError(error) from error  # type: ignore[no-untyped-call]

    return Fetch()
