"""The migrations of this repository; tasks of your own can stand below the import."""

from nes_tasks.dodo import *  # noqa: F403
