"""Migrations as folders: read them, compare them with the applied ones, order them."""

from .guard import Decision, check_may_run, due_names
from .inputs import HashCache, InputFile, hash_files, hash_inputs, list_inputs
from .loader import Folder, discover, find_folder, load, split_name
from .metadata import Metadata, author_identity, read_metadata
from .migration import Migration, MigrationResult, MigrationStatus
from .plan import Entry, Plan, State
from .record import AppliedRecord

__all__ = [
    "AppliedRecord",
    "Decision",
    "Entry",
    "Folder",
    "HashCache",
    "InputFile",
    "Metadata",
    "Migration",
    "MigrationResult",
    "MigrationStatus",
    "Plan",
    "State",
    "author_identity",
    "check_may_run",
    "discover",
    "due_names",
    "find_folder",
    "hash_files",
    "hash_inputs",
    "list_inputs",
    "load",
    "read_metadata",
    "split_name",
]
