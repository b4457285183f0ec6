"""Infer what the sandbox refused from the exception that ended a script.

Libraries wrap the kernel's errors, so the whole chain of causes is examined.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from pathlib import Path

from .script_terms import OFF, Terms


def refusal(error: BaseException, terms: Terms) -> str | None:
    """Return the hint for an exception of a script with these terms.

    None when the sandbox did not cause it.
    """
    if terms.sandbox == OFF:
        return None
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror) and not terms.network:
            return _of_network(terms)
        if isinstance(cause, PermissionError):
            return _of_permission(cause, terms)
    return None


def _of_permission(error: PermissionError, terms: Terms) -> str | None:
    if error.filename is not None:
        return (
            "a migration reads its own folder and writes temporary files, "
            "and nothing else of the disk"
        )
    if error.errno == errno.EPERM:
        return (
            "a migration starts no processes unless its script says PROCESSES = True, "
            "and reaches no others"
        )
    return None if terms.network else _of_network(terms)


def _of_network(terms: Terms) -> str:
    name = Path(terms.folder).name
    return f"a migration has the network only if the run allows it: --allow-network {name}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes, each once."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            waiting.extend(cause.exceptions)
        # `reason` is that of urllib.error.URLError.
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
