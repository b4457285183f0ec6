"""Load the folders of the migrations directory, and the `Migration` of a folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ..errors import InvalidMigrationError, SettingsError
from ..text import escape_control, move_command
from .inputs import HashCache, InputFile, hash_files, list_inputs
from .metadata import Metadata, checked_metadata, read_constants
from .migration import Migration

# Leading zeros only up to three digits: "%03d-name" must give the folder's name back.
NAME = re.compile(r"([0-9]{3}|[1-9][0-9]{3,})-([a-z0-9]+(?:-[a-z0-9]+)*)")
# Maximum length of a name: it is a file name, part of a commit subject, and a table column.
MAX_NAME_LENGTH = 80
SCRIPTS = ("migrate.py", "run.py")
README = "README.md"
EXAMPLE_NAME = "add-ministers"
FIRST_NUMBER = 1


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of the migrations directory, as it was when the directory was read.

    `display_path` is the path as users type it. `prefix` is its number, None when the name breaks
    the convention. `files` are its input files, None when they could not be listed. `script` is the
    name of its script. `ignored` are the paths in it that git ignores. `problem` is the error that
    invalidates it, as far as known without reading files.
    """

    name: str
    display_path: str
    directory: str
    prefix: int | None = None
    files: tuple[InputFile, ...] | None = None
    script: str | None = None
    ignored: frozenset[str] = frozenset()
    problem: InvalidMigrationError | None = None

    @property
    def path(self) -> Path:
        """The folder itself."""
        return Path(self.directory)

    @property
    def is_empty(self) -> bool:
        """Whether it has no file that git would track: git does not see it."""
        return self.files == ()

    def hashes(self, cache: HashCache | None = None) -> dict[str, str]:
        """Return the SHA-256 of each input file by its relative path.

        Raises `InvalidMigrationError` when they cannot be listed or read.
        """
        if self.files is None:
            raise self.problem or InvalidMigrationError(f"{self.display_path} could not be listed")
        return hash_files(self.files, cache)


@lru_cache(maxsize=4096)  # sorting and numbering parse the same names repeatedly
def split_name(name: str) -> tuple[int, str] | None:
    """Return the number and the words of a folder's name, or None if it breaks the convention.

    The convention: three digits or more, a hyphen, then words of lower-case ASCII letters and
    digits joined by single hyphens.
    """
    found = NAME.fullmatch(name)
    return (int(found[1]), found[2]) if found else None


SortKey = tuple[bool, int, int, str]


def order(name: str) -> SortKey:
    """Return the key by which migrations are sorted: number, then name; unnumbered ones last."""
    parts = split_name(name)
    return parts is None, parts[0] if parts else 0, 0, name


def ordering(same_number: Sequence[str]) -> Callable[[str], SortKey]:
    """Return the key of an order in which `same_number` lists migrations that share a number."""
    positions = {name: position for position, name in enumerate(same_number)}

    def key(name: str) -> SortKey:
        unnumbered, number, _, _ = order(name)
        return unnumbered, number, positions.get(name, len(positions)), name

    return key


def discover(
    migrations_dir: Path,
    *,
    ignored: frozenset[str] = frozenset(),
    display_path: str | None = None,
) -> list[Folder]:
    """Return the folders of the migrations directory in the order of their numbers and names.

    Hidden folders, `__pycache__` and plain files are passed over; every other folder is
    returned, with its problem if it has one. `ignored` are the paths that git ignores,
    relative to the directory; `display_path` is how messages name the directory. Reads names and
    `stat` only. Raises `SettingsError` when the directory is not there or cannot be read.
    """
    display_path = display_path or migrations_dir.name
    by_folder, ignored_folders = _by_folder(ignored)
    try:
        with os.scandir(migrations_dir) as entries:
            found = [entry for entry in entries if _is_candidate(entry, ignored_folders)]
    except OSError as error:
        raise _no_directory(display_path, error) from error
    found.sort(key=lambda entry: order(entry.name))
    taken = {parts[0] for entry in found if (parts := split_name(entry.name))}
    folders: list[Folder] = []
    for entry in found:
        shown = f"{display_path}/{entry.name}"
        if split_name(entry.name) is None:
            problem = _naming_problem(entry.name, shown, taken)
            folders.append(Folder(entry.name, shown, entry.path, problem=problem))
        else:
            is_link = entry.is_symlink()
            folders.append(_folder(entry.path, shown, by_folder, ignored_folders, is_link=is_link))
    return folders


