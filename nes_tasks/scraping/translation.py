"""Translation between English and Nepali, and language detection."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..models.romanization import romanize as romanize
from .errors import ProviderAnswerError, ProviderMissingError
from .exchange import excerpt

if TYPE_CHECKING:
    from .providers.base import BaseLLMProvider

LANGUAGES = {"en": "English", "ne": "Nepali"}

_DEVANAGARI = re.compile("[\u0900-\u097f]")
_ASCII_LETTER = re.compile("[A-Za-z]")
_TO_ASCII_DIGITS = {ord(digit): str(value) for value, digit in enumerate("०१२३४५६७८९")}
_TO_NEPALI_DIGITS = {ord(ascii_digit): chr(code) for code, ascii_digit in _TO_ASCII_DIGITS.items()}


def detect_language(text: str) -> str:
    """Return "ne" when `text` has more Devanagari characters than ASCII letters, else "en"."""
    return "ne" if len(_DEVANAGARI.findall(text)) > len(_ASCII_LETTER.findall(text)) else "en"


class Translator:
    """Translates with a glossary, and other texts with a language model.

    `glossary` pairs Nepali texts with their English ones; a text that is in it as a whole, in
    either language, needs no model and comes out the same for everyone. Without `provider`
    nothing else is translated: a translation is never made up.
    """

    def __init__(
        self,
        provider: BaseLLMProvider | None = None,
        glossary: Mapping[str, str] | None = None,
    ) -> None:
        self.provider = provider
        self._glossary: dict[str, dict[str, str]] = {"en": {}, "ne": {}}
        for nepali, english in (glossary or {}).items():
            self._glossary["en"][_spaced(nepali)] = english
            # Of several Nepali spellings the first one is used for the English text.
            self._glossary["ne"].setdefault(_spaced(english), nepali)

    async def translate(
        self, text: str, target_lang: str, source_lang: str | None = None
    ) -> dict[str, str]:
        """Return the translation of `text` into `target_lang`, "en" or "ne".

        The keys are ``translated_text``, ``source_language``, ``target_language``;
        ``detected_language`` when `source_lang` was not given; ``transliteration``, the Nepali
        side in Roman letters, when the languages differ. A text in the target language comes
        back as it is, and one of digits and signs alone only changes its digits.

        Raises `ValueError` for another language, `ProviderMissingError` when a model is needed
        and there is none, `ProviderAnswerError` when it did not answer in the target language,
        and what the provider raises.
        """
        _check_language(target_lang, "target_lang")
        if source_lang is not None:
            _check_language(source_lang, "source_lang")
        source = source_lang or detect_language(text)
        result = {"source_language": source, "target_language": target_lang}
        if source_lang is None:
            result["detected_language"] = source
        if source == target_lang:
            return {"translated_text": text, **result}
        translated = await self._translated(text, source, target_lang)
        nepali = text if source == "ne" else translated
        return {"translated_text": translated, **result, "transliteration": romanize(nepali)}

    async def _translated(self, text: str, source: str, target: str) -> str:
        known = self._glossary[target].get(_spaced(text))
        if known is not None:
            return known
        if not _has_letters(text):
            return text.translate(_TO_ASCII_DIGITS if target == "en" else _TO_NEPALI_DIGITS)
        if self.provider is None:
            raise ProviderMissingError(
                f"translating {excerpt(text, 40)!r} into {LANGUAGES[target]} needs a language"
                " model, and none is configured",
                hint="set context.scraping.provider, or give the Translator a glossary",
            )
        answer = await self.provider.generate_text(
            text,
            system_prompt=(
                f"You translate from {LANGUAGES[source]} to {LANGUAGES[target]} for an official"
                " register. Answer with the translation of the user's text and nothing else:"
                " no notes, no quotation marks. Keep names of people and places as they are"
                f" usually written in {LANGUAGES[target]}."
            ),
        )
        translated = answer.strip()
        if not translated or (_has_letters(translated) and detect_language(translated) != target):
            raise ProviderAnswerError(
                f"{self.provider.provider_name} did not translate {excerpt(text, 40)!r} into"
                f" {LANGUAGES[target]}, it said {excerpt(answer, 80)!r}",
                hint="try another model, or put the translation into the Translator's glossary",
            )
        return translated


def _check_language(language: str, parameter: str) -> None:
    if language not in LANGUAGES:
        raise ValueError(f"Invalid {parameter}: {language}. Must be 'en' or 'ne'")


def _has_letters(text: str) -> bool:
    return any(unicodedata.category(character).startswith("L") for character in text)


def _spaced(text: str) -> str:
    """Return `text` as the glossary compares it: NFC, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())
