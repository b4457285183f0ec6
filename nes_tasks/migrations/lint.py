"""Lint rules for migrations: they only read the folder; nothing is executed.

Errors that prevent a migration from being applied come from the plan, with the same messages; the
other rules are what a reviewer would ask for.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from ..errors import InvalidMigrationError, first_few
from ..text import quote
from .data_kinds import READER_BY_ENDING
from .finding import Finding, error, from_problem, hint
from .inputs import is_input_path
from .loader import MAX_NAME_LENGTH, README, Folder
from .metadata import PLACEHOLDER, REQUIRED, author_identity, checked_metadata, read_constants
from .plan import Entry, State
from .syntax_tree import Script

LARGE_FILE_BYTES = 10_000_000  # bytes
# Fewer do not say what a migration changes and where its data come from.
MIN_README_WORDS = 10
# The files that context.lookup reads by default.
LOOKUPS = frozenset({"lookups.csv", "lookups.toml"})
CREATING = ("create_entity", "batch_create_entities")
SOURCES_FIELD = "attributions"

HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*\s*")
SOURCES = re.compile(r"\bsources?\b", re.IGNORECASE)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)

# Modules that use the network, directly or through other modules.
NETWORK = frozenset(
    {
        "aiohttp", "ftplib", "http.client", "httpx", "playwright", "requests", "selenium",
        "smtplib", "socket", "urllib.request", "urllib3", "websockets", "wikipedia",
    }
)  # fmt: skip
CLOCK = frozenset(
    {
        "datetime.datetime.now", "datetime.datetime.today", "datetime.datetime.utcnow",
        "datetime.date.today", "time.gmtime", "time.localtime", "time.time", "time.time_ns",
    }
)  # fmt: skip
UNIQUE = re.compile(r"uuid\.uuid[14]|os\.urandom|secrets\..*|random\.SystemRandom.*")
RANDOM = re.compile(r"(?:numpy\.)?random\..*")


def check_folder(entry: Entry) -> list[Finding]:
    """Return the findings for the folder of an entry of the plan, errors first.

    An applied and unchanged migration cannot be fixed any more, so it is not checked; a changed
    README is reported. Reads the folder's script, Python files and README.
    """
    folder = entry.folder
    if folder is None:
        return []
    if entry.state is State.APPLIED:
        return list(_note(entry, folder))
    found = [*_state_findings(entry, folder), *_name(folder)]
    if folder.files is not None:
        scripts = scripts_of(folder)
        found += _metadata(folder, is_new=not entry.is_applied)
        for rule in (_readme, _sizes):
            found += rule(folder)
        found += _unread_files(folder, scripts)
        found += _ignored_files(folder, scripts)
        found += _shadowed_modules(folder)
        found += _script_placeholders(scripts)
        found += _script_hints(folder, scripts)
    return sorted_findings(found)


def sorted_findings(found: list[Finding]) -> list[Finding]:
    """Return findings without repetitions, errors before hints, else by file and line."""
    return sorted(set(found), key=lambda f: (f.severity, f.path, f.line or 0, f.message))


def scripts_of(folder: Folder) -> dict[str, Script]:
    """Return the Python files of a folder that can be parsed, by their path in it."""
    names = [file.relative for file in folder.files or () if file.relative.endswith(".py")]
    read = {
        name: Script.read(folder.path / name, f"{folder.display_path}/{name}") for name in names
    }
    return {name: script for name, script in read.items() if script is not None}


# State and name ----------------------------------------------------------------------------


def _state_findings(entry: Entry, folder: Folder) -> Iterator[Finding]:
    if entry.state is State.DRIFT:
        yield from _drift(entry, folder)
    elif entry.problem is not None:
        yield _with_line(from_problem(entry.problem, folder.display_path), folder)


def _note(entry: Entry, folder: Folder) -> Iterator[Finding]:
    if entry.note:
        yield hint(
            f"{folder.display_path}/{README}",
            f"it has changed since {entry.name} was applied, which does not affect the data",
            line=1,
            advice=f"doit accept {entry.name} records it",
        )


def _drift(entry: Entry, folder: Folder) -> Iterator[Finding]:
    if entry.problem is not None:
        yield from_problem(entry.problem, folder.display_path)
    if entry.is_same_text:
        yield error(
            folder.display_path,
            f"{folder.display_path}: only the line ends of {first_few(entry.changed)} differ "
            "from what was applied: git converts them on this machine",
            advice=entry.drift_hint,
        )
        return
    for kind in ("changed", "added", "removed"):
        for file_name in getattr(entry, kind):
            yield error(
                f"{folder.display_path}/{file_name}",
                f"{file_name} was {kind} after {entry.name} was applied",
                line=1,
                advice=entry.drift_hint,
            )


def _name(folder: Folder) -> Iterator[Finding]:
    length = len(folder.name)
    if length > MAX_NAME_LENGTH:
        yield error(
            folder.display_path,
            f"{folder.display_path}: its name has {length} characters, more than {MAX_NAME_LENGTH}",
            advice="shorten it; DESCRIPTION has room for the rest",
        )


# Capabilities that a script can request, with advice for the reviewer.
CAPABILITIES = {
    "NETWORK": (
        "the script asks for the network",
        "a run has to allow it by name: --allow-network, or the setting network",
    ),
    "PROCESSES": ("the script asks to start other programs", None),
}

# Metadata -----------------------------------------------------------------------------------


def _metadata(folder: Folder, *, is_new: bool) -> Iterator[Finding]:
    """Find all problems of the constants; the plan has only the first one."""
    if folder.script is None:
        return
    display_path = f"{folder.display_path}/{folder.script}"
    try:
        constants = read_constants(folder.path / folder.script, display_path)
    except InvalidMigrationError as problem:
        yield _with_line(from_problem(problem, folder.display_path), folder)
        return
    for name, (asked, advice) in CAPABILITIES.items():
        if constants.get(name) is True:
            yield _with_line(hint(display_path, f"{name} = True: {asked}", advice=advice), folder)
    for name in (*REQUIRED, *({"EXPECT"} & constants.keys())):
        sound = {"AUTHOR": "A", "DATE": "2024-01-31", "DESCRIPTION": "D"}
        try:
            checked_metadata({**sound, name: constants[name]}, display_path, is_new=is_new)
        except InvalidMigrationError as problem:
            yield _with_line(from_problem(problem, folder.display_path), folder)
        else:
            if name == "AUTHOR" and not author_identity(str(constants[name]))[1]:
                yield _with_line(
                    hint(
                        display_path,
                        "AUTHOR has no e-mail address, so no account gets the credit",
                        advice='write it as "Name <email>"',
                    ),
                    folder,
                )


def _with_line(finding: Finding, folder: Folder) -> Finding:
    """Return a finding about a constant with the line where it is assigned."""
    name = re.match("AUTHOR|DATE|DESCRIPTION|EXPECT|NETWORK|PROCESSES", finding.message)
    if name is None or finding.line is not None or folder.script is None:
        return finding
    script = Script.read(folder.path / folder.script, finding.path)
    return replace(finding, line=script.line_of(name[0])) if script else finding


# README -------------------------------------------------------------------------------------


def _readme(folder: Folder) -> Iterator[Finding]:
    display_path = f"{folder.display_path}/{README}"
    if all(file.relative != README for file in folder.files or ()):
        return  # the plan says so
    try:
        text = (folder.path / README).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = problem.object.count(b"\n", 0, problem.start) + 1
        byte = problem.object[problem.start]
        yield error(
            display_path, f"byte 0x{byte:02x} is not UTF-8", line=line, advice="save it as UTF-8"
        )
        return
    except OSError:
        return  # the plan says so
    text = _without_comments(text)
    placeholders = list(_placeholders(display_path, text))
    yield from placeholders
    prose = [line for line in text.splitlines() if not HEADING.fullmatch(line)]
    words = len(" ".join(prose).split())
    if words < MIN_README_WORDS:
        said = "says nothing" if not words else f"has only {words} words"
        yield error(
            display_path,
            f"it {said} under its title",
            line=1,
            advice="write what the migration changes and where its data come from",
        )
    elif not placeholders and not _names_sources(text):
        yield hint(
            display_path,
            "it does not name its sources",
            line=1,
            advice="add a section Data Sources: who published the data, where, and when you took "
            "them",
        )


def _without_comments(text: str) -> str:
    """Return Markdown without its comments, each line where it was."""
    return COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)


def refuse_placeholders(folder: Folder) -> None:
    """Raise `InvalidMigrationError` when README or scripts still have placeholders of the template.

    Those of the constants are found when the folder is loaded. What is not UTF-8 is left to the
    check. Raises `OSError` when a file cannot be read.
    """
    found: list[Finding] = []
    for file in folder.files or ():
        path, display_path = folder.path / file.relative, f"{folder.display_path}/{file.relative}"
        if file.relative != README and not file.relative.endswith(".py"):
            continue
        text = path.read_bytes().decode("utf-8-sig", errors="replace")
        if PLACEHOLDER not in text.upper():  # to parse each script would take longer
            continue
        if file.relative == README:
            found += _placeholders(display_path, _without_comments(text))
        elif script := Script.read(path, display_path):
            found += _script_placeholders({file.relative: script})
    if found:
        first, more = found[0], len(found) - 1
        raise InvalidMigrationError(
            f"{first.path}:{first.line}: {first.message}" + (f", and {more} more" if more else ""),
            hint=f"replace it; doit check:{folder.name} lists all",
        )


def _placeholders(display_path: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if PLACEHOLDER in line.upper():
            yield error(
                display_path, f"it still contains the placeholder '{line.strip()}'", line=number,
                advice="replace it",
            )  # fmt: skip


def _script_placeholders(scripts: dict[str, Script]) -> Iterator[Finding]:
    """Find placeholders in string literals; the metadata have a rule of their own."""
    for script in scripts.values():
        constants = {script.line_of(name) for name in REQUIRED}
        for text, line in script.strings():
            if PLACEHOLDER in text.upper() and line not in constants:
                yield error(
                    script.display_path,
                    f"it still contains the placeholder {quote(text)}",
                    line=line,
                    advice="replace it",
                )


def _names_sources(text: str) -> bool:
    """Return whether a section about sources has content, or sources are mentioned."""
    sections: dict[str, str] = {}
    title = ""
    for line in text.splitlines():
        found = HEADING.fullmatch(line)
        title = found[1] if found else title
        sections[title] = sections.get(title, "") + ("" if found else line.strip())
    about = [body for title, body in sections.items() if SOURCES.search(title)]
    if about:
        return any(about)
    return any(SOURCES.search(body) or "://" in body for body in sections.values())


# Files --------------------------------------------------------------------------------------


def _sizes(folder: Folder) -> Iterator[Finding]:
    for file in folder.files or ():
        if file.size > LARGE_FILE_BYTES:
            yield hint(
                f"{folder.display_path}/{file.relative}",
                f"it has {file.size / 1_000_000:,.0f} MB, which every clone will keep forever",
                line=1,
                advice="leave out what the script does not read, or split the migration",
            )


def _unread_files(folder: Folder, scripts: dict[str, Script]) -> Iterator[Finding]:
    if not scripts or any(script.lists_folders for script in scripts.values()):
        return
    looks_up = any(script.calls_method("lookup") for script in scripts.values())
    for file in folder.files or ():
        if looks_up and file.relative in LOOKUPS:
            continue
        is_data = PurePosixPath(file.relative).suffix.lower() in READER_BY_ENDING
        if is_data and not any(script.names(file.relative) for script in scripts.values()):
            yield hint(
                f"{folder.display_path}/{file.relative}",
                "no script of the folder names it",
                line=1,
                advice="remove it, or say in README.md what it is for",
            )


def _ignored_files(folder: Folder, scripts: dict[str, Script]) -> Iterator[Finding]:
    """Find files that a script uses and git ignores: other clones would lack them."""
    for path in sorted(folder.ignored):
        here = folder.path / path
        below = here.rglob("*") if here.is_dir() else [here]
        for file in sorted(file for file in below if file.is_file()):
            relative = file.relative_to(folder.path).as_posix()
            users = [s for s in scripts.values() if s.names(relative) or s.imports_file(relative)]
            if users and is_input_path(relative):
                path_shown = f"{folder.display_path}/{relative}"
                yield error(
                    path_shown,
                    f"{users[0].display_path} uses it, and git ignores it, "
                    "so other clones would lack it",
                    line=1,
                    advice=f"git check-ignore -v {path_shown} names the rule to change",
                )


def _shadowed_modules(folder: Folder) -> Iterator[Finding]:
    """Find modules that a script would not get by their names."""
    for file in folder.files or ():
        name = file.relative.removesuffix(".py")
        if name != file.relative and name in sys.stdlib_module_names:
            yield hint(
                f"{folder.display_path}/{file.relative}",
                f"import {name} gives Python's own module of that name",
                line=1,
                advice="give the file another name",
            )


# Hints about scripts ------------------------------------------------------------------------


def _script_hints(folder: Folder, scripts: dict[str, Script]) -> Iterator[Finding]:
    """Find code whose result depends on more than the folder and the database."""
    own = [scripts[name] for name in _executed(folder.script, scripts)]
    for script in own:
        for module, line in script.imports():
            parts = module.split(".")
            reaching = NETWORK.intersection([parts[0], ".".join(parts[:2])])
            for name in sorted(reaching):
                yield hint(
                    script.display_path,
                    f"{name} uses the network: the result can differ tomorrow",
                    line=line,
                    advice="fetch it beforehand, and save the result as a data file in the folder",
                )
        if not _is_said_to_vary(own[0]):
            yield from _calls(script)
    yield from _without_sources(own)


def _without_sources(own: list[Script]) -> Iterator[Finding]:
    """Find scripts that create entities and never mention a source."""
    if any(SOURCES_FIELD in script.texts or script.uses_name(SOURCES_FIELD) for script in own):
        return
    for script in own:
        line = script.calls_method(*CREATING)
        if line is not None:
            yield hint(
                script.display_path,
                "the new entities name no source",
                line=line,
                advice="give each attributions: "
                '[{"title": {"en": {"value": "Election Commission"}}, "details": None}]',
            )
            return


def _executed(name: str | None, scripts: dict[str, Script]) -> list[str]:
    """Return the script and the modules of the folder that it imports, one by the other."""
    order = [name] if name in scripts and name is not None else []
    for current in order:
        for module, _ in scripts[current].imports():
            path = f"{module.replace('.', '/')}.py"
            if path in scripts and path not in order:
                order.append(path)
    return order


def _is_said_to_vary(script: Script) -> bool:
    """Return whether the script says DETERMINISTIC = False."""
    return script.constant("DETERMINISTIC") is False


def _calls(script: Script) -> Iterator[Finding]:
    kinds: list[tuple[Callable[[str], object], str, str]] = [
        (
            lambda call: call in CLOCK,
            "is the time of the run, which differs on each machine",
            "put the date into the data",
        ),
        (
            UNIQUE.fullmatch,
            "differs in each run, so the result cannot be reproduced",
            "derive it from the data, or set DETERMINISTIC = False",
        ),
        (
            RANDOM.fullmatch,
            "makes the data random, although each run gives the same",
            "derive it from the data",
        ),
    ]
    for call, line in script.calls():
        for matches, why, advice in kinds:
            if matches(call):
                yield hint(script.display_path, f"{call}() {why}", line=line, advice=advice)
                break
