"""Draw what commands cost as the database grows: the plots of docs/performance.md.

    python benchmarks/plot_growth.py

Reads ``growth.json``, which ``growth.py --json`` writes, and writes one SVG for CPU time and one
for memory. Needs ``pip install 'nes-tasks[report]'``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import vl_convert

HERE = Path(__file__).resolve().parent
IMAGES = HERE.parent / "docs" / "images"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
VERSION = "5.21"
# By file name: the field of the figures and the title of its axis.
PLOTS = {
    "growth-cpu.svg": ("cpu", "CPU time in seconds"),
    "growth-memory.svg": ("memory", "memory in MB"),
}
DRAWN = (
    "doit run, 137 updates",
    "doit preview, 137 updates",
    "doit replay",
    "doit revert",
    "doit show",
    "doit status",
    "doit run, nothing to do",
)


def plot(figures: list[dict[str, Any]], field: str, title: str) -> str:
    """Return the SVG of one field of the figures, a line for each command."""
    files = sorted({figure["files"] for figure in figures})
    shown = [figure for figure in figures if figure["command"] in DRAWN]
    spec = {
        "$schema": SCHEMA,
        "background": "white",
        "width": 420,
        "height": 260,
        "data": {"values": shown},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {
                "field": "files",
                "type": "quantitative",
                "scale": {"type": "log"},
                "axis": {"title": "files in the database", "values": files, "format": ","},
            },
            "y": {
                "field": field,
                "type": "quantitative",
                "scale": {"type": "log"},
                "axis": {"title": title},
            },
            "color": {"field": "command", "type": "nominal", "sort": DRAWN, "title": None},
        },
    }
    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=VERSION)
    return svg


def main() -> None:
    """Draw all plots."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--figures", type=Path, default=HERE / "growth.json")
    parser.add_argument("--images", type=Path, default=IMAGES)
    options = parser.parse_args()
    figures = json.loads(options.figures.read_text())["figures"]
    options.images.mkdir(exist_ok=True)
    for name, (field, title) in PLOTS.items():
        (options.images / name).write_text(plot(figures, field, title) + "\n")


if __name__ == "__main__":
    main()
