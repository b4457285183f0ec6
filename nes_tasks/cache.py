"""Cache files: they only save work; without them everything is computed again."""

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

    On a full or read-only disk it is computed again next time.
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
    """Remove the unfinished files that killed processes left beside `path`."""
    for left in path.parent.glob(f"{path.name}.*"):
        if is_abandoned(left.suffix.removeprefix(".")):
            with contextlib.suppress(OSError):
                left.unlink()


def is_abandoned(pid: str) -> bool:
    """Return whether the process whose id is in a file's name has ended."""
    try:
        if pid.isdecimal():
            os.kill(int(pid), 0)  # signal 0 only checks that it exists
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
