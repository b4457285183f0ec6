"""Writing git objects as a stream: one ``git fast-import`` process.

The stream format is described in https://git-scm.com/docs/git-fast-import. The objects wait in a
folder of their own until `install`, as those of a push do in git's quarantine
(https://git-scm.com/docs/git-receive-pack#_quarantine_environment). Otherwise a migration that
fails after a gigabyte would leave the gigabyte in the repository. No ref is written: the caller
makes one when the objects that it needs are in the repository.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from operator import itemgetter
from pathlib import Path

from ..errors import GitError
from .command import Git, failure
from .commit import Signature, person_line

# How many blobs are held back to be sorted; more saves nothing measurable.
TOGETHER = 64
# Names with tmp_ are taken for leftovers by `git prune`, too, once they are two weeks old.
ASIDE_PREFIX = "tmp_nes-tasks-"
# fast-import names each branch; this one is deleted within the stream, so git never stores it.
BRANCH = b"refs/nes-tasks/fast-import"


class FastImport:
    """A stream of blobs and one chain of commits into one repository."""

    def __init__(self, git: Git) -> None:
        self._objects = objects_folder(git)
        self._aside = Path(tempfile.mkdtemp(prefix=ASIDE_PREFIX, dir=self._objects))
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._failure: GitError | None = None
        self._last: str | None = None
        answers, theirs = os.pipe()
        try:
            self._process = git.fetching().start(
                "fast-import",
                "--quiet",
                "--done",
                f"--cat-blob-fd={theirs}",
                stderr=self._errors,
                pass_fds=[theirs],
                env=self.environment,
            )
        except BaseException:
            os.close(answers)
            self._errors.close()
            shutil.rmtree(self._aside, ignore_errors=True)
            raise
        finally:
            os.close(theirs)
        assert self._process.stdin
        assert self._process.stdout
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._answers = os.fdopen(answers, "rb")
        self._marks = 0
        self._waiting: list[tuple[str, int, bytes]] = []

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which another git reads and writes the objects of this stream."""
        return {
            "GIT_OBJECT_DIRECTORY": str(self._aside),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(self._objects),
        }

    def blob(self, data: bytes, group: str = "") -> int:
        """Write the content of a file and return its mark, by which commits name it.

        `group` says what it is like. git stores a blob as the difference to the one before it,
        so those of a group are sent together: entities and their versions, which come in turns
        and are indented differently, would otherwise make a pack of twice the size.
        """
        self._marks += 1
        self._waiting.append((group, self._marks, data))
        if len(self._waiting) == TOGETHER:
            self._send_blobs()
        return self._marks

    def _send_blobs(self) -> None:
        waiting, self._waiting = self._waiting, []
        waiting.sort(key=itemgetter(0, 1))
        # One write for all of them: each would wake git up.
        self._send(
            b"".join(
                b"blob\nmark :%d\ndata %d\n%b\n" % (mark, len(data), data)
                for _, mark, data in waiting
            )
        )

    def read(self, mark: int) -> bytes:
        """Return the content that was written under `mark`."""
        return self.read_many([mark])[0]

    def read_many(self, marks: Sequence[int]) -> list[bytes]:
        """Return the contents that were written under `marks`, a few hundred at the most.

        They are asked for in one go, which has to fit into a pipe's buffer (see `objects.ROUND`).
        """
        if not marks:
            return []
        self._send_blobs()
        self._send(b"".join(b"cat-blob :%d\n" % mark for mark in marks), flush=True)
        return [self._answer() for _ in marks]

    def _answer(self) -> bytes:
        header = self._answers.readline().split()
        if len(header) != 3:
            raise self._died()
        size = int(header[2])
        data = self._answers.read(size + 1)
        if len(data) != size + 1:
            raise self._died()
        return data[:-1]

    def commit(
        self,
        *,
        start: str | None,
        author: Signature,
        committer: Signature,
        message: str,
        files: Iterable[tuple[str, int | None]],
    ) -> str:
        """Write a commit and return its id.

        `files` gives each changed path with the mark of its new content, None to delete it.
        `start` is the stored commit that the first commit of this stream grows from, None for a
        commit without a parent; each further one grows from the commit before it.
        """
        self._send_blobs()
        self._marks += 1
        mark = self._marks
        text = message.encode()
        head = (
            f"mark :{mark}\nauthor {person_line(author)}\ncommitter {person_line(committer)}\n"
        ).encode()
        self._send(b"commit %b\n%bdata %d\n%b\n" % (BRANCH, head, len(text), text))
        if start and self._last is None:
            self._send(f"from {start}\n".encode())
        for path, content in files:
            line = f"D {path}\n" if content is None else f"M 100644 :{content} {path}\n"
            self._send(line.encode(errors="surrogateescape"))
        self._send(b"\nget-mark :%d\n" % mark, flush=True)
        commit = self._answers.readline().strip().decode()
        if not commit:
            raise self._died()
        self._last = commit
        return commit

    def finish(self) -> None:
        """Let git store everything aside; raises `GitError` when it could not.

        Then the objects can be read, and more of them written, in `environment`.
        """
        self._send_blobs()
        if self._last is not None:
            self._send(b"reset %b\nfrom %b\n\n" % (BRANCH, b"0" * len(self._last)))
        self._send(b"done\n", flush=True)
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        if self._process.wait():
            raise self._died()

    def install(self) -> None:
        """Move what `finish` has stored into the repository; the stream is over afterwards.

        Raises `OSError` when that is not possible; nothing refers to what has been moved then.
        """
        try:
            _install(self._aside, self._objects)
        finally:
            discard_quarantine(self._aside, self._objects)
            self._close()

    def abort(self) -> None:
        """Throw everything away that is not installed."""
        self._process.kill()
        self._process.wait()
        self._close()

    def _send(self, data: bytes, *, flush: bool = False) -> None:
        if self._failure:
            raise self._failure
        try:
            self._stdin.write(data)
            if flush:
                self._stdin.flush()
        except BrokenPipeError:
            raise self._died() from None

    def _died(self) -> GitError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        self._errors.seek(0)
        said = self._errors.read() or b"it ended early, with code %d" % (self._process.poll() or 0)
        self.abort()
        self._failure = failure(["fast-import"], said)
        return self._failure

    def _close(self) -> None:
        shutil.rmtree(self._aside, ignore_errors=True)
        for file in (self._stdin, self._stdout, self._answers, self._errors):
            with contextlib.suppress(BrokenPipeError):
                file.close()


