"""What the worker is asked for, and what it answers: this crosses between two processes.

The caller loads no more than this; what executing takes is loaded by the worker alone.
"""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import asdict, dataclass
from typing import Any

# Bound now, because a script may put something else in the place of `json.dumps`.
encode = json.JSONEncoder().encode


@dataclass(frozen=True, slots=True)
class Job:
    """Everything an execution depends on; it travels between processes as JSON.

    `shown` is how messages name the `folder`, `ignored` what git ignores in it, `base` the commit
    to run on (None: no commit yet), `ref` the private ref for the result, `clock` the one time
    that the migration sees, `author` and `committer` are (name, e-mail), `nes_package` says what
    ``import nes`` means (`compat.choose`), `strict` whether a malformed file of the database
    stops a listing.
    """

    name: str
    folder: str
    shown: str
    script: str
    author_text: str
    author: tuple[str, str]
    date: str
    description: str
    deterministic: bool
    inputs: dict[str, str]
    ignored: list[str]
    database: str
    data_dir: str
    base: str | None
    ref: str
    clock: str
    committer: tuple[str, str]
    batch_size: int
    nes_package: str
    strict: bool

    @classmethod
    def from_json(cls, text: str) -> Job:
        """Read what `to_json` wrote."""
        content = json.loads(text)
        content["author"], content["committer"] = map(
            tuple, (content["author"], content["committer"])
        )
        return cls(**content)

    def to_json(self) -> str:
        """Return the job as one line."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Loading:
    """What a worker needs to load a script; the fields are those of a `Job`."""

    name: str
    folder: str
    shown: str
    script: str
    clock: str
    nes_package: str

    def to_json(self) -> str:
        """Return it as one line, which the worker tells from a job by its only key."""
        return json.dumps({"load": asdict(self)})


class Channel:
    """Where an execution reports to: one JSON object a line. Threads may share it."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._turn = threading.Lock()

    def send(self, **event: Any) -> None:
        """Report one event."""
        line = f"{encode(event)}\n".encode()
        with self._turn:
            self._stream.sendall(line)
