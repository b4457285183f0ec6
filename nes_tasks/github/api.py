"""GitHub's REST API through `gh api`, which handles hosts, proxies, tokens and pages.

See https://docs.github.com/rest and https://cli.github.com/manual/gh_api
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ..errors import UnavailableError
from ..git.command import reason

# Number of attempts, with doubling pauses, while GitHub or the network is down.
ATTEMPTS = 4
PAUSE = 2.0
PASSING = re.compile(r"HTTP (?:429|5\d\d)|rate limit|timeout|connection (?:refused|reset)", re.I)
# The login of a workflow that uses the token of its job.
BOT = "github-actions[bot]"


class Api:
    """The API of one repository, `owner/name`; paths are those below it.

    Every method raises `UnavailableError` with GitHub's message on failure. Requests that create
    nothing are retried a few times while GitHub does not answer.
    """

    def __init__(self, repository: str) -> None:
        self.repository = repository

    def get(self, path: str, **query: str) -> Any:
        """Return one document."""
        return json.loads(self._run(self._address(path, query)))

    def get_all(self, path: str, **query: str) -> list[Any]:
        """Return the items of all pages of a list."""
        address = self._address(path, {**query, "per_page": "100"})
        pages = json.loads(self._run("--paginate", "--slurp", address))
        return [item for page in pages for item in page]

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Create (POST) or change (PATCH) something; return its new state."""
        words = ("--method", method, "--input", "-", self._address(path, {}))
        return json.loads(self._run(*words, stdin=json.dumps(body).encode()))

    def download(self, path: str) -> bytes:
        """Return the bytes of a file."""
        return self._run(self._address(path, {}))

    def _address(self, path: str, query: Mapping[str, str]) -> str:
        return f"repos/{self.repository}/{path}{f'?{urlencode(query)}' if query else ''}"

    def _run(self, *words: str, stdin: bytes = b"") -> bytes:
        # A POST whose response was lost may have taken effect.
        attempts = 1 if "POST" in words[:2] else ATTEMPTS
        for attempt in range(attempts):
            done = self._once(words, stdin)
            if done.returncode == 0:
                return done.stdout
            message = reason(done.stderr.decode(errors="replace"))
            if not PASSING.search(message):
                break
            if attempt + 1 < attempts:
                time.sleep(PAUSE * 2**attempt)
        raise UnavailableError(
            f"GitHub did not answer {words[-1].partition('?')[0]}: {message}",
            hint="look at the permissions of the job, then run it again",
        )

    @staticmethod
    def _once(words: tuple[str, ...], stdin: bytes) -> subprocess.CompletedProcess[bytes]:
        command = ["gh", "api", *words]
        try:
            return subprocess.run(command, input=stdin, capture_output=True, check=False)
        except (FileNotFoundError, PermissionError):
            raise UnavailableError(
                "gh is not installed or not on PATH", hint="see https://cli.github.com"
            ) from None