def find_folder(
    migrations_dir: Path,
    name: str,
    *,
    ignored: frozenset[str] = frozenset(),
    display_path: str | None = None,
) -> Folder | None:
    """Return the folder that `discover` returns under a valid `name`, None without one.

    Looks into no other one, so that a thousand of them are not listed a thousand times.
    """
    path = os.path.join(migrations_dir, name)  # noqa: PTH118 - as `os.scandir` makes it
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    is_link = stat.S_ISLNK(mode)
    if not (stat.S_ISDIR(mode) or (is_link and not os.path.isfile(path))):  # noqa: PTH113
        return None
    shown = f"{display_path or migrations_dir.name}/{name}"
    return _folder(path, shown, *_by_folder(ignored), is_link=is_link)


def load(folder: Folder, cache: HashCache | None = None, *, is_new: bool = True) -> Migration:
    """Return the migration in `folder`, with the metadata of its script.

    The script is read, never imported; with a `cache`, an unchanged one is not parsed again. An
    applied migration (not `is_new`) may have placeholders of the template. Raises
    `InvalidMigrationError` when the folder is not a migration.
    """
    if folder.problem:
        raise folder.problem
    assert folder.prefix is not None and folder.script is not None
    metadata = _metadata(folder, folder.script, cache, is_new)
    path = folder.path
    return Migration(
        prefix=folder.prefix,
        name=folder.name.partition("-")[2],
        folder_path=path,
        script_path=path / folder.script,
        readme_path=path / README,
        metadata=metadata,
    )


def free_name(name: str, number: int) -> str:
    """Return the name of a migration with another number."""
    return f"{number:03d}-{name.partition('-')[2]}"


def next_number(taken: Iterable[int]) -> int:
    """Return the number after the highest one in use."""
    return max(taken, default=FIRST_NUMBER - 1) + 1


def _metadata(folder: Folder, script: str, cache: HashCache | None, is_new: bool) -> Metadata:
    display_path = f"{folder.display_path}/{script}"
    path = folder.path / script
    if cache is None:
        return checked_metadata(read_constants(path, display_path), display_path, is_new=is_new)
    file = next(file for file in folder.files or () if file.relative == script)
    digest = cache.digest(file)
    known = cache.recall(digest)
    if isinstance(known, dict):
        try:
            return checked_metadata(known, display_path, is_new=is_new)
        except KeyError:  # not what is stored below: the cache file was damaged
            pass
    constants = read_constants(path, display_path)
    cache.keep(digest, constants)
    return checked_metadata(constants, display_path, is_new=is_new)


def _by_folder(ignored: frozenset[str]) -> tuple[dict[str, set[str]], frozenset[str]]:
    """Sort the ignored paths into those inside of folders and the folders ignored as a whole."""
    inside: dict[str, set[str]] = {}
    whole = set()
    for path in ignored:
        name, _, rest = path.partition("/")
        if rest:
            inside.setdefault(name, set()).add(rest)
        else:
            whole.add(name)
    return inside, frozenset(whole)


def _is_candidate(entry: os.DirEntry[str], ignored_folders: frozenset[str]) -> bool:
    """Return whether an entry of the migrations directory was meant as a migration.

    A link to a file is a plain file; a link to a folder, or a dangling one, is an invalid folder.
    """
    if entry.name.startswith(".") or entry.name == "__pycache__":
        return False
    if entry.name in ignored_folders and split_name(entry.name) is None:
        return False
    return entry.is_dir(follow_symlinks=False) or (entry.is_symlink() and not _is_file(entry))


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a circular link, or one to an unreadable folder
        return False


