"""Values of data frames in free-form fields."""

from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest

from nes_tasks.models.codec import UnwritableError, entity_from_dict, snapshot_of
from nes_tasks.models.plain_values import plain

DAY = "2024-01-25"
NAME = {"kind": "PRIMARY", "en": {"full": "Asha Rai"}}


def person(**attributes: Any) -> Any:
    summary = {
        "entity_or_relationship_id": "entity:person/asha-rai",
        "type": "ENTITY",
        "version_number": 1,
        "author": {"slug": "asha"},
        "change_description": "x",
        "created_at": "2024-01-25T00:00:00Z",
    }
    return entity_from_dict(
        {
            "slug": "asha-rai",
            "type": "person",
            "names": [NAME],
            "created_at": "2024-01-25T00:00:00Z",
            "version_summary": summary,
            "attributes": attributes,
        }
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (numpy.int64(5), 5),
        (numpy.float32(1.5), 1.5),
        (numpy.bool_(True), True),
        (numpy.str_("x"), "x"),
        (numpy.array([1, 2]), [1, 2]),
        (numpy.datetime64(DAY), DAY),
        (pandas.NA, None),
        (pandas.NaT, None),
        (pandas.Timestamp(DAY), f"{DAY}T00:00:00"),
        ([{"a": numpy.int64(5)}], [{"a": 5}]),
    ],
)
def test_values_of_data_frames_are_written_as_those_of_python(value: Any, written: Any) -> None:
    assert snapshot_of(person(v=value, other=1))["attributes"] == {"v": written, "other": 1}


def test_what_cannot_be_written_is_named_with_its_field() -> None:
    with pytest.raises(UnwritableError, match=r"written: attributes\.a\[1\] is an object, which"):
        snapshot_of(person(a=[1, object()]))


def test_other_values_stay_as_they_are() -> None:
    value = {"a": [1, "x", None, 2.5]}
    assert plain(value) == value
