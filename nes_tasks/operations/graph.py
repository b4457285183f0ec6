"""The graph of tasks: what they depend on, the files that they read, and what they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kind of a node."""

    MIGRATION = "migration"
    TASK = "task"
    FILE = "file"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """A task as an engine sees it: the tasks before it, the files it reads, and what it makes.

    `state` is the state of a migration, None for another task.
    """

    name: str
    state: str | None
    after: Sequence[str]
    files: Sequence[str]
    targets: Sequence[str]


@dataclass(frozen=True, slots=True)
class Node:
    """A task or a file; `state` is that of a migration."""

    name: str
    kind: Kind
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in the order of the tasks, and edges from prerequisites, as indexes of `nodes`."""

    nodes: Sequence[Node]
    edges: Sequence[tuple[int, int]]


def make_graph(tasks: Iterable[TaskInfo]) -> Graph:
    """Return the graph of `tasks`; a file that several of them name is one node.

    A file that one makes and another reads connects them. A dependency on a task that is not
    among them is left out.
    """
    rows = list(tasks)
    made = {target for task in rows for target in task.targets}
    indexes: dict[tuple[bool, str], int] = {}
    nodes: list[Node] = []

    def index_of(node: Node) -> int:
        key = (node.kind in (Kind.FILE, Kind.TARGET), node.name)
        if key not in indexes:
            indexes[key] = len(nodes)
            nodes.append(node)
        return indexes[key]

    for task in rows:
        index_of(Node(task.name, Kind.MIGRATION if task.state else Kind.TASK, task.state))
    edges: dict[tuple[int, int], None] = {}
    for task in rows:
        at = indexes[False, task.name]
        for name in task.after:
            if (False, name) in indexes:
                edges[indexes[False, name], at] = None
        for path in task.files:
            kind = Kind.TARGET if path in made else Kind.FILE
            edges[index_of(Node(path, kind)), at] = None
        for path in task.targets:
            edges[at, index_of(Node(path, Kind.TARGET))] = None
    return Graph(nodes, list(edges))
