"""AUTHOR, DATE, DESCRIPTION and the switches of a script, read without running it.

They are read from the syntax tree, because a list of migrations must not execute anything that a
pull request brings along. Only literal assignments at the top level count: those in a function or
under a condition may never be executed.
"""

from __future__ import annotations

import ast
import datetime as dt
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..database.marker import Metadata as Metadata
from ..errors import InvalidMigrationError
from ..text import CONTROL_CHARS, escape_control, quote
from .expected_counts import EXAMPLE, Expected, read_expected

MAX_LENGTH = 300
PLACEHOLDER = "[TODO"
EXAMPLES = {
    "AUTHOR": 'AUTHOR = "Your Name <you@example.org>"',
    "DATE": 'DATE = "2024-01-31"',
    "DESCRIPTION": 'DESCRIPTION = "Add the cabinet ministers of 2024"',
    "DETERMINISTIC": "DETERMINISTIC = False",
    "NETWORK": "NETWORK = True",
    "PROCESSES": "PROCESSES = True",
    "EXPECT": EXAMPLE,
}
SWITCHES = frozenset({"DETERMINISTIC", "NETWORK", "PROCESSES"})
# Stored with the constants, though it is a function.
VERIFIES = "verify"
REQUIRED = ("AUTHOR", "DATE", "DESCRIPTION")

DATE_FORMAT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NAME_AND_ADDRESS = re.compile(r"(?P<name>[^<>]*[^<>\s])\s*<(?P<email>[^<>\s]+)>")
BARE_ADDRESS = re.compile(r"(?P<name>[^<>\s@]+)@[^<>\s@]+")
# Characters that git strips from both ends of a name; see crud() in git's ident.c.
CRUD = " .,:;<>\"\\'"


def read_metadata(script: Path, *, display_path: str | None = None) -> Metadata:
    """Return the metadata of `script`, a file that is read and never imported.

    `display_path` names the file in messages. Raises `InvalidMigrationError` with a hint if the
    file is not a valid script of a migration.
    """
    display_path = display_path or f"{script.parent.name}/{script.name}"
    return checked_metadata(read_constants(script, display_path), display_path)


def author_identity(author: str) -> tuple[str, str]:
    """Return the name and the e-mail address under which git records `author`.

    ``Name <email>`` gives both, a name without one an empty address. A bare address such as
    system@example.org is called by its local part, as git itself names a user who has only
    an address. Raises `InvalidMigrationError` for what git cannot record as an author.
    """
    author = author.strip()
    found = NAME_AND_ADDRESS.fullmatch(author) or BARE_ADDRESS.fullmatch(author)
    if found is None:
        name, email = author, ""
    elif found.re is BARE_ADDRESS:
        name, email = found["name"], author
    else:
        name, email = found["name"].strip(), found["email"]
    if "<" in name or ">" in name:
        raise _refused_author(author, 'neither a name nor "Name <email>"')
    if not name.strip(CRUD):
        raise _refused_author(author, "without a name that git can record")
    return name, email


def _refused_author(author: str, why: str) -> InvalidMigrationError:
    return InvalidMigrationError(
        f"AUTHOR is {quote(author)}, {why}", hint=f"write {EXAMPLES['AUTHOR']}"
    )


# --- from the file to its constants ---------------------------------------------------------


def read_constants(script: Path, display_path: str) -> dict[str, str | bool]:
    """Return the metadata constants of a script by name, with their values as written.

    Raises `InvalidMigrationError` when the script cannot be read or parsed, defines no
    `migrate`, or lacks a required constant.
    """
    tree = _parse(_source(script, display_path), display_path)
    if not _defines(tree.body, "migrate"):
        raise InvalidMigrationError(
            f"{display_path} defines no function migrate",
            hint="define async def migrate(context): in it",
        )
    bound = {
        name: value
        for statement in tree.body
        for name, value in _bindings(statement)
        if name in EXAMPLES
    }
    missing = [name for name in REQUIRED if name not in bound]
    if missing:
        raise InvalidMigrationError(
            f"{display_path} has no {', '.join(missing)}",
            hint="add " + " and ".join(f"the line {EXAMPLES[name]}" for name in missing),
        )
    constants = {name: _constant(name, value, display_path) for name, value in bound.items()}
    return {**constants, VERIFIES: True} if _defines(tree.body, VERIFIES) else constants


