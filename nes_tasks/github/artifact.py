"""The artifacts of a preview: downloaded from GitHub and not trusted.

They come from a job that executed the code of a pull request. So an archive is never unpacked: the
expected file is read in memory, up to a limit, and validated.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import NesTasksError
from ..operations.check import Checked
from ..operations.check_file import read_check
from ..operations.preview import Preview
from ..operations.preview_file import read_preview
from .api import Api
from .pull_request import PreviewRun


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact that a run uploads: its name at GitHub, and the file to read from it."""

    name: str
    file_name: str


PREVIEW = Artifact("migration-preview", "preview.json")
CHECK = Artifact("migration-check", "check.json")
READERS: dict[Artifact, Callable[[bytes, str], object]] = {
    PREVIEW: read_preview,
    CHECK: read_check,
}
# Limits for the archive and its file: a preview of 100,000 new entities has 6 MB.
MAX_ARCHIVE = 20_000_000
MAX_FILE = 100_000_000
# Compression methods that GitHub uses; the header of others can request gigabytes of memory.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Errors that the library raises for damaged or forged archives, besides its own.
BAD_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


class UnfitArtifactError(NesTasksError):
    """An artifact of a run is not what the workflow uploads."""

    def __init__(self, run: PreviewRun, artifact: Artifact, problem: str) -> None:
        super().__init__(
            f"the artifact {artifact.name} of run {run.id} cannot be used: {problem}",
            hint=f"look at {run.url}",
        )
        self.problem = problem


def fetch(api: Api, run: PreviewRun, artifact: Artifact) -> bytes | None:
    """Return the document in an artifact of a run, None when the run has left none.

    The document is validated. Raises `UnfitArtifactError` when the artifact is too large or
    invalid.
    """
    found = api.get(f"actions/runs/{run.id}/artifacts", name=artifact.name)["artifacts"]
    fresh = [item for item in found if item["name"] == artifact.name and not item["expired"]]
    if not fresh:
        return None
    newest = max(fresh, key=lambda item: item["created_at"])
    if newest["size_in_bytes"] > MAX_ARCHIVE:
        raise UnfitArtifactError(run, artifact, f"it has more than {MAX_ARCHIVE:,} bytes")
    archive = api.download(f"actions/artifacts/{newest['id']}/zip")
    data = _only_file(run, artifact, archive)
    try:
        READERS[artifact](data, artifact.file_name)
    except NesTasksError as error:
        raise UnfitArtifactError(run, artifact, error.message) from error
    return data


def preview_of(api: Api, run: PreviewRun) -> Preview | None:
    """Return the preview of a run, None when it uploaded none.

    Raises `UnfitArtifactError` as `fetch` does.
    """
    data = fetch(api, run, PREVIEW)
    return None if data is None else read_preview(data, PREVIEW.file_name)


def check_of(api: Api, run: PreviewRun) -> Checked | None:
    """Return the check result of a run, None when it uploaded none.

    Raises `UnfitArtifactError` as `fetch` does.
    """
    data = fetch(api, run, CHECK)
    return None if data is None else read_check(data, CHECK.file_name)


def _only_file(run: PreviewRun, artifact: Artifact, archive: bytes) -> bytes:
    name = artifact.file_name
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            if opened.getinfo(name).compress_type not in METHODS:
                raise UnfitArtifactError(run, artifact, f"{name} is compressed in an unknown way")
            with opened.open(name) as file:
                data = file.read(MAX_FILE + 1)
    except KeyError:
        raise UnfitArtifactError(run, artifact, f"it has no {name}") from None
    except BAD_ARCHIVE as error:
        raise UnfitArtifactError(run, artifact, f"it is not a valid archive ({error})") from None
    if len(data) > MAX_FILE:
        raise UnfitArtifactError(run, artifact, f"{name} has more than {MAX_FILE:,} bytes")
    return data
