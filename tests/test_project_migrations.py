"""The project's own migrations are well formed, and their data agree with what is published."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from jsonschema import Draft202012Validator
from location_corrections import COMMISSION_SPELLINGS, CORRECTIONS
from workspace import EPOCH, Workspace

from nes_tasks.migrations import discover, load

Row = dict[str, Any]

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
FOLDERS = sorted(MIGRATIONS.glob("[0-9][0-9][0-9]-*"))
LAST = "005-other-names"  # of the migrations whose result is looked at below
SECTIONS = ["Purpose", "Data Sources", "Changes", "Dependencies", "Notes"]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def provinces() -> dict[str, Row]:
    rows = read_csv(MIGRATIONS / "000-provinces" / "provinces.csv")
    return {row["slug"]: {**row, "area_km2": float(row["area_km2"])} for row in rows}


def districts() -> dict[str, Row]:
    sheet = openpyxl.load_workbook(MIGRATIONS / "001-districts" / "districts.xlsx")["districts"]
    header, *rows = sheet.iter_rows(values_only=True)
    return {str(row[0]): dict(zip(map(str, header), row, strict=True)) for row in rows}


def cities() -> dict[str, Row]:
    text = (MIGRATIONS / "002-cities" / "cities.json").read_text(encoding="utf-8")
    return {
        city["slug"]: {
            "sub_type": sub_type,
            "name_en": city["name"]["en"],
            "name_ne": city["name"]["ne"],
            **{key: city[key] for key in ("district", "area_km2", "website")},
        }
        for sub_type, found in json.loads(text).items()
        for city in found
    }


def seats() -> dict[str, int]:
    rows = read_csv(MIGRATIONS / "003-constituencies" / "constituencies.csv")
    return {row["district"]: int(row["seats"]) for row in rows}


class Published:
    """The published data set of locations, in the columns of our data files, by slug."""

    def __init__(self, folder: Path) -> None:
        self.provinces: dict[str, Row] = {}
        self.districts: dict[str, Row] = {}
        self.cities: dict[str, Row] = {}
        english, nepali = (
            json.loads((folder / name).read_text(encoding="utf-8"))
            for name in ("en.json", "np.json")
        )
        for province, province_ne in zip(english, nepali, strict=True):
            slug = self.add(self.provinces, province, province_ne)
            self.provinces[slug]["number"] = str(province["id"])
            self.provinces[slug]["website"] = province["website"]
            for district, district_ne in self.pairs(province, province_ne, "districts"):
                inside = self.add(self.districts, district, district_ne)
                self.districts[inside]["province"] = slug
                for local, local_ne in self.pairs(district, district_ne, "municipalities"):
                    if local["category_id"] in (1, 2):
                        city = self.add(self.cities, local, local_ne)
                        self.cities[city]["district"] = inside
                        self.cities[city]["website"] = local["website"]
                        self.cities[city]["sub_type"] = (
                            "metropolitan_city"
                            if local["category_id"] == 1
                            else "sub_metropolitan_city"
                        )

    @staticmethod
    def pairs(english: Row, nepali: Row, key: str) -> Iterator[tuple[Row, Row]]:
        """The children in both languages; some are lists, some are objects by number."""
        both = (
            list(children.values()) if isinstance(children, dict) else children
            for children in (english[key], nepali[key])
        )
        return zip(*both, strict=True)

    @staticmethod
    def add(found: dict[str, Row], english: Row, nepali: Row) -> str:
        assert english["id"] == nepali["id"]
        slug = english["name"].strip().lower().replace(" ", "-")
        found[slug] = {
            "name_en": english["name"].strip(),
            "name_ne": nepali["name"].strip(),
            "area_km2": float(english["area_sq_km"]),
        }
        if "headquarter" in english:
            found[slug]["headquarters_en"] = english["headquarter"]
            found[slug]["headquarters_ne"] = nepali["headquarter"]
        return slug


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Published:
    return Published(shared_data / "locations")


def differences(theirs: dict[str, Row], ours: dict[str, Row]) -> dict[tuple[str, str], Any]:
    """Every cell of `theirs` that `ours` has otherwise: what they have, what we have."""
    assert theirs.keys() == ours.keys()
    return {
        (slug, column): (value, ours[slug][column])
        for slug, row in theirs.items()
        for column, value in row.items()
        if ours[slug][column] != value
    }


def test_every_folder_is_a_migration_with_author_date_and_description() -> None:
    migrations = [load(folder) for folder in discover(MIGRATIONS)]
    assert [migration.folder_path for migration in migrations] == FOLDERS
    for migration in migrations:
        assert re.fullmatch(r"[^<>]+ <[^<>@ ]+@[^<>@ ]+>", migration.author)
        assert migration.description[0].isupper()
        assert not migration.description.endswith(".")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_readme_has_its_name_and_the_five_sections_each_with_a_text(folder: Path) -> None:
    title, *sections = re.split(
        r"^## (.+)\n", (folder / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert title.strip() == f"# {folder.name}"
    assert sections[::2] == SECTIONS
    assert all(text.strip() for text in sections[1::2])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_readme_names_every_data_file_of_its_folder(folder: Path) -> None:
    readme = (folder / "README.md").read_text(encoding="utf-8")
    data = {path.name for path in folder.iterdir()} - {"README.md", "migrate.py", "__pycache__"}
    assert {name for name in data if f"`{name}`" not in readme} == set()


def test_there_are_7_provinces_77_districts_17_cities_and_165_constituencies() -> None:
    assert len(provinces()) == 7
    assert len(districts()) == 77
    assert Counter(city["sub_type"] for city in cities().values()) == {
        "metropolitan_city": 6,
        "sub_metropolitan_city": 11,
    }
    assert sum(seats().values()) == 165


def test_every_reference_by_name_has_exactly_one_goal() -> None:
    province_names = Counter(row["name_en"] for row in provinces().values())
    district_names = Counter(row["name_en"] for row in districts().values())
    assert max(province_names.values()) == max(district_names.values()) == 1
    assert {row["province"] for row in districts().values()} == province_names.keys()
    assert {row["district"] for row in cities().values()} <= district_names.keys()
    assert seats().keys() == district_names.keys()
    for row in read_csv(MIGRATIONS / "005-other-names" / "other-names.csv"):
        names = province_names if row["sub_type"] == "province" else district_names
        assert row["name"] in names
        assert row["other_name_en"] not in names


def test_english_is_plain_ascii_and_nepali_composed_devanagari() -> None:
    rows = [*provinces().values(), *districts().values(), *cities().values()]
    rows += read_csv(MIGRATIONS / "005-other-names" / "other-names.csv")
    nepali = {row[key] for row in rows for key in row if key.endswith("_ne")}
    english = {row[key] for row in rows for key in row if key.endswith("_en")}
    assert {text for text in english if not re.fullmatch(r"[A-Z][A-Za-z0-9 .-]+", text)} == set()
    assert {text for text in nepali if not re.fullmatch(r"[\u0900-\u097F ().]+", text)} == set()
    assert {text for text in nepali if not unicodedata.is_normalized("NFC", text)} == set()
    assert {text for text in nepali | english if text != text.strip()} == set()


def test_names_areas_headquarters_and_websites_agree_with_the_published_but_for_corrections(
    published: Published,
) -> None:
    province_of = {row["name_en"]: slug for slug, row in provinces().items()}
    district_of = {row["name_en"]: slug for slug, row in districts().items()}
    ours = districts()
    for row in ours.values():
        row["province"] = province_of[row["province"]]
    our_cities = cities()
    for row in our_cities.values():
        row["district"] = district_of[row["district"]]

    found = (
        differences(published.provinces, provinces())
        | differences(published.districts, ours)
        | differences(published.cities, our_cities)
    )

    assert found == CORRECTIONS


def test_each_district_has_the_seats_that_the_election_commission_counts(
    shared_data: Path,
) -> None:
    name_en = {row["name_ne"]: row["name_en"] for row in districts().values()}
    rows = read_csv(shared_data / "constituencies" / "constituencies.csv")
    names = [row["DistrictName"] for row in rows]
    theirs = {
        name_en[COMMISSION_SPELLINGS.get(row["DistrictName"], row["DistrictName"])]: int(
            row["SCConstID"]
        )
        for row in rows
    }
    assert theirs == seats()
    assert COMMISSION_SPELLINGS.keys() == set(names) - name_en.keys()


# What the migrations make of the data files.


def copy_migrations(workspace: Workspace) -> Workspace:
    for folder in FOLDERS:
        shutil.copytree(
            folder,
            workspace.migrations / folder.name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    return workspace


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project with our migrations, applied up to `LAST`; the tests only look at it."""
    workspace = copy_migrations(Workspace(tmp_path_factory.mktemp("project")))
    ran = workspace.doit(f"migrate:{LAST}", SOURCE_DATE_EPOCH=EPOCH)
    assert ran.code == 0, ran.err
    return workspace


