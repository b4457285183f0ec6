"""Find the row of a data file that a script was processing when it failed."""

from __future__ import annotations

import ast
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

from .readers import InputFileError, Row

LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def current_row(error: BaseException, folder: str) -> Row | None:
    """Return the row that the innermost function of `folder` was processing; None without one.

    It is the value of a loop variable around the failing line, or of an argument. Variables of
    finished loops do not count.
    """
    if isinstance(error, InputFileError):
        return None  # it concerns a row after the last one that was read
    inside = (f"{folder}{os.sep}", f"{os.path.realpath(folder)}{os.sep}")
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        code = frame.f_code
        if not code.co_filename.startswith(inside):
            continue
        held = {name: row for name, row in frame.f_locals.items() if isinstance(row, Row)}
        for names in _names_in_hand(code, line) if held else ():
            rows = [held[name] for name in sorted(names) if name in held]
            if rows:
                # Of several, such as in nested look-ups, the last one that was read.
                return next((row for row in rows if row.source.last is row), rows[0])
    return None


def _names_in_hand(code: CodeType, line: int) -> Iterator[set[str]]:
    """Yield the loop variables of a line, from the innermost loop outwards."""
    if code.co_name.startswith("<") and code.co_name != "<module>":
        yield set(code.co_varnames)  # a comprehension or lambda is a function of its own
        return
    try:
        tree = ast.parse(Path(code.co_filename).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in reversed(list(ast.walk(tree))):
        if _is_loop_around(node, line):
            yield _bound(ast.walk(node))
    count = code.co_argcount + code.co_kwonlyargcount
    yield set(code.co_varnames[:count])


def _is_loop_around(node: ast.AST, line: int) -> bool:
    """Return whether a line is in the body of a loop, or in a comprehension."""
    if isinstance(node, LOOPS):
        last = node.body[-1]
        return node.body[0].lineno <= line <= (last.end_lineno or last.lineno)
    if isinstance(node, COMPREHENSIONS):
        return node.lineno <= line <= (node.end_lineno or node.lineno)
    return False


def _bound(nodes: Iterator[ast.AST]) -> set[str]:
    return {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
