"""
A year of decisions: each replays to the same answer, and a change of rules lists what it touches.

Method: routes of a few vehicles through a few zones, decided every five days, while rules change,
begin later, move, retire and come back, and streets close. Then every decision is explained, and
every change is held against brute force: all decisions judged again with all rules, no index.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest

from doorstep.compliance.v1 import check_service_pb2 as pb
from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import MeshError
from meshkit.ids import new_id
from meshkit.postgres import Database
from meshkit.testing import Role, TestMesh
from services.compliance.__main__ import decisions, rules
from services.compliance.adapters.shelf import RuleShelf
from services.compliance.domain.checking import check_routes
from services.compliance.domain.finding import CheckedRoute, Decision, Finding
from services.compliance.domain.geometry import E7, Point
from services.compliance.domain.presence import Presence
from services.compliance.domain.rule import ChargeUnit
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.zone import Closure, ClosureVersion, RuleSet, Zone
from services.compliance.tests.places import (
    BIKE,
    DIESEL_VAN,
    E_VAN,
    SQUARE,
    charged,
    crossing,
    forbidden,
    hours,
    square,
    zone,
)
from services.compliance.usecases.checks import Question, evaluate_routes
from services.compliance.usecases.decisions import explain_decision, remembered
from services.compliance.usecases.zones import create_zone, update_zone

pytestmark = pytest.mark.pg

TENANT = "acme"
ROUNDS, STEP = 73, timedelta(days=5)  # a year
VEHICLES = (
    DIESEL_VAN,
    E_VAN,
    BIKE,
    replace(DIESEL_VAN, vehicle_id="unsure", fuel=None),
    replace(DIESEL_VAN, vehicle_id="second"),
)
AREAS = {"centre": SQUARE, "ring": square(59.9, 24.9, 0.2), "far": square(61.0, 25.0)}


class Year:
    """What was recorded, beside the store: for brute force."""

    def __init__(self, db: Database, clock: StoppedClock, seed: int) -> None:
        self.db, self.clock, self.draw = db, clock, random.Random(seed)
        self.shelf = RuleShelf(db, 4)
        self.rule_sets: list[RuleSet] = []
        self.closures: list[ClosureVersion] = []
        self.decisions: list[Decision] = []
        self.batches: dict[str, list[Decision]] = {}

    async def pass_by(self) -> None:
        for name in AREAS:
            await self.record(name)
        for number in range(ROUNDS):
            self.clock.advance(STEP)
            if self.draw.random() < 0.35:
                await self.record(self.draw.choice(list(AREAS)))
            if number % 20 == 7:
                await self.close(f"works-{number}", days=40)
            if number % 20 == 12:
                await self.close(f"works-{number - 5}", days=(6, 60, 0, 12)[number // 20])
            await self.decide()

    async def record(self, name: str) -> None:
        """A first version, or the next one: from now on, from then on, or in some days."""
        later = timedelta(days=self.draw.choice((-30, 0, 0, 5)))
        async with self.db.transaction(TENANT) as tx:
            store, now = rules(tx), self.clock.now()
            present = await store.zone(name)
            if present is None:
                made = await create_zone(store, self.zone(name), None, now, new_id)
            else:
                start = max(now + later, present.start or now)
                made = await update_zone(
                    store, name, present.etag, lambda _: self.zone(name), start, now, new_id
                )
        self.rule_sets.append(made)

    def zone(self, name: str) -> Zone:
        draw = self.draw
        unit, amount = draw.choice(list(ChargeUnit)), draw.randrange(3, 6)
        fee = charged(amount, unit, "fee", hours(0, 24), draw.choice((0, 8)))
        ban = forbidden("ban", hours(draw.randrange(3, 9), draw.randrange(10, 16)))
        area = square(59.97, 24.97) if draw.random() < 0.1 else AREAS[name]
        own = draw.choice(((fee,), (ban,), (fee, ban), (fee, ban), ()))
        made = zone(*own, zone_id=name, area=area)
        return replace(made, retired=draw.random() < 0.1)

    async def close(self, closure_id: str, days: int) -> None:
        """A closure from now on for some days; named again, it is another one."""
        now, area = self.clock.now(), square(60.0, 25.0 + days / 1_000)
        closure = Closure(closure_id, "Works", (area,), now, now + timedelta(days=days))
        revision = sum(v.closure.closure_id == closure_id for v in self.closures) + 1
        async with self.db.transaction(TENANT) as tx:
            store = rules(tx)
            version = await store.next_rules_version()
            made = ClosureVersion(closure, revision, version, now, now)
            await store.add_closure(made)
        self.closures.append(made)

    async def decide(self) -> None:
        """One plan of up to three routes, some weeks ahead."""
        draw, now = self.draw, self.clock.now()
        day = now + timedelta(days=draw.randrange(40))
        routes = tuple(self.route(f"rte_{n}", day) for n in range(draw.choice((1, 2, 3))))
        question = Question("", routes, None)
        made = await evaluate_routes(self.shelf, TENANT, question, now, new_id)
        async with self.db.transaction(TENANT) as tx:
            await decisions(tx).add(made)
        self.decisions += made
        self.batches[made[0].decision_id] = list(made)

    def route(self, route_id: str, day: datetime) -> CheckedRoute:
        draw = self.draw
        begun = day.replace(minute=0) + timedelta(hours=draw.randrange(12))
        first = crossing(begun.strftime("%Y-%m-%d %H:%M"))
        where = Point(round(draw.uniform(59.9, 60.1) * E7), round(draw.uniform(24.9, 25.1) * E7))
        stop = Presence(where, begun + timedelta(minutes=45), timedelta(minutes=30), (), "stop")
        return CheckedRoute(route_id, draw.choice(VEHICLES), (first, stop))


@pytest.fixture
async def year(db: Database, clock: StoppedClock) -> Year:
    made = Year(db, clock, seed=4711)
    await made.pass_by()
    return made


async def test_a_year_of_decisions_replays_to_the_same_answers(year: Year) -> None:
    verdicts = {decision.verdict for decision in year.decisions}
    for decision in year.decisions:
        async with year.db.transaction(TENANT) as tx:
            known = await remembered(decisions(tx), decision.decision_id)
        explained = await explain_decision(year.shelf, TENANT, known)

        assert known.decision == decision
        assert (explained.alike, explained.reproduced) == (True, decision.verdict)
    assert len(year.decisions) > ROUNDS
    assert len(verdicts) == 4


async def test_a_change_of_rules_lists_exactly_the_decisions_that_it_touches(
    year: Year, mesh: TestMesh
) -> None:
    checks = raising(check_grpc.CheckServiceStub(mesh.channel(Role.DISPATCHER, tenant=TENANT)))
    brute, touched = Brute(year), 0
    for rule_set in year.rule_sets:
        listed = await every(checks, touching_rule_set_id=rule_set.rule_set_id)
        expected = brute.touched(rule_set)
        touched += len(expected)

        assert sorted(listed) == sorted(expected)
    assert touched > len(year.rule_sets)


async def test_a_closure_lists_exactly_the_decisions_that_it_touches(
    year: Year, mesh: TestMesh
) -> None:
    checks = raising(check_grpc.CheckServiceStub(mesh.channel(Role.DISPATCHER, tenant=TENANT)))
    brute, touched = Brute(year), 0
    last = {version.closure.closure_id: version for version in year.closures}
    for closure_id, version in last.items():
        listed = await every(checks, touching_closure_id=closure_id)
        expected = brute.closed(version)
        touched += len(expected)

        assert sorted(listed) == sorted(expected)
    assert len(last) == 4
    assert len(year.closures) > len(last), "some were changed"
    assert touched > len(last)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"touching_closure_id": "works-0"}, "CLOSURE_UNKNOWN"),
        ({"touching_rule_set_id": "rls_0"}, "RULE_SET_UNKNOWN"),
        ({"touching_closure_id": "a", "touching_rule_set_id": "b"}, "FIELD_INVALID"),
    ],
)
async def test_a_change_that_is_none_or_two_touches_nothing(
    mesh: TestMesh, asked: dict[str, Any], reason: str
) -> None:
    checks = raising(check_grpc.CheckServiceStub(mesh.channel(Role.DISPATCHER, tenant=TENANT)))
    with pytest.raises(MeshError) as caught:
        await checks.ListDecisions(pb.ListDecisionsRequest(**asked))

    assert caught.value.reason == reason


async def every(checks: Any, **asked: Any) -> list[str]:
    """All pages of what a change touches."""
    listed, token = [], ""
    while True:
        page = pb.ListDecisionsRequest(page_size=3, page_token=token, **asked)
        answer = await checks.ListDecisions(page)
        listed += [decision.decision_id for decision in answer.decisions]
        token = answer.next_page_token
        if not token:
            return listed


class Brute:
    """All decisions judged again by all rules of then, and by the same with one version."""

    def __init__(self, year: Year) -> None:
        self.year = year
        self.book = lru_cache(maxsize=256)(self._book)

    def touched(self, rule_set: RuleSet) -> set[str]:
        return {d.decision_id for d in self.year.decisions if self._changes(rule_set, d)}

    def _book(self, known: int, besides: str) -> RuleBook:
        sets = self.year.rule_sets
        return RuleBook(1, [*sets[:known], *(r for r in sets if r.rule_set_id == besides)])

    def _changes(self, rule_set: RuleSet, decision: Decision) -> bool:
        if decision.rules_version >= rule_set.rules_version:
            return False
        known = sum(r.rules_version <= decision.rules_version for r in self.year.rule_sets)
        before, after = self.book(known, ""), self.book(known, rule_set.rule_set_id)
        return self._said(before, rule_set, decision) != self._said(after, rule_set, decision)

    def _said(self, book: RuleBook, rule_set: RuleSet, decision: Decision) -> list[Finding]:
        batch = self.year.batches[decision.batch_id]
        findings = check_routes(book, [mate.route for mate in batch])[decision.batch_rank].findings
        return [
            replace(finding, rule_set_id="", version=0)
            for finding in findings
            if finding.zone_id == rule_set.zone.zone_id
            and (rule_set.start is None or finding.exit > rule_set.start)
        ]

    def closed(self, version: ClosureVersion) -> set[str]:
        """What the last revision of a closure touches."""
        return {d.decision_id for d in self.year.decisions if self._shut(version, d)}

    def _shut(self, version: ClosureVersion, decision: Decision) -> bool:
        if decision.rules_version >= version.rules_version:
            return False
        known = [v for v in self.year.closures if v.rules_version <= decision.rules_version]
        before, after = self._closed(known, decision), self._closed([*known, version], decision)
        name = version.closure.closure_id
        return [f for f in before if f.closure_id == name] != [
            f for f in after if f.closure_id == name
        ]

    def _closed(self, known: list[ClosureVersion], decision: Decision) -> list[Finding]:
        closures = {v.closure.closure_id: v.closure for v in known}
        sets = [r for r in self.year.rule_sets if r.rules_version <= decision.rules_version]
        book = RuleBook(1, sets, list(closures.values()))
        batch = self.year.batches[decision.batch_id]
        answers = check_routes(book, [mate.route for mate in batch])
        return list(answers[decision.batch_rank].findings)