def entities(workspace: Workspace, sub_type: str) -> dict[str, Row]:
    """The entity files of a kind of location by slug."""
    folder = workspace.db / "v2" / "entity" / "location" / sub_type
    return {path.stem: json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))}


def test_the_migrations_create_266_locations_and_259_relationships(applied: Workspace) -> None:
    v2 = applied.db / "v2"
    kinds = Counter(path.parent.name for path in v2.glob("entity/location/*/*.json"))
    assert kinds == {
        "province": 7,
        "district": 77,
        "metropolitan_city": 6,
        "sub_metropolitan_city": 11,
        "constituency": 165,
    }
    assert len(list(v2.glob("relationship/**/LOCATED_IN.json"))) == 77 + 6 + 11 + 165
    assert len(list(v2.glob("version/entity/**/1.json"))) == 266
    assert len(list(v2.glob("version/entity/**/2.json"))) == 7 + 4


def test_every_file_is_valid_by_the_schemas_that_the_command_writes(
    applied: Workspace, tmp_path: Path
) -> None:
    ran = applied.doit("schema", "-o", str(tmp_path / "new" / "schemas"))
    assert ran.code == 0, ran.err
    counted: Counter[str] = Counter()
    for line in ran.out.splitlines():
        schema = Path(line)
        kind = schema.name.removesuffix(".schema.json")
        validator = Draft202012Validator(json.loads(schema.read_text("utf-8")))
        for path in (applied.db / "v2" / kind).rglob("*.json"):
            counted[kind] += 1
            found = [
                error.message for error in validator.iter_errors(json.loads(path.read_bytes()))
            ]
            assert found == [], path
    every = {
        path.relative_to(applied.db / "v2").parts[0] for path in applied.db.rglob("v2/**/*.json")
    }
    assert {*counted} == every
    assert counted["entity"] == 266
    assert counted["relationship"] == 259
    marker = Draft202012Validator(
        json.loads((tmp_path / "new/schemas/marker.schema.json").read_text())
    )
    markers = sorted(applied.db.glob("v2/migration-logs/*/marker.toml"))
    assert len(markers) == len(FOLDERS)
    for path in markers:
        content = json.loads(json.dumps(tomllib.loads(path.read_text("utf-8")), default=str))
        assert list(marker.iter_errors(content)) == [], path
        assert content.keys() == marker.schema["properties"].keys()
        assert list(marker.iter_errors(content | {"base_tree": "none"}))


