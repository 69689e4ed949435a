"""
Which decisions a version of a zone's rules touches.

Pure. The same routes are judged twice: by what was then known of the zone, and by that and the
version besides. The decision is touched when what is said about the zone differs for a stay within
the version's effective interval. By which version it was said does not count as said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import chain

from services.compliance.domain.finding import Decision, Finding
from services.compliance.domain.geometry import Box, box_around
from services.compliance.domain.replay import replayed
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.zone import RuleSet

BOOKS_MAX = 8  # histories of the zone whose rule books are kept


@dataclass(frozen=True, slots=True)
class Reach:
    """The decisions that may be touched: made without the version, about its time and place."""

    rules_version: int
    record_time: datetime
    start: datetime | None
    end: datetime | None
    box: Box


class Touch:
    """One version, and all that were recorded before it."""

    def __init__(self, rule_set: RuleSet, history: Sequence[RuleSet]) -> None:
        self._rule_set = rule_set
        self._history = sorted(history, key=lambda version: version.version)
        self._books = lru_cache(BOOKS_MAX)(self._both)

    @property
    def reach(self) -> Reach:
        """Where and when a decision can be touched at all."""
        versions = (*self._history, self._rule_set)
        parts = chain.from_iterable(version.zone.area for version in versions)
        return Reach(
            self._rule_set.rules_version,
            self._rule_set.record_time,
            self._rule_set.start,
            self._rule_set.end,
            box_around([point for part in parts for point in part.outer.points]),
        )

    def changes(self, decision: Decision, mates: Sequence[Decision]) -> bool:
        """Whether it touches the decision; `mates` as in `replay`."""
        known = sum(v.rules_version <= decision.rules_version for v in self._history)
        before, after = self._books(known)
        return self._said(before, decision, mates) != self._said(after, decision, mates)

    def _both(self, known: int) -> tuple[RuleBook, RuleBook]:
        """The zone without the version and with it."""
        versions = self._history[:known]
        return RuleBook(0, versions), RuleBook(0, [*versions, self._rule_set])

    def _said(self, book: RuleBook, decision: Decision, mates: Sequence[Decision]) -> list[Finding]:
        findings = replayed(book, decision, mates).findings
        return [replace(f, rule_set_id="", version=0) for f in self._within(findings)]

    def _within(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        start, end = self._rule_set.start, self._rule_set.end
        for finding in findings:
            begun = start is None or start < finding.exit or start <= finding.entry
            if begun and (end is None or finding.entry < end):
                yield finding
