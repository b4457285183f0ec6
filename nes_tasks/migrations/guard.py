"""Whether a migration may be executed now: the final check, whatever doit decided before."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..errors import MigrationRefusedError, UsageError
from .plan import Entry, Plan, State


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a migration is to be executed now, and otherwise the `reason` why not.

    `again` is set when it is executed although it is applied.
    """

    run: bool
    reason: str | None = None
    again: bool = False


def check_may_run(
    plan: Plan, name: str, *, force: bool = False, passed_over: Container[str] = ()
) -> Decision:
    """Decide whether `name` may run, given a plan that was built under the lock.

    doit decides earlier, and its options can skip dependencies; this check is final. What is
    `passed_over` need not be applied before it. Raises `MigrationRefusedError` when another
    migration must come first or the folder is missing, and the entry's own `InvalidMigrationError`
    when it is invalid.
    """
    if name not in plan:
        raise MigrationRefusedError(
            f"{name} has neither a folder nor a record any more", hint="doit list"
        )
    entry = plan[name]
    if entry.is_applied:
        return _guard_applied(entry, force)
    if entry.problem:
        raise entry.problem
    for earlier in plan:
        if earlier is entry:
            break
        if earlier.record is None and earlier.name not in passed_over:
            raise _must_come_first(earlier, name)
    return Decision(run=True)


def due_names(
    plan: Plan, names: Sequence[str] | None, forced: Collection[str] = ()
) -> Iterator[str]:
    """Yield the pending migrations up to the last of `names`, and the `forced` ones among them.

    Raises at once for a name that is applied and not forced, and for an invalid one when it is
    reached.
    """
    for name in names or ():
        if name not in forced and plan[name].is_applied:
            hint = f"doit preview {name} --force, or doit show {name}"
            raise UsageError(f"{name} is applied already", hint=hint)
    order = [entry.name for entry in plan]
    last = len(order) if names is None else max(map(order.index, names), default=-1) + 1
    return _due(plan, order[:last], forced)


def _due(plan: Plan, names: Iterable[str], forced: Collection[str]) -> Iterator[str]:
    for name in names:
        entry = plan[name]
        if entry.is_applied and name not in forced:
            continue
        if entry.problem:
            raise entry.problem
        if entry.is_applied:
            check_may_run(plan, name, force=True)
        yield name


def _guard_applied(entry: Entry, force: bool) -> Decision:
    if not force:
        changed = f"; its folder has changed since: {entry.difference}"
        return Decision(
            run=False,
            reason="already applied" + (changed if entry.state is State.DRIFT else ""),
        )
    if entry.folder is None:
        raise MigrationRefusedError(
            f"{entry.name} is applied, but its folder is missing",
            hint=f"git log --diff-filter=D --oneline -- '*{entry.name}*' names who removed it",
        )
    problem = entry.problem or entry.folder.problem
    if problem:
        raise problem
    return Decision(run=True, again=True)


def _must_come_first(earlier: Entry, name: str) -> MigrationRefusedError:
    if earlier.problem:
        return MigrationRefusedError(
            f"{name} cannot be applied until this is corrected: {earlier.problem.message}",
            hint=earlier.problem.hint,
        )
    return MigrationRefusedError(
        f"{name} cannot be applied before {earlier.name}", hint=f"doit migrate:{earlier.name}"
    )
