"""The import names of the legacy system, so that migrations written for it run unmodified.

``from nes.core.models import Name`` in a script gives `nes_tasks.models.base.Name` itself: the
names are the same, the objects are ours. `names` has the table of names;
docs/reference/compatibility.md lists differences in behaviour.

Our own modules that were documented before `api` existed are served in the same way when they have
moved; their table is in `published`.
"""

from __future__ import annotations

from .finder import choose as choose
from .finder import install as install
from .finder import install_moved as install_moved
from .finder import installed_package as installed_package
