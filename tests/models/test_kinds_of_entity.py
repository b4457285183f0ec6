"""Each kind of entity: its fields, and the values that they refuse."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from nes_tasks.models.codec import entity_from_dict

Full = Callable[[str], dict[str, Any]]


def at(data: Any, path: str) -> Any:
    """Return what is at a dotted path such as ``financing.0.donor``."""
    for key in path.split("."):
        data = data[int(key)] if key.isdigit() else data[key]
    return data


def test_full_data_makes_the_class_it_is_meant_for(
    full_entity: tuple[str, dict[str, Any]],
) -> None:
    kind, data = full_entity
    assert type(entity_from_dict(data)).__name__ == kind


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Person", "personal_details"),
        ("Person", "personal_details.education.0"),
        ("Person", "personal_details.positions.0"),
        ("Person", "electoral_details"),
        ("Person", "electoral_details.candidacies.0"),
        ("Person", "electoral_details.candidacies.0.symbol"),
        ("Person", "version_summary"),
        ("PoliticalParty", "symbol"),
        ("Project", "financing.0"),
        ("Project", "financing.0.terms"),
        ("Project", "dates.0"),
        ("Project", "sectors.0"),
        ("Project", "tags.0"),
    ],
)
def test_parts_refuse_unknown_keys(full: Full, kind: str, path: str) -> None:
    data = full(kind)
    at(data, path)["surprise"] = 1
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        entity_from_dict(data)


@pytest.mark.parametrize("path", ["identifiers.0", "version_summary.author"])
def test_some_parts_drop_unknown_keys(full: Full, path: str) -> None:
    data = full("Person")
    at(data, path)["surprise"] = 1
    assert "surprise" not in at(entity_from_dict(data).model_dump(), path)


def test_extensions_of_donors_keep_unknown_keys(full: Full) -> None:
    project = entity_from_dict(full("Project"))
    assert at(project.model_dump(), "donor_extensions.0.more") == [2]


REQUIRED = [
    ("Person", "personal_details.education.0", "institution"),
    ("Person", "personal_details.positions.0", "title"),
    ("Person", "electoral_details.candidacies.0", "election_year"),
    ("Person", "electoral_details.candidacies.0", "election_type"),
    ("Person", "electoral_details.candidacies.0", "constituency_id"),
    ("Person", "electoral_details.candidacies.0", "candidate_id"),
    ("Person", "electoral_details.candidacies.0.symbol", "symbol_name"),
    ("Person", "electoral_details.candidacies.0.symbol", "nec_id"),
    ("PoliticalParty", "symbol", "name"),
    ("Project", "financing.0", "donor"),
    ("Project", "dates.0", "date"),
    ("Project", "dates.0", "type"),
    ("Project", "tags.0", "category"),
    ("Project", "donor_extensions.0", "donor"),
]


@pytest.mark.parametrize(("kind", "path", "key"), REQUIRED)
def test_parts_need_their_required_fields_and_no_others(
    full: Full, kind: str, path: str, key: str
) -> None:
    data = full(kind)
    needed = {k for other, place, k in REQUIRED if (other, place) == (kind, path)}
    part = at(data, path)
    whole = copy.deepcopy(part)
    part.clear()
    part.update({k: v for k, v in whole.items() if k in needed})
    entity_from_dict(data)
    del part[key]
    with pytest.raises(ValidationError, match=rf"{key}\s+Field required"):
        entity_from_dict(data)


@pytest.mark.parametrize(
    ("kind", "path", "key", "value", "message"),
    [
        ("Person", "electoral_details.candidacies.0", "party_id", "abc", "a valid entity ID"),
        ("Person", "electoral_details.candidacies.0", "constituency_id", "", "a valid entity ID"),
        ("Person", "electoral_details.candidacies.0", "position", "king", "'mayor'"),
        ("Person", "personal_details.positions.0", "description", "x" * 201, "at most 200"),
        ("Person", "personal_details.positions.0", "start_date", "2024-13-01", "start_date"),
        ("Person", "personal_details", "gender", "none", "'male', 'female' or 'other'"),
        ("Hospital", "ownership", "", "private", "'Private', 'Public' or 'Government'"),
        ("Hospital", "beds", "", "many", "valid integer"),
        ("GovernmentBody", "government_type", "", "village", "'federal'"),
        ("Project", "tags", "", ["gender"], "valid dictionary or instance of CrossCuttingTag"),
        ("Project", "project_url", "", "example.org", "valid URL"),
        ("Project", "stage", "", "dreamt", "'pipeline'"),
        ("Location", "area", "", "large", "valid number"),
    ],
)
def test_wrong_values_in_parts_are_refused(
    full: Full, kind: str, path: str, key: str, value: Any, message: str
) -> None:
    data = full(kind)
    if key:
        at(data, path)[key] = value
    else:
        data[path] = value
    with pytest.raises(ValidationError, match=message):
        entity_from_dict(data)


def test_the_exact_message_for_ids_in_candidacies(full: Full) -> None:
    data = full("Person")
    at(data, "electoral_details.candidacies.0")["party_id"] = "some-party"
    with pytest.raises(ValidationError) as caught:
        entity_from_dict(data)
    assert caught.value.errors()[0]["msg"] == "Value error, Must be a valid entity ID"


def test_candidacies_may_refer_to_any_type_of_entity(full: Full) -> None:
    data = full("Person")
    at(data, "electoral_details.candidacies.0")["party_id"] = "entity:person/nobody"
    candidacy = entity_from_dict(data).electoral_details.candidacies[0]
    assert candidacy.party_id == "entity:person/nobody"


@pytest.mark.parametrize("kind", ["Organization", "GovernmentBody"])
def test_organizations_of_every_kind_have_an_address(full: Full, kind: str) -> None:
    dump = entity_from_dict(full(kind)).model_dump()
    assert at(dump, "address.location_id") == "entity:location/district/kathmandu"


def test_financing_has_its_defaults(full: Full) -> None:
    data = full("Project")
    data["financing"] = [{"donor": "WB"}]
    financing = at(entity_from_dict(data).model_dump(mode="json"), "financing.0")
    assert (financing["assistance_type"], financing["is_actual"]) == ("unknown", True)