def _source(script: Path, display_path: str) -> str:
    """Return the text of the script, decoded as Python would (PEP 263)."""
    try:
        data = script.read_bytes()
    except FileNotFoundError:
        raise InvalidMigrationError(
            f"{display_path} is missing",
            hint=f"create {display_path} with async def migrate(context): in it",
        ) from None
    except OSError as error:
        raise InvalidMigrationError(
            f"{display_path} cannot be read: {error.strerror}",
            hint=f"make it readable: ls -l {display_path}",
        ) from error
    text = _decoded(data, display_path)
    if not text.strip():
        raise InvalidMigrationError(
            f"{display_path} is empty", hint="write async def migrate(context): in it"
        )
    return text


def _decoded(data: bytes, display_path: str) -> str:
    from tokenize import detect_encoding

    hint = "save it as UTF-8, or name its encoding in the first line: # -*- coding: … -*-"
    try:
        encoding, _ = detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise InvalidMigrationError(
            f"{display_path} is not UTF-8: {escape_control(str(error.msg))}", hint=hint
        ) from error
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidMigrationError(
            f"{display_path}:{line}: byte 0x{data[error.start]:02x} is not {encoding.upper()}",
            hint=hint,
        ) from error
    except (UnicodeError, LookupError) as error:  # a cookie that does not name a text encoding
        raise InvalidMigrationError(
            f"{display_path} cannot be decoded as {encoding}: {escape_control(str(error))}",
            hint=hint,
        ) from error


