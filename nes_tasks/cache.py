"""Files that save work and nothing else: without them everything is found out again."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .state_folder import make_folder


def load_cache(path: Path | None, version: int) -> dict[str, Any]:
    """Return what was saved under the same format `version`, else nothing.

    Missing, unreadable and damaged files count as empty; `path` None means no file.
    """
    if path is not None:
        with contextlib.suppress(OSError, ValueError, RecursionError):
            content = json.loads(path.read_bytes())
            if isinstance(content, dict) and content.get("format") == version:
                return content
    return {}


def save_cache(path: Path | None, version: int, content: Mapping[str, Any]) -> bool:
    """Write JSON in one step, so that no reader sees half of it; return whether it was written.

    A full or read-only disk only costs the time to find it out again.
    """
    if path is None:
        return False
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        make_folder(path.parent)
        partial.unlink(missing_ok=True)
        # Mode x does not write through a link that another user has put there.
        with partial.open("x", encoding="utf-8") as file:
            file.write(json.dumps({"format": version, **content}))
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        return False
    _remove_abandoned(path)
    return True


def _remove_abandoned(path: Path) -> None:
    """Remove what processes that were killed had begun to write in place of `path`."""
    for left in path.parent.glob(f"{path.name}.*"):
        if is_abandoned(left.suffix.removeprefix(".")):
            with contextlib.suppress(OSError):
                left.unlink()


def is_abandoned(pid: str) -> bool:
    """Return whether a file with the number of a process in its name is of one that has ended."""
    try:
        if pid.isdecimal():
            os.kill(int(pid), 0)  # asks only whether it is there
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
