"""What rows say together: means per class, who wins, and the worst."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
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
    """Mean of our cost over theirs where both have plans, in percent: below zero we are better."""

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
    """One engine on one class; a mean is told only where every plan is one."""
    good = [row for row in rows if is_good(row)]
    known = [row for row in good if row["gap"] is not None]
    worst = max(known, key=lambda row: row["gap"], default=None)
    return Line(
        kind,
        name,
        len({row["instance"] for row in rows}),
        len(rows),
        mean(rows, "gap") if len(good) == len(rows) else None,
        worst["gap"] if worst else None,
        f"{worst['instance']} seed {worst['seed']}" if worst else "",
        mean(good, "gap_1s"),
        mean(good, "gap_10s"),
        mean(good, "primal_integral"),
        len(rows) - len(good),
    )


def is_good(row: Row) -> bool:
    """Whether an engine has found a plan that holds."""
    return bool(row["verified"]) and row["cost"] is not None


def mean(rows: Iterable[Row], field: str) -> float | None:
    """The mean of what is known; None where nothing is."""
    known = [row[field] for row in rows if row[field] is not None]
    return fmean(known) if known else None


def duels(rows: Sequence[Row]) -> list[Duel]:
    """One per class that both were asked about."""
    found = (duel(kind, rows) for kind in classes(rows))
    return [each for each in found if each.wins + each.ties + each.losses]


def duel(kind: str, rows: Sequence[Row]) -> Duel:
    """Ours against the rival on one class, by the seeds of an instance that both were asked for."""
    ours, theirs = of(kind, OURS, rows), of(kind, RIVAL, rows)
    both = ours.keys() & theirs.keys()
    names = sorted({name for name, _ in both})
    costs = [
        tuple(
            cost([own[name, seed] for known, seed in both if known == name])
            for own in (ours, theirs)
        )
        for name in names
    ]
    results = [difference(*pair) for pair in costs]
    finite = [result for result in results if abs(result) != inf]
    return Duel(
        kind,
        sum(result < -TIE for result in results),
        sum(abs(result) <= TIE for result in results),
        sum(result > TIE for result in results),
        fmean(finite) if finite else 0.0,
    )


def of(kind: str, name: str, rows: Iterable[Row]) -> dict[tuple[str, int], Row]:
    """An engine's rows of a class by instance and seed."""
    return {
        (row["instance"], row["seed"]): row
        for row in rows
        if (row["class"], row["engine"]) == (kind, name)
    }


def cost(rows: Sequence[Row]) -> float:
    """The mean cost over seeds; endless where a seed has no plan that holds."""
    return fmean(row["cost"] for row in rows) if all(map(is_good, rows)) else inf


def difference(ours: float, theirs: float) -> float:
    """Our cost over theirs in percent; who has no plan loses, and where nobody has, it is even."""
    if inf in (ours, theirs):
        return 0.0 if ours == theirs else ours - theirs
    return 100 * (ours - theirs) / theirs


def shown(value: float | None) -> str:
    """Percent with two digits; a dash for what is not known."""
    return "-" if value is None else f"{value:.2f}"
