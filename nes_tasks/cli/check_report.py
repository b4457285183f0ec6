"""The summary that `doit check` prints."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..migrations.finding import Severity

CHECK = "check"


def is_check(task: str) -> bool:
    """Return whether a doit task checks one migration."""
    return task.startswith(f"{CHECK}:")


class CheckReport:
    """Counts findings for the summary line at the end."""

    def __init__(self) -> None:
        self.checked = 0
        self.unchanged = 0
        self._severities: Counter[str] = Counter()

    def add(self, lines: list[str]) -> str:
        """Take the findings about one migration, a line each; return the text to show."""
        self.checked += 1
        self._severities.update(line.partition(":")[0] for line in lines)
        return "".join(f"{line}\n" for line in lines)

    def passed(self, task: Any) -> str:
        """Take a check without errors; return the text to show."""
        return self.add(task.values.get("hints", []))

    def conclusion(self) -> str:
        """Return the last line; empty when nothing was checked."""
        parts = []
        if self.checked:
            found = [
                _counted(self._severities[kind], kind)
                for kind in Severity
                if self._severities[kind]
            ]
            result = ", ".join(found) or "no problems found"
            parts.append(f"{_counted(self.checked, 'migration')} checked: {result}")
        if self.unchanged:
            unchanged = _counted(self.unchanged, "migration")
            parts.append(f"{unchanged} unchanged since the last check")
        return f"{'; '.join(parts)}.\n" if parts else ""


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
