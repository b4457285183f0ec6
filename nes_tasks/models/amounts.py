"""Parse numbers as written in Nepal: Rs. 1,23,456, रु. १२,३४,५६७।००, 2.5 crore, १२ प्रतिशत.

Ambiguous numbers are refused: groups that are neither those of Nepal (1,23,456) nor of three
digits, and a decimal comma unless it is asked for.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

_CURRENCIES = {
    "NPR": r"N\.?\s*Rs\.?|NPR\.?|Rs\.?|Rupees?|रु\.?|रू\.?|रुपैयाँ|रुपैयां|रुपियाँ|रूपैयाँ|नेरु\.?|ने\.?\s*रु\.?",
    "INR": r"I\.?\s*Rs\.?|INR|IC|भारु\.?|भा\.?\s*रु\.?|₹",
    "USD": r"US\s*\$|USD|US\s*Dollars?|\$|अमेरिकी\s*डलर",
    "EUR": r"EUR|Euros?|€",
}
_CURRENCY = "|".join(f"(?P<{code}>{words})" for code, words in _CURRENCIES.items())
_SCALES = {
    10**2: "hundred सय",
    10**3: "thousand thousands k हजार",
    10**5: "lakh lakhs lac lacs lkh लाख",
    10**6: "million millions mn",
    10**7: "crore crores cr karod करोड",
    10**9: "arab arabs billion billions bn अर्ब अरब",
    10**11: "kharab kharabs खर्ब खरब",
}
_SCALE_OF = {word: scale for scale, words in _SCALES.items() for word in words.split()}
_PERCENT = re.compile(r"\s*(?:%|percent|per\s+cent|प्रतिशत)\s*$", re.IGNORECASE)
_LEADING_CURRENCY = re.compile(rf"(?:{_CURRENCY})(?![A-Za-z])\s*", re.IGNORECASE)
_TRAILING_CURRENCY = re.compile(rf"\s*(?<![A-Za-z])(?:{_CURRENCY})$", re.IGNORECASE)
# The mark after a sum that prevents additions.
_CLOSING = re.compile(r"\s*(?:/-|/=|/–|।-|मात्र|only)\s*$", re.IGNORECASE)
_PART = re.compile(
    r"(?P<number>[\d.,।'\u00a0\u202f ]*\d)\s*(?P<scale>[A-Za-z\u0900-\u0963]*)\.?(?:\s+|$)"
)
_PLAIN = r"\d+|\d{{1,3}}(?:{s}\d{{3}})+|\d{{1,2}}(?:{s}\d{{2}})*{s}\d{{3}}"


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of money; `currency` is its ISO 4217 code, None when none is written."""

    value: int | float
    currency: str | None = None


def read_number(text: str, decimal: str = ".") -> int | float:
    """Return the number that `text` is; an `int` when it is whole. Raises `ValueError`.

    Digits may be Nepali, and groups those of Nepal or of three digits. ``decimal=","`` reads
    1.234,5; the danda is a decimal point, too (५६७।००). It understands lakh, crore and similar
    words (``5 lakh 25 thousand``), and brackets or a minus for negative numbers.
    """
    return _plain_number(_value(text, _normal(text), decimal))


def read_amount(text: str, decimal: str = ".") -> Amount:
    """Return a sum such as ``Rs. 1,23,456/-`` or ``रु. १२,३४,५६७।००``; see `read_number`."""
    rest = _CLOSING.sub("", _normal(text))
    negative = rest.startswith("-") or (rest.startswith("(") and rest.endswith(")"))
    bare = rest.strip("() ").removeprefix("-").lstrip() if negative else rest
    found = _LEADING_CURRENCY.match(bare)
    bare = bare[found.end() :] if found else bare
    bare = _CLOSING.sub("", bare)
    behind = None if found else _TRAILING_CURRENCY.search(bare)
    bare = bare[: behind.start()] if behind else bare
    sign = found or behind
    currency = sign.lastgroup if sign else None
    value = _value(text, bare, decimal)
    return Amount(_plain_number(-value if negative else value), currency)


def read_percent(text: str, decimal: str = ".") -> int | float:
    """Return 12.5 for ``12.5%`` or ``१२.५ प्रतिशत``; raises `ValueError` without such a sign."""
    normal = _normal(text)
    bare = _PERCENT.sub("", normal)
    if bare == normal:
        raise ValueError(f"{text!r} is not a percentage; write it as in 12.5%")
    return _plain_number(_value(text, bare, decimal))


def _normal(text: str) -> str:
    """Return text trimmed and with ASCII digits."""
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in unicodedata.normalize("NFC", text.strip())
    )


def _plain_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _value(text: str, normal: str, decimal: str) -> Decimal:
    if decimal not in (".", ","):
        raise ValueError(f'decimal is {decimal!r}; use "." or ","')
    rest = normal
    negative = bool(re.fullmatch(r"\(.+\)|[-−].+", rest))
    if negative:
        rest = (rest[1:-1] if rest[0] == "(" else rest[1:]).strip()
    total, last = Decimal(0), None
    while rest:
        part = _PART.match(rest)
        scale = 1 if part is None or not part["scale"] else _SCALE_OF.get(part["scale"].casefold())
        if part is None or scale is None or (last is not None and scale >= last):
            raise ValueError(f"{text!r} is not a number")
        total += _digits(text, part["number"], decimal) * scale
        rest, last = rest[part.end() :], scale
    if last is None:
        raise ValueError(f"{text!r} is not a number")
    return -total if negative else total


def _digits(text: str, written: str, decimal: str) -> Decimal:
    """Return the value of digits with their groups and decimals."""
    separator = "," if decimal == "." else "."
    whole, point, decimals = written.replace("।", ".").rpartition(decimal)
    if not point:
        whole, decimals = written, ""
    groups = [re.escape(separator), "['\u00a0\u202f ]"]
    if not any(re.fullmatch(_PLAIN.format(s=mark), whole or "0") for mark in groups):
        raise ValueError(
            f"the groups of digits in {text!r} are not clear; write it as in 1,23,456 or 123456"
        )
    if decimals and not decimals.isdigit():
        raise ValueError(f"{text!r} is not a number")
    return Decimal(f"{re.sub(r'[^0-9]', '', whole) or '0'}.{decimals or '0'}")
