"""`doit graph`: migrations, their data files and targets, as a diagram in text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..migrations import Entry, State
from ..migrations.ranges import resolve_all
from ..operations.graph import Graph, Kind, Node, TaskInfo, make_graph
from ..text import escape_control
from .check_report import CHECK
from .command import Command, check_writable, write_file
from .doit_commands import LOOKING
from .format import state_word
from .options import OUTPUT, option
from .session import GROUP, migration_name, session

# Files of every migration folder; left out, so that the data files are visible.
OWN_FILES = re.compile(r"(?:.*/)?(?:migrate\.py|run\.py|README\.md)")
FORMAT = option(
    "format",
    "mermaid, which GitHub renders in Markdown, or dot, for Graphviz [default: %(default)s]",
    default="mermaid",
    name="form",
    choices=[("mermaid", ""), ("dot", "")],
)
FILES = option(
    "files",
    "which files to draw: data, all (also scripts and READMEs), or none (also no targets) "
    "[default: %(default)s]",
    default="data",
    choices=[("data", ""), ("all", ""), ("none", "")],
)
# Style of each state, legible on light and dark backgrounds (Okabe-Ito palette).
COLOURS = {
    "applied": "#009e73",
    "pending": "#0072b2",
    "changed": "#b35900",
    "missing": "#b35900",
    "invalid": "#b00020",
}


class DrawGraph(Command):
    """Draw the graph of migrations, tasks and files."""

    name = "graph"
    doc_purpose = "draw migrations, data files and targets as Mermaid or DOT"
    doc_usage = "[NAME...] [--format FORMAT] [--files FILES] [-o FILE]"
    doc_description = (
        "Draws doit's dependency graph: each migration after the previous one, its files, "
        "and its target, which is the marker in the database; then the other tasks of the "
        "project, except checks. With names or ranges, it draws only these migrations. An "
        "arrow leads to what comes later.\n\n"
        "The word in brackets and the colour are the state of a migration."
    )
    group = LOOKING
    examples = (
        ("doit graph", "prints a Mermaid diagram"),
        ("doit graph 5..9 --files all", "draws five migrations with all their files"),
        ("doit graph --format dot -o graph.dot", "writes a file for dot -Tsvg"),
    )
    completes = "all"
    cmd_options = (FORMAT, FILES, OUTPUT)

    def _execute(self, form: str, files: str, output: str, pos_args: list[str]) -> int:
        if output:
            check_writable(Path(output))
        graph = make_graph(self._task_infos(pos_args, files))
        text = _dot(graph) if form == "dot" else _mermaid(graph)
        if output:
            write_file(Path(output), text.encode(errors="backslashreplace"))
        else:
            self.outstream.write(text)
        return 0

    def _task_infos(self, names: list[str], files: str) -> Iterator[TaskInfo]:
        """Yield the migrations in the order of the plan, then the other tasks."""
        plan = session().known_plan()
        tasks = {task.name: task for task in self.task_list}
        by_migration = {migration_name(task.name): task for task in self.task_list}
        plain = [migration_name(word) or word for word in names]
        wanted = resolve_all(plan, plain, lambda _: True, "there") if names else list(plan)
        for entry in wanted:
            yield _migration_info(entry, by_migration.get(_shown(entry)), files)
        last = [entry.name for entry in wanted][-1:]
        for task in () if names else tasks.values():
            if _is_of_ours(task.name) or task.name.startswith("_"):
                continue
            before = dict.fromkeys([*task.task_dep, *task.setup_tasks])
            # The group of all migrations depends on the last one.
            rows = (last if name == GROUP else [migration_name(name) or name] for name in before)
            yield _task_info(task, task.name, None, [name for row in rows for name in row], files)


def _is_of_ours(task: str) -> bool:
    """Return whether a task is a migration or in a group that all projects have."""
    return task.partition(":")[0] in (GROUP, CHECK)


def _shown(entry: Entry) -> str:
    return entry.name.replace("=", "-")


def _migration_info(entry: Entry, task: Any, files: str) -> TaskInfo:
    word = state_word(entry.state)
    if task is None or entry.state is State.MISSING:
        return TaskInfo(entry.name, word, (), (), ())
    after = [entry.predecessor] if entry.predecessor else []
    return _task_info(task, entry.name, word, after, files)


def _task_info(task: Any, name: str, state: str | None, after: list[str], files: str) -> TaskInfo:
    root = session().project.settings.root
    if files == "none":
        return TaskInfo(name, state, after, (), ())
    read = [_relative(path, root) for path in sorted(task.file_dep)]
    if files == "data" and state:
        read = [path for path in read if not OWN_FILES.fullmatch(path)]
    return TaskInfo(name, state, after, read, [_relative(path, root) for path in task.targets])


def _relative(path: str, root: Path) -> str:
    absolute = Path(path)
    return str(absolute.relative_to(root)) if absolute.is_relative_to(root) else path


def _label(node: Node) -> str:
    return escape_control(node.name) + (f" ({node.state})" if node.state else "")


def _mermaid(graph: Graph) -> str:
    """Return a flowchart (https://mermaid.js.org/syntax/flowchart.html)."""
    shapes = {
        Kind.MIGRATION: '["{}"]',
        Kind.TASK: '(["{}"])',
        Kind.FILE: '[/"{}"/]',
        Kind.TARGET: '[("{}")]',
    }
    lines = ["flowchart TD"]
    for at, node in enumerate(graph.nodes):
        # In a quoted label only the quote and # (a character reference) are special.
        text = _label(node).replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;")
        style = f":::{node.state}" if node.state in COLOURS else ""
        lines.append(f"  n{at}{shapes[node.kind].format(text)}{style}")
    lines += [f"  n{before} --> n{after}" for before, after in graph.edges]
    used = dict.fromkeys(node.state for node in graph.nodes if node.state in COLOURS)
    lines += [
        f"  classDef {state} stroke:{COLOURS[state or '']},stroke-width:2px" for state in used
    ]
    return "\n".join([*lines, ""])


def _dot(graph: Graph) -> str:
    """Return a directed graph (https://graphviz.org/doc/info/lang.html)."""
    shapes = {
        Kind.MIGRATION: "box",
        Kind.TASK: "oval",
        Kind.FILE: "note",
        Kind.TARGET: "cylinder",
    }
    lines = ["digraph migrations {", "  node [fontname=sans];"]
    for at, node in enumerate(graph.nodes):
        text = _label(node).replace("\\", "\\\\").replace('"', '\\"')
        colour = f', color="{COLOURS[node.state]}", penwidth=2' if node.state in COLOURS else ""
        lines.append(f'  n{at} [label="{text}", shape={shapes[node.kind]}{colour}];')
    lines += [f"  n{before} -> n{after};" for before, after in graph.edges]
    return "\n".join([*lines, "}", ""])
