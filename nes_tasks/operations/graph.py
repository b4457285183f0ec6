"""The graph of tasks: what they depend on, the files that they read, and what they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a node stands for."""

    MIGRATION = "migration"
    TASK = "task"
    FILE = "file"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Step:
    """A task as an engine sees it: the tasks before it, the files it reads, and what it makes.

    `state` is that of a migration in a word, None for a task of another kind.
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


def make_graph(steps: Iterable[Step]) -> Graph:
    """Return the graph of `steps`; a file that several of them name is one node.

    A file that one makes and another reads connects them. A dependency on a step that is not
    among them is left out.
    """
    rows = list(steps)
    made = {target for step in rows for target in step.targets}
    places: dict[tuple[bool, str], int] = {}
    nodes: list[Node] = []

    def place(node: Node) -> int:
        key = (node.kind in (Kind.FILE, Kind.TARGET), node.name)
        if key not in places:
            places[key] = len(nodes)
            nodes.append(node)
        return places[key]

    for step in rows:
        place(Node(step.name, Kind.MIGRATION if step.state else Kind.TASK, step.state))
    edges: dict[tuple[int, int], None] = {}
    for step in rows:
        at = places[False, step.name]
        for name in step.after:
            if (False, name) in places:
                edges[places[False, name], at] = None
        for path in step.files:
            kind = Kind.TARGET if path in made else Kind.FILE
            edges[place(Node(path, kind)), at] = None
        for path in step.targets:
            edges[at, place(Node(path, Kind.TARGET))] = None
    return Graph(nodes, list(edges))
