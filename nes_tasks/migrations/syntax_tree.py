"""A script as its syntax tree: imports, calls and string literals, without running it."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from .data_kinds import READERS

# Functions that find files whose names are not in the script.
LISTING = {"glob", "iglob", "rglob", "iterdir", "listdir", "scandir", "walk"}

# Other functions that read a file and are not imported.
OPENERS = frozenset({"open", "read_bytes", "read_text"})


@dataclass(frozen=True, slots=True)
class Reading:
    """A call that reads a file: the context method, None for another function.

    `options` are the arguments by name, None when one of them is not a literal.
    """

    method: str | None
    options: dict[str, Any] | None


class Script:
    """A Python file of a migration; `display_path` is how messages name it."""

    def __init__(self, display_path: str, tree: ast.Module) -> None:
        self.display_path = display_path
        self._nodes = list(ast.walk(tree))
        self._body = tree.body

    @classmethod
    def read(cls, path: Path, display_path: str) -> Script | None:
        """Return the script in a file, None when this Python version cannot parse it."""
        import warnings

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return cls(display_path, ast.parse(path.read_bytes()))
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    def line_of(self, name: str) -> int | None:
        """Return the line of the last top-level statement that binds `name`."""
        lines = [node.lineno for node in self._body if name in _bound(node)]
        return lines[-1] if lines else None

    def constant(self, name: str) -> Any:
        """Return the literal that a top-level statement assigns to `name`, else None."""
        for node in reversed(self._body):
            if isinstance(node, ast.Assign | ast.AnnAssign) and name in _bound(node):
                return node.value.value if isinstance(node.value, ast.Constant) else None
        return None

    @cached_property
    def texts(self) -> frozenset[str]:
        """All string literals in it, including those in f-strings."""
        return frozenset(text for text, _ in self.strings())

    def strings(self) -> Iterator[tuple[str, int]]:
        """Yield each string literal and its line."""
        for node in self._nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, node.lineno

    @cached_property
    def lists_folders(self) -> bool:
        """Whether it searches for files, so that it may read files that it does not name."""
        return any(self._short_name(call) in LISTING for call in self._calls)

    def imports(self) -> Iterator[tuple[str, int]]:
        """Yield each imported module, or name of a module, in full, and its line."""
        for node in self._nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield node.module, node.lineno
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)

    def imports_file(self, file_name: str) -> bool:
        """Return whether it imports the Python file of the folder by this name."""
        module = file_name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return file_name.endswith(".py") and any(name == module for name, _ in self.imports())

    def calls(self) -> Iterator[tuple[str, int]]:
        """Yield the full name of each call of something imported, and its line.

        ``datetime.now()`` after ``from datetime import datetime`` is datetime.datetime.now.
        """
        for call in self._calls:
            first, *rest = _chain(call.func)
            if first in self._meanings:
                yield ".".join([self._meanings[first], *rest]), call.lineno

    def readings(self, file_name: str) -> list[Reading]:
        """Return the calls that read a file of the folder by this name."""
        found = []
        for call in self._calls:
            if any(_names(text, file_name) for text in self._mentioned(call)):
                first, *rest = _chain(call.func)
                method = rest[-1] if rest else first
                if rest and method in READERS and first not in self._meanings:
                    found.append(Reading(method, _options(method, call)))
                elif first in self._meanings or method in OPENERS:
                    found.append(Reading(None, None))
        return found

    def uses_name(self, name: str) -> bool:
        """Return whether a name, an attribute or a keyword argument has this name."""
        return any(
            getattr(node, field, None) == name
            for node in self._nodes
            for field in ("id", "attr", "arg")
        )

    def calls_method(self, *names: str) -> int | None:
        """Return the line of the first call of a method with one of these names, None without."""
        lines = [
            call.lineno
            for call in self._calls
            if isinstance(call.func, ast.Attribute) and call.func.attr in names
        ]
        return min(lines, default=None)

    @cached_property
    def reads_whole_rows(self) -> bool:
        """Whether it may use columns that it does not name, as ``row.items()`` and `**row` do."""
        for node in self._nodes:
            match node:
                case ast.Subscript(slice=ast.Name() | ast.JoinedStr() | ast.Call()):
                    return True
                case ast.keyword(arg=None):
                    return True
                case ast.Dict(keys=keys) if None in keys:
                    return True
                case ast.Call(func=ast.Attribute(attr="items" | "values" | "keys" | "copy")):
                    return True
                case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[arg, *_]):
                    if not isinstance(arg, ast.Constant):
                        return True
                case ast.Call(func=ast.Name(id="dict" | "list" | "tuple" | "zip"), args=[_, *_]):
                    return True
        return False

    def _mentioned(self, call: ast.Call) -> Iterator[str]:
        """Yield the strings in a call's own arguments, and of the constants named there."""
        waiting: list[ast.AST] = [call.func, *call.args, *(k.value for k in call.keywords)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.Name):
                yield from self._constants.get(node.id, ())
            elif not isinstance(node, ast.Call):
                waiting += ast.iter_child_nodes(node)

    @cached_property
    def _constants(self) -> dict[str, list[str]]:
        """The strings assigned to each variable, anywhere in the script."""
        found: dict[str, list[str]] = {}
        for node in self._nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                for name in _bound(node):
                    found.setdefault(name, []).extend(_texts(ast.walk(node.value)))
        return found

    def names(self, file_name: str) -> bool:
        """Whether it mentions a file: its path in the folder, its name, or the end of its name.

        Only the end is visible in ``f"{province}.csv"``.
        """
        suffix = PurePosixPath(file_name).suffix
        return any(
            _names(text, file_name)
            or (suffix and text.endswith(suffix) and file_name.endswith(text))
            for text in self.texts
        )

    @cached_property
    def _calls(self) -> list[ast.Call]:
        return [node for node in self._nodes if isinstance(node, ast.Call)]

    @cached_property
    def _meanings(self) -> dict[str, str]:
        """The full name of each imported name."""
        found: dict[str, str] = {}
        for node in self._nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    found[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        return found

    @staticmethod
    def _short_name(call: ast.Call) -> str:
        return _chain(call.func)[-1]


def _options(method: str, call: ast.Call) -> dict[str, Any] | None:
    """Return the arguments of a call after the file's name; None when not all are literal."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if method in ("read_excel", "iter_excel") and len(call.args) > 1:
        given["sheet_name"] = call.args[1]
    given.pop("filename", None)
    try:
        found = {name: ast.literal_eval(value) for name, value in given.items()}
    except (ValueError, TypeError):
        return None
    return None if None in found else {str(name): value for name, value in found.items()}


def _chain(node: ast.expr) -> list[str]:
    """Return the parts of a dotted name; an expression that is not a name gives an empty part."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return [node.id if isinstance(node, ast.Name) else "", *parts]


def _texts(nodes: Any) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _names(text: str, file_name: str) -> bool:
    if not text.isascii():  # letters have two Unicode forms
        text, file_name = (unicodedata.normalize("NFC", part) for part in (text, file_name))
    wanted = (file_name, file_name.rpartition("/")[2])
    return text in wanted or text.endswith(tuple(f"/{name}" for name in wanted))


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a top-level statement binds."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in statement.names}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
