"""Zones and their rules: every change is the next version, and earlier ones stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from meshkit.errors import AlreadyExists, Conflict, Invalid, NotFound, NotReady, Violation
from meshkit.ids import NewId
from services.compliance.domain.contradictions import contradictions
from services.compliance.domain.rule import Rule
from services.compliance.domain.zone import RuleSet, Zone
from services.compliance.ports import RuleStore

CONTRADICT = "RULES_CONTRADICT"


async def create_zone(
    store: RuleStore, zone: Zone, start: datetime | None, now: datetime, new_id: NewId
) -> RuleSet:
    """The first version of a zone; without a start it holds since always."""
    refuse_contradictions(zone)
    rules_version = await store.next_rules_version()
    if await store.zone(zone.zone_id) is not None:
        raise AlreadyExists("ZONE_EXISTS", f"zone {zone.zone_id!r} exists", zone_id=zone.zone_id)
    rule_set = RuleSet(new_id("rls"), zone, 1, rules_version, now, now, start)
    await store.add_rule_set(rule_set)
    return rule_set


async def get_zone(store: RuleStore, zone_id: str) -> RuleSet:
    """The last recorded version of a zone."""
    present = await store.zone(zone_id)
    if present is None:
        raise NotFound("ZONE_UNKNOWN", f"no zone {zone_id!r}", zone_id=zone_id)
    return present


async def get_rule_set(store: RuleStore, rule_set_id: str) -> RuleSet:
    """One version, however old."""
    found = await store.rule_set(rule_set_id)
    if found is None:
        raise NotFound("RULE_SET_UNKNOWN", f"no rule set {rule_set_id!r}", rule_set_id=rule_set_id)
    return found


async def update_zone(
    store: RuleStore,
    zone_id: str,
    etag: str,
    change: Callable[[Zone], Zone],
    start: datetime | None,
    now: datetime,
    new_id: NewId,
) -> RuleSet:
    """The next version, as `change` makes it of the present one; it holds from `start` or now."""
    rules_version = (
        await store.next_rules_version()
    )  # first: nobody else changes rules from here on
    present = await get_zone(store, zone_id)
    if etag != present.etag:
        raise Conflict("ETAG_STALE", f"zone {zone_id!r} was changed meanwhile", zone_id=zone_id)
    begins = start or now
    if present.start is not None and begins < present.start:
        raise NotReady(
            "EFFECTIVE_TIME_PAST",
            f"version {present.version} of zone {zone_id!r} holds from {present.start} on",
            zone_id=zone_id,
        )
    changed = change(present.zone)
    refuse_contradictions(changed)
    following = RuleSet(
        new_id("rls"),
        changed,
        present.version + 1,
        rules_version,
        now,
        present.create_time,
        begins,
    )
    await store.add_rule_set(following)
    return following


def refuse_contradictions(zone: Zone) -> None:
    """Raises Invalid with every rule of the zone that can never mean anything."""
    found = [
        Violation(f"zone.rules[{c.rule_index}].{c.field}", c.message, CONTRADICT)
        for c in contradictions(zone.rules, zone.holidays)
    ]
    if found:
        first = found[0]
        raise Invalid("RULES_CONTRADICT", f"{first.field}: {first.description}", violations=found)


def with_rule(rule: Rule) -> Callable[[Zone], Zone]:
    """The change that adds a rule."""

    def change(zone: Zone) -> Zone:
        if zone.rule(rule.rule_id) is not None:
            raise AlreadyExists(
                "RULE_EXISTS", f"rule {rule.rule_id!r} exists", rule_id=rule.rule_id
            )
        return replace(zone, rules=(*zone.rules, rule))

    return change


def with_changed_rule(rule_id: str, change_rule: Callable[[Rule], Rule]) -> Callable[[Zone], Zone]:
    """The change that changes a rule where it stands."""

    def change(zone: Zone) -> Zone:
        get_rule(zone, rule_id)
        changed = (change_rule(r) if r.rule_id == rule_id else r for r in zone.rules)
        return replace(zone, rules=tuple(changed))

    return change


def get_rule(zone: Zone, rule_id: str) -> Rule:
    """One rule of a zone."""
    rule = zone.rule(rule_id)
    if rule is None:
        raise NotFound(
            "RULE_UNKNOWN",
            f"zone {zone.zone_id!r} has no rule {rule_id!r}",
            zone_id=zone.zone_id,
            rule_id=rule_id,
        )
    return rule
