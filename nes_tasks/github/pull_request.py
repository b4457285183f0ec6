"""Pull requests and the runs that preview them, according to GitHub's records.

A stranger may have caused a run of a pull request. Only the run's record at GitHub is trusted: its
workflow, commit and repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from .api import Api

WORKFLOW = "migration-preview.yml"


@dataclass(frozen=True, slots=True)
class PreviewRun:
    """One run of the workflow that previews pull requests.

    `head` is the commit that was pushed, `branch` and `source` (``owner/name``) where it was
    pushed to; `source` is None when that repository is gone. `conclusion` is GitHub's word for
    how the run ended, `url` the page with its logs.
    """

    id: int
    head: str
    branch: str
    source: str | None
    conclusion: str
    url: str

    @classmethod
    def find(cls, api: Api, run_id: int) -> PreviewRun:
        """Return the run with this id; raises `UsageError` when it is one of another workflow."""
        found = api.get(f"actions/runs/{run_id}")
        path = str(found["path"]).partition("@")[0]
        if path != f".github/workflows/{WORKFLOW}" or found["event"] != "pull_request":
            raise UsageError(
                f"run {run_id} is not a preview of a pull request but a {found['event']} of {path}",
                hint=f"give the id of a run of {WORKFLOW}",
            )
        return cls.read(found)

    @classmethod
    def read(cls, found: dict[str, Any]) -> PreviewRun:
        """Read GitHub's record of a run."""
        source = found["head_repository"]
        return cls(
            found["id"],
            found["head_sha"],
            found["head_branch"],
            source and source["full_name"],
            found["conclusion"] or "unfinished",
            found["html_url"],
        )


@dataclass(frozen=True, slots=True)
class OpenPull:
    """An open pull request: its number, its own last commit, and the account that opened it.

    `opener` is the login, `opener_id` the number of the account; both are empty when it is gone.
    """

    number: int
    head: str
    opener: str
    opener_id: int | None

    @classmethod
    def read(cls, found: dict[str, Any]) -> OpenPull:
        """Read GitHub's record of a pull request."""
        user = found["user"] or {"login": "", "id": None}
        return cls(int(found["number"]), found["head"]["sha"], user["login"], user["id"])


def pull_request_of(api: Api, run: PreviewRun) -> OpenPull | None:
    """Return the open pull request whose newest commit the run previewed.

    None if it was closed or pushed to since. The run's artifact does not matter.
    """
    if run.source is None:
        return None
    owner = run.source.partition("/")[0]
    for found in api.get_all("pulls", state="open", head=f"{owner}:{run.branch}"):
        head, base = found["head"], found["base"]
        same = head["sha"] == run.head and head["repo"] and head["repo"]["full_name"] == run.source
        if same and base["ref"] == base["repo"]["default_branch"]:
            return OpenPull.read(found)
    return None


@dataclass(frozen=True, slots=True)
class Merged:
    """A pull request that became the commit in question; `head` is its own last commit."""

    number: int
    head: str


def merged_as(api: Api, commit: str) -> Merged | None:
    """Return the pull request whose merge created `commit`, None without one."""
    for found in api.get_all(f"commits/{commit}/pulls"):
        if found["merged_at"] and found["merge_commit_sha"] == commit:
            return Merged(int(found["number"]), found["head"]["sha"])
    return None


def last_good_run(api: Api, head: str) -> PreviewRun | None:
    """Return the newest run that previewed the commit `head` without a failure."""
    query = {"head_sha": head, "event": "pull_request", "status": "success"}
    runs = api.get(f"actions/workflows/{WORKFLOW}/runs", **query)["workflow_runs"]
    good = [run for run in runs if run["head_sha"] == head and run["conclusion"] == "success"]
    newest = max(good, key=lambda run: (run["run_started_at"], run["id"]), default=None)
    return newest and PreviewRun.read(newest)
