"""Idling: rules with their revisions, checks at a place, and episodes from tracking's facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from meshkit.errors import AlreadyExists, Conflict, NotFound
from meshkit.ids import NewId
from services.compliance.domain.episode import (
    IdlingEpisode,
    IdlingFact,
    IdlingRuleVersion,
    judged,
)
from services.compliance.domain.footprint import Setting
from services.compliance.domain.geometry import Point
from services.compliance.domain.idle_fuel import FuelPrices
from services.compliance.domain.idling import Idled, IdlingAnswer, IdlingRule, idling_answer
from services.compliance.ports import EpisodeStore, FactorSetStore, StreetStore
from services.compliance.usecases.factor_sets import Rates, loaded_in_force


async def create_idling_rule(
    store: StreetStore, rule: IdlingRule, now: datetime
) -> IdlingRuleVersion:
    """The first revision of an idling rule."""
    street_version = await store.next_street_version()
    if await store.idling_rule(rule.idling_rule_id) is not None:
        raise AlreadyExists(
            "IDLING_RULE_EXISTS",
            f"idling rule {rule.idling_rule_id!r} exists",
            idling_rule_id=rule.idling_rule_id,
        )
    version = IdlingRuleVersion(rule, 1, street_version, now, now)
    await store.add_idling_rule(version)
    return version


async def get_idling_rule(store: StreetStore, idling_rule_id: str) -> IdlingRuleVersion:
    """The last revision of an idling rule."""
    present = await store.idling_rule(idling_rule_id)
    if present is None:
        raise NotFound(
            "IDLING_RULE_UNKNOWN",
            f"no idling rule {idling_rule_id!r}",
            idling_rule_id=idling_rule_id,
        )
    return present


async def update_idling_rule(
    store: StreetStore,
    idling_rule_id: str,
    etag: str,
    change: Callable[[IdlingRule], IdlingRule],
    now: datetime,
) -> IdlingRuleVersion:
    """The next revision, as `change` makes it of the present one."""
    street_version = await store.next_street_version()  # first: nobody else changes any from here
    present = await get_idling_rule(store, idling_rule_id)
    if etag != present.etag:
        raise Conflict(
            "ETAG_STALE",
            f"idling rule {idling_rule_id!r} was changed meanwhile",
            idling_rule_id=idling_rule_id,
        )
    following = IdlingRuleVersion(
        change(present.rule), present.revision + 1, street_version, present.create_time, now
    )
    await store.add_idling_rule(following)
    return following


async def check_idling(store: StreetStore, place: Point, idled: Idled) -> IdlingAnswer:
    """What the rules of a place say; stores nothing."""
    versions = await store.idling_rules_of(place)
    return idling_answer([version.rule for version in versions], idled)


async def setting_of(store: FactorSetStore, rates: Rates, fact: IdlingFact) -> Setting:
    """By which factors a fact counts: those that were loaded when it ended, as for legs."""
    year, ended = fact.start.year, fact.start + fact.length
    loaded = await loaded_in_force(store, rates.country_code, year, ended)
    return rates.in_force(rates.country_code, year, loaded)


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the rules are and where episodes go, in one transaction."""

    streets: StreetStore
    episodes: EpisodeStore


async def record_idling(
    stores: Stores,
    fact: IdlingFact,
    setting: Setting,
    prices: FuelPrices,
    now: datetime,
    new_id: NewId,
) -> IdlingEpisode | None:
    """The episode of a fact, by the rules as they stand; None when the fact has made one before."""
    if await stores.episodes.is_known(fact.event_id):
        return None
    rules = await stores.streets.idling_rules_of(fact.place)
    episode = judged(fact, rules, setting, prices, episode_id=new_id("idl"), now=now)
    await stores.episodes.add(episode)
    return episode