def objects_folder(git: Git) -> Path:
    """Return the folder of the repository's objects."""
    return git.folder / os.fsdecode(git.run("rev-parse", "--git-path", "objects").rstrip(b"\n"))


def _install(source: Path, target: Path) -> None:
    """Move all files below `source` to the same places below `target`.

    A pack's index goes last, as by it others see the pack. What git had begun and could not
    remove stays behind.
    """
    for item in sorted(source.iterdir(), key=lambda item: item.suffix == ".idx"):
        if item.name.startswith(("tmp_", ".tmp-")):
            continue
        there = target / item.name
        if item.is_dir():
            there.mkdir(exist_ok=True)
            _install(item, there)
        else:
            item.replace(there)


def discard_quarantine(aside: Path, objects: Path) -> None:
    """Throw a quarantine away, with what has been moved out of it and cannot be used.

    The folder is our own, so nobody else is at work in it: the caller holds the lock. A pack
    whose index is still inside is not seen by git and would stay for ever.
    """
    for index in (aside / "pack").glob("*.idx"):
        if not (objects / "pack" / index.name).exists():
            for part in (objects / "pack").glob(f"{index.stem}.*"):
                part.unlink()
    shutil.rmtree(aside, ignore_errors=True)


def _quoted(path: Path) -> str:
    """Return `path` so that git takes it for one, whatever it contains."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
