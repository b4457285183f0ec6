"""Each input of `data_inputs` as a migration that is run: right, or refused by name."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from data_inputs import SILENT, UNHELPFUL, Case
from workspace import Workspace, environment

from nes_tasks.errors import MigrationFailedError
from nes_tasks.project import Project
from nes_tasks.running.events import ignore
from nes_tasks.running.runner import Runner
from nes_tasks.settings import load_settings

CASES = SILENT | UNHELPFUL
NAME = "001-first"
# Words that no message may contain.
JARGON = re.compile(
    r"validation error|type=|pydantic|Input should|Extra inputs|String should|https://errors"
)


Run = Callable[[Case], list[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs a case on an empty database, confined, and returns its log and the hints."""
    workspace = Workspace(tmp_path_factory.mktemp("inputs") / "project")
    moment = datetime(2026, 11, 28, tzinfo=UTC)

    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment().items():
            patch.setenv(name, value)
        project = Project(load_settings(workspace.root, {}))
        with Runner(project, ignore) as runner:

            def run_case(case: Case) -> list[str]:
                shutil.rmtree(workspace.migrations / NAME, ignore_errors=True)
                workspace.migration(NAME, case.body, files=case.files)
                with runner.run_at(project.folder(NAME), None, moment) as result:
                    return [*result.logs, *result.hints]

            assert runner.repository is not None
            yield run_case


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_input_is_taken_right_or_refused_by_name(run: Run, case: Case) -> None:
    if case.error is None:
        said = iter(run(case))
        for part in case.said:
            assert any(part in line for line in said), part
        return
    with pytest.raises(MigrationFailedError) as caught:
        run(case)
    message = caught.value.message
    assert case.error in message
    assert not JARGON.search(message)
    assert "\n" not in message


def test_each_row_of_the_list_has_cases() -> None:
    """Those of 29 and 30 need whole projects and are in tests/cli/test_strict.py."""
    assert {int(label.split()[0]) for label in CASES} == {*range(1, 29)}
