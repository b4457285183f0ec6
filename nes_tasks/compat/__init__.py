"""The import names of the legacy system, so that migrations written for it run unmodified.

``from nes.core.models import Name`` in a script gives `nes_tasks.models.base.Name` itself: the
names are the same, the objects are ours. Which names there are is the table in `names`; what
differs in behaviour is said in docs/reference/compatibility.md.

Modules of our own that the documentation showed to scripts before there was `api` are served in
the same way when they have moved; their table is in `published`.
"""

from __future__ import annotations

from .finder import choose as choose
from .finder import install as install
from .finder import install_moved as install_moved
from .finder import installed_package as installed_package
