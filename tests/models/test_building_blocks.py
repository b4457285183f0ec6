"""The parts of entities: names, texts in two languages, addresses, contacts, pictures."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from nes_tasks.models.base import (
    Address,
    Attribution,
    Contact,
    CursorPage,
    EntityPicture,
    EntityPictureType,
    LangText,
    LangTextValue,
    Name,
    NameKind,
    NameParts,
    ProvenanceMethod,
)
from nes_tasks.models.entity import ExternalIdentifier, IdentifierScheme

WHOLE: dict[type[BaseModel], dict[str, Any]] = {
    LangTextValue: {"value": ""},
    LangText: {},
    NameParts: {"full": "x"},
    Name: {"kind": "PRIMARY", "en": {"full": "x"}},
    Contact: {"type": "OTHER", "value": "x"},
    Address: {},
    EntityPicture: {"type": "wide", "url": "x"},
    Attribution: {"title": {}, "details": None},
    CursorPage: {"has_more": False, "count": 3},
}


@pytest.mark.parametrize("model", WHOLE, ids=lambda model: model.__name__)
def test_the_least_data_is_enough_and_unknown_keys_are_refused(model: type[BaseModel]) -> None:
    model.model_validate(WHOLE[model])
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate(WHOLE[model] | {"surprise": 1})


@pytest.mark.parametrize(
    ("model", "key"),
    [(m, k) for m in WHOLE for k in WHOLE[m] if (m, k) != (Name, "en")],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_required_fields_are_required_even_when_null_is_allowed(
    model: type[BaseModel], key: str
) -> None:
    with pytest.raises(ValidationError, match=rf"{key}\s+Field required"):
        model.model_validate({k: v for k, v in WHOLE[model].items() if k != key})


def test_strings_become_members() -> None:
    assert LangTextValue(value="x", provenance="imported").provenance is ProvenanceMethod.IMPORTED
    assert Name(kind="BIRTH_NAME", ne=NameParts(full="x")).kind is NameKind.OFFICIAL
    assert EntityPicture(type="thumb", url="x").type is EntityPictureType.THUMB


@pytest.mark.parametrize("kind", ["OFFICIAL", "BIRTH", "primary", ""])
def test_an_unknown_kind_of_name_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="Input should be 'PRIMARY', 'ALIAS', 'ALTERNATE'"):
        Name(kind=kind, en=NameParts(full="x"))


def test_a_name_needs_a_language() -> None:
    with pytest.raises(ValidationError, match="Name must have at least one of en or ne"):
        Name(kind="PRIMARY")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("EMAIL", "ram.thapa+x@mail.gov.np"),
        ("EMAIL", "A_b%c-d@x-y.org"),
        ("URL", "http://x"),
        ("FACEBOOK", "https://facebook.com/x"),
        ("PHONE", "+12"),
        ("WHATSAPP", "+977123456789012"),
        ("TELEGRAM", "@anything"),
        ("WECHAT", ""),
        ("OTHER", "pigeon"),
    ],
)
def test_contacts_that_look_right_pass(kind: str, value: str) -> None:
    assert Contact(type=kind, value=value).value == value


@pytest.mark.parametrize(
    "value",
    ["", "ram", "ram@", "@x.np", "ram@x", "ram@x.n", "ram thapa@x.np", "राम@x.np", "a@b.np\n"],
)
def test_what_is_no_email_address_is_refused(value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Contact(type="EMAIL", value=value)
    assert caught.value.errors()[0]["msg"] == f"Value error, Invalid email format: {value}"


@pytest.mark.parametrize("kind", ["URL", "TWITTER", "FACEBOOK", "INSTAGRAM", "LINKEDIN"])
@pytest.mark.parametrize("value", ["", "example.org", "ftp://x", "HTTP://x", " http://x"])
def test_what_is_no_web_address_is_refused(kind: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Contact(type=kind, value=value)
    message = f"Value error, URL must start with http:// or https://: {value}"
    assert caught.value.errors()[0]["msg"] == message


@pytest.mark.parametrize("kind", ["PHONE", "WHATSAPP"])
@pytest.mark.parametrize(
    "value",
    ["", "9851081379", "+", "+1", "+0977", "+1234567890123456", "+977 985", "+977९८", "+12\n"],
)
def test_what_is_no_international_number_is_refused(kind: str, value: str) -> None:
    with pytest.raises(
        ValidationError, match=r"PHONE/WHATSAPP must be E\.164 \(e\.g\., \+977123456789\)"
    ):
        Contact(type=kind, value=value)


@pytest.mark.parametrize(
    ("location_id", "message"),
    [
        ("kathmandu", "location_id must be a valid entity ID"),
        ("entity:location/robot/abc", "location_id must be a valid entity ID"),
        ("entity:person/abc", "location_id must reference a location entity"),
        ("entity:organization/government/abc", "location_id must reference a location entity"),
    ],
)
def test_an_address_refers_to_a_location(location_id: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Address(location_id=location_id)


def test_reading_the_old_description_of_an_address_warns() -> None:
    address = Address(location_id="entity:location/ward/abc", description="Bakhundole")
    with pytest.warns(DeprecationWarning, match="description2"):
        assert address.description == "Bakhundole"


def test_identifiers_drop_unknown_keys_and_need_a_value() -> None:
    identifier = ExternalIdentifier.model_validate(
        {"scheme": "other", "value": "16", "label": "code"}
    )
    assert identifier.model_dump() == {
        "scheme": IdentifierScheme.OTHER,
        "name": None,
        "value": "16",
        "url": None,
    }
    with pytest.raises(ValidationError, match="at least 1 character"):
        ExternalIdentifier(scheme="other", value="")


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("http://x.gov.np", "http://x.gov.np/"),
        ("http://x.gov.np/a", "http://x.gov.np/a"),
        ("HTTP://X.gov.NP/A", "http://x.gov.np/A"),
        ("https://x.gov.np:443/", "https://x.gov.np/"),
        ("http://x.gov.np/a b", "http://x.gov.np/a%20b"),
        ("http://नेपाल.com/", "http://xn--l2bey1c2b.com/"),
        ("http://x.org/नेपाल", "http://x.org/%E0%A4%A8%E0%A5%87%E0%A4%AA%E0%A4%BE%E0%A4%B2"),
    ],
)
def test_the_url_of_an_identifier_is_normalised_and_its_value_is_not(
    given: str, normal: str
) -> None:
    identifier = ExternalIdentifier.model_validate(
        {"scheme": "website", "value": given, "url": given}
    )
    assert str(identifier.url) == normal
    assert identifier.value == given


@pytest.mark.parametrize("url", ["x.gov.np", "", "/a", "http://"])
def test_a_url_without_scheme_or_host_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="valid URL"):
        ExternalIdentifier.model_validate({"scheme": "website", "value": "x", "url": url})
