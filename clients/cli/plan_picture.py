"""A picture of the routes: one color each, the stops as dots, starts as squares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

INCHES = 10
DOTS_PER_INCH = 120
DOT = 14  # square points
COLORS = 20  # of the palette; then they come again


def draw(document: Mapping[str, Any], path: Path) -> None:
    """Writes the picture; its suffix decides the format."""
    # Drawing is rare and its import slow: the other commands do without it.
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(INCHES, INCHES), dpi=DOTS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    palette = colormaps["tab20"]
    for rank, route in enumerate(document["routes"]):
        color = palette(rank % COLORS)
        xs, ys = zip(*route["path"], strict=True)
        axes.plot(xs, ys, color=color, linewidth=1.2)
        axes.plot(xs[0], ys[0], marker="s", color="black", markersize=6, zorder=3)
        stops = [visit["position"] for visit in route["visits"]]
        if stops:
            across, up = zip(*stops, strict=True)
            axes.scatter(across, up, s=DOT, color=[color], zorder=2)
    axes.set_aspect(stretch(document))
    title = f"{document['name']}: {len(document['routes'])} routes"
    axes.set_title(f"{title}, cost {document['figure']}")
    figure.savefig(path)


def stretch(document: Mapping[str, Any]) -> float:
    """How much longer a degree of latitude is than one of longitude; 1 on a plane."""
    latitudes = [y for route in document["routes"] for _, y in route["path"]]
    if not document["on_globe"] or not latitudes:
        return 1.0
    return 1 / math.cos(math.radians(sum(latitudes) / len(latitudes)))
