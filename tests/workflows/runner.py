"""A runner of workflows: what GitHub does with a file, done here with real processes.

Steps with `run:` are executed by bash exactly as GitHub calls it. The few actions that are used
have a stand-in in Python each, which does the same with git and the service in `hosting`.
Whatever key, expression, context or action is not known here is an error.
"""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expressions import Functions, as_text, condition, evaluate, interpolated, to_json
from ruamel.yaml import YAML

REUSABLE = Path(__file__).resolve().parents[2] / ".github/workflows"
WORKFLOW_KEYS = {"name", "on", "permissions", "concurrency", "defaults", "env", "jobs"}
JOB_KEYS = {
    *("name", "needs", "if", "runs-on", "timeout-minutes", "permissions"),
    *("environment", "strategy", "outputs", "steps"),
}
# Of a job that calls a reusable workflow.
CALL_KEYS = {"name", "uses", "with", "permissions", "if"}
LEVELS = ("none", "read", "write")
STEP_KEYS = {"name", "id", "if", "env", "run", "uses", "with"}
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax (shell)
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]

StepKey = tuple[str, str, str]


@dataclass
class Step:
    """How one step ended, and what it said."""

    outcome: str
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""


@dataclass
class JobRun:
    """How a job ended: `steps` by their names, `summary` as GitHub shows it."""

    result: str
    steps: dict[str, Step] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    workspace: Path = Path()

    @property
    def log(self) -> str:
        """All that was said."""
        return "".join(f"## {name}\n{step.log}" for name, step in self.steps.items())


@dataclass
class Machine:
    """What a job finds: its folders, its programs, and whom it can speak to."""

    folder: Path
    path: str
    server_url: str
    repository: str
    token: Callable[[Mapping[str, str]], str]
    actions: Mapping[str, Callable[[Job, Mapping[str, str]], None]]
    secrets: Mapping[str, Mapping[str, str]]  # by environment
    # Where git finds what has another address.
    addresses: Mapping[str, str]
    # A pull request from a fork gets no secret and no right to write.
    of_fork: bool = False
    # Called with the name of each step before it, for what happens elsewhere in the meantime.
    meanwhile: Callable[[str], None] = lambda _: None


class Workflow:
    """One workflow file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content: dict[str, Any] = YAML(typ="safe").load(path.read_text())
        unknown = set(self.content) - WORKFLOW_KEYS
        assert not unknown, f"{path.name}: {unknown}"
        if self.run_steps():
            assert self.content["defaults"] == {"run": {"shell": "bash"}}, path.name

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """The jobs by name."""
        jobs: dict[str, dict[str, Any]] = self.content["jobs"]
        return jobs

    def run_steps(self) -> set[StepKey]:
        """Return file, job and name of each step that executes something in bash."""
        return {
            (self.path.name, job, step["name"])
            for job, content in self.jobs.items()
            for step in content.get("steps", ())
            if "run" in step
        }

    def run(
        self,
        machine: Machine,
        github: Mapping[str, Any],
        inputs: Mapping[str, Any] | None = None,
        *,
        called: bool = False,
    ) -> dict[str, JobRun]:
        """Run all jobs in their order; `github` is the context, `inputs` those of a person.

        With `called` it is another workflow that gives the inputs. The jobs of a workflow that is
        called have their own names here.
        """
        event = "workflow_call" if called else github["event_name"]
        assert event in self.content["on"], f"{self.path.name} is not for {event}"
        about = self.content["on"][event]
        declared = about.get("inputs", {}) if isinstance(about, dict) else {}
        assert set(inputs or {}) <= set(declared)
        known: Any = _Nothing() if not called else {}
        known |= {
            name: (inputs or {}).get(name, about.get("default")) for name, about in declared.items()
        }
        done: dict[str, JobRun] = {}
        for name, job in self.jobs.items():
            if "uses" in job:
                done |= self._call(job, machine, github, known)
                continue
            for values in _matrix(self.jobs[name]):
                done[name] = Job(self, name, machine, github, known, values, done).run()
        return done

    def _call(
        self, job: Mapping[str, Any], machine: Machine, github: Mapping[str, Any], inputs: Any
    ) -> dict[str, JobRun]:
        """Run a reusable workflow of this project as another repository does."""
        assert set(job) <= CALL_KEYS, set(job) - CALL_KEYS
        path, _, commit = job["uses"].partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", commit), job["uses"]
        called = Workflow(REUSABLE / path.rpartition("/")[2])
        for name, inner in called.jobs.items():
            for key, level in inner["permissions"].items():
                granted = job["permissions"].get(key, "none")
                # GitHub refuses to start such a run at all.
                assert LEVELS.index(level) <= LEVELS.index(granted), (name, key)
        functions = {"success": lambda: True}
        given = {
            key: evaluate(text[3:-2], {"inputs": inputs}, functions)
            if isinstance(text, str) and text.startswith("${{")
            else text
            for key, text in job.get("with", {}).items()
        }
        return called.run(machine, github, given, called=True)


def _matrix(job: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the first combination only: the others differ in the Python that is installed."""
    strategy = job.get("strategy", {"matrix": {}})
    return [{key: values[0] for key, values in strategy["matrix"].items()}]


