"""doit's entry: the migrations of this repository, and the chores of its developers."""

from nes_tasks.dodo import *  # noqa: F403


def task_bench():
    """Measure runs of full size; needs the data that benchmarks/full_size.py names."""
    return {"actions": ["python benchmarks/full_size.py"], "uptodate": [False], "verbosity": 2}


def task_crashtest():
    """Disturb every command at every change of the file system; takes an hour or two."""
    return {"actions": ["python tests/faults/crashtest.py"], "uptodate": [False], "verbosity": 2}


def task_lint():
    """Check style and types."""
    return {"actions": ["ruff check", "ruff format --check", "mypy"], "uptodate": [False]}


def task_test():
    """Run the tests."""
    return {"actions": ["pytest -q -n auto"], "uptodate": [False]}
