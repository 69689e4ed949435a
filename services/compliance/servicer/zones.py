"""ZoneService: where which rules hold. Rpcs that are not here answer RPC_PENDING."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import zone_service_pb2 as pb
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.clock import Clock
from meshkit.idempotency import Call, commit_once
from meshkit.ids import new_id
from meshkit.postgres import Database, Transaction
from services.compliance.convert import closures as closure_wire
from services.compliance.convert import zones as wire
from services.compliance.convert.rules import rule_to_proto
from services.compliance.ports import CurbShelf, RuleStore, StreetStore, Templates
from services.compliance.servicer.curbs import CurbZones
from services.compliance.servicer.idling import IdlingRules
from services.compliance.servicer.rule_changes import RuleChanges
from services.compliance.servicer.zone_imports import ZoneImports
from services.compliance.servicer.zone_templates import ZoneTemplates
from services.compliance.usecases import closures, zones

Context = ServicerContext[Any, Any]


class ZoneServicer(CurbZones, IdlingRules, RuleChanges, ZoneImports, ZoneTemplates):
    """Zones, their rules and versions, and street closures."""

    def __init__(
        self,
        db: Database,
        store: Callable[[Transaction], RuleStore],
        clock: Clock,
        templates: Templates,
        streets: Callable[[Transaction], StreetStore],
        curbs: CurbShelf,
    ) -> None:
        self._templates = templates
        self._streets = streets
        self._curbs = curbs
        self._db = db
        self._store = store
        self._clock = clock

    async def CreateZone(
        self, request: pb.CreateZoneRequest, context: Context
    ) -> pb.CreateZoneResponse:
        zone = wire.zone_from_proto(request.zone)
        start = wire.effective_start(request)

        async def effect(tx: Transaction) -> pb.CreateZoneResponse:
            now = self._clock.now()
            made = await zones.create_zone(self._store(tx), zone, start, now, new_id)
            return pb.CreateZoneResponse(zone=wire.zone_to_proto(made))

        return await commit_once(self._db, _call(request), pb.CreateZoneResponse, effect)

    async def GetZone(self, request: pb.GetZoneRequest, context: Context) -> pb.GetZoneResponse:
        async with self._db.transaction(_tenant()) as tx:
            found = await zones.get_zone(self._store(tx), request.zone_id)
        return pb.GetZoneResponse(zone=wire.zone_to_proto(found))

    async def ListZones(
        self, request: pb.ListZonesRequest, context: Context
    ) -> pb.ListZonesResponse:
        page, box = paging.page_of(request), wire.box_or_none(request)
        async with self._db.transaction(_tenant()) as tx:
            after, retired = _after(page), request.retired_included
            found = await self._store(tx).zones(after, page.limit, box, retired)
        shown, token = page.cut(found, key=lambda rule_set: (rule_set.zone.zone_id,))
        return pb.ListZonesResponse(
            zones=[wire.zone_to_proto(rule_set) for rule_set in shown], next_page_token=token
        )

    async def UpdateZone(
        self, request: pb.UpdateZoneRequest, context: Context
    ) -> pb.UpdateZoneResponse:
        change = wire.zone_change(request)

        async def effect(tx: Transaction) -> pb.UpdateZoneResponse:
            made = await self._updated(tx, request, request.zone.zone_id, change)
            return pb.UpdateZoneResponse(zone=wire.zone_to_proto(made))

        return await commit_once(self._db, _call(request), pb.UpdateZoneResponse, effect)

    async def CreateAccessRule(
        self, request: pb.CreateAccessRuleRequest, context: Context
    ) -> pb.CreateAccessRuleResponse:
        change = zones.with_rule(wire.rule_of(request.access_rule))

        async def effect(tx: Transaction) -> pb.CreateAccessRuleResponse:
            made = await self._updated(tx, request, request.zone_id, change)
            rule = zones.get_rule(made.zone, request.access_rule.rule_id)
            return pb.CreateAccessRuleResponse(
                access_rule=rule_to_proto(rule), zone=wire.zone_to_proto(made)
            )

        return await commit_once(self._db, _call(request), pb.CreateAccessRuleResponse, effect)

    async def GetAccessRule(
        self, request: pb.GetAccessRuleRequest, context: Context
    ) -> pb.GetAccessRuleResponse:
        async with self._db.transaction(_tenant()) as tx:
            found = await zones.get_zone(self._store(tx), request.zone_id)
        rule = zones.get_rule(found.zone, request.rule_id)
        return pb.GetAccessRuleResponse(access_rule=rule_to_proto(rule))

    async def ListAccessRules(
        self, request: pb.ListAccessRulesRequest, context: Context
    ) -> pb.ListAccessRulesResponse:
        page = paging.page_of(request)
        async with self._db.transaction(_tenant()) as tx:
            found = await zones.get_zone(self._store(tx), request.zone_id)
        first = int(page.after[0]) if page.after else 0  # type: ignore[arg-type]
        numbered = list(enumerate(found.zone.rules, 1))[first : first + page.limit]
        shown, token = page.cut(numbered, key=lambda pair: (pair[0],))
        return pb.ListAccessRulesResponse(
            access_rules=[rule_to_proto(rule) for _, rule in shown], next_page_token=token
        )

    async def UpdateAccessRule(
        self, request: pb.UpdateAccessRuleRequest, context: Context
    ) -> pb.UpdateAccessRuleResponse:
        rule_id = request.access_rule.rule_id
        change = zones.with_changed_rule(rule_id, wire.rule_change(request))

        async def effect(tx: Transaction) -> pb.UpdateAccessRuleResponse:
            made = await self._updated(tx, request, request.zone_id, change)
            rule = zones.get_rule(made.zone, rule_id)
            return pb.UpdateAccessRuleResponse(
                access_rule=rule_to_proto(rule), zone=wire.zone_to_proto(made)
            )

        return await commit_once(self._db, _call(request), pb.UpdateAccessRuleResponse, effect)

    async def ListRuleSets(
        self, request: pb.ListRuleSetsRequest, context: Context
    ) -> pb.ListRuleSetsResponse:
        page = paging.page_of(request)
        before = int(page.after[0]) if page.after else None  # type: ignore[arg-type]
        async with self._db.transaction(_tenant()) as tx:
            found = await self._store(tx).versions(request.zone_id, before, page.limit)
        shown, token = page.cut(found, key=lambda rule_set: (rule_set.rules_version,))
        return pb.ListRuleSetsResponse(
            rule_sets=[wire.rule_set_to_proto(rule_set) for rule_set in shown],
            next_page_token=token,
        )

    async def GetRuleSet(
        self, request: pb.GetRuleSetRequest, context: Context
    ) -> pb.GetRuleSetResponse:
        async with self._db.transaction(_tenant()) as tx:
            found = await zones.get_rule_set(self._store(tx), request.rule_set_id)
        return pb.GetRuleSetResponse(rule_set=wire.rule_set_to_proto(found))

    async def CreateStreetClosure(
        self, request: pb.CreateStreetClosureRequest, context: Context
    ) -> pb.CreateStreetClosureResponse:
        closure = closure_wire.closure_from_proto(request.street_closure)

        async def effect(tx: Transaction) -> pb.CreateStreetClosureResponse:
            made = await closures.create_closure(self._store(tx), closure, self._clock.now())
            return pb.CreateStreetClosureResponse(
                street_closure=closure_wire.closure_to_proto(made)
            )

        return await commit_once(self._db, _call(request), pb.CreateStreetClosureResponse, effect)

    async def GetStreetClosure(
        self, request: pb.GetStreetClosureRequest, context: Context
    ) -> pb.GetStreetClosureResponse:
        async with self._db.transaction(_tenant()) as tx:
            found = await closures.get_closure(self._store(tx), request.closure_id)
        return pb.GetStreetClosureResponse(street_closure=closure_wire.closure_to_proto(found))

    async def ListStreetClosures(
        self, request: pb.ListStreetClosuresRequest, context: Context
    ) -> pb.ListStreetClosuresResponse:
        page, interval = paging.page_of(request), closure_wire.closures_interval(request)
        async with self._db.transaction(_tenant()) as tx:
            found = await self._store(tx).closures(_after(page), page.limit, *interval)
        shown, token = page.cut(found, key=lambda version: (version.closure.closure_id,))
        return pb.ListStreetClosuresResponse(
            street_closures=[closure_wire.closure_to_proto(version) for version in shown],
            next_page_token=token,
        )

    async def UpdateStreetClosure(
        self, request: pb.UpdateStreetClosureRequest, context: Context
    ) -> pb.UpdateStreetClosureResponse:
        change = closure_wire.closure_change(request)
        closure_id = request.street_closure.closure_id

        async def effect(tx: Transaction) -> pb.UpdateStreetClosureResponse:
            made = await closures.update_closure(
                self._store(tx), closure_id, request.etag, change, self._clock.now()
            )
            return pb.UpdateStreetClosureResponse(
                street_closure=closure_wire.closure_to_proto(made)
            )

        return await commit_once(self._db, _call(request), pb.UpdateStreetClosureResponse, effect)

    async def _updated(self, tx: Transaction, request: Any, zone_id: str, change: Any) -> Any:
        """The next version of a zone, from what every update of it carries."""
        update = partial(zones.update_zone, self._store(tx), zone_id, request.etag, change)
        start = wire.effective_start(request)
        return await update(start, self._clock.now(), new_id)


def _call(request: Any) -> Call:
    return Call.of(current_caller(), request)


def _tenant() -> str:
    return current_caller().required_tenant()


def _after(page: paging.Page) -> str:
    return str(page.after[0]) if page.after else ""
