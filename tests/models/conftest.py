"""Entities of every kind with every field filled, as the dicts that migrations pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Data = dict[str, Any]


def text(english: str, nepali: str | None = None) -> Data:
    return {
        "en": {"value": english, "provenance": "human"},
        "ne": {"value": nepali or "नेपाली", "provenance": "imported"},
    }


def parts(full: str) -> Data:
    return {
        "full": full,
        "given": "Given",
        "middle": "Middle",
        "family": "Family",
        "prefix": "Dr.",
        "suffix": "PhD",
    }


def address() -> Data:
    return {
        "location_id": "entity:location/district/kathmandu",
        "description2": text("Anamnagar", "अनामनगर"),
        "description": "Anamnagar, Kathmandu",
    }


def summary(subject: str, kind: str = "ENTITY", number: int = 3) -> Data:
    return {
        "entity_or_relationship_id": subject,
        "type": kind,
        "version_number": number,
        "author": {"slug": "damodar-dahal", "name": "Damodar Dahal"},
        "change_description": "Add the cabinet of 2081",
        "created_at": "2025-11-09T16:26:57.042930Z",
    }


def common(entity_type: str, sub_type: str | None, slug: str) -> Data:
    identifier = "entity:" + "/".join(filter(None, (entity_type, sub_type, slug)))
    return {
        "type": entity_type,
        **({"sub_type": sub_type} if sub_type else {}),
        "slug": slug,
        "names": [{"kind": "PRIMARY", "en": parts("First Name"), "ne": parts("पहिलो नाम")}],
        "misspelled_names": [{"kind": "ALIAS", "en": parts("Frist"), "ne": parts("पहीलो")}],
        "version_summary": summary(identifier),
        "created_at": "2025-11-09T16:26:57.042933Z",
        "identifiers": [
            {
                "scheme": "website",
                "name": text("Home page"),
                "value": "http://example.gov.np",
                "url": "http://example.gov.np",
            }
        ],
        "tags": ["one", "two"],
        "attributes": {"headquarter": text("Kalaiya", "कलैया"), "counts": [1, 2.5, True]},
        "contacts": [{"type": "PHONE", "value": "+9779851081379"}],
        "short_description": text("Short"),
        "description": text("Long"),
        "attributions": [{"title": text("Source"), "details": text("Read on a day")}],
        "pictures": [
            {
                "type": "thumb",
                "url": "https://example.org/a.jpg",
                "width": 10,
                "height": 20,
                "description": "A picture",
            }
        ],
    }


def person() -> Data:
    symbol = {"symbol_name": text("Tree"), "nec_id": 7, "url": "https://example.org/tree"}
    candidacy = {
        "election_year": 2079,
        "election_type": "federal",
        "constituency_id": "entity:location/constituency/kathmandu-1",
        "pa_subdivision": "A",
        "position": "federal_parliament",
        "candidate_id": 333745,
        "party_id": "entity:organization/political_party/some-party",
        "votes_received": 414,
        "elected": False,
        "symbol": symbol,
    }
    return common("person", None, "rabi-lamichhane") | {
        "personal_details": {
            "birth_date": "2031 BS",
            "birth_place": address(),
            "citizenship_place": address(),
            "gender": "male",
            "address": address(),
            "father_name": text("Father"),
            "mother_name": text("Mother"),
            "spouse_name": text("Spouse"),
            "education": [
                {
                    "institution": text("University"),
                    "degree": text("BA"),
                    "field": text("Law"),
                    "start_year": 1999,
                    "end_year": 2003,
                }
            ],
            "positions": [
                {
                    "title": text("Minister"),
                    "organization": text("Ministry"),
                    "start_date": "2024-01-25",
                    "end_date": "2025-01-25",
                    "description": "Home affairs",
                }
            ],
        },
        "electoral_details": {"candidacies": [candidacy]},
    }


def organization() -> Data:
    return common("organization", "ngo", "helping-hands") | {"address": address()}


def political_party() -> Data:
    return common("organization", "political_party", "some-party") | {
        "address": address(),
        "party_chief": text("Chief"),
        "registration_date": "2017-03-14",
        "symbol": {"name": text("Tree")},
    }


def government_body() -> Data:
    return common("organization", "government_body", "home-ministry") | {
        "address": address(),
        "government_type": "federal",
    }


def hospital() -> Data:
    return common("organization", "hospital", "bir-hospital") | {
        "address": address(),
        "beds": 460,
        "services": ["surgery"],
        "ownership": "Government",
    }


def location() -> Data:
    return common("location", "district", "kathmandu") | {
        "parent": "entity:location/province/bagmati",
        "area": 395,
        "lat": 27.7,
        "lng": 85.3,
    }


def project() -> Data:
    return common("project", "development_project", "wb-p511767") | {
        "stage": "pipeline",
        "implementing_agency": "Ministry ",
        "executing_agency": "Department",
        "financing": [
            {
                "donor": "World Bank",
                "donor_id": "entity:organization/international_org/world-bank",
                "amount": 40000000,
                "currency": "USD",
                "assistance_type": "grant",
                "financing_instrument": "IDA Grant",
                "budget_type": "on_budget",
                "terms": {
                    "interest_rate": 0.75,
                    "repayment_period_years": 38,
                    "grace_period_years": 6,
                    "tying_status": "untied",
                },
                "transaction_date": "2026-02-02",
                "transaction_type": "commitment",
                "is_actual": False,
                "source": "WB",
            }
        ],
        "total_commitment": 50000000,
        "total_disbursement": 1.5,
        "dates": [{"date": "2031-07-31", "type": "CLOSING", "source": "WB"}],
        "sectors": [
            {
                "normalized_sector": "digital",
                "donor_sector": "Digital Development",
                "donor_subsector": "Networks",
                "donor": "World Bank",
                "percentage": 100,
            }
        ],
        "tags": [
            {"category": "gender", "normalized_tag": "g", "donor_tag": "GEN", "donor": "WB"},
        ],
        "donor_extensions": [
            {"donor": "WB", "donor_project_id": "P511767", "raw_payload": {"a": 1}, "more": [2]}
        ],
        "project_url": "https://projects.example.org/P511767",
    }


def relationship() -> Data:
    identifier = "relationship:person/rabi-lamichhane:organization/ngo/helping-hands:MEMBER_OF"
    return {
        "source_entity_id": "entity:person/rabi-lamichhane",
        "target_entity_id": "entity:organization/ngo/helping-hands",
        "type": "MEMBER_OF",
        "start_date": "2020-01-01",
        "end_date": "2021-01-01",
        "attributes": {"role": "chair"},
        "version_summary": summary(identifier, "RELATIONSHIP"),
        "created_at": "2025-11-09T16:26:57.042933Z",
        "attributions": ["a newspaper"],
    }


FULL: dict[str, Callable[[], Data]] = {
    "Person": person,
    "Organization": organization,
    "PoliticalParty": political_party,
    "GovernmentBody": government_body,
    "Hospital": hospital,
    "Location": location,
    "Project": project,
}


@pytest.fixture(params=sorted(FULL))
def full_entity(request: pytest.FixtureRequest) -> tuple[str, Data]:
    """The class name and all fields of an entity; once for every kind."""
    return request.param, FULL[request.param]()


@pytest.fixture
def full() -> Callable[[str], Data]:
    """Gives all fields of an entity of the named class, anew at each call."""
    return lambda kind: FULL[kind]()


@pytest.fixture
def minimal() -> Callable[..., Data]:
    """Gives the fewest fields that an entity may have, and whatever is passed."""

    def make(entity_type: str = "person", sub_type: str | None = None, **more: Any) -> Data:
        whole = common(entity_type, sub_type, "some-slug")
        kept = ("type", "sub_type", "slug", "version_summary", "created_at")
        data = {key: whole[key] for key in kept if key in whole}
        return data | {"names": [{"kind": "PRIMARY", "en": {"full": "Some Name"}}]} | more

    return make


@pytest.fixture
def full_relationship() -> Data:
    """All fields of a relationship."""
    return relationship()


@pytest.fixture
def full_summary() -> Data:
    """All fields of a version summary."""
    return summary("entity:person/rabi-lamichhane")
