"""Phone numbers of Nepal in the international form.

The numbering plan is that of the Nepal Telecommunications Authority: mobile numbers have ten
digits and begin with 96, 97 or 98; numbers of the land line have eight, the area code (1 for the
Kathmandu valley, two digits elsewhere) among them; short codes, such as 100 for the police, have
three or four and begin with 1. Where the package phonenumbers knows which ranges are in use, this
knows only their form.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

COUNTRY_CODE = "977"
MAX_NATIONAL_DIGITS = 10

_MOBILE = re.compile(r"9[678]\d{8}")
_LAND_LINE = re.compile(r"1\d{7}|[2-9]\d{7}")
_TOLL_FREE = re.compile(r"1(?:66|8)\d{7,9}")
_WITHOUT_AREA = re.compile(r"\d{6,7}")
_SHORT_CODE = re.compile(r"1\d{2,3}")
_INTERNATIONAL = re.compile(r"[1-9]\d{6,14}")

_SEPARATORS = re.compile(r"[,;|\n\t/।]|\s+(?:and|or|र|वा|&)\s+")
_EXTENSION = re.compile(
    r"\s*[(,;]?\s*(?:extension|extn?|ext|x|एक्स)\s*[.:#-]*\s*(?P<extension>\d{1,6})\s*\)?\s*$",
    re.IGNORECASE,
)
_EXTENSION_AHEAD = re.compile(r"[,;]\s*(?=(?:extension|extn?|ext)\b)", re.IGNORECASE)
_LABEL = re.compile(r"^\s*[^\d+(]{1,20}?[:.)\s]\s*(?=[+(\d])")
_ALLOWED = re.compile(r"[+\d\s().–—-]+")


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A phone number: in the international form, or a short code as it is.

    `extension` are the digits to dial after it. `text` is what stood in the source.
    """

    number: str
    kind: Literal["mobile", "land line", "toll free", "short code", "foreign"]
    text: str
    extension: str | None = None


def read_phone_numbers(text: object, area_code: str | None = None) -> list[PhoneNumber]:
    """Return the phone numbers in a cell, in their order; [] for a blank one.

    Numbers are separated by a comma, semicolon, slash, line or "and". `area_code` completes numbers
    of the land line that have none: ``"1"`` for the Kathmandu valley. Raises `ValueError` for what
    is not a number of Nepal, for an abbreviation such as ``4211641/42`` and, without `area_code`,
    for a number that lacks it.
    """
    cell = _ascii_digits("" if text is None else str(text)).strip()
    cell = _EXTENSION_AHEAD.sub(" ", cell)
    parts = [part.strip() for part in _SEPARATORS.split(cell)]
    return [_read(number, area_code) for part in parts if part for number in _one_by_one(part)]


def normalize_nepali_phone_number(phone: object) -> str | None:
    """Return `phone` as ``+977`` and its digits, or None when it is not a Nepali number.

    For migrations that know it. It takes an extension, a short code and a number without an area
    code for a number; `read_phone_numbers` does not. Everything but digits is dropped, and so are
    the country code and leading zeros. More than ten digits are no number, but two short ones in
    one text are not told apart: ``98510, 98511`` is read as one. Digits may be Devanagari.
    """
    if not phone:
        return None
    digits = "".join(str(unicodedata.decimal(c)) for c in str(phone) if c.isdecimal())
    for code in (f"00{COUNTRY_CODE}", COUNTRY_CODE):
        if digits.startswith(code):
            digits = digits[len(code) :]
            break
    digits = digits.lstrip("0")
    if not digits or len(digits) > MAX_NATIONAL_DIGITS:
        return None
    return f"+{COUNTRY_CODE}{digits}"


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _one_by_one(part: str) -> list[str]:
    """Return the numbers in a text without separators: two mobile numbers with a blank between."""
    words = part.split()
    if len(words) > 1 and all(_MOBILE.fullmatch(word) for word in words):
        return words
    return [part]


def _read(part: str, area_code: str | None) -> PhoneNumber:
    found = _EXTENSION.search(part)
    extension = found["extension"] if found else None
    written = part[: found.start()] if found else part
    bare = _LABEL.sub("", written).strip()
    if not _ALLOWED.fullmatch(bare):
        raise ValueError(f"{part!r} is not a phone number")
    number, kind = _classified(part, bare, area_code)
    return PhoneNumber(number, kind, part, extension)


def _classified(
    part: str, bare: str, area_code: str | None
) -> tuple[str, Literal["mobile", "land line", "toll free", "short code", "foreign"]]:
    digits = re.sub(r"\D", "", bare)
    international = bare.startswith("+") or digits.startswith("00")
    national = digits.removeprefix("00") if digits.startswith("00") else digits
    if international and not national.startswith(COUNTRY_CODE):
        if not _INTERNATIONAL.fullmatch(national):
            raise ValueError(f"{part!r} is not a phone number")
        return f"+{national}", "foreign"
    if international or len(national) > MAX_NATIONAL_DIGITS:
        national = national.removeprefix(COUNTRY_CODE)
    if _SHORT_CODE.fullmatch(digits):
        return digits, "short code"
    national = national.lstrip("0")
    if _MOBILE.fullmatch(national):
        return f"+{COUNTRY_CODE}{national}", "mobile"
    if _LAND_LINE.fullmatch(national):
        return f"+{COUNTRY_CODE}{national}", "land line"
    if _TOLL_FREE.fullmatch(national):
        return f"+{COUNTRY_CODE}{national}", "toll free"
    if _WITHOUT_AREA.fullmatch(national):
        return _completed(part, national, area_code), "land line"
    raise ValueError(f"{part!r} is not a Nepali phone number: it has {len(digits)} digits")


def _completed(part: str, local: str, area_code: str | None) -> str:
    if area_code is None:
        raise ValueError(
            f'{part!r} has no area code; pass area_code="1" if it is in the Kathmandu valley,'
            " or the code of its district"
        )
    national = area_code.lstrip("0") + local
    if not _LAND_LINE.fullmatch(national):
        raise ValueError(f"{part!r} is not a number of the area {area_code}")
    return f"+{COUNTRY_CODE}{national}"
