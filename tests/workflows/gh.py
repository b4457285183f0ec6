"""A stand-in for `gh`: the few endpoints of the REST API that are used, kept in one JSON file.

It is strict: another command, endpoint, query or method ends with an error, and so does a token
whose job has not been given the permission that GitHub asks for.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"
Query = dict[str, str]


class RefusedError(Exception):
    """What GitHub answers instead."""


class Hub:
    """The state of the service, and its endpoints."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "github.json"
        self.folder = folder
        self.state: dict[str, Any] = json.loads(self.path.read_text())

    def save(self) -> None:
        self.path.write_text(json.dumps(self.state, indent=1))

    def run(self, number: str, **query: str) -> Any:
        return self._found("runs", number)

    def artifacts(self, run: str, name: str) -> Any:
        found = [
            one for one in self.state["artifacts"] if str(one["run"]) == run and one["name"] == name
        ]
        return {"total_count": len(found), "artifacts": found}

    def archive(self, number: str) -> Any:
        return (self.folder / f"artifact-{number}.zip").read_bytes()

    def runs_of(self, workflow: str, head_sha: str, event: str, status: str) -> Any:
        found = [
            run
            for run in self.state["runs"]
            if run["head_sha"] == head_sha
            and run["path"] == f".github/workflows/{workflow}"
            and run["event"] == event
            and run["conclusion"] == status
        ]
        return {"total_count": len(found), "workflow_runs": found}

    def open_pulls(self, state: str, head: str | None = None) -> Any:
        if head is None:
            return [pull for pull in self.state["pulls"] if pull["state"] == state]
        owner, _, branch = head.partition(":")
        return [
            pull
            for pull in self.state["pulls"]
            if pull["state"] == state
            and pull["head"]["ref"] == branch
            and pull["head"]["repo"]["full_name"].partition("/")[0] == owner
        ]

    def commits_of(self, number: str) -> Any:
        return self._found("pulls", number)["commits"]

    def add_pull(self, title: str, head: str, base: str) -> Any:
        made = {"number": 1 + len(self.state["pulls"]), "title": title, "state": "open"}
        made |= {"user": {"login": BOT, "id": 1}, "merged_at": None, "merge_commit_sha": None}
        repository = {"full_name": "org/nes-tasks", "default_branch": base}
        sides = {"head": {"ref": head, "sha": "", "repo": repository}}
        self.state["pulls"].append({**made, **sides, "base": {"ref": base, "repo": repository}})
        return made

    def pulls_of(self, commit: str) -> Any:
        return [pull for pull in self.state["pulls"] if pull["merge_commit_sha"] == commit]

    def comments(self, issue: str) -> Any:
        return [one for one in self.state["comments"] if str(one["issue"]) == issue]

    def issues(self, state: str, creator: str) -> Any:
        return [
            issue
            for issue in self.state["issues"]
            if issue["state"] == state and issue["user"]["login"] == creator
        ]

    def add_comment(self, issue: str, body: str) -> Any:
        return self._add("comments", {"issue": int(issue), "body": body})

    def change_comment(self, number: str, body: str) -> Any:
        return self._change("comments", number, {"body": body})

    def add_issue(self, title: str, body: str) -> Any:
        return self._add("issues", {"title": title, "body": body, "state": "open"})

    def change_issue(self, number: str, **changes: str) -> Any:
        assert set(changes) <= {"body", "state", "state_reason"}, changes
        return self._change("issues", number, changes)

    def _found(self, kind: str, number: str) -> Any:
        for one in self.state[kind]:
            if str(one["number"] if "number" in one else one["id"]) == number:
                return one
        raise RefusedError("gh: Not Found (HTTP 404)")

    def _add(self, kind: str, content: dict[str, Any]) -> Any:
        if len(content["body"]) > 65536:
            raise RefusedError("gh: Validation Failed (HTTP 422)\nbody is too long")
        number = 1000 + sum(len(self.state[key]) for key in ("comments", "issues"))
        url = f"https://hub.example/{kind}/{number}"
        made = {"id": number, "html_url": url, "user": {"login": BOT}, **content}
        if kind == "issues":
            made["number"] = number
        self.state[kind].append(made)
        return made

    def _change(self, kind: str, number: str, changes: dict[str, Any]) -> Any:
        found = self._found(kind, number)
        found.update(changes)
        return found


