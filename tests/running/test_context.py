"""What a migration script gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from nes_tasks.errors import NesTasksError
from nes_tasks.running.context import MigrationContext
from nes_tasks.running.readers import InputFileError, MissingInputFileError

Told = list[tuple[str | None, int, int | None]]


class Services:
    """Stands where the services are: the context only hands them on."""


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def context(tmp_path: Path, told: Told, said: list[str]) -> MigrationContext:
    def on_progress(label: str | None, done: int, total: int | None) -> None:
        told.append((label, done, total))

    services: Any = Services()
    return MigrationContext(
        publication=services,
        search=services,
        db=services,
        migration_dir=tmp_path,
        author_id="author:migration-001-example",
        on_log=said.append,
        on_progress=on_progress,
    )


def test_it_hands_on_its_services_folder_and_author(tmp_path: Path) -> None:
    publication, search, db, scraping = (Services() for _ in range(4))
    context = MigrationContext(
        publication=publication,  # type: ignore[arg-type]
        search=search,  # type: ignore[arg-type]
        db=db,  # type: ignore[arg-type]
        scraping=scraping,
        migration_dir=tmp_path,
        author_id="author:x-y",
    )
    assert [context.publication, context.search, context.db] == [publication, search, db]
    assert context.scraping is scraping
    assert context.migration_dir == tmp_path
    assert context.author_id == "author:x-y"
    context.log("nobody listens")
    assert list(context.progress([1, 2])) == [1, 2]


def test_a_missing_scraping_service_is_said_when_it_is_used(context: MigrationContext) -> None:
    with pytest.raises(NesTasksError, match=r"context\.scraping is not available.*data file"):
        _ = context.scraping
    assert not hasattr(context, "scraping")


# Telling


def test_messages_are_kept_and_called_back(context: MigrationContext, said: list[str]) -> None:
    context.log("one")
    context.log(2)
    assert context.logs == said == ["one", "2"]


def test_the_logs_are_a_copy(context: MigrationContext) -> None:
    context.log("one")
    context.logs.append("two")
    assert context.logs == ["one"]


def test_nothing_is_printed(context: MigrationContext, capfd: pytest.CaptureFixture[str]) -> None:
    context.log("one")
    list(context.progress(range(10), "ten"))
    assert capfd.readouterr() == ("", "")


def test_progress_yields_every_item_and_tells_start_and_end(
    context: MigrationContext, told: Told
) -> None:
    assert list(context.progress(["a", "b", "c"], "letters")) == ["a", "b", "c"]
    assert told[0] == ("letters", 0, 3)
    assert told[-1] == ("letters", 3, 3)
    assert context.logs == []


def test_progress_over_many_quick_items_tells_little(context: MigrationContext, told: Told) -> None:
    assert sum(context.progress(range(100_000))) == sum(range(100_000))
    assert told[-1] == (None, 100_000, 100_000)
    # Ten times a second, whatever this machine is busy with, is far from each item.
    assert len(told) < 10_000
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_progress_tells_on_the_way_when_items_take_long(
    context: MigrationContext, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter(range(100))
    monkeypatch.setattr("nes_tasks.running.context.time.perf_counter", lambda: next(moments))
    list(context.progress("abc"))
    assert [done for _, done, _ in told] == [0, 1, 2, 3, 3]


def test_progress_takes_a_total_for_what_has_no_length(
    context: MigrationContext, told: Told
) -> None:
    assert list(context.progress(iter("ab"), "rows", total=5)) == ["a", "b"]
    assert told[-1] == ("rows", 2, 5)
    list(context.progress(iter("ab"), "rows"))
    assert told[-1] == ("rows", 2, None)


def test_progress_that_is_broken_off_tells_how_far_it_came(
    context: MigrationContext, told: Told
) -> None:
    def fail_at(stop: int) -> None:
        for item in context.progress(range(10), "rows"):
            if item == stop:
                raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail_at(4)
    assert told[-1] == ("rows", 4, 10)


# Data files


def test_files_of_the_folder_are_read(context: MigrationContext, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.csv").write_text("name|seats\nBara|4\n")
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf[{"name": "Bara"}]')
    (tmp_path / "a.jsonl").write_text('{"name": "Bara"}\n{"name": "Dang"}\n')
    assert context.read_csv("source/a.csv", delimiter="|") == [{"name": "Bara", "seats": "4"}]
    assert list(context.iter_csv("source/a.csv", delimiter="|")) == [{"name": "Bara", "seats": "4"}]
    assert context.read_json("a.json") == [{"name": "Bara"}]
    assert context.read_jsonl("a.jsonl") == [{"name": "Bara"}, {"name": "Dang"}]
    assert list(context.iter_jsonl("a.jsonl")) == [{"name": "Bara"}, {"name": "Dang"}]


def test_an_encoding_can_be_named_for_each_text_file(
    context: MigrationContext, tmp_path: Path
) -> None:
    for name, text in (("a.csv", "k\né\n"), ("a.json", '["é"]'), ("a.jsonl", '"é"\n')):
        (tmp_path / name).write_bytes(text.encode("cp1252"))
    assert context.read_csv("a.csv", encoding="cp1252") == [{"k": "é"}]
    assert context.read_json("a.json", encoding="cp1252") == ["é"]
    assert context.read_jsonl("a.jsonl", encoding="cp1252") == ["é"]
    assert next(context.iter_csv("a.csv", encoding="cp1252")) == {"k": "é"}
    assert next(context.iter_jsonl("a.jsonl", encoding="cp1252")) == "é"


def test_a_workbook_is_read_by_sheet(context: MigrationContext, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["a"])
    book.worksheets[0].append([1])
    book.create_sheet("Other").append(["b"])
    book.save(tmp_path / "a.xlsx")
    assert context.read_excel("a.xlsx") == [{"a": 1}]
    assert context.read_excel("a.xlsx", "Other") == []
    assert context.read_excel("a.xlsx", sheet_name="Sheet") == [{"a": 1}]


def test_everything_can_be_had_as_a_data_frame(context: MigrationContext, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b\n1;2\n")
    (tmp_path / "a.json").write_text('[{"a": 1, "b": 2}]')
    (tmp_path / "a.jsonl").write_text('{"a": 1, "b": 2}\n')
    book = openpyxl.Workbook()
    book.worksheets[0].append(["a", "b"])
    book.worksheets[0].append([1, 2])
    book.save(tmp_path / "a.xlsx")
    frames = [
        context.read_csv("a.csv", delimiter=";", as_frame=True),
        context.read_json("a.json", as_frame=True),
        context.read_jsonl("a.jsonl", as_frame=True),
        context.read_excel("a.xlsx", as_frame=True),
    ]
    assert [frame.to_dict("records") for frame in frames] == [[{"a": 1, "b": 2}]] * 4


@pytest.mark.parametrize(
    ("reader", "kind"),
    [
        ("read_csv", "CSV"),
        ("iter_csv", "CSV"),
        ("read_json", "JSON"),
        ("read_jsonl", "JSONL"),
        ("iter_jsonl", "JSONL"),
        ("read_excel", "Excel"),
    ],
)
def test_every_reader_refuses_missing_files_and_files_outside_at_once(
    context: MigrationContext, reader: str, kind: str
) -> None:
    read = getattr(context, reader)
    with pytest.raises(MissingInputFileError, match=f"^{kind} file not found: none$"):
        read("none")
    with pytest.raises(InputFileError, match="outside the migration's folder"):
        read("../none")
