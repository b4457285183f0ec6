"""The settings: where they come from, and what is refused."""

from __future__ import annotations

import json
import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from nes_tasks.errors import SettingsError
from nes_tasks.settings import (
    INTEGERS,
    KEYS,
    OTHER_VARIABLES,
    SWITCHES,
    Settings,
    load_settings,
)

DEFAULTS: dict[str, Any] = {
    "migrations": "migrations",
    "database": "nes-db",
    "data_dir": "v2",
    "branch": None,
    "remote": "origin",
    "remote_url": None,
    "push": False,
    "batch_size": 1000,
    "push_timeout": 1800,
    "out_of_order": "refuse",
    "same_number": (),
    "nes_package": "compat",
    "malformed_files": "refuse",
    "sign": None,
    "batches": "merge",
    "clone": "full",
    "sandbox": "auto",
    "network": (),
    "time_limit": 3600,
    "memory_limit": 8 * 1024**3,
    "output_limit": 64 * 1024**2,
}

# For each key: a value other than the default as TOML, as text, and what becomes of it.
OTHERS: dict[str, tuple[str, str, Any]] = {
    "migrations": ('"changes"', "changes", "changes"),
    "database": ('"../data/db"', "../data/db", "../data/db"),
    "data_dir": ('"v3/public"', "v3/public", "v3/public"),
    "branch": ('"data/v2"', "data/v2", "data/v2"),
    "remote": ('"upstream"', "upstream", "upstream"),
    "remote_url": (
        '"git@example.org:a/b.git"',
        "git@example.org:a/b.git",
        "git@example.org:a/b.git",
    ),
    "push": ("true", "true", True),
    "batch_size": ("50", "50", 50),
    "push_timeout": ("7", "7", 7),
    "out_of_order": ('"allow"', "allow", "allow"),
    "same_number": ('["007-b", "007-a"]', "007-b, 007-a", ("007-b", "007-a")),
    "nes_package": ('"installed"', "installed", "installed"),
    "malformed_files": ('"skip"', "skip", "skip"),
    "sign": ("true", "true", True),
    "batches": ('"linear"', "linear", "linear"),
    "clone": ('"sparse"', "sparse", "sparse"),
    "sandbox": ('"require"', "require", "require"),
    "network": ('["005-a", "006-b"]', "005-a, 006-b", ("005-a", "006-b")),
    "time_limit": ("60", "60", 60),
    "memory_limit": ("0", "0", 0),
    "output_limit": ("1000", "1000", 1000),
}


def load(root: Path, table: str = "", **environ: str) -> Settings:
    """Load the settings with these rows in the table and these variables."""
    (root / "pyproject.toml").write_text(f"[tool.nes_tasks]\n{table}\n", encoding="utf-8")
    return load_settings(root, environ)


def value(settings: Settings, key: str) -> Any:
    """Return a setting as it was given: paths relative to the project."""
    found = getattr(settings, key)
    return os.path.relpath(found, settings.root) if isinstance(found, Path) else found


def refused(root: Path, table: str = "", **environ: str) -> SettingsError:
    with pytest.raises(SettingsError) as raised:
        load(root, table, **environ)
    return raised.value


def test_the_keys_are_all_tested_here() -> None:
    assert set(KEYS) == set(DEFAULTS) == set(OTHERS)


def test_the_type_of_a_field_is_all_it_takes() -> None:
    types = {field.name: field.type for field in fields(Settings)}
    assert {key for key, kind in types.items() if kind in ("bool", "bool | None")} == SWITCHES
    assert {key for key, kind in types.items() if kind == "int"} == INTEGERS.keys()
    others = {kind for key, kind in types.items() if key not in {*SWITCHES, *INTEGERS}}
    assert others == {"Path", "str", "str | None", "tuple[str, ...]"}


@pytest.mark.parametrize("key", KEYS)
def test_every_key_has_its_default(tmp_path: Path, key: str) -> None:
    assert value(load_settings(tmp_path, {}), key) == DEFAULTS[key]
    assert value(load(tmp_path), key) == DEFAULTS[key]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_read_from_the_file(tmp_path: Path, key: str) -> None:
    toml, _, expected = OTHERS[key]
    settings = load(tmp_path, f"{key} = {toml}")
    assert value(settings, key) == expected
    assert all(value(settings, other) == DEFAULTS[other] for other in KEYS if other != key)


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_read_from_the_environment_which_wins(tmp_path: Path, key: str) -> None:
    _, text, expected = OTHERS[key]
    default = DEFAULTS[key]
    row = "" if default is None else f"{key} = {json.dumps(default)}"
    settings = load(tmp_path, row, **{f"NES_TASKS_{key.upper()}": text})
    assert value(settings, key) == expected


