"""JSON and JSON lines: what is read, and the error for each broken file."""

from __future__ import annotations

from pathlib import Path

import pytest
from data_files import put

from nes_tasks.running import readers
from nes_tasks.running.readers import InputFileError


def test_json_is_read_with_and_without_a_byte_order_mark(folder: Path) -> None:
    assert readers.read_json(put(folder, "a.json", '{"क": [1, 2.5]}'), "a.json") == {"क": [1, 2.5]}
    assert readers.read_json(put(folder, "b.json", b"\xef\xbb\xbf[true]"), "b.json") == [True]


def test_malformed_json_says_line_and_column(folder: Path) -> None:
    path = put(folder, "a.json", '{\n  "a": 1,\n  "b" 2\n}')
    with pytest.raises(InputFileError) as caught:
        readers.read_json(path, "a.json")
    assert str(caught.value) == "a.json is not JSON, line 3, column 7: Expecting ':' delimiter"


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xef\xbb\xbf"])
def test_empty_json_is_an_error(folder: Path, content: bytes) -> None:
    with pytest.raises(InputFileError, match=r"a\.json is empty"):
        readers.read_json(put(folder, "a.json", content), "a.json")


def test_json_in_another_encoding_says_where(folder: Path) -> None:
    with pytest.raises(InputFileError, match=r"a\.json is not UTF-8: byte 0xe9 in line 1"):
        readers.read_json(put(folder, "a.json", b'["caf\xe9"]'), "a.json")


def test_json_that_is_nested_too_deeply_is_an_error_and_not_a_crash(folder: Path) -> None:
    path = put(folder, "a.json", "[" * 100_000 + "]" * 100_000)
    with pytest.raises(InputFileError, match=r"a\.json is nested too deeply"):
        readers.read_json(path, "a.json")


def test_json_lines_are_read_and_blank_lines_skipped(folder: Path) -> None:
    path = put(folder, "a.jsonl", b'\xef\xbb\xbf{"a": 1}\r\n\r\n[2]\n"\xe2\x80\xa8"')
    assert readers.read_jsonl(path, "a.jsonl") == [{"a": 1}, [2], "\u2028"]


def test_json_lines_can_be_had_one_by_one_until_the_broken_one(folder: Path) -> None:
    lines = readers.iter_jsonl(put(folder, "a.jsonl", '1\n2\n\n{"a": }\n'), "a.jsonl")
    assert [next(lines), next(lines)] == [1, 2]
    with pytest.raises(InputFileError, match=r"a\.jsonl is not JSON Lines, line 4, column 7: "):
        next(lines)


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_empty_json_lines_are_an_error(folder: Path, content: bytes) -> None:
    with pytest.raises(InputFileError, match=r"a\.jsonl is empty"):
        readers.read_jsonl(put(folder, "a.jsonl", content), "a.jsonl")


def test_a_whole_json_array_over_several_lines_is_not_json_lines(folder: Path) -> None:
    with pytest.raises(InputFileError, match=r"line 1, column 2"):
        readers.read_jsonl(put(folder, "a.jsonl", '[\n{"a": 1}\n]'), "a.jsonl")


def test_objects_become_a_data_frame_and_nothing_else_does() -> None:
    assert list(readers.frame_of([{"a": 1}, {"b": 2}], "a.json").columns) == ["a", "b"]
    for content in ({"a": [1]}, [1, 2], "text"):
        with pytest.raises(InputFileError, match=r"a\.json is not a list of objects"):
            readers.frame_of(content, "a.json")
