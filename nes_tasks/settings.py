"""The settings in ``[tool.nes_tasks]``.

The table of `pyproject.toml` beside `dodo.py` gives the values, ``NES_TASKS_<KEY>`` variables of
the environment win over it. Unknown keys are errors: silently ignoring a misspelt key could publish
to the wrong place.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import SettingsError

STATE_FOLDER = ".nes-tasks"
ENV_PREFIX = "NES_TASKS_"
# Variables with our prefix that are not settings: the test suite uses one to find its data.
OTHER_VARIABLES = frozenset({"NES_TASKS_PASS_ENV", "NES_TASKS_RECORD", "NES_TASKS_TEST_DATA"})


def _choice(*values: str) -> Any:
    """Return a field with one of `values`; the first is the default."""
    return field(default=values[0], metadata={"choices": values})


def _limit(default: int) -> Any:
    """Return a field with a whole number; 0 means no limit."""
    return field(default=default, metadata={"least": 0})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one project; paths are absolute.

    `root` is the folder of `dodo.py`. Each other field is a key: its type says what values it
    takes in ``pyproject.toml`` and in the environment. It is documented in
    docs/reference/settings.md.
    """

    root: Path
    migrations: Path
    database: Path
    data_dir: str = "v2"
    branch: str | None = None
    remote: str = "origin"
    remote_url: str | None = None
    push: bool = False
    batch_size: int = 1000
    push_timeout: int = 1800
    out_of_order: str = _choice("refuse", "allow")
    same_number: tuple[str, ...] = ()
    nes_package: str = _choice("compat", "installed")
    malformed_files: str = _choice("refuse", "skip")
    sign: bool | None = None
    batches: str = _choice("merge", "linear")
    clone: str = _choice("full", "sparse", "partial")
    sandbox: str = _choice("auto", "require", "off")
    network: tuple[str, ...] = ()
    time_limit: int = _limit(3600)
    memory_limit: int = _limit(8 * 1024**3)
    output_limit: int = _limit(64 * 1024**2)

    @property
    def state_folder(self) -> Path:
        """The git-ignored folder of logs and caches; deleting it loses nothing."""
        return self.root / STATE_FOLDER

    @property
    def index_folder(self) -> Path:
        """The folder for the index of searches."""
        return self.state_folder / "index"

    @property
    def database_label(self) -> str:
        """The database path relative to the project's root, as users type it."""
        return display_path(self.database, self.root)

    @property
    def migrations_label(self) -> str:
        """The migrations path relative to the project's root, as users type it."""
        return display_path(self.migrations, self.root)


KEYS = tuple(f.name for f in fields(Settings) if f.name != "root")
DEFAULTS: dict[str, Any] = {"migrations": "migrations", "database": "nes-db"}
CHOICES: dict[str, tuple[str, ...]] = {
    f.name: f.metadata["choices"] for f in fields(Settings) if "choices" in f.metadata
}
# The least value of each whole number.
INTEGERS: dict[str, int] = {
    f.name: f.metadata.get("least", 1) for f in fields(Settings) if f.type == "int"
}
SWITCHES = frozenset(f.name for f in fields(Settings) if f.type in ("bool", "bool | None"))
NAME_LISTS = frozenset(f.name for f in fields(Settings) if f.type == "tuple[str, ...]")
# Characters that git does not accept in the name of a branch or a remote, see
# https://git-scm.com/docs/git-check-ref-format
NO_NAME = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|^[-./]|[./]$|\.lock(?:/|$)|^@$|^HEAD$"
)
# Characters that would need quoting in git's input formats.
NO_FOLDER = re.compile(r'[\x00-\x1f\x7f"\\]')
# A migration's name; only the number matters here.
NUMBERED = re.compile(r"([0-9]{3,})-[a-z0-9-]+")
# The name of a folder of migrations, without characters that mean something in a pattern.
NAME = re.compile(r"[\w.=+-]+")
# Characters that end a line of `settings` for other programs.
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def display_path(path: Path, root: Path) -> str:
    """Return `path` relative to `root` when it lies below it, else as it is."""
    try:
        return str(path.relative_to(root))
    except ValueError:
        return str(path)