def test_the_environment_is_that_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in [name for name in os.environ if name.startswith("NES_TASKS_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("NES_TASKS_BATCH_SIZE", "9")
    assert load_settings(tmp_path).batch_size == 9


def test_variables_of_others_and_of_the_tests_are_no_settings(tmp_path: Path) -> None:
    others = dict.fromkeys(OTHER_VARIABLES, "x")
    settings = load(tmp_path, **others, NES_TASK="x", nes_tasks_push="true", PATH="/bin")
    assert settings == load(tmp_path)


def test_other_tables_of_the_file_are_no_matter(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\n[tool.other]\nbatch_size = "many"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    assert load_settings(tmp_path, {}) == load(tmp_path)


# Paths


def test_relative_paths_start_at_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    settings = load(tmp_path, 'database = "deep/db"')
    assert settings.database == tmp_path / "deep" / "db"
    assert settings.migrations == tmp_path / "migrations"
    assert settings.state_folder == tmp_path / ".nes-tasks"


def test_a_relative_project_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings(Path(), {}).database == tmp_path / "nes-db"


def test_absolute_paths_and_the_home_folder_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/asha")
    settings = load(tmp_path, 'database = "~/db"\nmigrations = "/srv/migrations"')
    assert settings.database == Path("/home/asha/db")
    assert settings.migrations == Path("/srv/migrations")


def test_the_home_of_nobody_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, 'database = "~nobody-of-this-name/db"')
    assert "database is '~nobody-of-this-name/db'" in error.message


@pytest.mark.parametrize(
    ("path", "shown"), [("nes-db", "nes-db"), ("../db", "../db"), ("/srv/db", "/srv/db")]
)
def test_paths_are_shown_as_a_person_would_type_them(tmp_path: Path, path: str, shown: str) -> None:
    settings = load(tmp_path, f'database = "{path}"\nmigrations = "{path}"')
    assert settings.database_label == settings.migrations_label == shown


# Wrong values


@pytest.mark.parametrize("toml", ['"005-a"', "true", "[1]", '["*"]', '["a/b"]', '[""]', '["a b"]'])
def test_the_network_is_for_migrations_with_a_name(tmp_path: Path, toml: str) -> None:
    error = refused(tmp_path, f"network = {toml}")
    assert error.message.endswith("not a list of names of migrations")


@pytest.mark.parametrize(
    "key", [key for key in KEYS if isinstance(DEFAULTS[key], str | None) and key != "sign"]
)
@pytest.mark.parametrize(
    "toml", ["7", "true", '""', '"  "', "[]", '["a"]', "{a = 1}", '"a\\u0000"']
)
def test_what_is_no_text_is_refused(tmp_path: Path, key: str, toml: str) -> None:
    error = refused(tmp_path, f"{key} = {toml}")
    assert error.message.startswith(f"[tool.nes_tasks] {key} is ")
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('"007-a"', "is '007-a', not a list of names of migrations"),
        ("[7, 7]", "is [7, 7], not a list of names of migrations"),
        ('["7-a", "7-b"]', "has '7-a', which is not the name of a migration"),
        ('["007-a", "008-b"]', "has '007-a', but no second migration with the number 007"),
        ('["007-a", "007-a"]', "has '007-a', but no second migration with the number 007"),
    ],
)
def test_what_shares_no_number_is_refused(tmp_path: Path, toml: str, said: str) -> None:
    error = refused(tmp_path, f"same_number = {toml}")
    assert error.message == f"[tool.nes_tasks] same_number {said}"
    assert error.exit_code == 2


@pytest.mark.parametrize("key", ["batch_size", "push_timeout"])
@pytest.mark.parametrize("toml", ["0", "-1", "1.5", "true", '"5"', "[]", "nan"])
def test_what_is_no_positive_number_is_refused(tmp_path: Path, key: str, toml: str) -> None:
    error = refused(tmp_path, f"{key} = {toml}")
    assert error.message.startswith(f"[tool.nes_tasks] {key} is ")
    assert error.message.endswith("not a whole number of at least 1")


@pytest.mark.parametrize("key", ["BATCH_SIZE", "PUSH_TIMEOUT"])
@pytest.mark.parametrize("text", ["", "many", "0", "-5", "1.5", "1e3"])
def test_nor_is_it_taken_from_the_environment(tmp_path: Path, key: str, text: str) -> None:
    error = refused(tmp_path, **{f"NES_TASKS_{key}": text})
    assert error.message.startswith(f"NES_TASKS_{key} is ")
    assert "not a whole number" in error.message


@pytest.mark.parametrize("toml", ["1", "0", '"true"', "[]", '"yes"'])
def test_push_is_true_or_false_in_the_file(tmp_path: Path, toml: str) -> None:
    assert "neither true nor false" in refused(tmp_path, f"push = {toml}").message


@pytest.mark.parametrize(
    ("text", "meant"),
    [("true", True), ("1", True), ("YES", True), ("False", False), ("0", False), ("no", False)],
)
def test_push_is_understood_in_the_environment(tmp_path: Path, text: str, meant: bool) -> None:
    assert load(tmp_path, f"push = {str(not meant).lower()}", NES_TASKS_PUSH=text).push is meant


@pytest.mark.parametrize("text", ["", "maybe", "2", "truee"])
def test_other_words_for_push_are_refused(tmp_path: Path, text: str) -> None:
    error = refused(tmp_path, NES_TASKS_PUSH=text)
    assert error.message == f"NES_TASKS_PUSH is {text!r}, neither true nor false"


