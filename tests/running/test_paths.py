"""Where data files are: in the folder of the migration, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from data_files import put

from nes_tasks.errors import NesTasksError
from nes_tasks.running import readers
from nes_tasks.running.readers import InputFileError, MissingInputFileError, input_path


def test_a_file_of_the_folder_and_of_a_subfolder_is_found(folder: Path) -> None:
    (folder / "source").mkdir()
    put(folder, "source/a.csv", "x\n1\n")
    assert input_path(folder, "source/a.csv", "CSV") == (folder / "source/a.csv").resolve()
    assert input_path(folder, Path("source") / "a.csv", "CSV").is_file()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.csv",
        "a/../../secret.csv",
        "a/../b.csv",
        "/etc/passwd",
        "..",
        "..\\secret.csv",
        "C:\\secret.csv",
        "C:secret.csv",
        "\\\\server\\share\\secret.csv",
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(folder: Path, name: str) -> None:
    put(folder.parent, "secret.csv", "x\n1\n")
    with pytest.raises(InputFileError, match=r"is outside the migration's folder; copy the file"):
        input_path(folder, name, "CSV")


def test_a_link_that_leads_out_of_the_folder_is_refused(folder: Path) -> None:
    put(folder.parent, "secret.csv", "x\n1\n")
    (folder / "link.csv").symlink_to(folder.parent / "secret.csv")
    (folder / "linked").symlink_to(folder.parent)
    for name in ("link.csv", "linked/secret.csv"):
        with pytest.raises(InputFileError, match="outside the migration's folder"):
            input_path(folder, name, "CSV")


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    put(folder, "a.csv", "x\n1\n")
    (folder / "b.csv").symlink_to("a.csv")
    assert input_path(folder, "b.csv", "CSV").is_file()


def test_a_folder_that_is_itself_behind_a_link_can_be_read(folder: Path) -> None:
    put(folder, "a.csv", "x\n1\n")
    (folder.parent / "alias").symlink_to(folder)
    assert input_path(folder.parent / "alias", "a.csv", "CSV").is_file()


def test_a_loop_of_links_is_an_error_and_not_a_crash(folder: Path) -> None:
    (folder / "a.csv").symlink_to("b.csv")
    (folder / "b.csv").symlink_to("a.csv")
    with pytest.raises(InputFileError, match=r"a\.csv"):
        input_path(folder, "a.csv", "CSV")


@pytest.mark.parametrize("kind", ["CSV", "JSON", "Excel"])
def test_a_missing_file_is_a_file_not_found_error_with_the_known_text(
    folder: Path, kind: str
) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        input_path(folder, "source/none.x", kind)
    assert str(caught.value) == f"{kind} file not found: source/none.x"
    assert isinstance(caught.value, MissingInputFileError)
    assert isinstance(caught.value, NesTasksError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_what_is_no_file_name_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(InputFileError, match="is not a file name"):
        input_path(folder, name, "CSV")


def test_a_name_that_is_too_long_is_an_input_error(folder: Path) -> None:
    with pytest.raises(InputFileError):
        input_path(folder, "x" * 5000, "CSV")


def test_a_folder_is_not_a_file(folder: Path) -> None:
    (folder / "data").mkdir()
    with pytest.raises(InputFileError, match="data is a folder, not a JSON file"):
        input_path(folder, "data", "JSON")


def test_a_file_without_read_permission_is_an_input_error(
    folder: Path, unprivileged: Callable[[], AbstractContextManager[None]]
) -> None:
    put(folder, "a.json", "{}").chmod(0)
    with unprivileged(), pytest.raises(InputFileError, match=r"a\.json cannot be read"):
        readers.read_json(Path(folder.name, "a.json"), "a.json")
