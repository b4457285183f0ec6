"""What is executed: all that we know of it, and the part of it that the script's process gets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from ..database.marker import Metadata
from .script_terms import Terms


@dataclass(frozen=True, slots=True)
class Task:
    """What the process of a script needs to know; it travels there as JSON.

    `display_path` is how messages name the `folder`, `clock` the one time that the migration sees,
    and `nes_package` says what ``import nes`` means (`compat.choose`). `tree` is that of the commit
    to run on; without it the script is only loaded, and with `only_verify` only its function verify
    is called. `strict` says whether a malformed file of
    the database stops a listing. `inputs` are the paths of the files that are recorded, `ignored`
    those that git ignores; both matter to a script that is run.
    """

    name: str
    folder: str
    display_path: str
    script: str
    clock: str
    nes_package: str
    deterministic: bool = True
    strict: bool = True
    data_dir: str = ""
    inputs: Sequence[str] = ()
    ignored: Sequence[str] = ()
    tree: str | None = None
    only_verify: bool = False

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps({field.name: getattr(self, field.name) for field in fields(self)})


@dataclass(frozen=True, slots=True)
class ExecuteRequest:
    """Everything that an execution depends on and that is recorded of it.

    `task` is what the script's process gets of it, apart from the tree, and `terms` say what it may
    use. `metadata` is what the script says of itself. `base` is the commit to run on (None: no
    commit yet), `ref` the private ref for the result, `clock` the one time that the migration sees;
    `committer` is (name, e-mail). `sign` and `linear` are those of `Transaction.commit`.
    """

    task: Task
    terms: Terms
    metadata: Metadata
    inputs: dict[str, str]
    base: str | None
    ref: str
    clock: datetime
    committer: tuple[str, str]
    batch_size: int
    linear: bool
    sign: bool

    @property
    def name(self) -> str:
        """The full name of the migration."""
        return self.task.name
