"""Phone numbers of Nepal in the international form."""

from __future__ import annotations

import unicodedata

COUNTRY_CODE = "977"
MAX_NATIONAL_DIGITS = 10


def normalize_nepali_phone_number(phone: object) -> str | None:
    """Return `phone` as ``+977`` and its digits, or None when it is no number of Nepal.

    Everything but digits is dropped, and so are the country code and leading zeros. More than
    ten digits are no number, but two short ones in one text are not told apart:
    ``98510, 98511`` is read as one. Digits may be Devanagari.
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
