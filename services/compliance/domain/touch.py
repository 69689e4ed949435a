"""
Which decisions a change of rules touches: a version of a zone, or a street closure.

Pure. The same routes are judged twice: by what was then known of the zone or closure, and by that
with the change besides. The decision is touched when what is said about it differs for a stay
within the time that the change is about. By which version it was said does not count as said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Protocol

from services.compliance.domain.finding import Decision, Finding
from services.compliance.domain.geometry import Area, Box, box_around
from services.compliance.domain.replay import replayed
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.zone import ClosureVersion, RuleSet

BOOKS_MAX = 8  # histories of the zone or closure whose rule books are kept


@dataclass(frozen=True, slots=True)
class Reach:
    """The decisions that may be touched: made without the change, about its time and place."""

    rules_version: int
    record_time: datetime
    start: datetime | None
    end: datetime | None
    box: Box


class Change(Protocol):
    """A change of rules, and all that was recorded of the same before it."""

    @property
    def reach(self) -> Reach:
        """Where and when a decision can be touched at all."""

    def known(self, rules_version: int) -> int:
        """How much of what was recorded before was known by a version of all rules."""

    def books(self, known: int) -> tuple[RuleBook, RuleBook]:
        """What was known without the change, and with it."""


class ZoneChange:
    """One version of a zone: what was recorded before it stays."""

    def __init__(self, rule_set: RuleSet, history: Sequence[RuleSet]) -> None:
        self._rule_set = rule_set
        self._history = sorted(history, key=lambda version: version.version)

    @property
    def reach(self) -> Reach:
        made = self._rule_set
        areas = (version.zone.area for version in (*self._history, made))
        return Reach(made.rules_version, made.record_time, made.start, made.end, _around(areas))

    def known(self, rules_version: int) -> int:
        return sum(version.rules_version <= rules_version for version in self._history)

    def books(self, known: int) -> tuple[RuleBook, RuleBook]:
        versions = self._history[:known]
        return RuleBook(0, versions), RuleBook(0, [*versions, self._rule_set])


class ClosureChange:
    """The last revision of a closure, in place of the one before it, which told when it holds."""

    def __init__(self, revisions: Sequence[ClosureVersion]) -> None:
        *self._history, self._last = sorted(revisions, key=lambda version: version.revision)

    @property
    def reach(self) -> Reach:
        every = [version.closure for version in (*self._history, self._last)]
        ends = [closure.end for closure in every if closure.end is not None]
        return Reach(
            self._last.rules_version,
            self._last.record_time,
            min(closure.start for closure in every),
            max(ends) if len(ends) == len(every) else None,
            _around(closure.area for closure in every),
        )

    def known(self, rules_version: int) -> int:
        return sum(version.rules_version <= rules_version for version in self._history)

    def books(self, known: int) -> tuple[RuleBook, RuleBook]:
        before = [version.closure for version in self._history[:known][-1:]]
        return RuleBook(0, [], before), RuleBook(0, [], [self._last.closure])


class Touch:
    """One change, held against decisions."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._books = lru_cache(BOOKS_MAX)(change.books)
        self.reach = change.reach

    def changes(self, decision: Decision, mates: Sequence[Decision]) -> bool:
        """Whether it touches the decision; `mates` as in `replay`."""
        before, after = self._books(self._change.known(decision.rules_version))
        return self._said(before, decision, mates) != self._said(after, decision, mates)

    def _said(self, book: RuleBook, decision: Decision, mates: Sequence[Decision]) -> list[Finding]:
        findings = replayed(book, decision, mates).findings
        return [replace(f, rule_set_id="", version=0) for f in self._within(findings)]

    def _within(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        start, end = self.reach.start, self.reach.end
        for finding in findings:
            begun = start is None or start < finding.exit or start <= finding.entry
            if begun and (end is None or finding.entry < end):
                yield finding


def _around(areas: Iterable[Area]) -> Box:
    return box_around([p for part in chain.from_iterable(areas) for p in part.outer.points])
