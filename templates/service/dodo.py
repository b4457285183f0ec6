"""The migrations of this repository; add your own tasks below the import."""

from nes_tasks.dodo import *  # noqa: F403
