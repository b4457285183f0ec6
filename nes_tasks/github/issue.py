"""The issue that is open while the database differs from the merged migrations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api import BOT, Api

MARK = "<!-- nes-tasks: persistence of the migrations -->"
TITLE = "Migrations are not in the database, or are not proven"
OK_RESULTS = ("success", "skipped")

TEXT = """{mark}
The last run of the workflow that applies merged migrations has failed: {url}

{table}
Nothing of what failed was pushed. Where **prove** has failed, an applied migration does not give
what is committed any more. The page "Workflows at GitHub" of nes-tasks says what to do for each
failure. This issue is kept up to date by the workflow: the next run that succeeds closes it.
"""


def report(api: Api, jobs: Mapping[str, Mapping[str, Any]], url: str) -> str:
    """Open, update or close the issue by the results of a run's jobs; return what was done.

    `jobs` is GitHub's context `needs`: `result` and `outputs` of each job by its name. `url` is
    the page of the run.
    """
    issue = _known(api)
    if all(job["result"] in OK_RESULTS for job in jobs.values()):
        if issue is None:
            return "all went well, and no issue is open"
        text = {"body": f"Solved: [this run]({url}) succeeded."}
        api.send("POST", f"issues/{issue['number']}/comments", text)
        closed = {"state": "closed", "state_reason": "completed"}
        api.send("PATCH", f"issues/{issue['number']}", closed)
        return f"issue closed: {issue['html_url']}"
    body = TEXT.format(mark=MARK, url=url, table=_table(jobs))
    if issue is None:
        made = api.send("POST", "issues", {"title": TITLE, "body": body})
        return f"issue opened: {made['html_url']}"
    api.send("PATCH", f"issues/{issue['number']}", {"body": body})
    return f"issue updated: {issue['html_url']}"


def _known(api: Api) -> dict[str, Any] | None:
    for issue in api.get_all("issues", state="open", creator=BOT):
        if "pull_request" not in issue and (issue["body"] or "").startswith(MARK):
            found: dict[str, Any] = issue
            return found
    return None


def _table(jobs: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the result of each job, with its outputs, which show its progress."""
    rows = ["| Step | Ended as |", "|---|---|"]
    for name, job in jobs.items():
        rows.append(f"| **{name}** | {job['result']} |")
        rows += [f"| {name}: {key} | {value} |" for key, value in job["outputs"].items() if value]
    return "".join(f"{row}\n" for row in rows)
