"""Locations: the administrative and electoral divisions of Nepal."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from pydantic import Field, computed_field

from .entity import Entity


class LocationType(str, Enum):  # noqa: UP042
    """What kind of division a location is: the sub types of locations."""

    PROVINCE = "province"
    DISTRICT = "district"
    METROPOLITAN_CITY = "metropolitan_city"
    SUB_METROPOLITAN_CITY = "sub_metropolitan_city"
    MUNICIPALITY = "municipality"
    RURAL_MUNICIPALITY = "rural_municipality"
    WARD = "ward"
    CONSTITUENCY = "constituency"


ADMINISTRATIVE_LEVELS: dict[str, int | None] = {
    "province": 1,
    "district": 2,
    "metropolitan_city": 3,
    "sub_metropolitan_city": 3,
    "municipality": 3,
    "rural_municipality": 3,
    "ward": 4,
    "constituency": None,
}
"""How far below the state a division is; electoral divisions have no level."""

_TYPES: dict[str, LocationType] = {kind.value: kind for kind in LocationType}


class Location(Entity):
    """A place; `parent` is the id of the division around it, `area` is in square kilometres."""

    type: Literal["location"] = Field(
        default="location", description="`location`.", examples=["location"]
    )
    parent: str | None = Field(
        default=None,
        description="The id of the division around the location.",
        examples=["entity:location/province/gandaki"],
    )
    area: float | None = Field(
        default=None, description="The area in square kilometres.", examples=[2017.0]
    )
    lat: float | None = Field(
        default=None, description="The latitude in degrees, north is positive.", examples=[28.2096]
    )
    lng: float | None = Field(
        default=None, description="The longitude in degrees, east is positive.", examples=[83.9856]
    )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def location_type(self) -> LocationType | None:
        """The sub type as a kind of division; None when it is not one."""
        return _TYPES.get(self.sub_type) if self.sub_type else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def administrative_level(self) -> int | None:
        """How far below the state the location is: 1 for a province, 4 for a ward."""
        return ADMINISTRATIVE_LEVELS.get(self.sub_type) if self.sub_type else None
