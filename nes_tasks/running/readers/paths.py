"""Data files by name: inside the folder, and recorded as inputs of the migration."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from ...migrations.inputs import is_input_path
from .errors import InputFileError, MissingInputFileError
from .rows import closest


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files that are recorded as inputs of a migration, by their paths in its folder.

    `ignored` are the paths that git ignores there; messages name the folder `display_path`.
    """

    recorded: Collection[str]
    ignored: Collection[str] = ()
    display_path: str = ""

    def refusal(self, relative: str) -> InputFileError | None:
        """Return the error for a file that is not recorded, None for one that is.

        A result that depends on it could not be had anywhere else.
        """
        if relative in self.recorded:
            return None
        path = f"{self.display_path}/{relative}" if self.display_path else relative
        if self._is_ignored(relative):
            return InputFileError(
                f"{relative} is ignored by git, so other clones would lack it",
                hint=f"git check-ignore -v {path} names the rule to change",
            )
        if not is_input_path(relative):
            return InputFileError(
                f"{relative} is named like a hidden file or like what programs leave behind, so "
                "it is not recorded as an input",
                hint="rename it",
            )
        return InputFileError(
            f"{relative} was not in the folder when the migration started",
            hint="put it there before, so that it is reviewed and recorded",
        )

    def _is_ignored(self, relative: str) -> bool:
        parts = relative.split("/")
        return any("/".join(parts[:end]) in self.ignored for end in range(1, len(parts) + 1))


def input_path(folder: Path, filename: str | Path, kind: str, inputs: Inputs | None = None) -> Path:
    """Return the path of the data file `filename` of `folder`.

    `kind` is the word for it in messages, such as "CSV". A name whose letters are composed in
    another way (NFC, NFD) finds the file. Raises `MissingInputFileError` when there is no such
    file, and `InputFileError` for a name that leads out of the folder, by ``..``, an absolute
    path or a symbolic link, that is not a file, or that is not among the `inputs`.
    """
    name = str(filename)
    if not name or "\0" in name:
        raise InputFileError(f"{name!r} is not a file name")
    if _leaves(name):
        raise _outside(name)
    try:
        found = _composed(folder, name)
        path = (folder / found).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise _outside(name)
        if path.is_dir():
            raise InputFileError(f"{name} is a folder, not a {kind} file")
        if not path.exists():
            meant = similar_file(folder, name)
            hint = f"did you mean {meant}?" if meant else None
            raise MissingInputFileError(f"{kind} file not found: {name}", hint=hint)
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        if isinstance(error, InputFileError):
            raise
        raise InputFileError(f"{name} cannot be read: {error}") from None
    relative = PurePosixPath(found).as_posix()
    if inputs is not None and (refused := inputs.refusal(relative)):
        raise refused
    return path


def similar_file(folder: Path, name: str) -> str | None:
    """Return the file of the folder that was probably meant by `name`, None if none is like it."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in paths]
    beside = {PurePosixPath(path).name: path for path in names}
    meant = closest(name, filter(is_input_path, names))
    return meant or beside.get(closest(PurePosixPath(name).name, beside) or "")


def _composed(folder: Path, name: str) -> str:
    """Return `name` as the folder has it, where only the composition of letters differs.

    macOS decomposes letters, and programs there hand such names on:
    https://unicode.org/reports/tr15/
    """
    if name.isascii() or (folder / name).exists():
        return name
    found: list[str] = []
    for part in PurePosixPath(name).parts:
        wanted = unicodedata.normalize("NFC", part)
        location = folder.joinpath(*found)
        present = sorted(entry.name for entry in location.iterdir()) if location.is_dir() else []
        alike = [entry for entry in present if unicodedata.normalize("NFC", entry) == wanted]
        found.append(alike[0] if len(alike) == 1 else part)
    return "/".join(found)


def _leaves(name: str) -> bool:
    """Return whether the name alone leads out of a folder, on any system."""
    flavours = (PurePosixPath(name), PureWindowsPath(name))
    return any(path.anchor or path.drive or ".." in path.parts for path in flavours)


def _outside(name: str) -> InputFileError:
    return InputFileError(
        f"{name} is outside the migration's folder",
        hint="copy the file into the folder, so that it is reviewed and recorded with it",
    )
