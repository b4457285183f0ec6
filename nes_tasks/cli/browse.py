"""`doit browse`: looking at the database in a browser, with Datasette."""

from __future__ import annotations

import socket
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from ..errors import UnavailableError, UsageError
from .command import Command
from .doit_commands import LOOKING
from .export import AT, point_at, write_export
from .options import option
from .session import session

HOST = "127.0.0.1"
DEFAULT_PORT = 8001
PORT = option(
    "port",
    f"listen on this port; 0 selects a free one [default: {DEFAULT_PORT}]",
    type=int,
    default=DEFAULT_PORT,
    short="p",
)
EXPORT_FILE = "browse/nes.db"


class Browse(Command):
    """Serve an export of the database to a browser on this machine."""

    name = "browse"
    doc_purpose = "browse the database in a web browser, with search, filters and SQL"
    doc_usage = "[FILE] [--at POINT] [--port N]"
    doc_description = (
        "Serves an export with Datasette to this machine only, until Ctrl-C. It has "
        "search, filters, facets, SQL queries, and a page for each entity with its "
        "history and sources. FILE is an export in SQLite. Without FILE, the newest state "
        "is exported, and the export is kept for the next time. Needs pip install "
        "'nes-tasks[browse]'."
    )
    group = LOOKING
    examples = (
        ("doit browse", "serves the newest state at http://127.0.0.1:8001/"),
        ("doit browse nes.db --port 0", "serves an export on a free port"),
    )
    cmd_options = (AT, PORT)

    def _execute(self, at: str, port: int, pos_args: list[str]) -> int:
        if find_spec("datasette") is None:
            raise UnavailableError(
                "browsing needs datasette, which is not installed",
                hint="pip install 'nes-tasks[browse]', or doit export",
            )
        if len(pos_args) > 1 or (pos_args and at):
            raise UsageError(
                "doit browse takes one export, or --at with a point", hint="doit help browse"
            )
        listening = _listen(port)
        with closing(listening):
            file = _checked_export(pos_args[0]) if pos_args else _cached_export(at)
            from .browse_server import serve

            host, actual = listening.getsockname()[:2]
            self.outstream.write(f"http://{host}:{actual}/ (Ctrl-C stops it)\n")
            self.outstream.flush()
            serve(file, listening)
        return 0


def _listen(port: int) -> socket.socket:
    """Return a socket on the loopback address; bound before the export, to fail early."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen()
    except (OSError, OverflowError) as error:
        made.close()
        reason = getattr(error, "strerror", None) or error
        raise UnavailableError(
            f"port {port} cannot be used: {reason}", hint="doit browse --port 0 takes a free one"
        ) from error
    return made


def _checked_export(name: str) -> Path:
    from ..errors import environment_errors
    from ..operations.export_target import is_sqlite_export

    path = Path(name)
    if not path.is_file():
        raise UsageError(f"there is no file {name}", hint=f"doit export -o {name}")
    with environment_errors():
        if not is_sqlite_export(path):
            raise UsageError(f"{name} is not a SQLite export", hint="doit export -o nes.db")
    return path


def _cached_export(at: str) -> Path:
    """Return an export of a point, reusing the last one if it was of the same commit."""
    from ..operations.export_tables import is_export_of
    from ..operations.export_target import Format, Target
    from ..state_folder import make_folder

    point = point_at(at)
    path = session().project.settings.state_folder / EXPORT_FILE
    try:
        make_folder(path.parent)
    except OSError as error:
        raise UnavailableError(f"{path} cannot be written: {error.strerror}") from error
    if not is_export_of(path, point.commit):
        write_export(Target(path, Format.SQLITE, path.exists()), point)
    return path
