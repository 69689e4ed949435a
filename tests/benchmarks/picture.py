"""The plot of docs/benchmarks.md: mean gaps as bars, one group per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.benchmarks.summary import Line

COLORS = {"doorstep": "#0b6e4f", "pyvrp": "#e0a030", "ortools": "#8090a0"}
WIDTH = 0.27  # of a bar; three stand side by side
GAP_SHOWN_MAX = 12.0  # percent; longer bars are cut and say how long they are


def plot(lines: Sequence[Line], aims: Mapping[str, float], path: Path) -> None:
    """Writes the picture as SVG."""
    kinds = list(dict.fromkeys(line.kind for line in lines))
    engines = list(dict.fromkeys(line.engine for line in lines))
    # The same rows give the same bytes: no date, no random names inside.
    with rc_context({"svg.hashsalt": "doorstep", "svg.fonttype": "none"}):
        figure = Figure(figsize=(11, 4.5), layout="constrained")
        axes = figure.add_subplot()
        for rank, engine in enumerate(engines):
            own = {line.kind: line.mean for line in lines if line.engine == engine}
            for place, kind in enumerate(kinds):
                gap = own.get(kind)
                if gap is not None:
                    bar(axes, place + (rank - 1) * WIDTH, gap, COLORS.get(engine, "black"))
            axes.bar(0, 0, color=COLORS.get(engine, "black"), label=engine)
        for kind, aim in aims.items():
            if kind in kinds:
                place = kinds.index(kind)
                axes.plot([place - 0.45, place + 0.45], [aim, aim], color="black", linewidth=1)
        axes.set_xticks(range(len(kinds)), kinds, rotation=30, ha="right")
        axes.set_ylabel("mean gap, % over best known")
        axes.set_ylim(0, GAP_SHOWN_MAX)
        axes.legend(title="the line is our aim")
        figure.savefig(path, format="svg", metadata={"Date": None})


def bar(axes: Axes, place: float, gap: float, color: str) -> None:
    """One bar with its figure."""
    height = min(gap, GAP_SHOWN_MAX)
    axes.bar(place, height, WIDTH, color=color)
    axes.text(place, height, f"{gap:.2f}", ha="center", va="bottom", fontsize=6, clip_on=False)
