"""Render charts as inline SVG with Vega-Lite; colours come from the page's CSS.

A chart has neither words nor colours of its own. Its axis labels and its description are HTML
around it, so that they wrap, take the reader's fonts, and turn dark with the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from ..operations.report_growth import Point

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
VERSION = "5.21"
SVG = "http://www.w3.org/2000/svg"
GROWTH_SIZE = (260, 96)
STRIP_SIZE = (420, 34)
# Margin of a chart at both ends, as a share of its width.
MARGIN = 0.03
# Shorter histories are drawn by step: on a time axis their points would coincide.
MIN_DAYS = 2
# Vega's labels for screen readers; the page has one sentence for each chart instead.
SPOKEN = ("role", "aria-roledescription", "aria-hidden", "pointer-events", "class")
LONG_FRACTION = re.compile(r"(\d+\.\d{2})\d+")


@dataclass(frozen=True, slots=True)
class Axis:
    """The horizontal axis: by time, or with equally wide steps."""

    positions: Sequence[float]
    by_time: bool

    @classmethod
    def of(cls, points: Sequence[Point]) -> Axis:
        """Return the axis for a growth chart; raises `IndexError` without points."""
        first, last = points[0].moment, points[-1].moment
        if (last - first).days < MIN_DAYS:
            return cls([float(at) for at in range(len(points))], False)
        return cls([point.moment.timestamp() for point in points], True)

    @property
    def domain(self) -> tuple[float, float]:
        """Its limits, with a margin on both sides."""
        first, last = self.positions[0], self.positions[-1]
        room = MARGIN * (last - first) if self.by_time else 1.0
        return first - (room if self.by_time else 0.5), last + room


def growth_chart(axis: Axis, counts: Sequence[int], *, from_nothing: bool) -> str:
    """Return the SVG of a number over time; `from_nothing` says that it was 0 before."""
    start, end = axis.domain
    rows = [{"x": x, "n": n} for x, n in zip(axis.positions, counts, strict=True)]
    before = [{"x": start, "n": 0}] if from_nothing else []
    line = {"color": "var(--accent)", "strokeWidth": 2}
    top = rounded_up(max(counts))
    return _drawn(
        {
            "width": GROWTH_SIZE[0],
            "height": GROWTH_SIZE[1],
            "padding": {"left": 46, "right": 4, "top": 8, "bottom": 6},
            "data": {"values": [*before, *rows, {"x": end, "n": counts[-1]}]},
            "mark": {
                "type": "area",
                "aria": False,
                "interpolate": "step-after",
                "line": line,
                "color": "var(--accent)",
                "fillOpacity": 0.14,
            },
            "encoding": {
                "x": _position("x", [start, end]),
                "y": {
                    "field": "n",
                    "type": "quantitative",
                    "scale": {"domain": [0, top], "nice": False},
                    "axis": {"values": [0, top // 2, top], "format": ",d", "title": None},
                },
            },
        }
    )


def rounded_up(count: int) -> int:
    """Return the next number that is 2, 4, 6, 8 or 10 times a power of ten: its half is round."""
    power = int(10 ** (len(str(count)) - 1))
    return next(step * power for step in (2, 4, 6, 8, 10) if step * power >= count)


def strip_chart(
    axis: Axis, marks: Iterable[Mapping[str, Any]], largest: int, *, line: bool = True
) -> str:
    """Return the SVG of migrations as circles along an axis.

    Each mark has a position ``x``, a number ``n`` that its area shows, of which `largest` is
    the highest in all strips, and a ``text`` that comes up under the mouse. Without a `line` the
    positions mean nothing.
    """
    domain = list(axis.domain)
    size = {"type": "linear", "domain": [0, max(largest, 1)], "range": [30, 760]}
    width, height = STRIP_SIZE
    axis_line = {
        "data": {"values": [{"from": domain[0], "to": domain[1]}]},
        "mark": {"type": "rule", "color": "var(--line)", "aria": False},
        "encoding": {"x": _position("from", domain), "x2": {"field": "to"}},
    }
    return _drawn(
        {
            "width": width,
            "height": height,
            "padding": {"left": 14, "right": 14, "top": 0, "bottom": 0},
            "layer": [
                *([axis_line] if line else []),
                {
                    "data": {"values": list(marks)},
                    "mark": {
                        "type": "circle",
                        "color": "var(--accent)",
                        "opacity": 1,
                        "fillOpacity": 0.45,
                        "stroke": "var(--accent)",
                        "strokeWidth": 1,
                    },
                    "encoding": {
                        "x": _position("x", domain),
                        "size": {
                            "field": "n",
                            "type": "quantitative",
                            "scale": size,
                            "legend": None,
                        },
                        "description": {"field": "text"},
                    },
                },
            ],
        }
    )


def _position(field: str, domain: Sequence[float]) -> dict[str, Any]:
    scale = {"domain": list(domain), "nice": False, "zero": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def _drawn(chart: Mapping[str, Any]) -> str:
    """Render with Vega-Lite, and remove what the page labels or styles itself."""
    import vl_convert

    axis = {
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
        "labelFontSize": 11,
        "labelColor": "var(--muted)",
        "gridColor": "var(--line)",
        # Font widths differ between machines; the chart must not depend on them.
        "labelOverlap": False,
        "minExtent": 0,
        "maxExtent": 0,
    }
    config = {"axis": axis, "view": {"stroke": None}, "font": "inherit"}
    spec = {
        "$schema": SCHEMA,
        "background": None,
        "autosize": "none",
        "config": config,
        **chart,
    }
    return _stripped(vl_convert.vegalite_to_svg(spec, vl_version=VERSION))


def _stripped(text: str) -> str:
    """Return the SVG without invisible parts; descriptions of marks become titles."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(text)  # noqa: S314 - written by the library a line before
    _strip(root)
    root.attrib.pop("width")
    root.attrib.pop("height")
    root.attrib.pop("version")
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    svg = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
    return svg.replace(f' xmlns="{SVG}"', "")


def _strip(element: ElementTree.Element) -> None:
    label = element.attrib.pop("aria-label", None)
    if label is not None and element.get("role") == "graphics-symbol" and len(element) == 0:
        title = ElementTree.SubElement(element, f"{{{SVG}}}title")
        title.text = label
    for name in SPOKEN:
        element.attrib.pop(name, None)
    for name, value in element.attrib.items():
        if name in ("d", "transform"):
            element.set(name, LONG_FRACTION.sub(r"\1", value))
    for child in list(element):
        if child.get("display") == "none" or child.get("class") == "background":
            element.remove(child)
        else:
            _strip(child)
    for child in list(element):
        if child.tag == f"{{{SVG}}}g" and len(child) == 0:
            element.remove(child)
