"""The import names of the earlier system, so that migrations written for it run unmodified.

``from nes.core.models import Name`` in a script gives `nes_tasks.models.base.Name` itself: the
names are the same, the objects are ours. Which names there are is the table in `names`; what
differs in behaviour is said in docs/reference/compatibility.md.
"""

from __future__ import annotations

from .finder import choose as choose
from .finder import install as install
