"""`doit renumber`: a free number after two people took the same."""

from __future__ import annotations

from workspace import Workspace, create_person


def test_of_two_with_one_number_the_named_one_gets_the_next_free_one(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    workspace.migration("002-mine")
    folder = workspace.migration("002-theirs", files={"data/rows.csv": "a,b\n"})
    before = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    ran = workspace.doit("renumber", "002-theirs")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Renamed 002-theirs to 003-theirs.\n"
    new = workspace.migrations / "003-theirs"
    assert {p.relative_to(new): p.read_bytes() for p in new.rglob("*") if p.is_file()} == before
    assert not folder.exists()
    assert workspace.doit().code == 0
    assert workspace.applied() == ["001-first", "002-mine", "003-theirs"]


def test_one_with_the_number_of_an_applied_one_is_moved_behind_all(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    workspace.migration("001-late")
    assert workspace.doit("renumber", "late").code == 0
    assert workspace.doit("pending", "--check").code == 1
    assert workspace.doit().code == 0
    assert workspace.applied() == ["001-first", "002-late"]


def test_one_that_has_the_next_free_number_keeps_it(workspace: Workspace) -> None:
    workspace.migration("001-first")
    ran = workspace.doit("renumber", "1")
    assert ran.code == 0
    assert ran.out == "migrations/001-first already has the next free number.\n"
    assert (workspace.migrations / "001-first").exists()


def test_an_applied_one_keeps_its_name(workspace: Workspace) -> None:
    workspace.migration("001-first", create_person("asha-rai"))
    workspace.doit()
    workspace.migration("002-second")
    ran = workspace.doit("renumber", "1")
    assert ran.code == 1
    assert ran.err == (
        "error: 001-first is applied, so its name cannot change any more; "
        "doit revert 001-first undoes it first\n"
    )
    assert (workspace.migrations / "001-first").exists()


def test_a_folder_without_a_number_is_told_how_to_be_named(workspace: Workspace) -> None:
    folder = workspace.migrations / "add-ministers"
    folder.mkdir()
    (folder / "migrate.py").write_text("")
    ran = workspace.doit("renumber", "add-ministers")
    assert ran.code == 1
    assert "migrations/add-ministers" in ran.err
    assert folder.exists()


def test_a_file_in_the_way_is_not_replaced(workspace: Workspace) -> None:
    workspace.migration("001-first")
    workspace.migration("001-second")
    (workspace.migrations / "002-second").write_text("a file")
    ran = workspace.doit("renumber", "001-second")
    assert ran.code == 1
    assert "002-second exists already" in ran.err
    assert (workspace.migrations / "001-second").is_dir()


def test_an_unclear_or_missing_name_is_wrong_use(workspace: Workspace) -> None:
    workspace.migration("001-first")
    workspace.migration("001-second")
    assert workspace.doit("renumber", "1").code == 2
    assert workspace.doit("renumber").code == 2