def test_every_location_names_its_source_and_every_migration_says_what_it_changes(
    applied: Workspace,
) -> None:
    for path in (applied.db / "v2/entity/location").rglob("*.json"):
        assert json.loads(path.read_bytes())["attributions"], path
    assert all("\nEXPECT = {" in (folder / "migrate.py").read_text() for folder in FOLDERS)


def test_what_the_migrations_promise_is_still_true_of_their_database(applied: Workspace) -> None:
    ran = applied.doit("verify")
    assert ran.code == 0, ran.err
    checked = [line.partition(":")[0] for line in ran.out.splitlines() if line.endswith(": passed")]
    assert checked == ["001-districts", "003-constituencies", "004-location-relationships"]


@pytest.mark.parametrize(
    ("migration", "file", "field", "said"),
    [
        ("1", "entity/location/district/kaski.json", "parent", "kaski has no province"),
        ("3", "entity/location/constituency/kaski-3.json", None, "164 constituencies, not 165"),
        ("4", "entity/location/district/kaski.json", "parent", "kaski is not located"),
    ],
)
def test_a_promise_that_is_broken_later_is_found(
    applied: Workspace, tmp_path: Path, migration: str, file: str, field: str | None, said: str
) -> None:
    workspace = applied.copy_to(tmp_path / "later")
    path = workspace.db / "v2" / file
    if field is None:
        path.unlink()
    else:
        content = json.loads(path.read_bytes())
        path.write_text(json.dumps(content | {field: "entity:location/province/nowhere"}), "utf-8")
    workspace.git("add", ".")
    workspace.git("commit", "-q", "-m", "Edit by hand")
    ran = workspace.doit("verify", migration)
    assert ran.code == 1
    assert said in ran.out + ran.err


