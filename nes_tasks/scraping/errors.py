"""What can go wrong when data is taken from outside, in the terms of this package."""

from __future__ import annotations

from ..errors import NesTasksError, UnavailableError


class ExchangeError(UnavailableError):
    """A server was not reached, refused, or answered what cannot be used.

    `status` is the HTTP status, None when there was no answer.
    """

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class TransientError(ExchangeError):
    """The same request may succeed later; `retry_after` is the wait in seconds asked for."""

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
    """The server says that there is nothing at this address (404 or 410)."""


class AmbiguousPageError(NesTasksError):
    """The title is that of a page which lists several pages of that name."""


class RecordingError(NesTasksError):
    """A file of recorded answers is damaged, or something may not be written to it."""


class NotRecordedError(RecordingError):
    """A migration makes a request that has no recorded answer."""


class ProviderMissingError(NesTasksError):
    """A call needs a language model and none is configured, or its key is missing."""


class ProviderAnswerError(NesTasksError):
    """A language model's answer is not what was asked for."""


class MissingPackageError(UnavailableError):
    """A package of an optional extra is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"the package {package} is not installed",
            hint=f"pip install 'nes-tasks[{extra}]'",
        )
