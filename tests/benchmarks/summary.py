"""What rows say together: means per class, who wins, and the worst."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

Row = dict[str, Any]
TIE = 1e-9  # percent: costs are whole numbers
OURS, RIVAL = "doorstep", "pyvrp"


@dataclass(frozen=True, slots=True)
class Line:
    """One engine on one class; percent over the best known value."""

    kind: str
    engine: str
    instances: int
    rows: int
    mean: float | None
    worst: float | None
    worst_instance: str
    gap_1s: float | None
    gap_10s: float | None
    integral: float | None
    unverified: int


@dataclass(frozen=True, slots=True)
class Duel:
    """Ours against the rival on one class, instance by instance, by mean cost over seeds."""

    kind: str
    wins: int
    ties: int
    losses: int
    difference: float
    """Mean of our cost over theirs, in percent: below zero we are better."""

    @property
    def better_percent(self) -> float:
        """Of instances on which ours is better: what the design asks for."""
        return 100 * self.wins / max(1, self.wins + self.ties + self.losses)

    @property
    def no_worse_percent(self) -> float:
        """Of instances on which ours is better or even."""
        return 100 * (self.wins + self.ties) / max(1, self.wins + self.ties + self.losses)


def classes(rows: Iterable[Row]) -> list[str]:
    """All classes, small sizes first."""
    return sorted({row["class"] for row in rows}, key=lambda kind: (size_of(kind), kind))


def size_of(kind: str) -> int:
    """The number in a class's name; 0 where there is none."""
    number = kind.rsplit("-", 1)[-1]
    return int(number) if number.isdigit() else 0


def engines(rows: Iterable[Row]) -> list[str]:
    """All engines, in the order of their first row."""
    return list(dict.fromkeys(row["engine"] for row in rows))


def lines(rows: Sequence[Row]) -> list[Line]:
    """One line per class and engine."""
    found = []
    for kind in classes(rows):
        for name in engines(rows):
            own = [row for row in rows if row["class"] == kind and row["engine"] == name]
            if own:
                found.append(line(kind, name, own))
    return found


def line(kind: str, name: str, rows: Sequence[Row]) -> Line:
    """One engine on one class."""
    known = [row for row in rows if row["gap"] is not None]
    worst = max(known, key=lambda row: row["gap"], default=None)
    return Line(
        kind,
        name,
        len({row["instance"] for row in rows}),
        len(rows),
        mean(rows, "gap"),
        worst["gap"] if worst else None,
        f"{worst['instance']} seed {worst['seed']}" if worst else "",
        mean(rows, "gap_1s"),
        mean(rows, "gap_10s"),
        mean(rows, "primal_integral"),
        sum(not row["verified"] for row in rows),
    )


def mean(rows: Iterable[Row], field: str) -> float | None:
    """The mean of what is known; None where nothing is."""
    known = [row[field] for row in rows if row[field] is not None]
    return fmean(known) if known else None


def duels(rows: Sequence[Row]) -> list[Duel]:
    """One per class in which both have solved something."""
    return [duel(kind, rows) for kind in classes(rows) if costs(kind, RIVAL, rows)]


def duel(kind: str, rows: Sequence[Row]) -> Duel:
    """Ours against the rival on one class."""
    ours, theirs = costs(kind, OURS, rows), costs(kind, RIVAL, rows)
    differences = [
        100 * (ours[name] - theirs[name]) / theirs[name] for name in ours.keys() & theirs.keys()
    ]
    return Duel(
        kind,
        sum(difference < -TIE for difference in differences),
        sum(abs(difference) <= TIE for difference in differences),
        sum(difference > TIE for difference in differences),
        fmean(differences) if differences else 0.0,
    )


def costs(kind: str, name: str, rows: Iterable[Row]) -> dict[str, float]:
    """The mean cost of each instance over its seeds."""
    found: dict[str, list[int]] = {}
    for row in rows:
        if (row["class"], row["engine"]) == (kind, name) and row["cost"] is not None:
            found.setdefault(row["instance"], []).append(row["cost"])
    return {name: fmean(values) for name, values in found.items()}


def shown(value: float | None) -> str:
    """Percent with two digits; a dash for what is not known."""
    return "-" if value is None else f"{value:.2f}"