class Job:
    """One job of a run."""

    def __init__(
        self,
        workflow: Workflow,
        name: str,
        machine: Machine,
        github: Mapping[str, Any],
        inputs: Mapping[str, Any],
        matrix: Mapping[str, str],
        before: Mapping[str, JobRun],
    ) -> None:
        self.workflow, self.name, self.machine = workflow, name, machine
        self.content = workflow.jobs[name]
        assert set(self.content) <= JOB_KEYS, set(self.content) - JOB_KEYS
        needs = self.content.get("needs", [])
        self.needs = {key: before[key] for key in ([needs] if isinstance(needs, str) else needs)}
        self.folder = machine.folder / f"{name}-{uuid.uuid4().hex[:8]}"
        self.run_of = JobRun("success", workspace=self.folder / "work")
        self.permissions: dict[str, str] = {
            key: "read" if machine.of_fork else level
            for key, level in self.content["permissions"].items()
        }
        self.temp = self.folder / "temp"
        self.github = {
            **github,
            "server_url": machine.server_url,
            "repository": machine.repository,
            "token": machine.token(self.permissions),
            "event": _Nothing(github["event"]),
        }
        self._by_id: dict[str, Any] = {
            step["id"]: {"outcome": "", "outputs": {}}
            for step in self.content["steps"]
            if "id" in step
        }
        self._contexts: dict[str, Any] = {
            "github": self.github,
            "inputs": inputs,
            "matrix": matrix,
            "needs": {
                key: {"result": job.result, "outputs": job.outputs}
                for key, job in self.needs.items()
            },
            "runner": {"temp": str(self.temp)},
            "secrets": self._secrets(),
            "steps": self._by_id,
        }

    def _secrets(self) -> Mapping[str, str | None]:
        """Return those of the job's environment, which a fork gets none of."""
        environment = self.content.get("environment", "")
        return _Nothing({} if self.machine.of_fork else self.machine.secrets.get(environment, {}))

    def run(self) -> JobRun:
        """Run the job to its end."""
        functions = self._functions(lambda: all(j.result == "success" for j in self.needs.values()))
        if not condition(self.content.get("if", "success()"), self._contexts, functions):
            self.run_of.result = "skipped"
            self.run_of.outputs = dict.fromkeys(self.content.get("outputs", {}), "")
            return self.run_of
        for folder in (self.run_of.workspace, self.temp, self.folder / "home"):
            folder.mkdir(parents=True)
        rows = (
            f'[url "{place}"]\n\tinsteadOf = {address}\n'
            for address, place in self.machine.addresses.items()
        )
        (self.folder / "home/.gitconfig").write_text("".join(rows))
        for content in self.content["steps"]:
            self.machine.meanwhile(content["name"])
            step = self._step(content)
            assert content["name"] not in self.run_of.steps, "two steps have one name"
            self.run_of.steps[content["name"]] = step
            if "id" in content:
                self._by_id[content["id"]] = {"outcome": step.outcome, "outputs": step.outputs}
            if step.outcome == "failure":
                self.run_of.result = "failure"
        functions = self._functions(lambda: True)
        for key, text in self.content.get("outputs", {}).items():
            self.run_of.outputs[key] = interpolated(text, self._lenient(), functions)
        return self.run_of

    def _lenient(self) -> dict[str, Any]:
        """Return the contexts with outputs that no step has set, which are empty at GitHub."""
        steps = {
            key: {**step, "outputs": _Empty(step["outputs"])} for key, step in self._by_id.items()
        }
        return {**self._contexts, "steps": steps}

    @staticmethod
    def _functions(succeeded: Callable[[], bool]) -> Functions:
        return {
            "always": lambda: True,
            "cancelled": lambda: False,
            "success": succeeded,
            "toJSON": to_json,
        }

    def _step(self, content: Mapping[str, Any]) -> Step:
        assert set(content) <= STEP_KEYS, set(content) - STEP_KEYS
        functions = self._functions(lambda: self.run_of.result == "success")
        if not condition(content.get("if", "success()"), self._lenient(), functions):
            return Step("skipped")

        def filled(values: Mapping[str, Any]) -> dict[str, str]:
            return {
                key: interpolated(as_text(value), self._contexts, functions)
                for key, value in values.items()
            }

        if "uses" in content:
            action = content["uses"].partition("@")[0]
            self.machine.actions[action](self, filled(content.get("with", {})))
            return Step("success")
        assert "${{" not in content["run"], "an expression in a script is code from elsewhere"
        env = filled({**self.workflow.content.get("env", {}), **content.get("env", {})})
        return self._bash(content["run"], env)

    def environment(self) -> dict[str, str]:
        """Return what a step finds in its environment: nothing of the machine's owner."""
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": self.github["event_name"],
            "GITHUB_REF_NAME": self.github["ref"].split("/", 2)[2],
            "GITHUB_REPOSITORY": self.machine.repository,
            "GITHUB_RUN_ID": str(self.github["run_id"]),
            "GITHUB_SERVER_URL": self.machine.server_url,
            "GITHUB_SHA": self.github["sha"],
            "GIT_CONFIG_SYSTEM": os.devnull,
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "PATH": self.machine.path,
            "RUNNER_TEMP": str(self.temp),
        }

    def _bash(self, script: str, env: Mapping[str, str]) -> Step:
        files = {
            name: self.folder / f"{name}-{uuid.uuid4().hex[:8]}"
            for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for path in files.values():
            path.touch()
        path = self.folder / f"{uuid.uuid4().hex}.sh"
        path.write_text(script)
        done = subprocess.run(
            [*BASH, str(path)],
            cwd=self.run_of.workspace,
            env={**self.environment(), **{k: str(v) for k, v in files.items()}, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert not files["GITHUB_ENV"].read_text() and not files["GITHUB_PATH"].read_text()
        outputs = dict(
            line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines()
        )
        self.run_of.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        return Step("failure" if done.returncode else "success", outputs, done.stdout)


class _Nothing(dict[str, Any]):
    """A context in which what is not there is null, as in GitHub's events."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> None:
        return None

    def __or__(self, other: Any) -> Any:
        return _Nothing({**self, **other})

    __ior__ = __or__  # type: ignore[assignment]


class _Empty(dict[str, str]):
    """Outputs of a step; one that was not set is empty."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        return ""