def test_all_migrations_apply_and_then_nothing_is_left_to_do(workspace: Workspace) -> None:
    copy_migrations(workspace)
    assert workspace.doit().code == 0
    assert workspace.applied() == [folder.name for folder in FOLDERS]
    commit = workspace.git("rev-parse", "HEAD")
    assert workspace.doit().code == 0
    assert workspace.git("rev-parse", "HEAD") == commit


def test_provinces_have_the_districts_that_the_constitution_counts(applied: Workspace) -> None:
    parents = Counter(district["parent"] for district in entities(applied, "district").values())
    assert parents == {
        "entity:location/province/koshi-province": 14,
        "entity:location/province/madhesh-province": 8,
        "entity:location/province/bagmati": 13,
        "entity:location/province/gandaki": 11,
        "entity:location/province/lumbini": 12,
        "entity:location/province/karnali": 10,
        "entity:location/province/sudur-paschimanchal": 9,
    }


def test_every_location_is_related_to_its_parent_which_exists(applied: Workspace) -> None:
    v2 = applied.db / "v2"
    found = [json.loads(path.read_bytes()) for path in v2.glob("relationship/**/*.json")]
    related = {row["source_entity_id"]: row["target_entity_id"] for row in found}
    parents = {
        f"entity:location/{sub_type}/{slug}": row["parent"]
        for sub_type in (
            "district",
            "metropolitan_city",
            "sub_metropolitan_city",
            "constituency",
        )
        for slug, row in entities(applied, sub_type).items()
    }
    assert related == parents
    for parent in parents.values():
        assert (v2 / f"{parent.replace(':', '/')}.json").is_file()


def test_constituencies_are_numbered_within_their_district(applied: Workspace) -> None:
    by_district: dict[str, list[str]] = {}
    for slug, row in entities(applied, "constituency").items():
        by_district.setdefault(row["parent"].rpartition("/")[2], []).append(slug)
    count = {row["slug"]: seats()[row["name_en"]] for row in districts().values()}
    assert {slug: sorted(found) for slug, found in by_district.items()} == {
        slug: sorted(f"{slug}-{number}" for number in range(1, count[slug] + 1)) for slug in count
    }
    kathmandu = entities(applied, "constituency")["kathmandu-10"]["names"][0]
    assert kathmandu["en"]["full"] == "Kathmandu - 10"
    assert kathmandu["ne"]["full"] == "काठमाडौं - 10"


def test_a_former_name_is_added_and_the_official_one_stays_the_primary(applied: Workspace) -> None:
    koshi = entities(applied, "province")["koshi-province"]
    assert [(name["kind"], name["en"]["full"], name["ne"]["full"]) for name in koshi["names"]] == [
        ("PRIMARY", "Koshi Province", "कोशी प्रदेश"),
        ("ALTERNATE", "Province No. 1", "प्रदेश नं. १"),
    ]
    assert koshi["version_summary"]["version_number"] == 2


def test_published_locations_have_the_same_files_keys_parents_and_areas(
    applied: Workspace, shared_data: Path
) -> None:
    sample = shared_data / "database-sample" / "v2" / "entity" / "location"
    kinds = {path.name for path in (applied.db / "v2" / "entity" / "location").iterdir()}
    compared = 0
    for path in sorted(sample.glob("*/*.json")):
        if path.parent.name in kinds:
            theirs = json.loads(path.read_bytes())
            ours = entities(applied, path.parent.name)[path.stem]
            assert ours.keys() == theirs.keys()
            assert (ours["parent"], ours["area"]) == (theirs["parent"], theirs["area"])
            compared += 1
    assert compared > 0
