"""Which language a text is in, Nepali in Roman letters, and translations that are not made up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import vendors
from loopback import Loopback, as_json

from nes_tasks.scraping import Translator, detect_language, romanize
from nes_tasks.scraping.errors import ProviderAnswerError, ProviderMissingError
from nes_tasks.scraping.providers import OpenAIProvider


def translate(translator: Translator, text: str, target: str, source: str | None = None) -> Any:
    return asyncio.run(translator.translate(text, target, source))


def model(server: Loopback, answer: str) -> OpenAIProvider:
    server.put("/v1/chat/completions", as_json(vendors.openai_answer(answer)))
    return OpenAIProvider("m", base_url=f"{server.url}/v1")


@pytest.mark.parametrize(
    ("text", "language"),
    [("नेपाल", "ne"), ("Nepal", "en"), ("नेपाल Nepal", "en"), ("नेपालको capital", "en"),
     ("राष्ट्रिय CPN", "ne"), ("", "en"), ("123", "en"), ("२०८२", "ne"), ("日本", "en")],
)  # fmt: skip
def test_a_text_is_nepali_when_most_of_it_is(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("nepali", "roman"),
    [
        ("राम चन्द्र पौडेल", "ram chandra paudel"),
        ("राष्ट्रिय स्वतन्त्र पार्टी", "rastriya swatantra party"),
        ("शेर बहादुर देउवा", "sher bahadur deuba"),
        ("केपी शर्मा ओली", "kp sharma oli"),
        ("ज्ञानेन्द्र", "gyanendra"),
        ("क्षेत्र", "kshetra"),
        ("कृष्ण", "krishna"),
        ("संविधान", "sambidhan"),
        ("संघ", "sangh"),
        ("गाउँपालिका", "gaunpalika"),
        ("दुःख", "dukh"),
        ("गर्\u200dयो", "garyo"),
        ("छ", "chha"),
        ("ज़", "za"),
        ("वडा नं. १२, राम।", "wada nan. 12, ram."),
        ("CPN (एमाले)", "CPN (emale)"),
        ("", ""),
        ("plain", "plain"),
    ],
)
def test_nepali_is_written_in_roman_letters_as_it_is_spoken(nepali: str, roman: str) -> None:
    assert romanize(nepali) == roman


def test_no_letter_of_nepali_is_lost() -> None:
    letters = [chr(code) for code in range(0x0905, 0x093A)]
    unknown = [letter for letter in letters if romanize(letter) == ""]
    assert unknown == []


def test_a_text_in_the_target_language_comes_back_as_it_is() -> None:
    assert translate(Translator(), " Nepal ", "en") == {
        "translated_text": " Nepal ",
        "source_language": "en",
        "target_language": "en",
        "detected_language": "en",
    }


@pytest.mark.parametrize(
    ("text", "target", "source", "translated"),
    [("२०८२/०७/१७", "en", None, "2082/07/17"), ("2082-07", "ne", None, "२०८२-०७"),
     ("१२ %", "en", "ne", "12 %"), ("—", "ne", "en", "—")],
)  # fmt: skip
def test_digits_need_no_model(text: str, target: str, source: str | None, translated: str) -> None:
    assert translate(Translator(), text, target, source)["translated_text"] == translated


def test_a_glossary_is_used_in_both_directions_and_needs_no_model() -> None:
    translator = Translator(glossary={"काठमाडौं": "Kathmandu", "काठमाण्डौ": "Kathmandu"})
    assert translate(translator, " काठमाण्डौ ", "en") == {
        "translated_text": "Kathmandu",
        "source_language": "ne",
        "target_language": "en",
        "detected_language": "ne",
        "transliteration": " kathmandu ",
    }
    assert translate(translator, "Kathmandu", "ne", "en") == {
        "translated_text": "काठमाडौं",
        "source_language": "en",
        "target_language": "ne",
        "transliteration": "kathmandu",
    }


def test_without_a_model_nothing_is_made_up() -> None:
    with pytest.raises(ProviderMissingError) as raised:
        translate(Translator(), "काठमाडौं", "en")
    assert str(raised.value) == (
        "translating 'काठमाडौं' into English needs a language model, and none is configured; set"
        " context.scraping.provider, or give the Translator a glossary"
    )


def test_a_model_translates(server: Loopback) -> None:
    translator = Translator(model(server, " प्रधानमन्त्री\n"))
    assert translate(translator, "Prime Minister", "ne") == {
        "translated_text": "प्रधानमन्त्री",
        "source_language": "en",
        "target_language": "ne",
        "detected_language": "en",
        "transliteration": "pradhanmantri",
    }
    messages = server.asked[0].body["messages"]
    assert "from English to Nepali" in messages[0]["content"]
    assert messages[1]["content"] == "Prime Minister"


@pytest.mark.parametrize("answer", ["Prime Minister", "I cannot", "Sure! It is प्रधान."])
def test_an_answer_in_the_wrong_language_is_refused(server: Loopback, answer: str) -> None:
    with pytest.raises(ProviderAnswerError, match=r"did not translate .* into Nepali, it said"):
        translate(Translator(model(server, answer)), "Prime Minister", "ne")


@pytest.mark.parametrize("target", ["fr", "EN", "", "nep"])
def test_only_english_and_nepali_are_targets(target: str) -> None:
    with pytest.raises(ValueError, match=f"^Invalid target_lang: {target}. Must be 'en' or 'ne'$"):
        translate(Translator(), "x", target)


def test_only_english_and_nepali_are_sources() -> None:
    with pytest.raises(ValueError, match=r"Invalid source_lang: fr\. Must be 'en' or 'ne'"):
        translate(Translator(), "x", "en", "fr")
