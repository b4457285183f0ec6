"""The errors of the scraping package."""

from __future__ import annotations

from ..errors import NesTasksError, UnavailableError


class ExchangeError(UnavailableError):
    """A server was unreachable, refused, or gave an unusable answer.

    `status` is the HTTP status, None when there was no answer.
    """

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class TransientError(ExchangeError):
    """The same request may succeed later; `retry_after` is the requested wait in seconds."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, status=status, hint=hint)
        self.retry_after = retry_after


class NotFoundError(ExchangeError):
    """The server has nothing at this address (404 or 410)."""


class AmbiguousPageError(NesTasksError):
    """The title is that of a disambiguation page."""


class RecordingError(NesTasksError):
    """A file of recorded answers is damaged, or something may not be written to it."""


class NotRecordedError(RecordingError):
    """A migration makes a request that has no recorded answer."""


class ProviderMissingError(NesTasksError):
    """A call needs a language model and none is configured, or its key is missing."""


class ProviderAnswerError(NesTasksError):
    """A language model's answer does not match the request."""


class MissingPackageError(UnavailableError):
    """A package of an optional extra is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"the package {package} is not installed",
            hint=f"pip install 'nes-tasks[{extra}]'",
        )
