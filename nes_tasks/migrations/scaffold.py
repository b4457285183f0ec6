"""A new migration: a name of the convention, the next free number, and the template's files."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidMigrationError, NesTasksError, UnavailableError, UsageError
from ..text import CONTROL_CHARS, quote
from .loader import MAX_NAME_LENGTH, README, SCRIPTS, in_latin, words_of
from .metadata import PLACEHOLDER, author_identity

SCRIPT = SCRIPTS[0]
# The folders of a project's own template, and of this package's template.
TEMPLATE = Path("templates", "migration")
# The section of the template's README about data files.
SOURCES_TO_DO = f"{PLACEHOLDER}: who published"
ATTRIBUTES = ".gitattributes"
ATTRIBUTES_TEXT = """\
# The inputs of a migration are hashed byte for byte: git must not convert line ends.
* -text
"""
PACKAGE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class DataDraft:
    """A data file that is copied into a new migration, and the script that reads it."""

    file: Path
    script: str


@dataclass(frozen=True, slots=True)
class Scaffold:
    """The values of a new migration; `words` is its name without the number."""

    number: int
    words: str
    author: str
    date: dt.date

    @property
    def name(self) -> str:
        """The name of the folder."""
        return f"{self.number:03d}-{self.words}"

    @property
    def title(self) -> str:
        """The words as a title."""
        return self.words.replace("-", " ").capitalize()

    def write(
        self, migrations: Path, template: Path, display_path: str, draft: DataDraft | None = None
    ) -> Path:
        """Create the folder below `migrations` atomically and return it.

        `display_path` names `migrations` in messages. The script of `draft` replaces that of
        the template. Raises `UsageError` when this name is taken, and `UnavailableError` when it
        cannot be written.
        """
        folder = migrations / self.name
        try:
            folder.mkdir()
        except FileExistsError:
            raise UsageError(
                f"{display_path}/{self.name} already exists, and nothing in it was changed",
                hint="remove it, or take another name",
            ) from None
        except OSError as error:
            raise _not_written(f"{display_path}/{self.name}", error) from None
        try:
            self._fill(folder, template, draft)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise _not_written(f"{display_path}/{self.name}", error) from None
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder

    def _fill(self, folder: Path, template: Path, draft: DataDraft | None) -> None:
        shutil.copytree(
            template, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*")
        )
        if draft:
            shutil.copyfile(draft.file, folder / draft.file.name)
            (folder / SCRIPT).write_text(draft.script, "utf-8")
        for name in (SCRIPT, README):
            path = folder / name
            try:
                text = path.read_text("utf-8")
            except UnicodeDecodeError:
                raise UsageError(
                    f"{TEMPLATE}/{name} is not UTF-8", hint="save it as UTF-8"
                ) from None
            if draft and name == README:
                text = text.replace(SOURCES_TO_DO, f"`{draft.file.name}`: {SOURCES_TO_DO}", 1)
            path.write_text(self._filled_in(text), "utf-8")

    def _filled_in(self, text: str) -> str:
        """Return a text of the template with this migration's values filled in."""
        literals = {
            '"[AUTHOR]"': self.author,
            '"[DATE]"': self.date.isoformat(),
            '"[DESCRIPTION]"': f"{PLACEHOLDER}: say in one line what it does] {self.title}",
        }
        for placeholder, value in literals.items():
            # A JSON string without control characters is a valid Python literal.
            text = text.replace(placeholder, json.dumps(value, ensure_ascii=False))
        return text.replace("[TITLE]", self.title).replace("[NAME]", self.name)


def write_attributes(migrations: Path, display_path: str) -> bool:
    """Keep git from converting line ends below `migrations`; return whether a file was written.

    An existing attributes file is not changed. Raises `UnavailableError` when it
    cannot be written; `display_path` is how messages name the folder.
    """
    try:
        with (migrations / ATTRIBUTES).open("x", encoding="utf-8") as file:
            file.write(ATTRIBUTES_TEXT)
    except FileExistsError:
        return False
    except OSError as error:
        raise _not_written(f"{display_path}/{ATTRIBUTES}", error) from None
    return True


def name_words(text: str) -> str:
    """Return `text` as the words of a migration's name: lower-case ASCII joined by hyphens.

    A number of three digits at the start is dropped as a migration number.
    Raises `UsageError` when nothing remains or letters of another script would be lost.
    """
    plain = re.sub("['’]", "", text)
    lost = [char for char in plain if char.isalpha() and not in_latin(char)]
    words = words_of(re.sub(r"^\s*[0-9]{3}(?:[-_\s]+|$)", "", in_latin(plain)))
    if lost or not any(char.isalpha() for word in words for char in word):
        raise UsageError(
            f"no name for a migration can be made of {quote(text)}",
            hint="say it in Latin letters, such as doit create add-ministers",
        )
    return "-".join(words)


def checked_author(author: str) -> str:
    """Return `author` stripped, after checking that scripts and git can hold it.

    Raises `UsageError` otherwise.
    """
    try:
        if CONTROL_CHARS.search(author) or PLACEHOLDER in author.upper():
            raise InvalidMigrationError(f"the author is {quote(author)}, not a name")
        author_identity(author)
    except InvalidMigrationError as error:
        raise UsageError(
            error.message.replace("AUTHOR", "the author", 1),
            hint='give it as --author "Your Name <you@example.org>"',
        ) from None
    return author.strip()


def new_scaffold(text: str, number: int, author: str, date: dt.date) -> Scaffold:
    """Return the scaffold of a migration called `text`.

    Raises `UsageError` for a name or an author that cannot be used.
    """
    scaffold = Scaffold(number, name_words(text), checked_author(author), date)
    if len(scaffold.name) > MAX_NAME_LENGTH:
        raise UsageError(
            f"the name {scaffold.name} has {len(scaffold.name)} characters, "
            f"more than {MAX_NAME_LENGTH}",
            hint="shorten it; DESCRIPTION has room for the rest",
        )
    return scaffold


def template_of(root: Path) -> Path:
    """Return the template for the project in `root`: its own, else this package's.

    Raises `UsageError` when the project's own lacks the script or the README.
    """
    own = root / TEMPLATE
    if own.is_dir():
        missing = [name for name in (SCRIPT, README) if not (own / name).is_file()]
        if missing:
            raise UsageError(
                f"{TEMPLATE} has no {' and no '.join(missing)}",
                hint="add what is missing, or remove the folder to use the built-in template",
            )
        return own
    # A wheel has it inside the package, a checkout beside the package.
    installed = PACKAGE / TEMPLATE
    return installed if installed.is_dir() else PACKAGE.parent / TEMPLATE


def _not_written(display_path: str, error: OSError) -> NesTasksError:
    return UnavailableError(f"{display_path} cannot be written: {error.strerror or error}")
