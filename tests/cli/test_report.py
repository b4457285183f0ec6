"""`doit report`: one page, the same for everybody, and safe to open."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from absent import without
from databases import Commit, entity, fill, migration
from hostile import IMAGE, NEPALI, commits
from hypothesis import given
from hypothesis import strategies as st
from workspace import SCRIPT, Workspace, create_person

from nes_tasks.cli.charts import rounded_up
from nes_tasks.cli.format import day, label, percent, period, share_text, shares
from nes_tasks.cli.report_html import whole


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("hostile") / "nes-db", commits())


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, database: Path) -> Workspace:
    """A project with a bare database, in which nothing is changed."""
    workspace = Workspace(tmp_path_factory.mktemp("report") / "project")
    shutil.copytree(database, workspace.db)
    return workspace


@pytest.fixture(scope="module")
def html(there: Workspace) -> str:
    ran = there.doit("report", "-o", "page.html")
    assert ran.code == 0, ran.err
    assert re.fullmatch(r"page\.html: \d+\.\d kB\n", ran.out)
    return (there.root / "page.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """What a browser would make of a page: elements with their attributes, and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_it_is_the_same_wherever_and_whenever_it_is_made(
    there: Workspace, html: str, tmp_path: Path
) -> None:
    other = Workspace(tmp_path / "elsewhere")
    subprocess.run(["git", "clone", "-q", str(there.db), str(other.db)], check=True)
    ran = other.doit("report", TZ="Asia/Kathmandu", LC_ALL="C", SOURCE_DATE_EPOCH="1")
    assert ran.code == 0, ran.err
    assert (other.root / "report.html").read_text(encoding="utf-8") == html


def test_on_stdout_there_is_the_page_and_nothing_else(there: Workspace, html: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "doit", "report", "-o", "-"],
        cwd=there.root,
        env=there.environment(LC_ALL="C", PYTHONUTF8="0"),
        capture_output=True,
        check=True,
    )
    assert hashlib.sha256(ran.stdout).digest() == hashlib.sha256(html.encode()).digest()


def test_nothing_of_the_data_becomes_markup(html: str) -> None:
    page = Page(html)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "b-", "i", "iframe", "object", "embed", "base", "form"}
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
    # Each hostile text is there to be read, and nothing that turns the text around it.
    text = "".join(page.texts)
    assert "Add people <script>document.title='owned'</script> safe\\u202egpj.exe" in text
    assert f"Add places {IMAGE}" in text
    assert "\u202e" not in html
    assert f"{NEPALI}" in text


def test_nothing_is_loaded(html: str) -> None:
    page = Page(html)
    for tag, attributes in page.elements:
        for name in ("src", "href", "data", "poster", "srcset", "action", "xlink:href"):
            target = attributes.get(name) or "#"
            assert target.startswith(("#", "data:")), (tag, name, target)
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in html


def test_headings_are_in_order_and_tables_have_captions(html: str) -> None:
    page = Page(html)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("caption") == tags.count("table") > 5
    assert page.elements[0] == ("html", {"lang": "en"})
    assert tags.count("svg") == sum(a.get("role") == "img" for _, a in page.elements)
    assert all(a.get("aria-label") for _, a in page.elements if a.get("role") == "img")
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_numbers_are_there(html: str) -> None:
    text = " ".join(" ".join(Page(html).texts).split())
    assert "56 entities: 41 locations, 13 people, 1 of type " in text
    assert "applied in 3 migrations by 3 contributors, 9 November 2025 to 1 March 2026." in text
    assert "As of 1 March 2026" in text
    assert "1 file cannot be read" in text
    assert "Name in Nepali" in text


def test_markdown_is_short_and_shows_hostile_text_as_it_is(there: Workspace) -> None:
    ran = there.doit("report", "--markdown")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("### <code>nes-db</code> on 1 March 2026\n")
    assert "<script" not in ran.out
    assert "<img" not in ran.out
    assert "| <code>location&#47;ward</code> | 40 |" in ran.out
    assert "```mermaid\npie showData title Entities by type\n" in ran.out
    assert "| 2026-03-01 | <code>003-changes</code> |" in ran.out
    assert len(ran.out) < 4000


def test_markdown_needs_no_extra_and_the_page_says_which_it_needs(
    there: Workspace, tmp_path: Path
) -> None:
    absent = without(tmp_path, "jinja2", "vl_convert")
    assert there.doit("report", "--markdown", **absent).code == 0
    ran = there.doit("report", **absent)
    assert ran.code == 3
    assert ran.err == (
        "error: the page needs jinja2 and vl-convert, which are not installed; "
        "pip install 'nes-tasks[report]', or doit report --markdown\n"
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-o", "none/x.html"], 2, "error: none/x.html cannot be written: there is no folder none"),
        (["-o", "migrations"], 2, "error: migrations cannot be written: it is a folder"),
        (["name"], 2, "error: doit report takes no name; doit help report"),
    ],
)
def test_wrong_use_is_said_before_the_work(
    there: Workspace, words: list[str], code: int, said: str
) -> None:
    ran = there.doit("report", *words)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(said)


def test_a_full_disk_is_no_traceback(there: Workspace) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("no /dev/full on this system")
    ran = there.doit("report", "--markdown", "-o", "/dev/full")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "error: /dev/full cannot be written: No space left on device\n"


def test_without_a_database_it_says_what_to_type(workspace: Workspace) -> None:
    ran = workspace.doit("report")
    assert ran.code == 3
    assert ran.err == ("error: nes-db has no commit to report on; doit applies what is pending\n")
    assert not (workspace.root / "report.html").exists()


