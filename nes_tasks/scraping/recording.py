"""Recorded answers: what the network said once, kept with the migration and said again.

A run must depend on its folder alone, so answers are taken from a file in the folder,
``recorded-answers.jsonl``. Each line is one JSON object::

    {"key": "…", "request": {"method": "GET", "url": "https://…"},
     "answer": {"status": 200, "type": "application/json", "json": {…}}}

``key`` is the SHA-256 of the request (method, address, headers and body as recorded; equal
requests have equal keys). ``request`` also has ``headers`` and ``body`` if there are any;
``answer`` has ``text`` instead of ``json`` when it is none, and ``url`` when the answer came
from another address than the one asked. The lines are sorted by address and key. Nothing that
authenticates anyone gets into the file: see `exchange.Credentials`.

Recording is asked for by name, for one migration: ``NES_TASKS_RECORD=005-add-ministers``.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from enum import StrEnum
from pathlib import Path
from typing import Any

from .errors import NotRecordedError, RecordingError
from .exchange import MIN_SECRET_LENGTH, Answer, Request, holds_secret, parse_json

FILE_NAME = "recorded-answers.jsonl"
RECORD_VARIABLE = "NES_TASKS_RECORD"
PASS_VARIABLE = "NES_TASKS_PASS_ENV"  # noqa: S105 (the name of a variable)


class Mode(StrEnum):
    """The handling of a request without a recorded answer."""

    REPLAY = "replay"
    """It fails: nothing outside the folder may decide what a run does."""

    RECORD = "record"
    """It is asked, and the answer is kept."""

    LIVE = "live"
    """It is asked, and the answer is not kept."""


class Recording:
    """The recorded answers in the file `path`, which need not exist.

    `how` is the command that a message gives to record what is missing. `secrets` are
    strings that may never be written, besides the credentials of each request. Outside a ``with
    recording.in_force():`` block nothing uses a recording.
    """

    def __init__(
        self,
        path: Path,
        mode: Mode = Mode.REPLAY,
        *,
        how: str | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        self.path = path
        self.mode = mode
        self.added = 0
        self._how = how
        self._secrets = tuple(secrets)
        self._lines: dict[str, _Line] | None = None

    @classmethod
    def of_migration(
        cls,
        folder: Path,
        *,
        deterministic: bool = True,
        environ: Mapping[str, str] | None = None,
    ) -> Recording:
        """Return the recording of the migration in `folder`, in the mode it runs in.

        It records when ``NES_TASKS_RECORD`` is the migration's full name, and replays
        otherwise; a migration that says ``DETERMINISTIC = False`` may also ask again.
        """
        environ = os.environ if environ is None else environ
        name = folder.name
        if environ.get(RECORD_VARIABLE, "").strip() == name:
            mode = Mode.RECORD
        else:
            mode = Mode.REPLAY if deterministic else Mode.LIVE
        return cls(
            folder / FILE_NAME,
            mode,
            how=f"record it: {RECORD_VARIABLE}={name} doit migrate:{name}",
            secrets=[environ[key] for key in passed_on(environ) if key in environ],
        )

    @property
    def shown_path(self) -> str:
        """The file as messages name it: with its folder."""
        return f"{self.path.parent.name}/{self.path.name}"

    def find(self, request: Request) -> Answer | None:
        """Return the recorded answer, None when the request must be sent.

        Raises `NotRecordedError` when there is none and nothing may be asked, and
        `RecordingError` when the file is damaged.
        """
        line = self._loaded().get(request.key)
        if line is not None:
            return line.answer
        if self.mode is Mode.REPLAY:
            raise NotRecordedError(
                f"{request} has no answer in {self.shown_path}, and a migration may not ask again",
                hint=self._how,
            )
        return None

    def add(self, request: Request, answer: Answer, secrets: Iterable[str] = ()) -> Answer:
        """Record `answer` and return it; outside record mode, only return it.

        The first answer to a request is kept: when two were under way at the same time, both
        get that one. It is in the file when this returns, so an interrupted recording goes on
        where it stopped. Raises `RecordingError` when a secret would be written.
        """
        if self.mode is not Mode.RECORD:
            return answer
        lines = self._loaded()
        line = _Line(request.to_record(), answer)
        known = lines.setdefault(request.key, line)
        if known is line:
            content = line.to_bytes(request.key)
            forbidden = [s for s in (*secrets, *self._secrets) if len(s) >= MIN_SECRET_LENGTH]
            if holds_secret(content.decode(), forbidden):
                del lines[request.key]
                raise RecordingError(
                    f"{request}: the request or its answer holds a key or password; not recorded"
                )
            self._append(content)
            self.added += 1
        return known.answer

    def save(self) -> None:
        """Sort the file atomically if answers were added."""
        if not self.added or self._lines is None:
            return
        ordered = sorted(self._lines.items(), key=lambda item: (item[1].request["url"], item[0]))
        aside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            aside.write_bytes(b"".join(line.to_bytes(key) for key, line in ordered))
            aside.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                aside.unlink()
            raise RecordingError(f"{self.shown_path} cannot be written: {error}") from error

    @contextlib.contextmanager
    def in_force(self) -> Iterator[Recording]:
        """Activate the recording for all requests of this package, and sort it at the end."""
        token = _IN_FORCE.set(self)
        try:
            yield self
        finally:
            _IN_FORCE.reset(token)
            self.save()

    def _append(self, content: bytes) -> None:
        try:
            with self.path.open("ab") as file:
                file.write(content)
        except OSError as error:
            raise RecordingError(f"{self.shown_path} cannot be written: {error}") from error

    def _loaded(self) -> dict[str, _Line]:
        if self._lines is None:
            self._lines = self._load()
        return self._lines

    def _load(self) -> dict[str, _Line]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise RecordingError(f"{self.shown_path} cannot be read: {error}") from error
        if self.mode is Mode.RECORD and not content.endswith(b"\n"):
            content = self._without_torn_line(content)
        lines: dict[str, _Line] = {}
        for number, row in enumerate(content.split(b"\n"), start=1):
            if not row.strip():
                continue
            key, line = self._parse(row, number)
            if lines.setdefault(key, line).answer != line.answer:
                raise self._damaged(number, "another line has another answer to the same request")
        return lines

    def _without_torn_line(self, content: bytes) -> bytes:
        """Remove the unfinished last line of an interrupted recording."""
        whole = content[: content.rfind(b"\n") + 1]
        try:
            os.truncate(self.path, len(whole))
        except OSError as error:
            raise RecordingError(f"{self.shown_path} cannot be written: {error}") from error
        return whole

    def _parse(self, row: bytes, number: int) -> tuple[str, _Line]:
        try:
            content = parse_json(row.decode("utf-8-sig" if number == 1 else "utf-8"))
            line = _Line.from_record(content)
            key = line.key
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._damaged(number, f"is not a recorded answer ({error!r})") from None
        if content.get("key") != key:
            raise self._damaged(number, "was edited: its key is not that of its request")
        return key, line

    def _damaged(self, number: int, what: str) -> RecordingError:
        return RecordingError(
            f"{self.shown_path}, line {number}: {what}",
            hint="restore the file from git, or delete the line and record it again",
        )


class _Line:
    """One line of the file."""

    def __init__(self, request: dict[str, Any], answer: Answer) -> None:
        self.request = request
        self.answer = answer

    @property
    def key(self) -> str:
        known = self.request
        return Request(
            known["method"], known["url"], known.get("body"), known.get("headers", {})
        ).key

    @classmethod
    def from_record(cls, content: dict[str, Any]) -> _Line:
        request, answer = content["request"], content["answer"]
        is_json = "json" in answer
        return cls(
            request,
            Answer(
                int(answer["status"]),
                str(answer.get("url", request["url"])),
                str(answer["type"]),
                answer["json"] if is_json else str(answer["text"]),
                is_json=is_json,
            ),
        )

    def to_bytes(self, key: str) -> bytes:
        answer = self.answer
        document: dict[str, Any] = {"status": answer.status, "type": answer.content_type}
        if answer.url != self.request["url"]:
            document["url"] = answer.url
        document["json" if answer.is_json else "text"] = answer.content
        record = {"key": key, "request": self.request, "answer": document}
        try:
            return f"{json.dumps(record, ensure_ascii=False)}\n".encode()
        except UnicodeEncodeError:  # a lone surrogate, which UTF-8 cannot encode
            return f"{json.dumps(record)}\n".encode()


_IN_FORCE: ContextVar[Recording | None] = ContextVar("recording in force", default=None)


def current() -> Recording | None:
    """Return the recording in force, None outside a migration."""
    return _IN_FORCE.get()


def passed_on(environ: Mapping[str, str]) -> list[str]:
    """Return the names in ``NES_TASKS_PASS_ENV``: variables that a contributor hands to scripts.

    They are separated by commas or blanks.
    """
    return environ.get(PASS_VARIABLE, "").replace(",", " ").split()
