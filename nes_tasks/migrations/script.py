"""A script as its syntax tree: what it imports, calls and mentions, found without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

# Ways to come by files whose names are not in the script.
LISTING = {"glob", "iglob", "rglob", "iterdir", "listdir", "scandir", "walk"}

# What tells how a file is to be read; `sep` is pandas' word.
OPTIONS = {
    "delimiter": "delimiter",
    "encoding": "encoding",
    "sep": "delimiter",
    "sheet_name": "sheet_name",
}


class Script:
    """A Python file of a migration; `shown` is how messages name it."""

    def __init__(self, shown: str, tree: ast.Module) -> None:
        self.shown = shown
        self._nodes = list(ast.walk(tree))
        self._body = tree.body

    @classmethod
    def read(cls, path: Path, shown: str) -> Script | None:
        """Return the script in a file, None when it is no Python that this version knows."""
        import warnings

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return cls(shown, ast.parse(path.read_bytes()))
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    def line_of(self, name: str) -> int | None:
        """Return the line of the last statement at the top level that gives `name` a meaning."""
        lines = [node.lineno for node in self._body if name in _bound(node)]
        return lines[-1] if lines else None

    def constant(self, name: str) -> Any:
        """Return the plain value that a statement of the top level gives `name`, else None."""
        for node in reversed(self._body):
            if isinstance(node, ast.Assign | ast.AnnAssign) and name in _bound(node):
                return node.value.value if isinstance(node.value, ast.Constant) else None
        return None

    @cached_property
    def texts(self) -> frozenset[str]:
        """All texts written in it, those in the middle of f-strings among them."""
        return frozenset(_texts(self._nodes))

    @cached_property
    def lists_folders(self) -> bool:
        """Whether it looks for files, so that it may read some that it does not name."""
        return any(self._short_name(call) in LISTING for call in self._calls)

    def imports(self) -> Iterator[tuple[str, int]]:
        """Yield each imported module, or name of a module, in full, and its line."""
        for node in self._nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield node.module, node.lineno
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)

    def calls(self) -> Iterator[tuple[str, int]]:
        """Yield the full name of each call of something imported, and its line.

        ``datetime.now()`` after ``from datetime import datetime`` is datetime.datetime.now.
        """
        for call in self._calls:
            first, *rest = _chain(call.func)
            if first in self._meanings:
                yield ".".join([self._meanings[first], *rest]), call.lineno

    def options_for(self, file_name: str) -> dict[str, Any]:
        """Return encoding, delimiter and sheet that it passes where it opens a file by this name.

        A value that is only known when the script runs is None.
        """
        options: dict[str, Any] = {}
        for call in self._calls:
            given = {OPTIONS[k.arg]: k.value for k in call.keywords if k.arg in OPTIONS}
            if self._short_name(call) == "read_excel" and len(call.args) > 1:
                given["sheet_name"] = call.args[1]
            if given and any(_names(text, file_name) for text in _texts(ast.walk(call))):
                for option, value in given.items():
                    options[option] = value.value if isinstance(value, ast.Constant) else None
        return options

    def names(self, file_name: str) -> bool:
        """Whether it mentions a file: its path in the folder, its name, or how the name ends.

        The end is what there is to see of ``f"{province}.csv"``.
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
        """What each imported name stands for."""
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


def _chain(node: ast.expr) -> list[str]:
    """Return the parts of a dotted name; what is no name is an empty part."""
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
    wanted = (file_name, file_name.rpartition("/")[2])
    return text in wanted or text.endswith(tuple(f"/{name}" for name in wanted))


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement of the top level binds."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in statement.names}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
