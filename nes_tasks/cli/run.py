"""`doit run`, which is also `doit` without a command: applies what is pending."""

from __future__ import annotations

import inspect
import sys
from contextlib import closing
from typing import Any

from doit import cmd_run

from ..errors import UsageError
from ..migrations import State
from .check_report import CHECK
from .console import INTERRUPTED, EscapedStream, drop, print_stderr, warn
from .doit_commands import APPLYING, BaseCommand, recover_interrupted
from .options import ALLOW_NETWORK, flag, option
from .selection import Selection, read_selection
from .session import GROUP, migration_name, session, task_name
from .suggestions import is_harmless, unknown_command, unknown_task, wrong_word

EXPECT = option(
    "expect",
    "apply only what this preview shows, with its clock (doit preview --json -o FILE writes one)",
)
DRY_RUN = flag("dry-run", "apply nothing; show what would change, like doit preview")


class Run(BaseCommand, cmd_run.Run):  # type: ignore[misc]
    """`doit run`: apply what is pending."""

    doc_purpose = "apply pending migrations, or run other tasks"
    doc_description = (
        "Without a name, all pending migrations are applied in order; the word run can be "
        "omitted. doit migrate:005-add-ministers stops after that migration. With --force "
        "after its name, an applied migration is executed again. A number is enough as a "
        "name: doit 5, doit migrate 5 and doit migrate:005 are the same.\n\n"
        "With --dry-run, before or after the names, nothing is applied. With --expect "
        "FILE, a migration is applied only if its result is the one in that preview.\n\n"
        "A failed or invalid migration blocks later ones. With --continue it is skipped, "
        "and needs a new number afterwards (doit renumber). Each migration is applied "
        "completely or not at all. Other tasks run as in any doit project; doit check "
        "checks migration folders."
    )
    group = APPLYING
    examples = (
        ("doit", "applies all pending migrations"),
        ("doit migrate:5", "applies the pending migrations up to number 5"),
        ("doit migrate:5 --dry-run", "shows what that would change, and applies nothing"),
        ("doit migrate:5 --force", "executes number 5 again, in a new commit"),
        ("doit check:5", "checks the folder of number 5"),
    )
    exit_1_means = "a migration failed or was refused, or a check or another task failed"
    completes = "tasks"

    def no_such(self, word: str) -> UsageError:
        """Return the error for an unknown task, which may be a mistyped command."""
        tasks = [task.name for task in self.task_list]
        if ":" in word:
            return unknown_task(word, filter(is_harmless, tasks))
        return unknown_command(word, self.loader.cmd_names, tasks)

    cmd_options = (*cmd_run.Run.cmd_options, EXPECT, DRY_RUN, ALLOW_NETWORK)

    def _execute(self, expect: str, dry_run: bool, allow_network: list[str], **options: Any) -> int:
        if not self.is_ours:
            if dry_run:
                raise UsageError("--dry-run works on migrations only, and this project has none")
            return int(super()._execute(**options))
        if sys.argv[1:] == [GROUP]:  # other tools have this word; here it is `doit`
            raise wrong_word(GROUP, self.loader.cmd_names)
        self._refuse_what_cannot_be(options)
        session().allow_network(allow_network)
        selection = self._selection()
        if dry_run or selection.is_dry_run:
            return self._preview(selection, expect, options["continue_"])
        return self._run(selection, expect, options)

    # doit passes a command only the options in its signature.
    _execute.__signature__ = inspect.signature(cmd_run.Run._execute).replace(  # type: ignore[attr-defined]
        parameters=[
            *inspect.signature(cmd_run.Run._execute).parameters.values(),
            *(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
                for name in ("expect", "dry_run", "allow_network")
            ),
        ]
    )

    def _refuse_what_cannot_be(self, options: dict[str, Any]) -> None:
        if options["always"] and self.sel_default_tasks:
            raise UsageError(
                "doit -a would execute every migration again",
                hint="name the one you mean: doit migrate:NNN-name --force",
            )
        if options["num_process"] < 0:
            raise UsageError(f"doit -n {options['num_process']} would execute nothing")

    def _selection(self) -> Selection:
        return read_selection(
            self.sel_tasks or [],
            {task.name: task for task in self.task_list},
            session().plan,
            resolve=lambda word: self.resolve([word])[0],
            unknown=self.no_such,
        )

    def _preview(self, selection: Selection, expect: str, keep_going: bool) -> int:
        from .preview import show_dry_run

        for given, name in ((expect, "--expect"), (keep_going, "--continue")):
            if given:
                raise UsageError(f"--dry-run and {name} cannot be combined", hint="doit help run")
        if selection.others and not self.sel_default_tasks:
            word = selection.others[0]
            known = any(word in (t.name, *t.targets) for t in self.task_list) or ":" in word
            if not known:
                raise self.no_such(word)
            raise UsageError(
                f"--dry-run works on migrations only, and {word} is another task",
                hint="doit preview NAME",
            )
        names = [] if selection.all_pending else selection.migrations
        if not names and not selection.all_pending and selection.words:
            raise UsageError("none of the named migrations exists", hint="doit list")
        return show_dry_run(self.outstream, [*names, *selection.forced], selection.forced)

    def _run(self, selection: Selection, expect: str, options: dict[str, Any]) -> int:
        self.sel_tasks = selection.words or self.sel_tasks
        if selection.words and all(word.partition(":")[0] == CHECK for word in selection.words):
            # Checks are independent: all problems are reported at once.
            options["continue_"] = True
        if not isinstance(options["outfile"], str):
            options["outfile"] = EscapedStream(options["outfile"] or sys.stdout)
        current = session()
        if options["continue_"] and (selection.all_pending or selection.migrations):
            current.keep_going = True
            self._unchain(selection)
            options["num_process"] = 0  # without the chain, tasks would run in parallel
        # Another task may read the files of the database, and another process does not close ours.
        current.in_a_row = not selection.others and options["num_process"] == 0
        if expect:
            from .expected import expectation

            current.expectation = expectation(expect, current.project)
        for entry in current.plan.drifted:
            warn(f"{entry.name} was changed after it was applied ({entry.difference})")
        try:
            with closing(current):
                recover_interrupted(current)
                result = int(super()._execute(**options))
        except BrokenPipeError:
            drop(sys.stdout)  # the output of one of doit's own reporters was closed
            result = 0
        except KeyboardInterrupt:
            applied = ", ".join(current.applied_since())
            stays = f"applied by then: {applied}" if applied else "the database is unchanged"
            print_stderr(f"interrupted; {stays}")
            return INTERRUPTED
        if current.expectation and current.expectation.met:
            print_stderr(f"as {expect} has shown: {', '.join(current.expectation.met)}")
        return current.exit_code or (1 if result else 0)

    def _unchain(self, selection: Selection) -> None:
        """Let doit execute each migration in order, even after others failed."""
        tasks = {task.name: task for task in self.task_list}
        entries = [entry for entry in session().plan if task_name(entry.name) in tasks]
        for entry in entries:
            task = tasks[task_name(entry.name)]
            task.task_dep = [name for name in task.task_dep if not migration_name(name)]
        if selection.all_pending:
            return
        names = [entry.name for entry in entries]
        last = max(map(names.index, selection.migrations))
        # Earlier migrations were only dependencies of the named ones.
        before = entries[:last]
        for entry in before:
            if entry.state is State.INVALID:
                warn(f"{entry.name} is skipped: {entry.problem}")
        due = [task_name(entry.name) for entry in before if entry.state is not State.INVALID]
        self.sel_tasks = [*due, *selection.words]