def _folder(
    path: str,
    display_path: str,
    by_folder: dict[str, set[str]],
    ignored_folders: frozenset[str],
    *,
    is_link: bool,
) -> Folder:
    """Return the folder at `path`, whose name is that of a migration."""
    name = display_path.rpartition("/")[2]
    parts = split_name(name)
    assert parts is not None, "others have no number"
    ignored = frozenset(by_folder.get(name, ()))
    try:
        if is_link:
            raise InvalidMigrationError(
                f"{display_path} is a link, not a folder", hint="replace it with the folder"
            )
        if name in ignored_folders:
            raise InvalidMigrationError(
                f"{display_path} is ignored by git, so other clones would lack it",
                hint=f"git check-ignore -v {display_path} names the rule to change",
            )
        files = tuple(list_inputs(path, ignored=ignored, display_path=display_path))
    except InvalidMigrationError as error:
        return Folder(name, display_path, path, parts[0], ignored=ignored, problem=error)
    names = {file.relative for file in files}
    return Folder(
        name,
        display_path,
        path,
        parts[0],
        files,
        next((script for script in SCRIPTS if script in names), None),
        ignored,
        _content_problem(display_path, names, ignored),
    )


def _content_problem(
    display_path: str, names: set[str], ignored: frozenset[str]
) -> InvalidMigrationError | None:
    if not names and not ignored.intersection((*SCRIPTS, README)):
        return InvalidMigrationError(
            f"{display_path} contains no files",
            hint=f"rm -r {display_path} if it was left behind by another branch",
        )
    scripts = [script for script in SCRIPTS if script in names]
    if len(scripts) > 1:
        return InvalidMigrationError(
            f"{display_path} has two scripts, {' and '.join(scripts)}",
            hint=f"keep one of them: git rm {display_path}/{scripts[1]}",
        )
    if not scripts:
        return _lacking(display_path, SCRIPTS[0], "async def migrate(context):", ignored)
    if README not in names:
        return _lacking(
            display_path, README, "what it changes and where the data come from", ignored
        )
    return None


def _lacking(
    display_path: str, name: str, content: str, ignored: frozenset[str]
) -> InvalidMigrationError:
    if name in ignored:
        return InvalidMigrationError(
            f"{display_path}/{name} is ignored by git, so other clones would lack it",
            hint=f"git check-ignore -v {display_path}/{name} names the rule to change",
        )
    return InvalidMigrationError(
        f"{display_path} has no {name}", hint=f"write {display_path}/{name}: {content}"
    )


def _naming_problem(name: str, display_path: str, taken: set[int]) -> InvalidMigrationError:
    directory = display_path.removesuffix(name)
    corrected = _corrected_name(name, taken)
    return InvalidMigrationError(
        f"{escape_control(display_path)} is not named like 005-{EXAMPLE_NAME}: a number of three "
        "digits, then words of lower-case letters and digits joined by '-'",
        hint=f"{move_command(display_path, directory + corrected)}, or move it out of {directory}",
    )


def _corrected_name(name: str, taken: set[int]) -> str:
    """Return the closest valid folder name to `name`, with a free number.

    The number is added to `taken`. Without a usable word an example takes its place.
    """
    latin = in_latin(name)
    leading = re.match(r"[^A-Za-z0-9]*([0-9]{1,6})(?![0-9])", latin)
    words = words_of(latin[leading.end() :] if leading else latin)
    number = int(leading[1]) if leading else next_number(taken)
    if number in taken:
        number = next_number(taken)
    taken.add(number)
    return f"{number:03d}-{'-'.join(words) or EXAMPLE_NAME}"


def in_latin(text: str) -> str:
    """Return the ASCII part of `text` without accents, with WordsLikeThis split."""
    import unicodedata

    latin = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", latin)


def words_of(latin: str) -> list[str]:
    """Return the words of `text` that are allowed in a migration's name."""
    return re.findall("[a-z0-9]+", latin.lower())


def _no_directory(display_path: str, error: OSError) -> SettingsError:
    if isinstance(error, FileNotFoundError):
        problem, step = "does not exist", f"mkdir {display_path}"
    elif isinstance(error, NotADirectoryError):
        problem, step = "is not a folder", "name a folder"
    else:
        problem, step = f"cannot be read: {error.strerror}", f"ls -ld {display_path}"
    return SettingsError(
        f"the migrations folder {display_path} {problem}",
        hint=f"{step}, or set migrations in [tool.nes_tasks] of pyproject.toml",
    )
