"""One trial: a command is disturbed at one point, and everything is well after the next one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from faults import damage, disturbed, leftovers, temporary_folder
from scenarios import Scenario
from workspace import EPOCH

ACTIONS = ("kill", "ENOSPC", "EIO", "EROFS")


@dataclass
class Trials:
    """The trials of one scenario; `folder` is where its projects are made."""

    scenario: Scenario
    folder: Path

    @cached_property
    def original(self) -> Path:
        """The project as it is before the command."""
        root = self.folder / "original"
        self.scenario.build(root)
        return root

    @cached_property
    def undisturbed(self) -> tuple[object, object, int]:
        """What the command changes: before and after, and how many changes of files it makes."""
        workspace = self.scenario.copy(self.original, self.folder / "undisturbed")
        before = self.scenario.state(workspace)
        ran = disturbed(workspace, self.scenario.args)
        assert ran.code == 0, ran.err
        return before, self.scenario.state(workspace), len(ran.changes)

    def points(self, count: int) -> Iterator[tuple[int, str]]:
        """Yield `count` points spread over the command, each with the next of the actions."""
        total = self.undisturbed[2]
        for number in range(min(count, total)):
            yield 1 + number * total // min(count, total), ACTIONS[number % len(ACTIONS)]

    def wrong(self, point: int, action: str) -> list[str]:
        """Disturb the command and return all that is not as it must be; nothing is good."""
        before, after, _ = self.undisturbed
        root = self.folder / f"{point}-{action}"
        workspace = self.scenario.copy(self.original, root)
        wrong: list[str] = []
        ran = disturbed(workspace, self.scenario.args, point, action)
        there = workspace.db.exists()
        if there and (found := damage(workspace)):
            wrong.append(f"fsck: {found}")
        state = self.scenario.state(workspace)
        if state not in (before, after) and not self.scenario.in_steps:
            wrong.append("it is neither as before nor as after")
        if "Traceback" in ran.err:
            wrong.append(f"a traceback: {ran.err}")
        if action != "kill" and ran.code not in (0, 1, 3):
            wrong.append(f"exit code {ran.code}")
        if ran.code == 0 and state != after:
            wrong.append("it says that all is well, and it is not")
        if state == after and "nothing was applied" in ran.err:
            wrong.append(f"it denies what it did: {ran.err}")
        args = self.scenario.args
        if state == after and self.scenario.after_done:
            args = self.scenario.after_done(workspace)
        again = workspace.doit(*args, SOURCE_DATE_EPOCH=EPOCH, TMPDIR=temporary_folder(workspace))
        if again.code:
            wrong.append(f"the next command ended with {again.code}: {again.err}{ran.err}")
        if self.scenario.state(workspace) != after:
            wrong.append("the next command does not give what it gives undisturbed")
        # One more, as even one that has nothing to do cleans up.
        if left := leftovers(workspace):
            wrong.append(f"left: {', '.join(left)}")
        if found := damage(workspace):
            wrong.append(f"fsck in the end: {found}")
        if status := workspace.git("status", "--porcelain"):
            wrong.append(f"status: {status}")
        if not wrong:
            shutil.rmtree(root)
        return wrong
