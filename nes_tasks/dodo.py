"""What a project's `dodo.py` takes from here: the tasks, and how doit keeps their state.

``from nes_tasks.dodo import *`` is all that a project needs; tasks of its own stand below it.
"""

from .cli.check import task_check
from .cli.tasks import DOIT_CONFIG, task_migrate

__all__ = ["DOIT_CONFIG", "task_check", "task_migrate"]
