"""Plain values for JSON: scalars and arrays of data frames become Python's own types.

numpy and pandas are recognised by their names, so that nothing here loads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

_SCALARS = frozenset({str, int, float, bool, type(None)})


def plain(value: Any) -> Any:
    """Return a value with the scalars and arrays of numpy and pandas replaced, at every level.

    A missing value (``pandas.NA``, ``pandas.NaT``) becomes None. Anything else stays as it is.
    """
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    package = type(value).__module__.partition(".")[0]
    if package == "numpy":
        return plain(value.tolist())  # of a scalar, too, which is then a single value
    if package == "pandas" and type(value).__name__ in ("NAType", "NaTType"):
        return None
    return value


def holds_model(value: object) -> bool:
    """Say whether a value is a model or holds one, at any depth."""
    if type(value) in _SCALARS:  # most values, without asking for their base classes
        return False
    if isinstance(value, dict):
        return any(map(holds_model, value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(holds_model, value))
    return isinstance(value, BaseModel)


def plain_copy(model: BaseModel) -> BaseModel:
    """Return a copy of a model with plain values in its fields; models inside stay as they are."""
    fields = {name: plain(getattr(model, name)) for name in model.model_fields_set}
    return model.model_copy(update=fields)


def first_unwritable(model: BaseModel, write: Callable[[Any], object]) -> tuple[str, object] | None:
    """Return a place, such as ``attributes.seats``, and the first value that `write` refuses."""
    try:
        for name in type(model).model_fields:
            for location, value in _leaves(plain(getattr(model, name, None)), name):
                try:
                    write(value)
                except (ValueError, TypeError):
                    return location, value
    except RecursionError:  # a structure that holds itself, or is nested too deeply
        pass
    return None


def _leaves(value: Any, location: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{location}.{key}")
    elif isinstance(value, list | tuple):
        for at, item in enumerate(value):
            yield from _leaves(item, f"{location}[{at}]")
    else:
        yield location, value
