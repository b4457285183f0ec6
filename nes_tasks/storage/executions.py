"""The executions of migrations, as the history holds them: which tree each ran on and left.

A marker alone does not tell: it may have been written afterwards, as adopting a database does,
edited, or carried elsewhere by a rebase. What counts is the commit that brought it.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .git import Git
from .history import migration_of
from .marker import FILE_NAME, FOLDER
from .shallow import shallow_ends

# Unit and record separators: no subject can hold them.
FIELDS = "%T%x1f%P%x1f%s%x1e"


class Recorded(NamedTuple):
    """What the branch's tip says of a migration: its marker's blob, and the tree it names."""

    blob: str
    base_tree: str


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution: the commits from `base` (excluded, None: no commit yet) to `commit`.

    `base_tree` and `tree` are those before and after it. `marker` is the blob of the marker
    that it wrote, and `earlier` counts the executions of the same migration before it, whether
    they were repeated or reverted. `is_cut` says that a shallow clone ends in it, so that the
    base is not known.
    """

    commit: str
    base: str | None
    base_tree: str
    tree: str
    marker: str
    earlier: int
    is_cut: bool


class _Node(NamedTuple):
    """One commit of the history; of a merge the first parent."""

    tree: str
    parent: str | None
    migration: str | None


def find_executions(
    git: Git, commit: str, data_dir: str, recorded: Mapping[str, Recorded]
) -> dict[str, Execution]:
    """Return the execution up to `commit` that each of the `recorded` markers comes from.

    It is the last one that wrote exactly this marker. When none did, because the marker was
    edited since, it is the last one of all; a migration without any is left out. The history is
    read once, whatever the number of migrations. Raises `GitError`.
    """
    nodes = _read_nodes(git, commit)
    writers = _read_writers(git, nodes, f"{data_dir}/{FOLDER}", recorded)
    cut = shallow_ends(git)
    empty = git.empty_tree()
    found: dict[str, Execution] = {}
    for name, wanted in recorded.items():
        written = writers.get(name, {})
        last = _last(name, wanted, written, nodes, cut, empty)
        if last is not None:
            first = _first(name, last, wanted.base_tree, written, nodes)
            base = nodes[first].parent
            own = [c for c in written if nodes[c].migration == name and c not in cut]
            found[name] = Execution(
                commit=last,
                base=base,
                base_tree=nodes[base].tree if base else empty,
                tree=nodes[last].tree,
                marker=written[last],
                earlier=own.index(last) if last in own else len(own),
                is_cut=first in cut,
            )
    return found


def _last(
    name: str,
    wanted: Recorded,
    written: Mapping[str, str],
    nodes: Mapping[str, _Node],
    cut: Iterable[str],
    empty: str,
) -> str | None:
    """Return the last commit of the execution that the marker comes from, None without any."""

    def is_execution(commit: str) -> bool:
        # Somebody may have changed the subject, or made one commit of several.
        parent = nodes[commit].parent
        before = nodes[parent].tree if parent else empty
        return nodes[commit].migration == name or before == wanted.base_tree

    # Where a shallow clone ends everything looks new, and nobody knows who wrote it.
    known = [commit for commit in written if commit in cut or is_execution(commit)]
    exact = [commit for commit in known if written[commit] == wanted.blob]
    return next(reversed(exact or known), None)


def _first(
    name: str,
    last: str,
    base_tree: str,
    written: Mapping[str, str],
    nodes: Mapping[str, _Node],
) -> str:
    """Return the first commit of the execution that ends with `last`.

    That is the one on the tree `base_tree`, or the first of an unbroken row of the migration's
    commits if there is none on that tree.
    """
    first = last
    while (parent := nodes[first].parent) is not None:
        before = nodes[parent]
        if before.tree == base_tree or before.migration != name or parent in written:
            break
        first = parent
    return first


def _read_nodes(git: Git, commit: str) -> dict[str, _Node]:
    """Return all commits up to `commit`, parents before their children."""
    # Unlike `git log` it follows no configuration (log.showSignature).
    out = git.run("rev-list", "--topo-order", "--reverse", f"--format={FIELDS}", commit)
    nodes: dict[str, _Node] = {}
    for record in out.decode(errors="replace").split("\x1e")[:-1]:
        header, _, line = record.lstrip("\n").partition("\n")
        tree, parents, subject = line.split("\x1f")
        parent = parents.split()[0] if parents else None
        nodes[header.split()[1]] = _Node(tree, parent, migration_of(subject))
    return nodes


def _read_writers(
    git: Git, nodes: Iterable[str], logs: str, names: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Return the commits that wrote each migration's marker, in order, with what they wrote.

    What a merge alone has changed is nobody's. The format is that of
    https://git-scm.com/docs/git-diff-tree#_raw_output_format
    """
    wanted = {f"{logs}/{name}/{FILE_NAME}": name for name in names}
    rows = git.run(
        "diff-tree",
        "--stdin",
        "--root",
        "-r",
        "-z",
        "--no-renames",
        "--",
        logs,
        stdin="".join(f"{commit}\n" for commit in nodes).encode(),
        env={"GIT_LITERAL_PATHSPECS": "1"},
    )
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    commit = ""
    fields = iter(rows.split(b"\0")[:-1])
    for field in fields:
        if not field.startswith(b":"):
            commit = field.decode()
            continue
        blob = field.split()[3].decode()
        name = wanted.get(os.fsdecode(next(fields)))
        if name is not None and blob.strip("0"):
            found[name][commit] = blob
    return found
