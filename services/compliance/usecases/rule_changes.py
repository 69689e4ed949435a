"""What holds now or later, and what was recorded since: the history of rules as it is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from services.compliance.domain.zone import ClosureVersion, RuleSet, tenures

Entry = RuleSet | ClosureVersion


def present(
    versions: Iterable[RuleSet], closures: Iterable[ClosureVersion], now: datetime
) -> Iterator[Entry]:
    """The versions of zones, and the closures, that hold at a moment or after it."""
    ordered = sorted(versions, key=lambda v: (v.zone.zone_id, v.version))
    for _, history in groupby(ordered, key=lambda v: v.zone.zone_id):
        held = [t.rule_set for t in tenures(history) if t.end is None or t.end > now]
        yield from sorted(dict.fromkeys(held), key=lambda rule_set: rule_set.version)
    for version in closures:
        if version.closure.end is None or version.closure.end > now:
            yield version


def in_order(
    versions: Sequence[RuleSet], closures: Sequence[ClosureVersion], limit: int, head: int
) -> tuple[list[Entry], int]:
    """
    Changes in the order in which they were recorded, and the version up to which all are told.

    Of each at most `limit` were read: where one list is full, what lies behind its last is not
    known of it, and is left for the next time.
    """
    full = [entries[-1].rules_version for entries in (versions, closures) if len(entries) == limit]
    reach = min(full, default=head)
    entries: list[Entry] = [*versions, *closures]
    told = [entry for entry in entries if entry.rules_version <= reach]
    return sorted(told, key=lambda entry: entry.rules_version), reach
