"""What `import nes…` gives, and what it says when it gives nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from nes_tasks.compat.finder import EarlierNames, install
from nes_tasks.compat.names import MODULES, WITHHELD

# Every import that an existing migration or a script beside one has, as written there.
IMPORTS_OF_MIGRATIONS = """
from nes.core.identifiers import build_entity_id
from nes.core.identifiers.builders import break_entity_id, build_entity_id
from nes.core.models import Address, Attribution, LangText, LangTextValue, Name, NameParts
from nes.core.models import ExternalIdentifier
from nes.core.models import PartySymbol
from nes.core.models import Contact
from nes.core.models import EntityPicture, EntityPictureType
from nes.core.models import ADMINISTRATIVE_LEVELS
from nes.core.models.base import NameKind
from nes.core.models.entity import EntitySubType, EntityType
from nes.core.models.entity import ExternalIdentifier
from nes.core.models.location import LocationType
from nes.core.models.person import Candidacy, Education, ElectionPosition, ElectionSymbol
from nes.core.models.person import ElectionType, ElectoralDetails, Gender, PersonDetails, Position
from nes.core.models.project import Project, ProjectStage, SectorMapping
from nes.core.models.version import Author
from nes.core.models.version import VersionSummary, VersionType
from nes.core.utils.slug_helper import text_to_slug
from nes.core.utils.devanagari import contains_devanagari
from nes.core.utils.devanagari import transliterate_to_roman
from nes.core.utils.phone_number import normalize_nepali_phone_number
from nes.services.scraping.normalization import NameExtractor
from nes.services.scraping.providers.google import GoogleVertexAIProvider
from nes.services.scraping.web_scraper import RateLimiter, RetryHandler
from nes.services.migration.context import MigrationContext
"""
IMPORTS = IMPORTS_OF_MIGRATIONS.strip().splitlines()


@pytest.mark.parametrize("line", IMPORTS)
def test_an_import_of_an_existing_migration_gives_our_object(line: str) -> None:
    scope: dict[str, object] = {}
    exec(line, scope)
    module, names = re.fullmatch(r"from (\S+) import (.+)", line).groups()  # type: ignore[union-attr]
    for name in names.split(", "):
        ours = getattr(import_module(MODULES[module][name]), name)
        assert scope[name] is ours
        assert getattr(ours, "__module__", "nes_tasks").startswith("nes_tasks")


@pytest.mark.parametrize("module", MODULES)
def test_each_name_of_a_module_is_the_object_that_it_stands_for(module: str) -> None:
    found = import_module(module)
    assert found.__all__ == sorted(MODULES[module])
    for name, source in MODULES[module].items():
        assert source.startswith("nes_tasks.")
        assert getattr(found, name) is getattr(import_module(source), name)
        assert name in dir(found)


def test_a_star_import_of_the_models_works() -> None:
    scope: dict[str, object] = {}
    exec("from nes.core.models import *", scope)
    assert {"Person", "Name", "Hospital", "ADMINISTRATIVE_LEVELS", "Version"} <= scope.keys()


def test_modules_can_be_imported_whole_and_under_another_name() -> None:
    scope: dict[str, object] = {}
    exec("import nes.core.models.base\nimport nes.core.models.person as people", scope)
    exec("kinds = nes.core.models.base.NameKind, people.Gender", scope)
    from nes_tasks.models.base import NameKind
    from nes_tasks.models.person import Gender

    assert scope["kinds"] == (NameKind, Gender)


def test_a_module_that_is_not_provided_is_named_with_the_page_that_lists_them() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"'nes\.api' .*compatibility\.md") as caught:
        import_module("nes.api")
    assert caught.value.name == "nes.api"


def test_a_module_below_one_that_has_none_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"nes\.config.* is not a package"):
        import_module("nes.config.more")


def test_a_name_that_never_was_is_an_import_error() -> None:
    with pytest.raises(ImportError, match=r"cannot import name 'Symbol' from 'nes\.core\.models'"):
        exec("from nes.core.models import Symbol")
    assert not hasattr(import_module("nes.core.models"), "Symbol")


@pytest.mark.parametrize("whole_name", WITHHELD)
def test_a_name_that_is_left_out_says_why(whole_name: str) -> None:
    module, _, name = whole_name.rpartition(".")
    with pytest.raises(ImportError, match=re.escape(WITHHELD[whole_name])):
        exec(f"from {module} import {name}")


def test_other_packages_are_none_of_its_business() -> None:
    finder = EarlierNames()
    assert [finder.find_spec(name) for name in ("nes_tasks", "nest", "json", "my.nes")] == [
        None
    ] * 4


def test_installing_it_twice_is_the_same_as_once() -> None:
    before = import_module("nes.core.models.base")
    install()
    assert sum(isinstance(finder, EarlierNames) for finder in sys.meta_path) == 1
    assert import_module("nes.core.models.base") is before


def test_it_takes_the_place_of_a_package_that_is_loaded_already(tmp_path: Path) -> None:
    package = tmp_path / "nes"
    package.mkdir()
    (package / "__init__.py").write_text("OTHER = True\n")
    code = (
        "import nes; assert nes.OTHER\n"
        "from nes_tasks.compat import install; install()\n"
        "import nes; assert not hasattr(nes, 'OTHER')\n"
        "from nes.core.models import Name; print(Name.__module__)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "nes_tasks.models.base\n"


def test_making_the_modules_loads_nothing_that_is_not_asked_for() -> None:
    code = (
        "import sys\n"
        "from nes_tasks.compat import install; install()\n"
        "import nes.core.models, nes.services.scraping, nes.database, nes.config\n"
        "from nes.core.utils.slug_helper import text_to_slug\n"
        "print({'pydantic', 'httpx', 'orjson'} & sys.modules.keys())\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


def test_listing_tasks_does_not_load_it() -> None:
    code = (
        "import sys, nes_tasks.cli.tasks, nes_tasks.cli.doit_commands\n"
        "print([name for name in sys.modules if name.startswith('nes_tasks.compat')])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_the_page_lists_every_module_and_every_name(project: Path) -> None:
    page = (project / "docs/reference/compatibility.md").read_text()
    rows = dict(re.findall(r"^\| `(nes[\w.]*)` \| (.*) \|$", page, re.MULTILINE))
    assert list(rows) == [module for module in MODULES if MODULES[module]]
    for module, names in rows.items():
        assert re.findall(r"`(\w+)`", names) == sorted(MODULES[module]), module
    for whole_name in WITHHELD:
        assert f"`{whole_name.rpartition('.')[2]}`" in page
