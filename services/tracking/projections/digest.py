"""The daily digest: what failed, and the recurring causes with owner and effect. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from services.tracking.domain.cause import Cause, Facet, Tried, causes
from services.tracking.domain.event import OutcomeRecorded
from services.tracking.domain.journal import Event
from services.tracking.domain.report import Row, columns
from services.tracking.domain.route import Window
from services.tracking.domain.words import Outcome
from services.tracking.projections.costs import DROPS


class Digest:
    """Gathers attempts by what they have in common."""

    columns = columns(
        "common",
        "subject",
        "failure_reason",
        "owner",
        "failure_count#",
        "first_named_time@",
        "attempts_before_count#",
        "failures_before_count#",
        "attempts_since_count#",
        "failures_since_count#",
        "effect_permille#",
    )

    def __init__(self, span: Window) -> None:
        self._span = span
        self._tries: dict[tuple[Facet, str], list[Tried]] = defaultdict(list)

    def before(self, event: Event) -> None:
        """An attempt of the weeks before."""
        if isinstance(event, OutcomeRecorded) and event.kind in DROPS:
            failed = event.outcome is Outcome.FAILED
            tried = Tried(event.at, event.reason if failed else None)
            for key in _keys(event):
                self._tries[key].append(tried)

    def day(self, events: Sequence[tuple[Event, datetime]]) -> Iterator[Row]:
        """An attempt of the period; it has no row of its own."""
        for event, _ in events:
            self.before(event)
        yield from ()

    def end(self) -> Iterator[Row]:
        """One row per cause: first all together, then those that fail most."""
        span = self._span.start, self._span.end
        found = [
            one
            for (facet, subject), tries in self._tries.items()
            for one in causes(facet, subject, tries, *span)
            if facet is Facet.ALL or one.named_at
        ]
        yield from map(_row, sorted(found, key=_order))


def _keys(event: OutcomeRecorded) -> Iterator[tuple[Facet, str]]:
    yield Facet.ALL, ""
    if event.facets.place:
        yield Facet.PLACE, event.facets.place
    if event.promise:
        yield Facet.SLOT, f"{event.promise.start:%H:%M}/{event.promise.end:%H:%M}"
    if event.crew.driver_id:
        yield Facet.DRIVER, event.crew.driver_id


def _order(one: Cause) -> tuple[bool, int, str, str, str]:
    return one.facet is not Facet.ALL, -one.failures, one.facet, one.subject, one.reason


def _row(one: Cause) -> Row:
    return (
        one.facet,
        one.subject,
        one.reason,
        one.owner,
        one.failures,
        one.named_at,
        one.attempts_before,
        one.failures_before,
        one.attempts_since,
        one.failures_since,
        one.effect_permille,
    )
