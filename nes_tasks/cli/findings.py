"""Output formats for the findings of a check."""

from __future__ import annotations

import json
from collections import Counter

from ..migrations.finding import Finding, Severity
from ..operations.check import Checked
from ..text import escape_control
from ..version import __version__
from .changes_text import left_out
from .markdown import LIMIT, MAX_ROWS, code, table

# https://docs.github.com/actions/reference/workflow-commands-for-github-actions
COMMANDS = {Severity.ERROR: "error", Severity.HINT: "notice"}
# https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
LEVELS = {Severity.ERROR: "error", Severity.HINT: "note"}
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RULE = "migration"
MAX_MESSAGE = 500


def as_text(checked: Checked) -> str:
    """Return the lines that a terminal shows."""
    return "".join(f"{finding}\n" for _, finding in checked.findings)


def as_github(checked: Checked) -> str:
    """Return workflow commands that annotate the lines of a pull request on GitHub."""
    return "".join(_annotation(name, finding) for name, finding in checked.findings)


def _annotation(name: str, finding: Finding) -> str:
    properties = {"file": finding.path, "line": finding.line or 1, "title": name}
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{COMMANDS[finding.severity]} {listed}::{_escaped(_message(finding))}\n"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(escape_control(text)).replace(":", "%3A").replace(",", "%2C")


def _message(finding: Finding) -> str:
    text = f"{finding.message}; {finding.advice}" if finding.advice else finding.message
    return escape_control(text)


def as_markdown(checked: Checked, *, limit: int = LIMIT) -> str:
    """Return a table for the summary of a job or a comment, of at most `limit` characters."""
    counts = Counter(finding.severity for _, finding in checked.findings)
    named = [f"{counts[kind]:,} {kind}{'' if counts[kind] == 1 else 's'}" for kind in Severity]
    found = ", ".join(text for kind, text in zip(Severity, named, strict=True) if counts[kind])
    noun = "migration" if checked.count == 1 else "migrations"
    heading = f"### Check of {checked.count:,} {noun}\n\n"
    if not checked.findings:
        return f"{heading}No problems found.\n"
    rows = [
        [
            finding.severity.value,
            code(finding.path if finding.line is None else f"{finding.path}:{finding.line}", 300),
            code(_message(finding), MAX_MESSAGE),
        ]
        for _, finding in checked.findings[:MAX_ROWS]
    ]
    while True:
        rest = left_out(len(checked.findings) - len(rows), "is", "are")
        shown = table(("Severity", "Where", "What"), rows)
        text = f"{heading}{found}.\n\n{shown}" + (f"\n{rest}\n" if rest else "")
        if len(text) <= limit or not rows:
            return text
        rows.pop()


def as_sarif(checked: Checked) -> str:
    """Return a SARIF log, which code scanning services and editors read."""
    results = [
        {
            "ruleId": RULE,
            "level": LEVELS[finding.severity],
            "message": {"text": _message(finding)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": finding.path},
                        "region": {"startLine": finding.line or 1},
                    }
                }
            ],
        }
        for _, finding in checked.findings
    ]
    rule = {"id": RULE, "shortDescription": {"text": "What doit check finds in a migration"}}
    driver = {"name": "nes-tasks", "version": __version__, "rules": [rule]}
    run = {"tool": {"driver": driver}, "results": results}
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return f"{json.dumps(log, indent=2)}\n"


FORMS = {
    "github": as_github,
    "markdown": as_markdown,
    "sarif": as_sarif,
    "text": as_text,
}
