"""Packages as if they were not installed."""

from __future__ import annotations

from pathlib import Path

SCRIPT = """\
import sys
from importlib.machinery import PathFinder
class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name in NAMES else super().find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""


def without(folder: Path, *names: str) -> dict[str, str]:
    """Return environment variables for a Python that does not find these packages."""
    (folder / "sitecustomize.py").write_text(f"NAMES = {names!r}\n{SCRIPT}")
    return {"PYTHONPATH": str(folder)}