# Method, path, what GitHub calls the permission that it takes (any of them), and the handler.
READ, WRITE = "read", "write"
Endpoint = tuple[str, str, tuple[tuple[str, str], ...], str]
ENDPOINTS: list[Endpoint] = [
    ("GET", r"actions/runs/(\d+)", (("actions", READ),), "run"),
    ("GET", r"actions/runs/(\d+)/artifacts", (("actions", READ),), "artifacts"),
    ("GET", r"actions/artifacts/(\d+)/zip", (("actions", READ),), "archive"),
    ("GET", r"actions/workflows/([\w-]+\.yml)/runs", (("actions", READ),), "runs_of"),
    ("GET", r"pulls", (("pull-requests", READ),), "open_pulls"),
    ("POST", r"pulls", (("pull-requests", WRITE),), "add_pull"),
    ("GET", r"pulls/(\d+)/commits", (("pull-requests", READ),), "commits_of"),
    ("GET", r"commits/([0-9a-f]{40})/pulls", (("pull-requests", READ),), "pulls_of"),
    ("GET", r"issues", (("issues", READ),), "issues"),
    ("POST", r"issues", (("issues", WRITE),), "add_issue"),
    ("PATCH", r"issues/(\d+)", (("issues", WRITE),), "change_issue"),
    (
        "GET",
        r"issues/(\d+)/comments",
        (("issues", READ), ("pull-requests", READ)),
        "comments",
    ),
    (
        "POST",
        r"issues/(\d+)/comments",
        (("issues", WRITE), ("pull-requests", WRITE)),
        "add_comment",
    ),
    (
        "PATCH",
        r"issues/comments/(\d+)",
        (("issues", WRITE), ("pull-requests", WRITE)),
        "change_comment",
    ),
]


def permissions() -> dict[str, str]:
    """Return what the token may do: a job's token says it in itself."""
    kind, _, words = os.environ.get("GH_TOKEN", "").partition(":")
    if kind != "job":
        raise RefusedError("gh: Bad credentials (HTTP 401)")
    loaded: dict[str, str] = json.loads(words)
    return loaded


def is_granted(wanted: tuple[tuple[str, str], ...]) -> bool:
    granted = permissions()
    return any(granted.get(key) in (level, WRITE) for key, level in wanted)


def api(words: list[str], folder: Path) -> bytes:
    *options, address = words
    method, paged, content = "GET", False, {}
    while options:
        option = options.pop(0)
        if option == "--method":
            method = options.pop(0)
        elif option == "--paginate" and options.pop(0) == "--slurp":
            paged = True
        elif option == "--input" and options.pop(0) == "-":
            content = json.load(sys.stdin)
        else:
            raise RefusedError(f"unknown option {option}")
    parts = urlsplit(address)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    per_page = int(query.pop("per_page", "30"))
    prefix = "repos/org/nes-tasks/"
    if not parts.path.startswith(prefix):
        raise RefusedError("gh: Not Found (HTTP 404)")
    path = parts.path.removeprefix(prefix)
    for wanted_method, pattern, wanted, name in ENDPOINTS:
        found = re.fullmatch(pattern, path)
        if found and method == wanted_method:
            if not is_granted(wanted):
                raise RefusedError("gh: Resource not accessible by integration (HTTP 403)")
            hub = Hub(folder)
            handler: Callable[..., Any] = getattr(hub, name)
            result = handler(*found.groups(), **query, **content)
            hub.save()
            if isinstance(result, bytes):
                return result
            if paged:
                result = [result[at : at + per_page] for at in range(0, len(result), per_page)]
            return json.dumps(result).encode()
    raise RefusedError(f"gh: Not Found (HTTP 404): {method} {path}")


def download(words: list[str], folder: Path) -> None:
    run, *options = words
    given = dict(zip(options[::2], options[1::2], strict=True))
    if given.keys() != {"--repo", "--name", "--dir"} or given["--repo"] != "org/nes-tasks":
        raise RefusedError(f"unknown options {options}")
    if not is_granted((("actions", READ),)):
        raise RefusedError("HTTP 403: Resource not accessible by integration")
    hub = Hub(folder)
    found = hub.artifacts(run, given["--name"])["artifacts"]
    if not found:
        raise RefusedError("no artifact matches any of the names or patterns provided")
    with zipfile.ZipFile(io.BytesIO(hub.archive(found[-1]["id"]))) as archive:
        archive.extractall(given["--dir"])


def main(words: list[str], folder: Path) -> int:
    with (folder / "calls.log").open("a") as calls:
        calls.write(f"{json.dumps(words)}\n")
    outage = folder / "outage"  # the number of calls that it still lasts
    if outage.exists() and (left := int(outage.read_text())):
        outage.write_text(str(left - 1))
        sys.stderr.write("gh: Bad Gateway (HTTP 502)\n")
        return 1
    try:
        if words[:1] == ["api"]:
            sys.stdout.buffer.write(api(words[1:], folder))
        elif words[:2] == ["run", "download"]:
            download(words[2:], folder)
        elif words == ["auth", "git-credential", "get"]:
            asked = dict(line.split("=", 1) for line in sys.stdin.read().splitlines() if line)
            assert asked["host"].startswith("127.0.0.1"), asked
            sys.stdout.write(f"username=x-access-token\npassword={os.environ['GH_TOKEN']}\n")
        elif words[:2] == ["auth", "git-credential"] and words[2:] in (["store"], ["erase"]):
            pass
        else:
            raise RefusedError(f"unknown command {words}")
    except RefusedError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], Path(sys.argv[1])))
