"""`doit report --site`: pages that lead to each other, the same for everybody, and safe to open."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest
from databases import fill, migration
from published import NAME, publish
from workspace import Workspace

from nes_tasks.cli.site import write_site
from nes_tasks.errors import UsageError
from nes_tasks.operations import site as site_module
from nes_tasks.operations.entity_page import Named
from nes_tasks.operations.points import Points
from nes_tasks.project import Project
from nes_tasks.settings import Settings

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return publish(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def site(there: Workspace) -> Path:
    ran = there.doit("report", "--site", "site", f"--title=Public {NAME}")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r"site: 13 pages, \d+\.\d kB\n", ran.out)
    return there.root / "site"


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(file.read_text("utf-8"))
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def test_every_link_leads_to_a_page_and_every_page_is_linked(site: Path) -> None:
    pages = set(site.rglob("*.html"))
    linked = {site / "index.html"}
    for file in pages:
        page = Page(file)
        for _, attributes in page.elements:
            target = attributes.get("href") or attributes.get("src") or attributes.get("action")
            if not target or target.startswith("data:") or target == "https://example.org/Q42":
                continue
            parts = urlsplit(target)
            assert not parts.scheme, (file, target)
            assert not parts.netloc, (file, target)
            found = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            assert found.is_file(), (file, target)
            if parts.fragment:
                ids = {attributes.get("id") for _, attributes in Page(found).elements}
                assert parts.fragment in ids, (file, target)
            if found != file:
                linked.add(found)
    assert pages <= linked


def test_an_entity_page_tells_all_and_who_said_it(site: Path) -> None:
    text = Page(site / "entity/person/asha-rai.html").text
    assert "Asha Rai आशा राई entity:person/asha-rai" in text
    assert "Alias Ásha R." in text
    assert "Tags minister migration-002-tag in version 2" in text
    assert "Identifier: Wikidata Q42 migration-001-people in version 1" in text
    assert "Other attributes: note first" in text
    assert "Other attributes: seats 1, 2" in text
    assert "Located in Kathmandu काठमाडौं 2024-01-25 –" in text
    assert "निर्वाचन आयोग" in text
    assert "She is no longer mayor Version 2 by migration-002-tag, in 002-tag" in text
    district = Page(site / "entity/location/district/kathmandu.html").text
    # As people count, and not as texts are sorted.
    assert "Ward 1 Ward 2 Ward 10" in district
    assert "Located in (from) Asha Rai" in district
    assert "All of it was set by migration-001-people in version 1 ." in district


def test_nothing_of_the_data_becomes_markup(site: Path) -> None:
    for file in site.rglob("*.html"):
        page = Page(file)
        tags = [tag for tag, _ in page.elements]
        assert not set(tags) & {"img", "iframe", "object", "embed", "base", "b-", "i"}, file
        assert tags.count("script") == (file.name == "index.html"), file
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on")], (file, tag)
            assert "javascript:" not in (attributes.get("href") or "")
        raw = file.read_text("utf-8")
        assert "\u202e" not in raw
        assert "default-src 'none'" in raw
    assert NAME in Page(site / "entity/person/hostile-one.html").text
    assert "javascript:alert(1)" in Page(site / "entity/person/hostile-one.html").text


def test_the_list_of_the_search_has_all_names(site: Path) -> None:
    found = json.loads((site / "search.json").read_text("utf-8"))
    assert ["person/asha-rai", "Asha Rai", "आशा राई", ["Ásha R."]] in found
    assert len(found) == 6


def test_the_feed_has_the_migrations_with_ids_that_stay(
    there: Workspace, site: Path, tmp_path: Path
) -> None:
    root = ElementTree.fromstring((site / "feed.xml").read_text("utf-8"))
    entries = root.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["Do 002-tag", "Do 001-people"]
    ids = [element.text or "" for element in root.iter(f"{ATOM}id")]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one) for one in ids)
    for entry in entries:
        page = entry.find(f"{ATOM}link")
        assert page is not None
        assert (site / page.attrib["href"]).is_file()
        assert entry.findtext(f"{ATOM}updated") == "2026-02-03T04:05:06+00:00"
    other = there.copy_to(tmp_path / "other")
    address = "https://example.org/nes"
    assert other.doit("report", "--site", "site", "--url", address).code == 0
    text = (other.root / "site/feed.xml").read_text("utf-8")
    assert all(one in text for one in ids)
    assert f'href="{address}/migration/002-tag.html"' in text
    assert f'<link rel="self" type="application/atom+xml" href="{address}/feed.xml"/>' in text


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def test_the_same_commit_gives_the_same_bytes_and_what_is_not_ours_stays(
    there: Workspace, site: Path, tmp_path: Path
) -> None:
    other = Workspace(tmp_path / "elsewhere")
    subprocess.run(["git", "clone", "-q", str(there.db), str(other.db)], check=True)
    branch = other.root / "pages"
    other.git_in(other.root, "init", "-q", str(branch))
    (branch / "CNAME").write_text("example.org\n")
    words = ("report", "--site", "pages", f"--title=Public {NAME}")
    ran = other.doit(*words, TZ="Asia/Kathmandu", LC_ALL="C")
    assert ran.code == 0, ran.err
    (branch / "entity/person/gone.html").write_text("old")
    ran = other.doit(*words)
    assert ran.out.endswith(", in place of an earlier site\n")
    found = contents(branch)
    assert found.pop("CNAME") == b"example.org\n"
    assert (branch / ".git/HEAD").is_file()
    assert found == contents(site)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--site", "migrations"], "migrations is neither empty nor a site: it has '001-people'"),
        (["--site", "foreign"], "foreign is neither empty nor a site: it has 'site.json'"),
        (["--site", "dodo.py"], "dodo.py is not a folder"),
        (["--site", "none/site"], "none/site cannot be written: there is no folder none"),
        (["--site", "new", "--markdown"], "--site cannot be combined with --markdown or -o"),
        (["--site", "new", "--url", "ftp://x"], "'ftp://x' is not an address"),
        (["--title", "x"], "--title and --url need --site"),
    ],
)
def test_wrong_use_is_said_before_the_work(there: Workspace, words: list[str], said: str) -> None:
    (there.root / "foreign").mkdir(exist_ok=True)
    (there.root / "foreign/site.json").write_text('{"format": 1}')
    before = sorted(there.root.iterdir())
    ran = there.doit("report", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {said}")
    assert sorted(there.root.iterdir()) == before


def test_above_the_limit_it_says_what_to_use_instead(
    there: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(Settings(root=there.root, migrations=there.migrations, database=there.db))
    point = Points(project).newest
    monkeypatch.setattr(site_module, "MAX_ENTITIES", 6)
    site_module.check_size(project, point)
    monkeypatch.setattr(site_module, "MAX_ENTITIES", 5)
    with pytest.raises(UsageError, match="at most 5 entities, and there are 6") as raised:
        site_module.check_size(project, point)
    assert "doit browse" in (raised.value.hint or "")


def test_names_are_sorted_as_people_count() -> None:
    names = ["Ward 10", "ward 2", "Ward 1", "1 May", "अ 2", "अ 10"]
    found = site_module.natural([Named(name, name, None) for name in names])
    assert [one.en for one in found] == ["1 May", "Ward 1", "ward 2", "Ward 10", "अ 2", "अ 10"]


def test_a_feed_is_xml_whatever_a_description_has(tmp_path: Path) -> None:
    odd = "Odd \uffff \ufffe \x0b & < ]]>"
    database = fill(tmp_path / "nes-db", [migration("001-odd", "2026-03-01", {}, description=odd)])
    project = Project(Settings(root=tmp_path, migrations=tmp_path, database=database))
    write_site(project, tmp_path / "site", "", "", lambda *_: None)
    root = ElementTree.fromstring((tmp_path / "site/feed.xml").read_text("utf-8"))
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == "Odd   \\x0b & < ]]>"
