"""Language models behind real HTTP interfaces: what is sent, and what is recorded."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import vendors
from loopback import Loopback, Reply, as_json
from questions import ask, extract
from vendors import KEY, TOKEN, Vendor

from nes_tasks.errors import NesTasksError
from nes_tasks.scraping import Mode, Recording
from nes_tasks.scraping.errors import (
    ExchangeError,
    NotRecordedError,
    ProviderAnswerError,
    ProviderMissingError,
)
from nes_tasks.scraping.providers import (
    AnthropicProvider,
    AWSBedrockProvider,
    BaseLLMProvider,
    GoogleVertexAIProvider,
    MockLLMProvider,
    OpenAIProvider,
)

# What is sent


def test_openai_is_asked_as_it_documents(server: Loopback) -> None:
    server.put("/v1/chat/completions", as_json(vendors.openai_answer("Ram")))
    provider = OpenAIProvider("m", 100, 0.5, base_url=f"{server.url}/v1/", api_key=KEY,
                              options={"seed": 1})  # fmt: skip
    assert ask(provider, system_prompt="Be brief.") == "Ram"
    asked = server.asked[0]
    assert asked.method == "POST"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Who?"},
        ],
        "max_tokens": 100,
        "temperature": 0.5,
        "seed": 1,
    }


def test_a_local_server_is_asked_without_a_key_or_limits(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not for a server that a script names")
    server.put("/v1/chat/completions", as_json(vendors.openai_answer("Ram")))
    assert ask(OpenAIProvider("m", base_url=f"{server.url}/v1")) == "Ram"
    assert "authorization" not in server.asked[0].headers
    assert set(server.asked[0].body) == {"model", "messages"}


def test_anthropic_is_asked_as_it_documents(server: Loopback) -> None:
    server.put("/v1/messages", as_json(vendors.anthropic_answer("Ram")))
    provider = AnthropicProvider("m", temperature=0.5, base_url=server.url, api_key=KEY)
    assert ask(provider, system_prompt="Be brief.") == "Ram"
    asked = server.asked[0]
    assert asked.headers["x-api-key"] == KEY
    assert asked.headers["anthropic-version"] == "2023-06-01"
    assert asked.body == {
        "model": "m",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "Who?"}],
        "system": "Be brief.",
        "temperature": 0.5,
    }


def test_bedrock_is_asked_as_it_documents(server: Loopback) -> None:
    path = "/model/arn%3Aaws%3Abedrock%3A1%3Aprofile%2Fm/converse"
    server.put(path, as_json(vendors.bedrock_answer("Ram")))
    provider = AWSBedrockProvider("arn:aws:bedrock:1:profile/m", "eu-west-1", 100, 0.5,
                                  base_url=server.url, api_key=KEY)  # fmt: skip
    assert ask(provider, system_prompt="Be brief.") == "Ram"
    asked = server.asked[0]
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "messages": [{"role": "user", "content": [{"text": "Who?"}]}],
        "system": [{"text": "Be brief."}],
        "inferenceConfig": {"maxTokens": 100, "temperature": 0.5},
    }


def test_google_is_asked_as_it_documents_with_a_token_of_the_account(
    server: Loopback, tmp_path: Path
) -> None:
    server.put(vendors.GOOGLE_PATH, as_json(vendors.google_answer("Ram")))
    provider = vendors.google(server, tmp_path, max_tokens=100, temperature=0.5)
    assert ask(provider, system_prompt="Be brief.") == "Ram"
    assert ask(provider, "And who else?") == "Ram"
    for_token, first, _ = server.asked
    assert for_token.path == "/token"
    assert "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer" in for_token.body
    assert first.headers["authorization"] == f"Bearer {TOKEN}"
    assert first.body == {
        "contents": [{"role": "user", "parts": [{"text": "Who?"}]}],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"maxOutputTokens": 100, "temperature": 0.5},
    }


def test_google_takes_a_persons_own_login(server: Loopback, tmp_path: Path) -> None:
    server.put(vendors.GOOGLE_PATH, as_json(vendors.google_answer("Ram")))
    file = tmp_path / "application_default_credentials.json"
    file.write_text(
        json.dumps(
            {
                "type": "authorized_user",
                "client_id": "id",
                "client_secret": "secret",
                "refresh_token": "refresh",
                "token_uri": server.put(
                    "/token", as_json({"access_token": TOKEN, "expires_in": 9})
                ),
            }
        )
    )
    provider = GoogleVertexAIProvider("my-project", base_url=server.url, credentials_path=file)
    assert ask(provider) == "Ram"
    assert "grant_type=refresh_token" in server.asked[0].body


def test_the_vendors_own_addresses_are_the_default() -> None:
    providers = (
        OpenAIProvider("m"),
        AnthropicProvider("m"),
        AWSBedrockProvider("m", "eu-west-1"),
        GoogleVertexAIProvider("p"),
        GoogleVertexAIProvider("p", location="global"),
    )
    assert [provider.base_url for provider in providers] == [
        "https://api.openai.com/v1",
        "https://api.anthropic.com",
        "https://bedrock-runtime.eu-west-1.amazonaws.com",
        "https://us-central1-aiplatform.googleapis.com",
        "https://aiplatform.googleapis.com",
    ]


def test_openai_itself_is_told_the_limit_under_its_new_name() -> None:
    provider = OpenAIProvider("m", 100)
    request = provider._request(provider._question("Who?", None, None, None))
    assert request.body["max_completion_tokens"] == 100
    assert "max_tokens" not in request.body


def test_google_has_the_parameters_and_defaults_of_the_earlier_system() -> None:
    provider = GoogleVertexAIProvider(project_id="p", model_id="m", temperature=0.1)
    assert (provider.project_id, provider.location) == ("p", "us-central1")
    assert (provider.model_id, provider.temperature, provider.max_tokens) == ("m", 0.1, 65535)
    assert (provider.provider_name, provider.enable_cache) == ("google_vertex_ai", True)
    assert GoogleVertexAIProvider("p").model_id == "gemini-2.5-flash"
    assert GoogleVertexAIProvider("p").temperature == 0.7


def test_limits_of_one_call_win(server: Loopback) -> None:
    server.put("/v1/messages", as_json(vendors.anthropic_answer("Ram")))
    provider = AnthropicProvider("m", 100, 0.5, base_url=server.url, api_key=KEY)
    ask(provider, max_tokens=7, temperature=0.0)
    assert (server.asked[0].body["max_tokens"], server.asked[0].body["temperature"]) == (7, 0.0)


# Keys


def test_a_key_may_be_in_a_variable_that_the_script_names(
    server: Loopback, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    vendor.serve(server, vendor.says("Ram"))
    ask(vendor.make(server, api_key=None, api_key_variable="MY_KEY"))
    assert server.asked[0].headers[vendor.key_header].removeprefix("Bearer ") == KEY


def test_the_vendors_variable_is_for_the_vendors_address_only(
    server: Loopback, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(vendor.key_variable, KEY)
    vendor.serve(server, vendor.says("Ram"))
    ask(vendor.make(server, api_key=None))
    assert KEY not in str(server.asked[0].headers)


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        (OpenAIProvider("m"), "OPENAI_API_KEY"),
        (AnthropicProvider("m"), "ANTHROPIC_API_KEY"),
        (AWSBedrockProvider("m"), "AWS_BEARER_TOKEN_BEDROCK"),
        (GoogleVertexAIProvider("p"), "GOOGLE_APPLICATION_CREDENTIALS"),
    ],
)
def test_a_missing_key_names_the_variable_and_how_it_gets_into_a_migration(
    provider: BaseLLMProvider, variable: str
) -> None:
    with pytest.raises(ProviderMissingError, match=variable) as raised:
        ask(provider)
    assert isinstance(raised.value, NesTasksError)
    assert f"NES_TASKS_PASS_ENV={variable}" in str(raised.value)


@pytest.mark.parametrize("key", ["कुञ्जी-0123456789", "two words-0123", "line\nend-0123456789"])
def test_a_key_that_is_none_is_refused_unseen(server: Loopback, vendor: Vendor, key: str) -> None:
    with pytest.raises(ProviderMissingError, match="characters that no key has") as raised:
        ask(vendor.make(server, api_key=key))
    assert key not in str(raised.value)
    assert server.asked == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "No such file"),
        ("not json", "it is malformed"),
        ("[]", "it is malformed"),
        ("{}", "its type is None"),
        ('{"type": "external_account"}', "its type is 'external_account'"),
        ('{"type": "service_account", "private_key": "hush-hush"}', "it is malformed"),
        ('{"type": "authorized_user"}', "it is malformed"),
    ],
)
def test_a_credentials_file_that_cannot_be_used_is_named_and_not_quoted(
    server: Loopback, tmp_path: Path, content: str | None, problem: str
) -> None:
    file = tmp_path / "account.json"
    if content is not None:
        file.write_text(content)
    provider = GoogleVertexAIProvider("p", base_url=server.url, credentials_path=file)
    with pytest.raises(ProviderMissingError, match=problem) as raised:
        ask(provider)
    assert str(file) in str(raised.value)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("reply", [as_json({"error": "invalid_grant"}, 400), Reply("<html>", 403)])
def test_google_refusing_a_token_is_an_error_with_advice(
    server: Loopback, tmp_path: Path, reply: Reply
) -> None:
    provider = vendors.google(server, tmp_path)
    server.put("/token", reply)
    with pytest.raises(ExchangeError, match=r"Google gave no access token.*credentials file"):
        ask(provider)


def test_a_token_server_that_is_not_there_is_an_error(server: Loopback, tmp_path: Path) -> None:
    file = vendors.service_account(server, tmp_path)
    file.write_text(file.read_text().replace(server.url, "http://127.0.0.1:9"))
    provider = GoogleVertexAIProvider("p", base_url=server.url, credentials_path=file)
    with pytest.raises(ExchangeError, match=r"Google gave no access token: .*[Cc]onnect"):
        ask(provider)


def test_a_provider_does_not_show_its_key(server: Loopback, vendor: Vendor) -> None:
    provider = vendor.make(server)
    assert KEY not in repr(provider) + str(provider)
    vendor.serve(server, as_json({"error": {"message": f"Incorrect API key: {KEY}"}}, 401))
    with pytest.raises(
        ExchangeError, match=r"401 Unauthorized.*\[secret\].*check the key"
    ) as raised:
        ask(provider)
    assert KEY not in str(raised.value)


# Recording


def test_a_recorded_answer_needs_no_key_and_no_server(
    server: Loopback, vendor: Vendor, tmp_path: Path
) -> None:
    vendor.serve(server, vendor.says('{"name": "Ram", "year": 2081}'))
    path = tmp_path / "recorded-answers.jsonl"
    usages = []
    for mode, key in ((Mode.RECORD, KEY), (Mode.REPLAY, None)):
        provider = vendor.make(server, api_key=key, api_key_variable="NO_SUCH_VARIABLE")
        with Recording(path, mode).in_force():
            assert extract(provider) == {"name": "Ram", "year": 2081}
        usages.append(provider.get_token_usage())
    assert usages[0] == usages[1]
    assert len(server.asked) == 1
    assert KEY not in path.read_text()


def test_googles_token_is_neither_recorded_nor_needed_to_replay(
    server: Loopback, tmp_path: Path
) -> None:
    server.put(vendors.GOOGLE_PATH, as_json(vendors.google_answer("Ram")))
    path = tmp_path / "recorded-answers.jsonl"
    with Recording(path, Mode.RECORD).in_force():
        ask(vendors.google(server, tmp_path))
    assert TOKEN not in path.read_text()
    assert "/token" not in path.read_text()
    asked = len(server.asked)
    without = GoogleVertexAIProvider("my-project", base_url=server.url)
    with Recording(path).in_force():
        assert ask(without) == "Ram"
    assert len(server.asked) == asked


def test_a_question_that_is_not_recorded_is_not_asked(
    server: Loopback, vendor: Vendor, tmp_path: Path
) -> None:
    with Recording(tmp_path / "a.jsonl").in_force(), pytest.raises(NotRecordedError):
        ask(vendor.make(server))
    assert server.asked == []


@pytest.mark.parametrize("text", ["", "not what was asked for"])
def test_an_answer_that_is_refused_is_not_recorded(
    server: Loopback, vendor: Vendor, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "recorded-answers.jsonl"
    vendor.serve(server, vendor.says(text))
    with Recording(path, Mode.RECORD).in_force(), pytest.raises(ProviderAnswerError):
        extract(vendor.make(server))
    assert not path.exists()


# Names


def test_the_mock_of_the_earlier_system_is_refused() -> None:
    with pytest.raises(ProviderMissingError, match="makes up its answers"):
        MockLLMProvider(model_id="mock")


def test_a_provider_of_ones_own_needs_only_the_two_calls() -> None:
    class Own(BaseLLMProvider):
        async def generate_text(self, prompt: str, *_: Any, **__: Any) -> str:
            return prompt.upper()

        async def extract_structured_data(self, text: str, *_: Any, **__: Any) -> Any:
            return {"text": text}

    own = Own("own", "m")
    assert ask(own, "ram") == "RAM"
    assert (own.provider_name, own.model_id, own.max_tokens, own.temperature) == (
        "own", "m", None, None
    )  # fmt: skip


def test_a_provider_that_lacks_a_call_cannot_be_made() -> None:
    class Half(BaseLLMProvider):
        async def generate_text(self, prompt: str, *_: Any, **__: Any) -> str:
            return prompt

    make: Callable[..., Any] = Half
    with pytest.raises(TypeError, match="extract_structured_data"):
        make("half", "m")


@pytest.mark.parametrize(
    ("package", "extra", "call"),
    [
        ("httpx", "scraping", "WebScraper().fetch_text('http://127.0.0.1:1/')"),
        ("jsonschema", "scraping",
         "OpenAIProvider('m').extract_structured_data('x', {'type': 'object'})"),
        ("google", "vertex", "GoogleVertexAIProvider('p').generate_text('x')"),
        ("httpx", "scraping", "OpenAIProvider('m', api_key='k').generate_text('x')"),
    ],
)  # fmt: skip
def test_a_missing_package_names_the_extra(package: str, extra: str, call: str) -> None:
    program = f"""
import asyncio, sys
sys.modules[{package!r}] = None
from nes_tasks.scraping import WebScraper
from nes_tasks.scraping.providers import GoogleVertexAIProvider, OpenAIProvider
from nes_tasks.scraping.errors import MissingPackageError
try:
    asyncio.run({call})
except MissingPackageError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert f"is not installed; pip install 'nes-tasks[{extra}]'" in done.stdout
