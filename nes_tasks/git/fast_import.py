"""Writing git objects as a stream: one ``git fast-import`` process.

The stream format is described in https://git-scm.com/docs/git-fast-import. Nothing that is
written can be seen by anyone before `finish`: objects and refs wait in a folder of their own, as
the objects of a push do in git's quarantine
(https://git-scm.com/docs/git-receive-pack#_quarantine_environment). Otherwise a migration that
fails after a gigabyte would leave the gigabyte in the repository. `finish` installs the objects
first and sets the refs then, so that no ref ever names an object that is not there.

git itself would set the refs while the objects are in quarantine. It is therefore given a linked
worktree inside the quarantine, whose refs below ``refs/worktree`` are its own
(https://git-scm.com/docs/git-worktree#_refs).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path

from ..errors import GitError
from .command import Git, failure

# How many blobs are held back to be sorted; more saves nothing measurable.
TOGETHER = 64
# Names with tmp_ are taken for leftovers by `git prune`, too, once they are two weeks old.
ASIDE_PREFIX = "tmp_nes-tasks-"
OBJECTS, WORKTREE = "objects", "worktree"
# What would end a name or an address early in a commit's header; git drops them as well.
NOT_IN_PERSON = str.maketrans("", "", "<>\n\r\0")


class FastImport:
    """A stream of blobs and commits into one repository."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._objects = objects_folder(git)
        self._aside = Path(tempfile.mkdtemp(prefix=ASIDE_PREFIX, dir=self._objects))
        self._refs: dict[str, str] = {}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._failure: GitError | None = None
        answers, theirs = os.pipe()
        try:
            _make_quarantine(self._aside)
            self._process = git.fetching().start(
                "fast-import",
                "--quiet",
                "--done",
                f"--cat-blob-fd={theirs}",
                stderr=self._errors,
                pass_fds=[theirs],
                env={
                    "GIT_DIR": str(self._aside / WORKTREE),
                    "GIT_COMMON_DIR": str(self._objects.parent),
                    "GIT_OBJECT_DIRECTORY": str(self._aside / OBJECTS),
                    "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(self._objects),
                },
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
        ref: str,
        *,
        start: str | None,
        author: tuple[str, str],
        author_date: datetime,
        committer: tuple[str, str],
        commit_date: datetime,
        message: str,
        files: Iterable[tuple[str, int | None]],
    ) -> str:
        """Write a commit on `ref` and return its id.

        `files` gives each changed path with the mark of its new content, None to delete it.
        `start` is the stored commit that a new `ref` grows from; None goes on from the last
        commit that this stream wrote on `ref`, or starts a history. Identities are (name,
        e-mail).
        """
        self._send_blobs()
        self._marks += 1
        mark = self._marks
        text = message.encode()
        head = [
            f"commit refs/worktree/{ref}\nmark :{mark}\n",
            f"author {_person(author, author_date)}\n",
            f"committer {_person(committer, commit_date)}\n",
        ]
        self._send("".join(head).encode() + b"data %d\n%b\n" % (len(text), text))
        if start:
            self._send(f"from {start}\n".encode())
        for path, content in files:
            line = f"D {path}\n" if content is None else f"M 100644 :{content} {path}\n"
            self._send(line.encode(errors="surrogateescape"))
        self._send(b"\nget-mark :%d\n" % mark, flush=True)
        commit = self._answers.readline().strip().decode()
        if not commit:
            raise self._died()
        self._refs[ref] = commit
        return commit

    def finish(self) -> None:
        """Store everything, then set the refs; raises `GitError` or `OSError` when that fails."""
        self._send_blobs()
        self._send(b"done\n", flush=True)
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        if self._process.wait():
            raise self._died()
        try:
            _install(self._aside / OBJECTS, self._objects)
        except BaseException:
            discard_quarantine(self._aside, self._objects)
            raise
        finally:
            self._close()
        rows = "".join(f"update {ref} {commit}\n" for ref, commit in self._refs.items())
        if rows:
            self._git.run("update-ref", "--stdin", stdin=rows.encode())

    def abort(self) -> None:
        """Throw everything away; without ``done`` git moves no ref."""
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
    """Return the folder of the repository's objects, which linked worktrees share."""
    common = git.run("rev-parse", "--git-common-dir").rstrip(b"\n")
    return git.folder / os.fsdecode(common) / "objects"


def _make_quarantine(aside: Path) -> None:
    """Make the folders of objects and of a linked worktree that is on no branch."""
    (aside / OBJECTS).mkdir()
    (aside / WORKTREE).mkdir()
    (aside / WORKTREE / "HEAD").write_text("ref: refs/worktree/none\n")


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
    for index in (aside / OBJECTS / "pack").glob("*.idx"):
        if not (objects / "pack" / index.name).exists():
            for part in (objects / "pack").glob(f"{index.stem}.*"):
                part.unlink()
    shutil.rmtree(aside, ignore_errors=True)


def _quoted(path: Path) -> str:
    """Return `path` so that git takes it for one, whatever it contains."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _person(who: tuple[str, str], when: datetime) -> str:
    """Return the end of an author or committer line; git knows no time before 1970."""
    name, email = (part.translate(NOT_IN_PERSON).strip() for part in who)
    space = " " if name else ""
    return f"{name}{space}<{email}> {max(0, int(when.timestamp()))} +0000"
