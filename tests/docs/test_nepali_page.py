"""The page of the Nepali toolbox: every function is there as it is, and the examples run."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from pages import code, rows
from transcripts import blocks
from workspace import Workspace

from nes_tasks.running.toolbox import Calendar, Names, Values

CONSTANTS = 'AUTHOR = "Asha Rai <asha@example.org>"\nDATE = "2026-01-15"\nDESCRIPTION = "Try it"\n'


def page(project: Path) -> str:
    return (project / "docs/reference/nepali.md").read_text("utf-8")


def signature(function: object) -> str:
    """Return a signature as the page has it: names and defaults, no types."""
    assert callable(function)
    parameters = inspect.signature(function).parameters.values()
    bare = inspect.Signature([one.replace(annotation=one.empty) for one in parameters])
    return f"{function.__name__}{bare}".replace("'", '"')


def test_every_function_is_on_the_page_with_its_signature(project: Path) -> None:
    functions = [
        member
        for holder in (Calendar, Names, Values)
        for name, member in inspect.getmembers(holder)
        if not name.startswith("_")
    ]
    shown = [line for block in blocks(page(project), "text") for line in block.splitlines() if line]
    assert sorted(shown) == sorted(map(signature, functions))
    named = {
        name for row in rows(page(project), "Function", "Returns", "Does") for name in code(row[0])
    }
    assert named == {function.__name__ for function in functions}


def test_the_examples_run_and_log_what_they_say(project: Path, workspace: Workspace) -> None:
    for number, script in enumerate(blocks(page(project), "python"), 1):
        folder = workspace.migration(f"{number:03d}-example", script=f"{CONSTANTS}\n{script}")
        (folder / "README.md").write_text("# x\n\nSources: the page of the reference.\n")
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    logs = [
        workspace.git("show", f"HEAD:v2/migration-logs/{name}/log.txt").splitlines()
        for name in workspace.applied()
    ]
    assert logs == [
        [
            "2023-03-04 is 2079-11-20, २०७९ फागुन २०, 20 Falgun 2079",
            "2079-02-33 is not a date: Jestha 2079 BS has 31 days",
        ],
        [
            "राम चन्द्र पौडेल: ram-chandra-paudel (मा., डा.)",
            "Kavre: Kavrepalanchok",
            "काभ्रेपलाञ्चोक: Kavrepalanchok",
            "Sindhu: None",
        ],
        [
            "ram-prasad",
            "ram-prasad-2",
            "[('entity:person/ram-prasad', 1.0), ('entity:person/ram-prasad-2', 1.0)]",
        ],
        [
            "sf7df8f}+: legacy font, काठमाडौं",
            "à¤°à¤¾à¤®: mojibake, राम",
            "??? ???: question marks, None",
            "Ram&nbsp;Thapa: markup, Ram Thapa",
            "राम: sound",
        ],
        [
            "Amount(value=1234567, currency='NPR')",
            "12500000, 12.5 %",
            "+97714211641: land line, 12",
            "+9779851000000: mobile, None",
            "100: short code, None",
        ],
    ]


def test_the_figures_are_those_of_the_lists(project: Path) -> None:
    names = (project / "benchmarks/person_names.tsv").read_text("utf-8").splitlines()
    spellings = (project / "benchmarks/other_spellings.tsv").read_text("utf-8").splitlines()
    counts = [sum(not line.startswith("#") for line in lines) for lines in (names, spellings)]
    shown = re.search(r"person_names.tsv`\) \| (\d+)", page(project))
    assert shown is not None and int(shown[1]) == counts[0]
    assert f"{counts[1]} other spellings" in page(project)
