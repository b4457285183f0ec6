"""The artifact of a preview: taken from GitHub, and believed in nothing.

It comes from a job that has executed the code of a pull request. So it is never unpacked: the
one file that is expected is read from the archive in memory, up to a limit, and checked.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from ..errors import NesTasksError
from ..operations.preview import Preview
from ..operations.preview_file import read_preview
from .api import Api
from .pull_request import PreviewRun

ARTIFACT = "migration-preview"
FILE_NAME = "preview.json"
# Of the archive, and of the file in it: a preview of 100,000 new entities has 6 MB.
MAX_ARCHIVE = 20_000_000
MAX_FILE = 100_000_000
# What GitHub writes. Of others the header alone can ask for gigabytes of memory.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What the library raises for archives that are damaged or forged, beyond its own error.
UNSOUND = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


class UnfitArtifactError(NesTasksError):
    """The artifact of a run is not what the preview uploads."""

    def __init__(self, run: PreviewRun, problem: str) -> None:
        super().__init__(
            f"the artifact {ARTIFACT} of run {run.id} cannot be used: {problem}",
            hint=f"look at {run.url}",
        )
        self.problem = problem


def fetch(api: Api, run: PreviewRun) -> bytes | None:
    """Return the document of a run's preview, None when the run has left none.

    Raises `UnfitArtifactError` when what it has left is too large or no preview.
    """
    found = api.get(f"actions/runs/{run.id}/artifacts", name=ARTIFACT)["artifacts"]
    fresh = [one for one in found if one["name"] == ARTIFACT and not one["expired"]]
    if not fresh:
        return None
    newest = max(fresh, key=lambda one: one["created_at"])
    if newest["size_in_bytes"] > MAX_ARCHIVE:
        raise UnfitArtifactError(run, f"it has more than {MAX_ARCHIVE:,} bytes")
    archive = api.download(f"actions/artifacts/{newest['id']}/zip")
    data = _only_file(run, archive)
    checked(run, data)
    return data


def checked(run: PreviewRun, data: bytes) -> Preview:
    """Return the preview in `data`; raises `UnfitArtifactError` when there is none."""
    try:
        return read_preview(data, FILE_NAME)
    except NesTasksError as error:
        raise UnfitArtifactError(run, error.message) from error


def _only_file(run: PreviewRun, archive: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            if opened.getinfo(FILE_NAME).compress_type not in METHODS:
                raise UnfitArtifactError(run, f"{FILE_NAME} is compressed in an unknown way")
            with opened.open(FILE_NAME) as file:
                data = file.read(MAX_FILE + 1)
    except KeyError:
        raise UnfitArtifactError(run, f"it has no {FILE_NAME}") from None
    except UNSOUND as error:
        raise UnfitArtifactError(run, f"it is no sound archive ({error})") from None
    if len(data) > MAX_FILE:
        raise UnfitArtifactError(run, f"{FILE_NAME} has more than {MAX_FILE:,} bytes")
    return data
