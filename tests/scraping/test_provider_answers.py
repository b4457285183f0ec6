"""What is made of the answers of language models: texts, refusals, and data in a given form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import vendors
from loopback import Loopback, Reply, as_json
from manual_clock import ManualClock
from pydantic import BaseModel
from questions import ask, extract
from vendors import Vendor

from nes_tasks.scraping import RetryHandler
from nes_tasks.scraping.errors import (
    ExchangeError,
    ProviderAnswerError,
)
from nes_tasks.scraping.providers import (
    OpenAIProvider,
)

# What is made of answers


def test_tokens_are_counted(server: Loopback, vendor: Vendor) -> None:
    vendor.serve(server, vendor.says("Ram"))
    provider = vendor.make(server)
    ask(provider, "Who?")
    ask(provider, "Who else?")
    assert provider.get_token_usage() == {
        "requests": 2, "input_tokens": 22, "output_tokens": 10, "total_tokens": 32
    }  # fmt: skip
    provider.reset_token_usage()
    assert set(provider.get_token_usage().values()) == {0}


def test_tokens_that_a_server_does_not_count_are_none(server: Loopback) -> None:
    answer = vendors.openai_answer("Ram")
    for usage in (None, {}, {"prompt_tokens": None}, "many"):
        server.put("/v1/chat/completions", as_json({**answer, "usage": usage}))
        provider = OpenAIProvider("m", base_url=f"{server.url}/v1")
        ask(provider)
        assert provider.get_token_usage()["total_tokens"] == 0


def test_an_equal_question_is_asked_once(server: Loopback, vendor: Vendor) -> None:
    vendor.serve(server, vendor.says("first"), vendor.says("second"))
    provider = vendor.make(server)
    assert [ask(provider), ask(provider)] == ["first", "first"]
    assert ask(provider, temperature=0.1) == "second"
    provider.clear_cache()
    assert ask(provider) == "second"
    assert len(server.asked) == 3


def test_without_the_cache_every_question_is_asked(server: Loopback, vendor: Vendor) -> None:
    vendor.serve(server, vendor.says("first"), vendor.says("second"))
    provider = vendor.make(server, enable_cache=False)
    assert [ask(provider), ask(provider)] == ["first", "second"]


def test_a_busy_model_is_asked_again(server: Loopback, vendor: Vendor, clock: ManualClock) -> None:
    busy = Reply("overloaded", 529), Reply("", 429, headers={"Retry-After": "3"})
    vendor.serve(server, *busy, vendor.says("Ram"))
    assert ask(vendor.make(server, retry_handler=RetryHandler(sleep=clock.sleep))) == "Ram"
    assert clock.slept == [1, 3]


def test_an_answer_that_is_cut_off_is_refused(server: Loopback, vendor: Vendor) -> None:
    vendor.serve(server, vendor.says("Ram and", vendor.truncated_history_error))
    with pytest.raises(ProviderAnswerError, match=r"cut off at the limit.*raise max_tokens"):
        ask(vendor.make(server))


def test_an_answer_that_is_withheld_is_refused(server: Loopback, vendor: Vendor) -> None:
    vendor.serve(server, vendor.says("", vendor.withheld))
    with pytest.raises(ProviderAnswerError, match=f"was withheld .{vendor.withheld}"):
        ask(vendor.make(server))


@pytest.mark.parametrize(
    "body",
    [
        {"promptFeedback": {"blockReason": "SAFETY"}},
        vendors.google_answer("", "SAFETY"),
        {"candidates": [{"finishReason": "RECITATION"}]},
        vendors.google_answer("Ram and", "MAX_TOKENS"),
        {"candidates": []},
        {"candidates": [{"finishReason": "STOP", "content": {"role": "model"}}]},
        vendors.google_answer(None),
        vendors.google_answer(" "),
        [],
        "Ram",
        None,
    ],
)
def test_google_answers_that_are_none_are_refused(
    server: Loopback, tmp_path: Path, body: Any
) -> None:
    server.put(vendors.GOOGLE_PATH, as_json(body))
    with pytest.raises(ProviderAnswerError):
        ask(vendors.google(server, tmp_path))


def test_a_refusal_in_words_is_a_refusal(server: Loopback) -> None:
    answer = vendors.openai_answer(None)
    answer["choices"][0]["message"]["refusal"] = "I cannot help with that."
    server.put("/v1/chat/completions", as_json(answer))
    with pytest.raises(ProviderAnswerError, match=r"withheld .I cannot help"):
        ask(OpenAIProvider("m", base_url=f"{server.url}/v1"))


@pytest.mark.parametrize(
    "body",
    [{}, [], None, "Ram", 5, {"choices": []}, {"choices": None}, {"choices": [{}]},
     {"choices": [{"message": None}]}, {"choices": [{"message": {}}]}, {"content": []},
     {"content": [{"type": "text"}]}, {"content": "Ram"}, {"output": {}},
     {"output": {"message": {"content": None}}}],
)  # fmt: skip
def test_an_answer_of_another_form_is_refused_and_shown(
    server: Loopback, vendor: Vendor, body: Any
) -> None:
    vendor.serve(server, as_json(body))
    with pytest.raises(ProviderAnswerError, match=r"has not the form|with no text"):
        ask(vendor.make(server))


@pytest.mark.parametrize("text", [None, "", "  \n", 5, ["Ram"]])
def test_an_answer_without_a_text_is_refused(server: Loopback, vendor: Vendor, text: Any) -> None:
    vendor.serve(server, vendor.says(text))
    with pytest.raises(ProviderAnswerError, match=r"with no text|has not the form"):
        ask(vendor.make(server))


@pytest.mark.parametrize(
    "reply",
    [Reply("<html>Bad gateway"), Reply('{"choices": [', content_type="application/json"),
     Reply(b"\x1f\x8b\xff", content_type="application/json")],
)  # fmt: skip
def test_an_answer_that_is_no_json_is_refused(
    server: Loopback, vendor: Vendor, reply: Reply
) -> None:
    vendor.serve(server, reply)
    with pytest.raises(ExchangeError, match=r"did not answer with JSON|cannot be read"):
        ask(vendor.make(server))


def test_an_error_that_comes_as_a_success_is_an_error(server: Loopback, vendor: Vendor) -> None:
    vendor.serve(server, as_json({"error": {"message": "model not loaded"}}))
    with pytest.raises(ExchangeError, match="model not loaded"):
        ask(vendor.make(server))


@pytest.mark.parametrize("prompt", ["", " \n"])
def test_an_empty_prompt_is_refused(server: Loopback, vendor: Vendor, prompt: str) -> None:
    with pytest.raises(ValueError, match="the prompt is empty"):
        ask(vendor.make(server), prompt)
    assert server.asked == []


# Structured data


@pytest.mark.parametrize(
    "text",
    ['{"name": "Ram", "year": 2081}', '```json\n{"name": "Ram",\n "year": 2081}\n```',
     ' ```\n{"name": "Ram", "year": 2081}```\n'],
)  # fmt: skip
def test_data_is_taken_from_an_answer(server: Loopback, vendor: Vendor, text: str) -> None:
    vendor.serve(server, vendor.says(text))
    provider = vendor.make(server)
    assert extract(provider) == {"name": "Ram", "year": 2081}
    extract(provider)["name"] = "changed"
    assert extract(provider)["name"] == "Ram"
    asked = json.dumps(server.asked[0].body)
    assert "Find the minister." in asked
    assert "additionalProperties" in asked
    assert len(server.asked) == 1


class Minister(BaseModel):
    """What is asked for in the tests."""

    name: str
    year: int | None


def test_the_form_may_be_a_pydantic_class(server: Loopback, vendor: Vendor) -> None:
    vendor.serve(server, vendor.says('{"name": "Ram", "year": null}'), vendor.says('{"year": "x"}'))
    provider = vendor.make(server, enable_cache=False)
    assert extract(provider, Minister) == {"name": "Ram", "year": None}
    with pytest.raises(ProviderAnswerError, match="does not fit the schema: name is missing"):
        extract(provider, Minister)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("The minister is Ram.", "did not answer with JSON .*The minister is Ram"),
        ('{"name": "Ram", "year": 2081', "did not answer with JSON"),
        ('{"name": "Ram", "year": NaN}', "NaN is not JSON"),
        ('{"name": "Ram"}', r"does not fit the schema: \$: 'year' is a required property"),
        ('{"name": "Ram", "year": "2081"}', r"\$\.year: '2081' is not of type"),
        ('{"name": "Ram", "year": 1, "age": 2}', "Additional properties are not allowed"),
        ('[{"name": "Ram", "year": 1}]', "is not of type 'object'"),
    ],
)
def test_data_that_does_not_fit_is_refused(
    server: Loopback, vendor: Vendor, text: str, problem: str
) -> None:
    vendor.serve(server, vendor.says(text))
    with pytest.raises(ProviderAnswerError, match=problem):
        extract(vendor.make(server))


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({}, "accepts anything"),
        ({"name": "string"}, "accepts anything"),
        ({"type": "text"}, "the schema is not valid"),
        ({"type": "object", "properties": []}, "the schema is not valid"),
        ("name, year", "neither a JSON Schema nor a pydantic class"),
        (dict, "neither a JSON Schema nor a pydantic class"),
    ],
)
def test_a_schema_that_says_nothing_is_refused_before_the_model_is_asked(
    server: Loopback, vendor: Vendor, schema: Any, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        extract(vendor.make(server), schema)
    with pytest.raises(ValueError, match="the text is empty"):
        extract(vendor.make(server), text=" ")
    assert server.asked == []


def test_a_schema_is_never_fetched_from_the_network(server: Loopback, vendor: Vendor) -> None:
    server.put("/schema.json", as_json({"type": "object"}))
    vendor.serve(server, vendor.says('{"name": "Ram"}'))
    with pytest.raises(ValueError, match=r"refers to .*/schema\.json, which is not in it"):
        extract(vendor.make(server), {"$ref": f"{server.url}/schema.json"})
    assert "/schema.json" not in [asked.path for asked in server.asked]
