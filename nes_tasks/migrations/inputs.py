"""The input files of a migration, which its result depends on, and their SHA-256.

They are read for every applied migration whenever tasks are listed; hence `os.scandir`, plain
strings instead of `Path`, and a cache for unchanged files.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from ..cache import load_cache, save_cache
from ..errors import InvalidMigrationError
from ..text import CONTROL_CHARS, escape_control
from .stray_files import is_leftover, is_leftover_path

CACHE_FORMAT = 2
# A file can change again, without its times showing it, within one tick of the file system's
# clock; 2 s is the coarsest in use (FAT). git calls such entries racy:
# https://git-scm.com/docs/racy-git
SETTLED_NS = 2_000_000_000


class InputFile(NamedTuple):
    """One input file: its path relative to the folder with '/', and its `stat` result."""

    relative: str
    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def list_inputs(
    folder: str | os.PathLike[str],
    *,
    ignored: Collection[str] = frozenset(),
    display_path: str | None = None,
) -> list[InputFile]:
    """Return the input files of `folder` in the order of their relative paths.

    Left out are hidden files and folders, what operating systems, editors and tools leave behind
    (`leftovers`), and the paths in `ignored`: relative to the folder, and a folder stands for all
    that is in it (with or without a slash at its end, as git prints it). `display_path` names the
    folder in messages. Raises `InvalidMigrationError` for anything that cannot be an input: a link
    that leads out of the folder or to a folder, a pipe, socket or device, a name that is not UTF-8
    or holds control characters, and anything unreadable.
    """
    root = os.fspath(folder)
    display_path = display_path or Path(root).name
    left_out = {path.rstrip("/") for path in ignored}
    found: list[InputFile] = []
    waiting = [("", root)]
    while waiting:
        prefix, path = waiting.pop()
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    relative = prefix + entry.name
                    if relative in left_out or is_leftover(entry):
                        continue
                    if CONTROL_CHARS.search(relative):
                        raise _hostile_name(relative, display_path)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((relative + "/", entry.path))
                    else:
                        found.append(_input(entry, relative, root, display_path))
        except OSError as error:
            raise _unreadable(f"{display_path}/{prefix}".rstrip("/"), error) from error
    found.sort()
    return found


def is_input_path(relative: str) -> bool:
    """Return whether a file may be an input, by its path relative to the folder alone."""
    return not is_leftover_path(relative)


def hash_files(files: Iterable[InputFile], cache: HashCache | None = None) -> dict[str, str]:
    """Return the SHA-256 in hexadecimal of each file by its relative path.

    Raises `InvalidMigrationError` when a file cannot be read.
    """
    digest = cache.digest if cache is not None else hash_file
    return {file.relative: digest(file) for file in files}


def hash_inputs(
    folder: str | os.PathLike[str],
    *,
    ignored: Collection[str] = frozenset(),
    cache: HashCache | None = None,
    display_path: str | None = None,
) -> dict[str, str]:
    """Return the current SHA-256 of each input file of `folder`.

    Without a cache every byte is read, as required right before a migration runs.
    Parameters and errors are those of `list_inputs` and `hash_files`.
    """
    return hash_files(list_inputs(folder, ignored=ignored, display_path=display_path), cache)


def hash_file(file: InputFile) -> str:
    """Return the SHA-256 of a file, read in pieces.

    Raises `InvalidMigrationError` when it cannot be read.
    """
    return _hash_watched(file)[0]


def differs_in_line_ends(file: InputFile, digest: str) -> bool:
    """Return whether a file would have the SHA-256 `digest` with other line ends, LF or CRLF.

    git converts text files so where ``core.autocrlf`` or ``.gitattributes`` say it:
    https://git-scm.com/docs/gitattributes#_text
    """
    import hashlib

    try:
        data = Path(file.path).read_bytes()
    except OSError:
        return False
    unix = data.replace(b"\r\n", b"\n")
    variants = (unix, unix.replace(b"\n", b"\r\n"))
    return any(hashlib.sha256(variant).hexdigest() == digest for variant in variants)


def _hash_watched(file: InputFile) -> tuple[str, bool]:
    """Return the SHA-256, and whether the file was unchanged while it was read."""
    import hashlib

    try:
        with Path(file.path).open("rb") as stream:
            before = os.fstat(stream.fileno())
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            after = os.fstat(stream.fileno())
    except OSError as error:
        raise _unreadable(file.path, error) from error
    return digest, _signature(before) == _signature(after) == list(file[2:])


def _signature(stat: os.stat_result) -> list[int]:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _input(entry: os.DirEntry[str], relative: str, root: str, display_path: str) -> InputFile:
    if entry.is_symlink():
        _check_link(entry, relative, root, display_path)
    elif not entry.is_file(follow_symlinks=False):
        raise InvalidMigrationError(
            f"{display_path}/{relative} is neither a file nor a folder",
            hint="remove it: a pipe, socket or device cannot be committed",
        )
    stat = entry.stat()
    return InputFile(
        relative, entry.path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
    )


def _check_link(entry: os.DirEntry[str], relative: str, root: str, display_path: str) -> None:
    """Refuse a symbolic link unless it leads to a file of the folder on any machine."""
    link = Path(entry.path)
    target = link.readlink()
    label = escape_control(str(target))
    inside = os.path.realpath(root) + os.sep
    if target.is_absolute() or not os.path.realpath(link).startswith(inside):
        why = f"leads out of the folder, to {label}"
    elif not link.exists():
        why = f"leads to {label}, which does not exist"
    elif not link.is_file():
        why = f"leads to {label}, which is not a file"
    else:
        return
    raise InvalidMigrationError(
        f"{display_path}/{relative} is a link that {why}",
        hint="put a copy of the file in its place, so that the folder holds all it needs",
    )


def _hostile_name(relative: str, display_path: str) -> InvalidMigrationError:
    return InvalidMigrationError(
        f"{display_path}/{escape_control(relative)} has a name that is not UTF-8 "
        "or holds control characters",
        hint="rename the file",
    )


def _unreadable(path: str, error: OSError) -> InvalidMigrationError:
    return InvalidMigrationError(
        f"{escape_control(path)} cannot be read: {error.strerror}",
        hint="make it readable for you, or remove it",
    )


class HashCache:
    """A cache of the SHA-256 of files that have not changed since they were read.

    A file counts as unchanged while its path, size, times of modification and change, and inode are
    the same. It is stored as JSON in `path`; when it is missing, damaged or not writable, files are
    read again. `clock` gives the time in nanoseconds since 1970.
    """

    def __init__(self, path: Path, *, clock: Callable[[], int] = time.time_ns) -> None:
        self.path = path
        self._clock = clock
        self._changed = False
        self._used: set[str] = set()
        content = self._load()
        self._files: dict[str, Any] = content["files"]
        self._derived: dict[str, Any] = content["derived"]

    def digest(self, file: InputFile) -> str:
        """Return the SHA-256 of `file`, reading it only if it changed.

        Raises `InvalidMigrationError` when it cannot be read.
        """
        self._used.add(file.path)
        known = self._files.get(file.path)
        if _is_record(known) and known[:4] == list(file[2:]):
            return str(known[4])
        now = self._clock()
        digest, steady = _hash_watched(file)
        if steady and max(file.mtime_ns, file.ctime_ns) + SETTLED_NS <= now:
            self._files[file.path] = [*file[2:], digest]
            self._changed = True
        return digest

    def recall(self, digest: str) -> Any:
        """Return the value that `keep` stored for the content with this SHA-256, or None."""
        return self._derived.get(self._key(digest))

    def keep(self, digest: str, value: Any) -> None:
        """Store a JSON value that depends only on a content and this Python version."""
        self._derived[self._key(digest)] = value
        self._changed = True

    def save(self) -> None:
        """Write the cache atomically if it has changed; forget deleted files."""
        if not self._changed:
            return
        files = {
            path: record
            for path, record in self._files.items()
            if path in self._used or Path(path).exists()
        }
        current = {record[4] for record in files.values() if _is_record(record)}
        derived = {k: v for k, v in self._derived.items() if k.partition(":")[0] in current}
        if save_cache(self.path, CACHE_FORMAT, {"files": files, "derived": derived}):
            self._changed = False

    def _load(self) -> dict[str, dict[str, Any]]:
        empty: dict[str, dict[str, Any]] = {"files": {}, "derived": {}}
        content = load_cache(self.path, CACHE_FORMAT)
        if not all(isinstance(content.get(part), dict) for part in empty):
            return empty
        return content

    @staticmethod
    def _key(digest: str) -> str:
        return f"{digest}:{sys.version_info.major}.{sys.version_info.minor}"


def _is_record(known: Any) -> TypeGuard[list[Any]]:
    """Return whether an entry of the cache file has the form that `HashCache` writes."""
    return (
        isinstance(known, list)
        and len(known) == 5
        and isinstance(known[4], str)
        and len(known[4]) == 64
    )
