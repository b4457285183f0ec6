"""`python -m nes_tasks.github`: the workflow steps that use GitHub's API."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from ..cli.console import guarded
from ..clock import now
from ..errors import UsageError
from ..project import Project
from ..settings import load_settings
from .api import Api
from .clone import clone, described
from .issue import report
from .proofs import due_proofs
from .pull_request import PreviewRun, last_good_run, merged_as


def main() -> int:
    """Run one of the steps; return its exit code, as defined for `doit`."""
    parser = argparse.ArgumentParser(
        prog="python -m nes_tasks.github",
        description="Steps of the workflows in .github/workflows; docs/ci.md explains them. "
        "Most need gh with a token (GH_TOKEN) and the variables that GitHub gives to a job.",
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    steps.add_parser("settings", help="print where the database is, as outputs of a step")
    cloned = steps.add_parser("clone", help="clone the database of the settings, without contents")
    cloned.add_argument("--history", action="store_true", help="with all commits, not the newest")
    steps.add_parser("due-proofs", help="print the migrations whose replay is due today")
    comment = steps.add_parser("comment", help="comment on a pull request with its preview")
    comment.add_argument("--run", required=True, type=int, help="the id of the run of the preview")
    fetched = steps.add_parser("reviewed-preview", help="get what reviewers of a merge have seen")
    fetched.add_argument("--commit", required=True, help="the commit that a merge has made")
    fetched.add_argument("-o", "--output", required=True, help="write the preview to this file")
    issue = steps.add_parser("issue", help="open, update or close the issue about failures")
    issue.add_argument("--jobs", required=True, help="how the jobs ended: the context `needs`")
    chosen = parser.parse_args()
    return guarded(lambda: _run(chosen))


def _run(chosen: argparse.Namespace) -> int:
    if chosen.step == "settings":
        done = described(load_settings(Path.cwd()))
    elif chosen.step == "due-proofs":
        done = "\n".join(due_proofs(Project(load_settings(Path.cwd())), now().date()))
    elif chosen.step == "clone":
        done = clone(load_settings(Path.cwd()), history=chosen.history)
    else:
        done = _with_api(chosen, Api(_variable("GITHUB_REPOSITORY")))
    sys.stdout.write(f"{done}\n")
    return 0


def _with_api(chosen: argparse.Namespace, api: Api) -> str:
    if chosen.step == "comment":
        from .comment import comment_on

        return comment_on(api, PreviewRun.find(api, chosen.run))
    if chosen.step == "issue":
        return report(api, json.loads(chosen.jobs), _page_of_this_run())
    return _reviewed_preview(api, chosen.commit, Path(chosen.output))


def _reviewed_preview(api: Api, commit: str, output: Path) -> str:
    """Write the preview that reviewers have seen to a file, if any; print which one."""
    from .artifact import PREVIEW, fetch

    pull = merged_as(api, commit)
    if pull is None:
        return f"no pull request was merged as {commit[:12]}: there is no preview of it"
    run = last_good_run(api, pull.head)
    data = fetch(api, run, PREVIEW) if run else None
    if run is None or data is None:
        return f"pull request {pull.number} has no preview of {pull.head[:12]} that succeeded"
    output.write_bytes(data)
    return f"the preview of pull request {pull.number}: {run.url}"


def _page_of_this_run() -> str:
    server, repository = _variable("GITHUB_SERVER_URL"), _variable("GITHUB_REPOSITORY")
    return f"{server}/{repository}/actions/runs/{_variable('GITHUB_RUN_ID')}"


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise UsageError(f"{name} is not set", hint="GitHub sets it in each step of a workflow")
    return value


if __name__ == "__main__":
    sys.exit(main())