def load_settings(root: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of the project in `root`.

    `environ` defaults to the process's environment. Raises `SettingsError` for an unreadable
    or malformed `pyproject.toml`, an unknown key, and a value of a wrong type or range.
    """
    root = root.resolve()
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = dict(DEFAULTS)
    for key, value in _table(root / "pyproject.toml").items():
        label = f"[tool.nes_tasks] {key}"
        _check_known(key, label)
        values[key] = _checked(key, value, label)
    for variable, text in sorted(environ.items()):
        if variable.startswith(ENV_PREFIX) and variable not in OTHER_VARIABLES:
            key = variable.removeprefix(ENV_PREFIX).lower()
            _check_known(key, variable)
            values[key] = _checked(key, _from_text(key, text, variable), variable)
    for key in ("migrations", "database"):
        values[key] = _absolute(root, values[key], key)
    return Settings(root=root, **values)


def _absolute(root: Path, value: str, key: str) -> Path:
    try:
        return (root / Path(value).expanduser()).absolute()
    except RuntimeError as error:
        raise SettingsError(f"the setting {key} is {value!r}: {error}") from error


def _table(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(f"{path.name}:{line}: it is not UTF-8, as TOML requires") from error
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        line = int(at[1]) if at else len(path.read_bytes().splitlines())
        reason = str(error).partition(" (at ")[0]
        raise SettingsError(f"{path.name}:{line}: it is not valid TOML: {reason}") from error
    table: Any = content
    name = ""
    for key in ("tool", "nes_tasks"):
        name = f"{name}.{key}" if name else key
        table = table.get(key, {})
        if not isinstance(table, dict):
            raise SettingsError(f"{path.name}: {name} is {table!r}, not a table")
    return dict(table)


def _check_known(key: str, label: str) -> None:
    if key in KEYS:
        return
    close = difflib.get_close_matches(key.lower(), KEYS, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    hint = f"{meant}the settings are {', '.join(KEYS)}"
    raise SettingsError(f"{label} is not a setting", hint=hint)


def _from_text(key: str, text: str, variable: str) -> Any:
    if key in INTEGERS:
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{variable} is {text!r}, not a whole number") from None
    if key in SWITCHES:
        try:
            return BOOLEANS[text.lower()]
        except KeyError:
            raise SettingsError(f"{variable} is {text!r}, neither true nor false") from None
    if key in NAME_LISTS:
        return [name for name in re.split(r"[,\s]+", text) if name]
    return text


def _checked(key: str, value: Any, label: str) -> Any:
    if key in INTEGERS:
        least = INTEGERS[key]
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise SettingsError(f"{label} is {value!r}, not a whole number of at least {least}")
        return value
    if key in SWITCHES:
        if not isinstance(value, bool):
            raise SettingsError(f"{label} is {value!r}, neither true nor false")
        return value
    if key in NAME_LISTS:
        names = _names(value, label)
        return _sharing_a_number(names, label) if key == "same_number" else names
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise SettingsError(f"{label} is {value!r}, not a string")
    if key in CHOICES and value not in CHOICES[key]:
        raise SettingsError(f"{label} is {value!r}, not one of {', '.join(CHOICES[key])}")
    if key == "data_dir":
        return _inside_repository(value, label)
    if key in ("branch", "remote") and NO_NAME.search(value):
        raise SettingsError(f"{label} is {value!r}, which cannot be a name in git")
    if CONTROL.search(value):
        raise SettingsError(f"{label} is {value!r}, which has control characters")
    return value


def _names(value: Any, label: str) -> tuple[str, ...]:
    """Return the names of migrations in a list; wildcards are not allowed."""
    if not isinstance(value, list) or not all(
        isinstance(name, str) and NAME.fullmatch(name) for name in value
    ):
        raise SettingsError(f"{label} is {value!r}, not a list of names of migrations")
    return tuple(value)


def _sharing_a_number(names: tuple[str, ...], label: str) -> tuple[str, ...]:
    """Return names of migrations of which each shares its number with another, as they are."""
    numbers = [found[1] if (found := NUMBERED.fullmatch(name)) else None for name in names]
    for name, number in zip(names, numbers, strict=True):
        if number is None:
            raise SettingsError(f"{label} has {name!r}, which is not the name of a migration")
        if numbers.count(number) < 2 or names.count(name) > 1:
            raise SettingsError(
                f"{label} has {name!r}, but no second migration with the number {number}",
                hint='name all that share it, such as ["007-first", "007-second"]',
            )
    return names


def _inside_repository(value: str, label: str) -> str:
    """Return the data folder in normal form; it may not lead out of the repository."""
    path = PurePosixPath(value)
    bad = {"..", ".git"}.intersection(part.lower() for part in path.parts)
    if path.is_absolute() or bad or not path.parts or NO_FOLDER.search(value):
        raise SettingsError(f"{label} is {value!r}, not a folder inside the database repository")
    return str(path)
