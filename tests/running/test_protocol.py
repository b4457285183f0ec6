"""Messages between a script's process and the writer, and files that are read by way of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from repositories import Place, init
from workspace import EPOCH, Workspace, create_person

from nes_tasks.running import protocol
from nes_tasks.running.protocol import Messages, ProtocolError


@pytest.mark.parametrize("seed", range(5))
def test_messages_arrive_whole_however_the_stream_is_cut(seed: int) -> None:
    chance = random.Random(seed)
    sent = [
        (chance.choice(sorted(protocol.KINDS)), chance.randbytes(chance.choice([0, 1, 7, 5000])))
        for _ in range(50)
    ]
    stream = b"".join(protocol.encode(kind, payload) for kind, payload in sent)
    messages, found, at = Messages(), [], 0
    while at < len(stream):
        end = at + chance.choice([1, 3, 100, 4000])
        found += messages.feed(stream[at:end])
        at = end
    assert found == sent


def test_a_write_is_read_as_it_was_sent() -> None:
    data = bytes(range(256)) * 3
    [(kind, payload)] = Messages().feed(protocol.encode_write(protocol.WRITE, b"a/b.json", data))
    assert kind == protocol.WRITE
    assert protocol.decode_write(payload) == ("a/b.json", data)


def test_a_header_is_refused_before_its_payload_has_come() -> None:
    largest = protocol.HEADER.pack(protocol.LOG, protocol.MAX_PAYLOAD)
    assert list(Messages().feed(largest)) == []
    for header in (
        protocol.HEADER.pack(protocol.LOG, protocol.MAX_PAYLOAD + 1),
        protocol.HEADER.pack(b"?", 0),
    ):
        with pytest.raises(ProtocolError):
            list(Messages().feed(header))


# What the store of a script shows, checked where it is: in a script.
READING = """\
store = context.db._store._store
many = [f"entity/person/p{n:04}.json" for n in range(600)]
assert [*store.list("entity")] == many, "what is stored"
assert [*store.read_many(many)] == [(path, path.encode()) for path in many], "all, in order"
assert store.read(many[3]) == many[3].encode()
assert store.read("entity/person/none.json") is None
assert not store.exists("entity/person")
assert [*store.list("")][-1] == "version/entity/person/p0000/1.json"

for path in many[::3]:
    store.write(path, b"new " + path.encode())
store.delete(many[1])
assert not store.delete(many[1])
store.write("entity/person/added.json", b"a" * 300_000)
store.write("entity/person/brief.json", b"b")
assert store.delete("entity/person/brief.json")
# More than the script's process keeps of what it wrote.
for n in range(40):
    store.write(f"entity/party/big{n}.json", bytes([n]) * 300_000)
contents = dict(store.read_many([*many, *(f"entity/party/big{n}.json" for n in range(40))]))
for n, path in enumerate(many):
    assert contents[path] == (
        None if n == 1 else b"new " + path.encode() if n % 3 == 0 else path.encode()
    ), path
for n in range(40):
    assert contents[f"entity/party/big{n}.json"] == bytes([n]) * 300_000
assert store.read("entity/person/added.json") == b"a" * 300_000
assert store.read("entity/person/brief.json") is None
listed = [*store.list("entity/person")]
assert listed == sorted({*many, "entity/person/added.json"} - {many[1]})
try:
    store.write("entity/person/huge.json", b"x" * (64 * 1024**2))
except ValueError as error:
    assert "more than the 64 MiB" in str(error)
else:
    raise AssertionError("it is too large")
context.log("all as it should be")
"""


@pytest.mark.parametrize("options", [[], ["--object-format=sha256"], ["--bare"]])
def test_a_script_sees_the_base_and_its_own_writes(
    workspace: Workspace, tmp_path: Path, options: list[str]
) -> None:
    stored = {f"v2/entity/person/p{n:04}.json": f"entity/person/p{n:04}.json" for n in range(600)}
    stored["v2/version/entity/person/p0000/1.json"] = "{}"
    if options == ["--bare"]:
        source = init(tmp_path / "source")
        source.commit(stored)
        source.git("clone", "--quiet", "--bare", str(source.path), str(workspace.db))
    else:
        init(workspace.db, *options).commit(stored)
    workspace.migration("001-reading", READING)
    ran = workspace.doit()
    assert ran.code == 0, ran.err
    database = Place(workspace.db)
    log = database.git("show", "HEAD:v2/migration-logs/001-reading/log.txt")
    assert log == "all as it should be"
    assert database.git("fsck", "--no-dangling") == ""
    changed = database.git("diff", "--name-only", "HEAD~1", "HEAD", "--", "v2/entity").split()
    assert len(changed) == 200 + 1 + 1 + 40


def test_a_forked_process_of_the_script_cannot_log_or_send_what_waits(
    workspace: Workspace,
) -> None:
    body = create_person("asha-rai") + (
        "import os\n"
        "if os.fork() == 0:\n"
        "    try:\n"
        "        context.log('from the other process')\n"
        "    except Exception as error:\n"
        "        print('REFUSED', error, flush=True)\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "context.log('from migrate')\n"
    )
    workspace.migration("001-forks", body)
    script = workspace.migrations / "001-forks" / "migrate.py"
    script.write_text(f"PROCESSES = True\n{script.read_text()}")
    assert workspace.doit(SOURCE_DATE_EPOCH=EPOCH).code == 0
    log = workspace.git("show", "HEAD:v2/migration-logs/001-forks/log.txt")
    assert log == "from migrate"
    printed = "".join(path.read_text() for path in (workspace.root / ".nes-tasks/logs").iterdir())
    assert "REFUSED the context was used by a process that the script has started" in printed
