"""The input files of a migration, as they are recorded with its result."""

from __future__ import annotations

from ..errors import MigrationRefusedError
from ..migrations import Folder, hash_files, list_inputs
from ..migrations.pointers import refuse_pointers


def hash_inputs(folder: Folder) -> dict[str, str]:
    """Hash every input file now; cached hashes are for listings, not for records."""
    files = list_inputs(folder.path, ignored=folder.ignored, display_path=folder.display_path)
    refuse_pointers(files, folder.display_path)
    return hash_files(files)


def refuse_other_inputs(folder: Folder, inputs: dict[str, str]) -> None:
    """Refuse to record a result whose inputs changed since the script started."""
    after = hash_inputs(folder)
    if after == inputs:
        return
    from ..scraping.recording import FILE_NAME

    if {path for path, _ in after.items() ^ inputs.items()} == {FILE_NAME}:
        raise MigrationRefusedError(
            f"answers were recorded in {folder.display_path}/{FILE_NAME}; nothing was applied",
            hint=f"check them, then run doit migrate:{folder.name}",
        )
    raise MigrationRefusedError(
        f"{folder.name} was edited while it ran; nothing was applied", hint="run it again"
    )