def test_of_a_run_of_this_moment_the_steps_are_shown(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.migration("002-second", create_person("bina-rai"))
    assert workspace.doit().code == 0
    before = workspace.state()
    assert workspace.doit("report").code == 0
    assert workspace.state() == before
    text = " ".join(Page((workspace.root / "report.html").read_text()).texts)
    assert "after 001-first" in text
    assert "after 002-second" in text
    assert "2 entities: 2 people." in text


@pytest.mark.parametrize(
    "history",
    [
        [Commit("By hand", "2026-01-01", {"README.md": b"x"})],
        [migration("001-nothing", "2026-01-01", {})],
        [
            migration("001-a", "2026-01-01", {"v2/entity/person/a-b.json": entity("a-b")}),
            Commit("Remove", "2026-02-01", {"v2/entity/person/a-b.json": None}),
        ],
        [migration("001-a", "2026-01-01", {"v2/entity/person/a-b.json": entity("a-b")})],
        [Commit("Odd", "2026-01-01", {"v2/entity/loose.json": {}, "v2/entity": None})],
    ],
    ids=["no data", "nothing changed", "all removed", "one step", "a file for a folder"],
)
def test_a_page_of_next_to_nothing_is_a_page(tmp_path: Path, history: list[Commit]) -> None:
    from nes_tasks.cli.markdown import digest
    from nes_tasks.cli.report_html import page
    from nes_tasks.operations.report import make_report
    from nes_tasks.project import Project
    from nes_tasks.settings import Settings

    database = fill(tmp_path / "nes-db", history)
    project = Project(Settings(root=tmp_path, migrations=tmp_path, database=database))
    report = make_report(project, lambda *_: None)
    assert page(report).endswith("</html>\n")
    assert digest(report).startswith("### <code>")


def test_progress_is_shown_when_it_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nes_tasks.cli import progress

    clock = iter([0.0, 1.0, 2.5, 3.0, 5.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.CommandProgress() as command:
        for done in (1, 2, 3, 4):
            command.update("reading", 1000 * done, 5000)
    assert capsys.readouterr().err == "reading: 2,000/5,000\nreading: 4,000/5,000\n"


# Words


def test_shares_are_never_rounded_up_to_all_or_down_to_nothing() -> None:
    shares = [percent(part, 1000) for part in (0, 1, 10, 666, 999, 1000)]
    assert shares == ["0%", "<1%", "1%", "66%", "99%", "100%"]
    assert percent(0, 0) == "0%"


@given(st.lists(st.integers(0, 10**6), max_size=40))
def test_shares_add_up_and_are_less_than_one_percent_off(parts: list[int]) -> None:
    found, total = shares(parts), sum(parts)
    assert sum(found) == (100 if total else 0)
    for percents, part in zip(found, parts, strict=True):
        assert abs(percents * total - 100 * part) < max(total, 1)


def test_a_share_says_neither_all_nor_nothing_of_what_is_not() -> None:
    parts = [996, 3, 1, 0]
    found = [
        share_text(percents, part, 1000)
        for percents, part in zip(shares(parts), parts, strict=True)
    ]
    assert found == [">99%", "<1%", "<1%", "0%"]
    assert shares([1, 1, 1]) == [34, 33, 33]
    assert share_text(100, 5, 5) == "100%"


def test_words_with_a_hyphen_are_kept_whole() -> None:
    assert whole("Of 2026-01-15 <b>") == ('Of <span class="whole">2026-01-15</span> &lt;b&gt;')
    assert whole("x-" * 20) == "x-" * 20  # wider than a phone


def test_people_and_the_name_of_the_database_are_those_that_readers_know(
    workspace: Workspace,
) -> None:
    for number, author in enumerate(("Asha Rai <a@x.org>", "asha rai", "A. R. Limbu <A@x.org>")):
        body = textwrap.indent(create_person(f"p{number}-rai"), "    ")
        script = SCRIPT.format(description="Do", body=body)
        script = script.replace("Asha Example <asha@example.org>", author)
        workspace.migration(f"00{number + 1}-x", script=script)
        assert workspace.doit().code == 0
    workspace.settings(remote_url="https://user:secret@example.org/data/Nepal-Entities.git")
    page = (workspace.doit("report", "-o", "-")).out
    assert "<title>Nepal-Entities: what the database holds, " in page
    assert "secret" not in page
    assert "in 3 migrations by 1 contributor" in " ".join(page.split())
    assert "<b>A. R. Limbu</b>" in page
    assert "From left to right: 1 change" in page
    digest = workspace.doit("report", "--markdown").out
    assert "3 migrations by 1 contributor." in digest


def test_names_and_days_are_words() -> None:
    from datetime import date

    assert label("rural_municipality") == "Rural municipality"
    assert label("FUNDED_BY") == "Funded by"
    assert label("personal_details.birth_date") == "Personal details: birth date"
    one = date(2025, 11, 9)
    assert period(one, date(2025, 11, 20)) == "9 to 20 November 2025"
    assert period(one, date(2025, 12, 1)) == "9 November to 1 December 2025"
    assert period(one, date(2026, 1, 1)) == "9 November 2025 to 1 January 2026"
    assert period(one, one) == day(one) == "9 November 2025"
    assert period(None, None) == "an unknown date"


@pytest.mark.parametrize(
    ("count", "top"), [(0, 2), (1, 2), (7, 8), (9, 10), (11, 20), (436, 600), (7745, 8000)]
)
def test_scales_end_at_round_numbers(count: int, top: int) -> None:
    assert rounded_up(count) == top
