"""A whole run: what a migration took from the network is recorded, then replayed without it."""

from __future__ import annotations

import json

import vendors
from loopback import Asked, Loopback, Reply, as_json
from workspace import Workspace

from nes_tasks.running import sandbox

NAME = "000-translate"

TRANSLATE = """\
from nes_tasks.scraping.providers import OpenAIProvider
context.scraping.provider = OpenAIProvider(
    "m", base_url="{url}/v1", api_key_variable="MY_KEY"
)
found = await context.scraping.translate("काठमाडौं", "en")
name = {{"kind": "PRIMARY", "en": {{"full": found["translated_text"]}}}}
await context.publication.create_entity(
    entity_type="location", entity_subtype="district",
    entity_data={{"slug": "kathmandu", "names": [name]}},
)
context.log(context.scraping.provider.get_token_usage())
"""


def model(server: Loopback) -> None:
    """Answer only who has the key."""

    def answer(asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {vendors.KEY}":
            return as_json({"error": {"message": "no key"}}, 401)
        return as_json(vendors.openai_answer("Kathmandu"))

    server.put("/v1/chat/completions", answer)


def test_a_migration_is_recorded_then_reviewed_then_applied_without_key_or_network(
    workspace: Workspace, server: Loopback
) -> None:
    model(server)
    folder = workspace.migration(NAME, TRANSLATE.format(url=server.url))
    file = folder / "recorded-answers.jsonl"

    refused = workspace.doit("run")
    assert refused.code == 1
    assert "record it: NES_TASKS_RECORD=000-translate doit migrate:000-translate" in refused.err
    assert server.asked == []

    keyless = workspace.doit("run", NES_TASKS_RECORD=NAME, MY_KEY=vendors.KEY)
    assert keyless.code == 1
    assert "NES_TASKS_PASS_ENV=MY_KEY" in keyless.err
    assert server.asked == []

    recorded = workspace.doit(
        "run", NES_TASKS_RECORD=NAME, NES_TASKS_PASS_ENV="MY_KEY", MY_KEY=vendors.KEY
    )
    assert recorded.code == 1
    assert f"answers were recorded in migrations/{NAME}/recorded-answers.jsonl" in recorded.err
    assert "nothing was applied" in recorded.err
    assert len(server.asked) == 1
    assert vendors.KEY not in file.read_text()
    assert json.loads(file.read_text())["answer"]["json"]["choices"][0]["message"]["content"] == (
        "Kathmandu"
    )

    applied = workspace.doit("run")
    assert (applied.code, len(server.asked)) == (0, 1)
    assert workspace.applied() == [NAME]
    entity = workspace.git("show", "HEAD:v2/entity/location/district/kathmandu.json")
    assert json.loads(entity)["names"][0]["en"]["full"] == "Kathmandu"
    marker = workspace.git("show", f"HEAD:v2/migration-logs/{NAME}/marker.toml")
    assert '"recorded-answers.jsonl"' in marker

    proven = workspace.doit("replay", NES_TASKS_RECORD=NAME)
    assert (proven.code, len(server.asked)) == (0, 1)


def test_a_network_that_is_not_allowed_is_asked_for_once(
    workspace: Workspace, server: Loopback
) -> None:
    body = f"""\
try:
    await context.scraping.web_scraper.fetch_text("{server.url}/a")
except Exception as error:
    context.log(type(error).__name__)"""
    workspace.migration("000-fetch", body, head="DETERMINISTIC = False")
    ran = workspace.doit("run")
    assert ran.code == 0, ran.err
    # Only a TransientError is tried again.
    wanted = "TransientError" if sandbox.unavailable() else "ExchangeError"
    assert workspace.git("show", "HEAD:v2/migration-logs/000-fetch/log.txt") == wanted


def test_a_migration_that_is_not_deterministic_asks_each_time(
    workspace: Workspace, server: Loopback
) -> None:
    server.put("/a", Reply("fresh"))
    script = f'''AUTHOR = "Asha"
DATE = "2026-01-15"
DESCRIPTION = "Fetch"
DETERMINISTIC = False

async def migrate(context):
    context.log(await context.scraping.web_scraper.fetch_text("{server.url}/a"))
'''
    folder = workspace.migration("000-fetch", script=script)
    ran = workspace.doit("run")
    assert ran.code == 1, ran.err
    said = "a migration has the network only if the run allows it: --allow-network 000-fetch"
    assert said in ran.err
    workspace.settings(network=["000-fetch"])
    ran = workspace.doit("run")
    assert ran.code == 0, ran.err
    assert workspace.git("show", "HEAD:v2/migration-logs/000-fetch/log.txt") == "fresh"
    assert not (folder / "recorded-answers.jsonl").exists()

    server.put("/a", Reply("stale"))
    replayed = workspace.doit("replay", "0", NES_TASKS_RECORD="000-fetch")
    assert replayed.code == 0, replayed.err
    shown = (
        "  v2/migration-logs/000-fetch/log.txt\n    line 1\n"
        '      committed  "fresh\\n"\n      replayed   "stale\\n"\n'
    )
    assert shown in replayed.out
    assert not (folder / "recorded-answers.jsonl").exists()
