"""The page about reliability: each promise names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path


def test_every_promise_has_a_test_that_is_there(project: Path) -> None:
    page = (project / "docs/reliability.md").read_text()
    promises = page.partition("## Promises")[2].partition("\n\n`doit crashtest`")[0]
    rows = [line for line in promises.splitlines() if line.startswith("|")][2:]
    assert len(rows) > 15
    for row in rows:
        tests = re.findall(r"`(tests/\S+\.py)::(\w+)`", row)
        assert tests, row
        for path, name in tests:
            assert re.search(rf"^(?:def|class) {name}\b", (project / path).read_text(), re.M), name
