"""Imports that the documentation once showed work in migrations, whatever has moved since."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from workspace import Workspace

from nes_tasks import api, services
from nes_tasks.compat import install_moved
from nes_tasks.compat.finder import MovedNames
from nes_tasks.compat.published import PUBLISHED

# As the template, the example migrations and the pages had them, by the module named there.
IMPORTS = """
from nes_tasks.compat import install
from nes_tasks.models import Name, NameKind, NameParts, Project
from nes_tasks.models.devanagari import contains_devanagari, transliterate_to_roman
from nes_tasks.models.identifiers import build_entity_id, is_valid_entity_id
from nes_tasks.models.multilingual import similarity
from nes_tasks.models.names import standardize_name
from nes_tasks.models.phone_numbers import normalize_nepali_phone_number
from nes_tasks.models.relationship import RELATIONSHIP_TYPES
from nes_tasks.models.slugs import text_to_slug
from nes_tasks.models.transliteration import transliterate_to_devanagari
from nes_tasks.running.compat import install
from nes_tasks.running.context import MigrationContext
from nes_tasks.running.readers import MissingInputFileError
from nes_tasks.scraping import Translator, normalize_name
from nes_tasks.scraping.errors import NotRecordedError
from nes_tasks.scraping.providers import OpenAIProvider
from nes_tasks.services.scraping import Translator, normalize_name
from nes_tasks.services.scraping.errors import NotRecordedError
from nes_tasks.services.scraping.providers import OpenAIProvider
"""


@pytest.fixture(autouse=True)
def finder() -> Iterator[None]:
    before = sys.modules.copy()
    install_moved()
    yield
    sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, MovedNames)]
    for name in sys.modules.keys() - before.keys():
        if isinstance(getattr(sys.modules[name], "__loader__", None), MovedNames):
            del sys.modules[name]


@pytest.mark.parametrize("module", PUBLISHED)
def test_each_published_name_is_there_and_in_the_api(module: str) -> None:
    """Were the module to go, the finder would give the same object."""
    found = import_module(module)
    for name, source in PUBLISHED[module].items():
        place, _, other_name = source.partition(":")
        assert getattr(found, name) is getattr(import_module(place), other_name or name)


def test_a_module_that_has_moved_is_made_and_one_that_is_there_is_itself() -> None:
    moved = import_module("nes_tasks.services.scraping")
    assert isinstance(moved.__loader__, MovedNames)
    assert moved.Translator is api.Translator
    assert not isinstance(import_module("nes_tasks.models.slugs").__loader__, MovedNames)
    with pytest.raises(ImportError, match=r"nes_tasks\.services\.other"):
        import_module("nes_tasks.services.other")


def test_a_folder_that_an_update_left_behind_hides_no_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scraping/__pycache__").mkdir(parents=True)
    (tmp_path / "scraping/__pycache__/service.cpython-311.pyc").write_bytes(b"old")
    monkeypatch.setattr(services, "__path__", [*services.__path__, str(tmp_path)])
    assert import_module("nes_tasks.services.scraping").Translator is api.Translator


def test_a_migration_with_the_imports_of_all_earlier_pages_runs(workspace: Workspace) -> None:
    head = IMPORTS.strip()
    workspace.migration("001-old", "context.log(text_to_slug('Asha Rai'))", head=head)
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    assert "asha-rai" in ran.err
    lines = head.splitlines()
    assert {line.split()[1] for line in lines} == PUBLISHED.keys() - {"nes_tasks.models.base"}
