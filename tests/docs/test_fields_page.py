"""The page of the fields is what the models say, and its examples are what they accept."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from fields_page import KINDS, PAGE, Models, page
from jsonschema import Draft202012Validator
from pages import anchor, sections

from nes_tasks import api
from nes_tasks.models import codec
from nes_tasks.models.schemas import ENTITY_KINDS, file_schemas

MODELS = Models()


def test_the_page_is_the_one_that_the_models_make() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python tests/docs/fields_page.py"


def test_every_link_to_a_part_leads_to_its_heading() -> None:
    text = PAGE.read_text("utf-8")
    linked = set(re.findall(r"\]\(#([\w-]+)\)", text))
    assert {"langtext", "candidacy", "organizationpolitical_party"} <= linked
    assert linked <= {anchor(heading) for heading in sections(text)}


def example_of(name: str) -> dict[str, Any]:
    fields = MODELS.definitions[name]["properties"]
    return {field: MODELS.example(rule) for field, rule in fields.items()}


@pytest.mark.parametrize("name", MODELS.parts())
def test_the_examples_of_a_part_are_valid(name: str) -> None:
    example = example_of(name)
    if name == "Candidacy":
        assert example["constituency_id"].startswith("entity:location/constituency/")
    made = getattr(api, name).model_validate(example)
    assert made.model_fields_set == {*example} - {"id"}


@pytest.mark.parametrize("name", KINDS)
def test_the_examples_of_a_kind_make_a_file_of_the_database(name: str) -> None:
    model = ENTITY_KINDS[KINDS[name]]
    example = example_of(name) | {"entity_prefix": None}
    if KINDS[name] == "location":
        example["sub_type"] = "district"
    if KINDS[name] == "organization":
        example["sub_type"] = "ngo"
    written = codec.dump_entity(model.model_validate(example))
    validator = Draft202012Validator(file_schemas()["entity"])
    assert not list(validator.iter_errors(json.loads(written)))


def test_the_examples_of_a_relationship_make_one() -> None:
    relationship = api.Relationship.model_validate(example_of("Relationship"))
    assert codec.load_relationship(codec.dump_relationship(relationship)) == relationship