@pytest.mark.parametrize(
    ("key", "choices"),
    [
        ("out_of_order", "refuse, allow"),
        ("nes_package", "compat, installed"),
        ("malformed_files", "refuse, skip"),
        ("sandbox", "auto, require, off"),
    ],
)
def test_another_choice_is_refused_with_the_allowed_ones(
    tmp_path: Path, key: str, choices: str
) -> None:
    for text in ("Allow", "yes", "refuse ", "COMPAT"):
        assert refused(tmp_path, f'{key} = "{text}"').message.endswith(f"not one of {choices}")


@pytest.mark.parametrize(
    ("given", "meant"), [("v2/", "v2"), ("./v2", "v2"), ("a//b", "a/b"), ("डेटा", "डेटा")]
)
def test_the_data_folder_has_a_normal_form(tmp_path: Path, given: str, meant: str) -> None:
    assert load(tmp_path, f'data_dir = "{given}"').data_dir == meant


@pytest.mark.parametrize(
    "hostile",
    [
        "..",
        "../v2",
        "v2/../../x",
        "v2/..",
        "/v2",
        "/",
        ".",
        "./",
        ".git",
        ".git/hooks",
        "v2/.git",
        ".GIT",
        "v2/.Git/x",
        "v2\\nD README.md",
        "v2\\u007f",
        "v2\\tx",
        '\\"v2\\"',
        "v2\\\\x",
    ],
)
def test_a_data_folder_that_leads_elsewhere_is_refused(tmp_path: Path, hostile: str) -> None:
    error = refused(tmp_path, f'data_dir = "{hostile}"')
    assert error.message.endswith("not a folder inside the database repository")


@pytest.mark.parametrize("key", ["branch", "remote"])
@pytest.mark.parametrize(
    "name",
    [
        "-f",
        "--mirror",
        "a b",
        "a\\nb",
        "main\\ndelete refs/heads/x",
        "a..b",
        "a:b",
        "a^",
        "a~1",
        "a?",
        "a*",
        "a[b",
        "a\\\\b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.",
        "a.lock",
        "a.lock/b",
        "@",
        "a@{b",
        "HEAD",
        "a\\u007f",
    ],
)
def test_what_git_does_not_take_for_a_name_is_refused(tmp_path: Path, key: str, name: str) -> None:
    error = refused(tmp_path, f'{key} = "{name}"')
    assert error.message.endswith("which cannot be a name in git")


@pytest.mark.parametrize(
    "name", ["main", "data/v2", "a.b", "a-b", "a@b", "v1.2", "नेपाल", "a.locked"]
)
def test_names_of_git_are_taken(tmp_path: Path, name: str) -> None:
    assert load(tmp_path, f'branch = "{name}"').branch == name


# Unknown keys


@pytest.mark.parametrize(
    ("key", "meant"),
    [("databse", "database"), ("batchsize", "batch_size"), ("Push", "push"), ("brunch", "branch")],
)
def test_a_misspelt_key_is_refused_with_the_one_that_was_meant(
    tmp_path: Path, key: str, meant: str
) -> None:
    error = refused(tmp_path, f"{key} = 1")
    assert error.message == f"[tool.nes_tasks] {key} is not a setting"
    assert str(error.hint).startswith(f"did you mean {meant}? the settings are migrations, ")


def test_a_key_like_no_other_is_refused_with_all_there_are(tmp_path: Path) -> None:
    error = refused(tmp_path, "zzz = 1")
    assert error.hint == f"the settings are {', '.join(KEYS)}"


@pytest.mark.parametrize("variable", ["NES_TASKS_DATABSE", "NES_TASKS_", "NES_TASKS_ROOT"])
def test_a_misspelt_variable_is_refused(tmp_path: Path, variable: str) -> None:
    assert refused(tmp_path, **{variable: "x"}).message == f"{variable} is not a setting"


def test_the_root_is_no_setting(tmp_path: Path) -> None:
    assert "root is not a setting" in refused(tmp_path, 'root = "/"').message


# The file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[tool.nes_tasks", "1: it is not valid TOML: "),
        (b"[tool.nes_tasks]\nbranch = main", "2: it is not valid TOML: Invalid value"),
        (b"[tool.nes_tasks]\nbranch = 'a'\nbranch = 'b'", "3: it is not valid TOML: "),
        (b"[tool.nes_tasks]\n\n# \xff\xfe", "3: it is not UTF-8, as TOML requires"),
        (b"\0", "1: it is not valid TOML: "),
    ],
)
def test_a_broken_file_is_told_with_its_line(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / "pyproject.toml").write_bytes(text)
    with pytest.raises(SettingsError, match=rf"^pyproject\.toml:{re.escape(said)}"):
        load_settings(tmp_path, {})


def test_a_file_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    with pytest.raises(SettingsError, match=r"^pyproject\.toml cannot be read: Is a directory$"):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    "text", ["tool = 1", "[tool]\nnes_tasks = 1", "[[tool.nes_tasks]]", "[[tool]]"]
)
def test_what_is_no_table_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(SettingsError, match="not a table"):
        load_settings(tmp_path, {})
