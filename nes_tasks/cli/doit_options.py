"""What doit's own options do, in the words of our help: doit's texts do not know migrations."""

from __future__ import annotations

from typing import Any

# By doit's names of the options.
HELP = {
    "always": "also run tasks that are up to date",
    "auto_delayed_regex": "create all tasks to find a target",
    "backend": "how doit stores the state of other tasks [default: %(default)s]",
    "check_file_uptodate": "how doit detects changed files [default: %(default)s]",
    "cleanall": "clean all tasks",
    "cleandep": "clean what the tasks depend on as well",
    "cleanforget": "forget the tasks as well",
    "continue": "continue with independent tasks after a failure, and skip invalid migrations",
    "cwdPath": "run in this folder instead of that of dodo.py",
    "dep_file": "the file with the state of other tasks [default: %(default)s]",
    "dodoFile": "use this file instead of %(default)s",
    "dryrun": "show what it would do, and remove nothing",
    "failure_verbosity": "output of failed tasks to repeat: 0 none, 1 stderr, 2 all [default: 0]",
    "forget_all": "forget all tasks",
    "forget_disable_default": "without a task, forget nothing instead of the default tasks",
    "forget_sub": "forget what the tasks depend on as well",
    "hide_status": "omit why it would run",
    "list_deps": "list the files that a task depends on",
    "num_process": "run tasks in this many processes; migrations still run one by one",
    "outfile": "write the report to this file instead of stdout",
    "par_type": "process or thread, for -n [default: %(default)s]",
    "pdb": "start the debugger where a task other than a migration raises an error",
    "private": "also list tasks that begin with _",
    "quiet": "print names only",
    "reporter": "how results are reported [default: %(default)s]",
    "seek_file": "also look for dodo.py in the parent folders",
    "single": "ignore dependencies; a migration is refused unless it is the next one",
    "sort": "the order of the other tasks [default: %(default)s]",
    "status": "begin each line with a letter for the state",
    "subtasks": "also list the subtasks of other tasks",
    "template": "print each line by a template with {name}, {doc} and {status}",
    "verbosity": "output of other tasks to show: 0 none, 1 stderr, 2 all [default: 1]",
}


def help_of(option: Any) -> str:
    """Return what an option does; it is doit's `CmdOption`, of doit or ours."""
    text: str = HELP.get(option.name, option.help)
    return text % {"default": option.default}
