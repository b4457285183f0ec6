"""GitHub's expressions, as far as our workflows use them; anything else is an error.

See https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)"
    r"|(?P<sign>==|!=|&&|\|\||!|\(|\)))"
)
MARKED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)

LITERALS = {"false": False, "null": None, "true": True}

Functions = Mapping[str, Callable[..., Any]]


class ExpressionError(Exception):
    """An expression that GitHub might understand and this one does not."""


def interpolated(text: str, contexts: Mapping[str, Any], functions: Functions) -> str:
    """Return a text with its ``${{ }}`` replaced."""

    def replace(match: re.Match[str]) -> str:
        value = evaluate(match[1], contexts, functions)
        if isinstance(value, dict | list):
            raise ExpressionError(f"{match[1]} is {value!r}, which is no text")
        return as_text(value)

    return MARKED.sub(replace, text)


def as_text(value: Any) -> str:
    """Return a value as GitHub writes it into a text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def condition(text: str, contexts: Mapping[str, Any], functions: Functions) -> bool:
    """Return what an ``if:`` says; without a status function it is asked only after success."""
    marked = MARKED.fullmatch(text.strip())
    inner = marked[1] if marked else text
    value = bool(evaluate(inner, contexts, functions))
    if re.search(r"\b(success|failure|always|cancelled)\s*\(", inner):
        return value
    return value and bool(functions["success"]())


def evaluate(text: str, contexts: Mapping[str, Any], functions: Functions) -> Any:
    """Return the value of the expression `text`."""
    tokens = list(_tokens(text))
    value, rest = _Parser(contexts, functions).either(tokens)
    if rest:
        raise ExpressionError(f"{text!r} goes on with {rest[0]!r}")
    return value


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(f"{text!r} has something unknown at {text[at:]!r}")
        yield found[0].strip()
        at = found.end()


class _Parser:
    def __init__(self, contexts: Mapping[str, Any], functions: Functions) -> None:
        self._contexts = contexts
        self._functions = functions

    def either(self, tokens: list[str]) -> tuple[Any, list[str]]:
        value, rest = self._both(tokens)
        while rest[:1] == ["||"]:
            other, rest = self._both(rest[1:])
            value = value or other
        return value, rest

    def _both(self, tokens: list[str]) -> tuple[Any, list[str]]:
        value, rest = self._compared(tokens)
        while rest[:1] == ["&&"]:
            other, rest = self._compared(rest[1:])
            value = value and other
        return value, rest

    def _compared(self, tokens: list[str]) -> tuple[Any, list[str]]:
        value, rest = self._one(tokens)
        if rest[:1] in (["=="], ["!="]):
            other, after = self._one(rest[1:])
            same = self._same(value, other)
            return (same if rest[0] == "==" else not same), after
        return value, rest

    @staticmethod
    def _same(one: Any, other: Any) -> bool:
        if one is None or other is None:
            return (one or "") == (other or "")
        if type(one) is not type(other):
            raise ExpressionError(f"{one!r} is compared with {other!r}")
        return bool(one.lower() == other.lower() if isinstance(one, str) else one == other)

    def _one(self, tokens: list[str]) -> tuple[Any, list[str]]:
        if not tokens:
            raise ExpressionError("something is missing at the end")
        first, *rest = tokens
        if first == "!":
            value, rest = self._one(rest)
            return not value, rest
        if first == "(":
            value, rest = self.either(rest)
            if rest[:1] != [")"]:
                raise ExpressionError("a parenthesis is not closed")
            return value, rest[1:]
        if first.startswith("'"):
            return first[1:-1].replace("''", "'"), rest
        if rest[:1] == ["("]:
            return self._call(first, rest[1:])
        if first in LITERALS:
            return LITERALS[first], rest
        return self._looked_up(first), rest

    def _call(self, name: str, tokens: list[str]) -> tuple[Any, list[str]]:
        arguments = []
        if tokens[:1] != [")"]:
            value, tokens = self.either(tokens)
            arguments.append(value)
        if tokens[:1] != [")"] or name not in self._functions:
            raise ExpressionError(f"the function {name} is not known, or not called like this")
        return self._functions[name](*arguments), tokens[1:]

    def _looked_up(self, path: str) -> Any:
        value: Any = self._contexts
        for key in path.split("."):
            if value is None:
                return None  # as GitHub says of what is in nothing
            if not isinstance(value, Mapping) or key not in value:
                raise ExpressionError(f"{path}: there is no {key}")
            value = value[key]
        return value


def to_json(value: Any) -> str:
    """The function toJSON."""
    return json.dumps(value, indent=2)