def _parse(text: str, display_path: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            # An invalid escape in a string is reported when the script runs, not in every list.
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        quoted = f": {quote(error.text.strip())}" if error.text and error.text.strip() else ""
        raise InvalidMigrationError(
            f"{display_path}:{error.lineno or 1}: {escape_control(error.msg)}{quoted}",
            hint=f"correct the line, then try python -m py_compile {display_path}",
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise InvalidMigrationError(
            f"{display_path} cannot be parsed: "
            f"{escape_control(str(error)) or 'it is nested too deeply'}",
            hint=f"try python -m py_compile {display_path}",
        ) from error


def _bindings(statement: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield each name that a statement binds, with the assigned expression, if simple."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _unpacked(target, value)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.AugAssign(target=ast.Name(id=name)):
            yield name, None
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                yield alias.asname or alias.name, None


def _unpacked(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, value
        case ast.Starred(value=inner), _:
            yield from _unpacked(inner, None)
        case ((ast.Tuple(elts=names) | ast.List(elts=names)), _):
            values: list[ast.expr] | list[None] = [None] * len(names)
            if isinstance(value, ast.Tuple | ast.List) and _pairs_up(names, value.elts):
                values = value.elts
            for inner, item in zip(names, values, strict=True):
                yield from _unpacked(inner, item)


def _pairs_up(names: list[ast.expr], values: list[ast.expr]) -> bool:
    starred = any(isinstance(item, ast.Starred) for item in (*names, *values))
    return len(names) == len(values) and not starred


def _defines(body: list[ast.stmt], name: str) -> bool:
    """Return whether a module with this body has a global `name` that may be a function.

    Unlike a constant, the function may come from a branch or an import; whether it can be called is
    checked when the script runs.
    """
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name == name:
                return True
        elif isinstance(node, ast.stmt) and any(n in (name, "*") for n, _ in _bindings(node)):
            return True
        elif not isinstance(node, ast.ClassDef | ast.expr):
            waiting.extend(ast.iter_child_nodes(node))
    return False


def _constant(name: str, value: ast.expr | None, display_path: str) -> str | bool:
    if name == "EXPECT":
        return _literal(value, display_path)
    kind, wanted = (bool, "True or False") if name in SWITCHES else (str, "a plain string")
    if isinstance(value, ast.Constant) and isinstance(value.value, kind):
        return value.value
    line = f":{value.lineno}" if value is not None else ""
    raise InvalidMigrationError(
        f"{display_path}{line}: {name} is not {wanted} that can be read without running the script",
        hint=f"write a literal, as in {EXAMPLES[name]}",
    )


def _literal(value: ast.expr | None, display_path: str) -> str:
    """Return the source of EXPECT, which is stored as text, if it is a literal."""
    try:
        if value is not None:
            ast.literal_eval(value)
            return ast.unparse(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    line = f":{value.lineno}" if value is not None else ""
    raise InvalidMigrationError(
        f"{display_path}{line}: EXPECT is not a plain dict, "
        "which can be read without running the script",
        hint=f"write a literal, as in {EXAMPLE}",
    )


# --- from the constants to metadata ---------------------------------------------------------


def checked_metadata(
    constants: Mapping[str, str | bool], display_path: str, *, is_new: bool = True
) -> Metadata:
    """Return `constants`, as `read_constants` gives them, after checking their values.

    Raises `InvalidMigrationError` for a value that is empty, a placeholder of the template if the
    migration `is_new`, too long or not on one line, for an invalid date, and for an author that
    git cannot record.
    """
    texts = {
        name: _checked_text(name, str(constants[name]), display_path, is_new) for name in REQUIRED
    }
    try:
        author_identity(texts["AUTHOR"])
    except InvalidMigrationError as error:
        raise InvalidMigrationError(f"{display_path}: {error.message}", hint=error.hint) from None
    return Metadata(
        author=texts["AUTHOR"],
        date=_checked_date(texts["DATE"], display_path),
        description=texts["DESCRIPTION"],
        deterministic=constants.get("DETERMINISTIC") is not False,
        network=constants.get("NETWORK") is True,
        processes=constants.get("PROCESSES") is True,
        expect=_checked_expect(constants.get("EXPECT"), display_path, is_new),
        verifies=constants.get(VERIFIES) is True,
    )


def _checked_expect(source: str | bool | None, display_path: str, is_new: bool) -> Expected | None:
    if not isinstance(source, str):
        return None
    try:
        return read_expected(ast.literal_eval(source))
    except ValueError as error:
        if not is_new:
            return None  # an applied script may use the name for something else
        raise InvalidMigrationError(
            f"{display_path}: EXPECT {error}", hint=f"write it as {EXAMPLE}"
        ) from None


def _checked_text(name: str, value: str, display_path: str, is_new: bool) -> str:
    text = value.strip()
    hint = f"set it, as in {EXAMPLES[name]}"
    if not text:
        raise InvalidMigrationError(f"{display_path}: {name} is empty", hint=hint)
    if CONTROL_CHARS.search(value):
        raise InvalidMigrationError(
            f"{display_path}: {name} is {quote(value)}, not one line of printable text",
            hint="put it on one line, without control characters",
        )
    if is_new and text.upper().startswith(PLACEHOLDER):
        raise InvalidMigrationError(
            f"{display_path}: {name} is still the placeholder {quote(text)}", hint=hint
        )
    if len(text) > MAX_LENGTH:
        raise InvalidMigrationError(
            f"{display_path}: {name} has {len(text)} characters, more than {MAX_LENGTH}",
            hint="say it in one line and put the rest into README.md",
        )
    return text


def _checked_date(text: str, display_path: str) -> dt.date:
    why = "not a YYYY-MM-DD date"
    if DATE_FORMAT.fullmatch(text):
        try:
            date = dt.date.fromisoformat(text)
        except ValueError as error:
            why = f"not a calendar date ({error})"
        else:
            # git counts an author's seconds from 1970 and takes no negative number.
            if date.year >= 1970:
                return date
            why = "before 1970, which git cannot record"
    raise InvalidMigrationError(
        f"{display_path}: DATE is {quote(text)}, {why}", hint=f"write it as {EXAMPLES['DATE']}"
    )
