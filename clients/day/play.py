"""
The day from opening to closing: set up, plan, tender, let everybody work, count.

One mesh, one tenant, one clock. The people of the day run beside one another and meet only at the
services.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clients.day import office as offices
from clients.day.desk import Desk, forbidden_plan, planned, unskilled_plan
from clients.day.driver import Driver
from clients.day.fleet import Turn, turns
from clients.day.gate import Api, as_driver, entered, with_key
from clients.day.ledger import NOTHING, Auditor, Balance
from clients.day.pace import DayClock
from clients.day.partner import Partner
from clients.day.progress import Progress
from clients.day.retry import persist
from clients.day.score import Findings
from clients.day.script import CANCEL_HOUR, LATE_HOUR, Script, write
from clients.day.setting import Setting
from clients.day.stopped import Stopped
from clients.day.survey import Survey
from clients.day.traced import Trace
from clients.day.wire import new_uuid
from clients.day.work import Job, dice
from doorstep.dispatch.v1 import delivery_service_pb2, route_plan_pb2
from meshkit.errors import NotReady

PLAN = "plan-day"
OPERATOR = "operator"  # the client id that a mesh is made with
PARTNER_JOBS = 8  # how many deliveries are tendered instead of planned
LOOK_SECONDS = 1.0  # real seconds between two looks at who is still at work
SETTLE_SECONDS = 60  # real seconds for the services' feeds to come to rest after the last fact

Beside = Callable[[DayClock], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Ways:
    """How to get in: the gateway's address, and the operator's secret to begin with."""

    gateway: str  # host:port
    operator_secret: str


@dataclass(slots=True)
class Day:
    """Everything that one day is made of."""

    setting: Setting
    ways: Ways
    clock: DayClock
    jobs: Sequence[Job]  # the last one comes in late
    hub: tuple[float, float]
    dice: random.Random
    progress: Progress
    vehicles: int  # how many of the roster work
    beside: Beside | None = None  # what else happens while everybody works

    async def play(self) -> Findings:
        """Plays it; raises when anything happens that is not in the script."""
        started = time.monotonic()
        async with AsyncExitStack() as stack:
            crew = await self._open(stack)
            with Trace("morning") as trace:  # each delivery keeps it, up to its proof
                tasks = await crew.office.import_deliveries(self.jobs[:-1])
                await self._be_refused(crew, tasks)
                plan = await self._plan(crew, tasks)
            script = await self._script(crew)
            accepted = await self._tender(crew, tasks)
            balance = await self._run(crew, plan, script, accepted)
            survey = Survey(crew.api, self.setting, self.dice)
            seconds = time.monotonic() - started
            return await survey.findings(PLAN, script, balance, trace.trace_id, seconds)

    async def _script(self, crew: Crew) -> Script:
        routes = [planned(route) for route in await crew.desk.routes(PLAN)]
        late = self.jobs[-1].delivery_id
        return write(routes, late, self._hour(CANCEL_HOUR), self.dice)

    async def _open(self, stack: AsyncExitStack) -> Crew:
        """Tenant, keys and people; fleet, zone and carrier."""
        self.progress.say("opening: tenant, keys, zone, fleet")
        address, dice = self.ways.gateway, self.dice
        first = with_key(address, OPERATOR, self.ways.operator_secret, dice)
        operator = await stack.enter_async_context(entered(address, first))
        await offices.create_tenant(operator, self.setting, dice)
        platform_key = await offices.create_key(operator, self.setting, "PLATFORM", dice)
        login = with_key(address, *platform_key, dice)
        api = await stack.enter_async_context(entered(address, login))
        desk_key = await offices.create_key(api, self.setting, "DISPATCHER", dice)
        desk_login = with_key(address, *desk_key, dice)
        desk_api = await stack.enter_async_context(entered(address, desk_login))
        await offices.create_zone(api, self.setting, dice)
        office = offices.Office(api, self.setting, dice)
        people = turns(self.setting.day, self.setting.zone, self.vehicles)
        await office.import_fleet(self.hub, people)
        await offices.create_carrier(api, dice)
        drivers = [await self._driver(stack, api, turn) for turn in people]
        partner = await self._partner(stack, api)
        return Crew(
            api, office, Desk(desk_api, self.setting, self.clock, dice), drivers, partner, people
        )

    async def _driver(self, stack: AsyncExitStack, api: Api, turn: Turn) -> Driver:
        own = dice(f"{self.setting.seed} {turn.number}")
        login = as_driver(api, f"drv-{turn.number:02d}", own)
        entrance = entered(self.ways.gateway, login)
        return Driver(await stack.enter_async_context(entrance), turn, self.clock, own)

    async def _partner(self, stack: AsyncExitStack, api: Api) -> Partner:
        key = await offices.create_key(
            api, self.setting, "CARRIER", self.dice, carrier_id=offices.PARTNER
        )
        own = dice(f"{self.setting.seed} partner")
        country = self.setting.country
        partner = Partner(f"http://{self.ways.gateway}", key, country, self.clock, own)
        stack.push_async_callback(partner.close)
        await partner.log_in()
        return partner

    async def _be_refused(self, crew: Crew, tasks: dict[str, str]) -> None:
        """Two plans that must not pass: one into the zone, one without the skill."""
        mine = self.jobs[:-1]
        turn, chosen = forbidden_plan(crew.turns, mine, tasks, self.setting)
        self.progress.say(f"refused: {await crew.desk.refused('plan-forbidden', turn, chosen)}")
        turn, chosen = unskilled_plan(crew.turns, mine, tasks)
        self.progress.say(f"refused: {await crew.desk.refused('plan-unskilled', turn, chosen)}")

    async def _plan(self, crew: Crew, tasks: dict[str, str]) -> route_plan_pb2.RoutePlan:
        ours = [task for name, task in tasks.items() if name not in self._tendered()]
        plan = await crew.desk.plan(PLAN, ours)
        self.progress.say(
            f"published {len(plan.route_ids)} routes, {plan.distance_meters / 1000:.1f} km, "
            f"{len(plan.unassigned_tasks)} unassigned"
        )
        return plan

    def _tendered(self) -> set[str]:
        """The partner gets what asks for no skill and collects nothing."""
        simple = [
            job.delivery_id
            for job in self.jobs[:-1]
            if not job.drawn.skills and not job.drawn.collect_micros
        ]
        return set(simple[:PARTNER_JOBS])

    async def _tender(self, crew: Crew, tasks: dict[str, str]) -> dict[str, object]:
        chosen = [tasks[name] for name in sorted(self._tendered())]
        await crew.desk.ask_for_quotes(chosen, offices.PARTNER, self.clock.now())
        await crew.partner.quote()
        await crew.desk.tender(offices.PARTNER)
        accepted = await crew.partner.accept()
        self.progress.say(f"tendered {len(chosen)} deliveries to {offices.PARTNER}")
        return accepted

    async def _run(
        self,
        crew: Crew,
        plan: route_plan_pb2.RoutePlan,
        script: Script,
        accepted: dict[str, object],
    ) -> Balance:
        """Everybody works at once; returns when the last fact is acknowledged and has settled."""
        self.progress.say(f"the day begins, {self.clock.now():%H:%M} UTC")
        done = asyncio.Event()
        self.clock.release()
        async with asyncio.TaskGroup() as tasks:
            inbox = tasks.create_task(crew.desk.answer_incidents(plan.route_plan_id, done))
            watch = tasks.create_task(self._watch(crew, done))
            rostered = {route.shift_id for route in await crew.desk.routes(PLAN)}
            busy = [driver for driver in crew.drivers if driver.shift_id in rostered]
            work = [tasks.create_task(driver.work(script)) for driver in busy]
            work.append(tasks.create_task(crew.partner.deliver(accepted)))
            work.append(tasks.create_task(self._interfere(crew, script)))
            if self.beside is not None:
                work.append(tasks.create_task(self.beside(self.clock)))
            await self._finished(work)
            self.clock.hold()
            done.set()
        await watch
        self.progress.say(f"incidents answered: {', '.join(sorted(set(await inbox)))}")
        return await self._settle(crew)

    async def _finished(self, work: Sequence[asyncio.Task[None]]) -> None:
        """Waits for everybody, and not for ever: a day has an end."""
        while late := [task for task in work if not task.done()]:
            if self.clock.now() > self.setting.closing:
                raise Stopped(f"{len(late)} still work at {self.setting.closing:%H:%M}")
            await asyncio.wait(late, timeout=LOOK_SECONDS)

    async def _interfere(self, crew: Crew, script: Script) -> None:
        """A recipient cancels; later somebody orders for today."""
        await self.clock.until(self._hour(CANCEL_HOUR))
        request = delivery_service_pb2.CancelDeliveryRequest(
            request_id=new_uuid(self.dice.getrandbits(128)),
            delivery_id=script.cancelled_delivery,
            reason="The recipient changed plans.",
        )
        try:
            await persist(lambda: crew.api.deliveries.CancelDelivery(request), self.dice)
        except NotReady as error:
            self.progress.say(f"too late to cancel: {error}")
        await self.clock.until(self._hour(LATE_HOUR))
        tasks = await crew.office.import_deliveries([self.jobs[-1]])
        await crew.desk.place_late(PLAN, tasks[script.late_delivery])

    def _hour(self, hour: float) -> datetime:
        midnight = self.setting.opening.replace(hour=0, minute=0)
        return midnight + timedelta(hours=hour)

    async def _watch(self, crew: Crew, done: asyncio.Event) -> None:
        with self.progress.live(len(self.jobs)) as show:
            while not done.is_set():
                delivered = sum(len(driver.diary.delivered) for driver in crew.drivers)
                show(delivered + len(crew.partner.delivered), self.clock.now())
                await asyncio.sleep(0.5)

    async def _settle(self, crew: Crew) -> Balance:
        """Waits until the services agree with the senders' own logs, at most a minute."""
        auditor = Auditor(crew.api, self.dice)
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            balance = await self._balance(crew, auditor)
            survey = Survey(crew.api, self.setting, self.dice)
            if (not balance.lost and await survey.settled()) or time.monotonic() > deadline:
                return balance
            await asyncio.sleep(1)

    async def _balance(self, crew: Crew, auditor: Auditor) -> Balance:
        total = NOTHING
        for driver in crew.drivers:
            total += await auditor.phone(driver.device)
        total += await auditor.partner(crew.partner)
        sent = [proof for driver in crew.drivers for proof in driver.device.proof_ids]
        return total + await auditor.proofs([*sent, *crew.partner.proof_ids])


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works today."""

    api: Api  # as the platform team
    office: offices.Office
    desk: Desk
    drivers: Sequence[Driver]
    partner: Partner
    turns: Sequence[Turn]
