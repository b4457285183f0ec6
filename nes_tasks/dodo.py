"""The exports for a project's `dodo.py`: tasks, and doit's configuration.

``from nes_tasks.dodo import *`` is all that a project needs; its own tasks follow it.
"""

from .cli.check import task_check
from .cli.tasks import DOIT_CONFIG, task_migrate

__all__ = ["DOIT_CONFIG", "task_check", "task_migrate"]
