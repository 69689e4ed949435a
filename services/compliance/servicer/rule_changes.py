"""ZoneService: what the rules are, and every change of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import zone_service_pb2 as pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as pb_grpc
from meshkit.caller import current_caller
from meshkit.clock import Clock
from meshkit.errors import Invalid, Violation
from meshkit.postgres import Database, Snapshot
from meshkit.watch import watch
from services.compliance.adapters import postgres_rules as stored
from services.compliance.convert.rule_changes import answers
from services.compliance.usecases.rule_changes import Entry, in_order, present

TYPES = ("rule_set_published", "street_closure_changed")
READ_MAX = 100  # versions, and as many closures, that are read and held at once

Answers = AsyncIterator[pb.WatchRuleChangesResponse]


class RuleChanges(pb_grpc.ZoneServiceServicer):
    """The watch of rules."""

    _db: Database
    _clock: Clock

    async def WatchRuleChanges(
        self, request: pb.WatchRuleChangesRequest, context: ServicerContext[Any, Any]
    ) -> Answers:
        tenant, seen = current_caller().required_tenant(), request.rules_version
        async with self._db.snapshot(tenant) as now:
            head, cursor = await stored.rules_version(now), now.cursor
            _refuse_unknown(seen, head)
            told = [] if seen else await self._present(now, head)
        for answer in told:
            seen = answer.rules_version
            yield answer
        async for answer in self._since(tenant, seen, head):
            seen = answer.rules_version
            yield answer
        async for batch in watch(self._db, cursor=cursor, types=TYPES, tenant=tenant):
            if not batch.changes:
                yield pb.WatchRuleChangesResponse(rules_version=seen)
                continue
            async for answer in self._since(tenant, seen, seen + 1):
                seen = answer.rules_version
                yield answer

    async def _present(self, now: Snapshot, head: int) -> list[pb.WatchRuleChangesResponse]:
        """What holds now or later, as answers; the last one names the place."""
        versions = await stored.known_rule_sets(now, None)
        closures = await stored.known_closures(now, None)
        entries = list(present(versions, closures, self._clock.now()))
        return await _told(entries, head, resumable=False)

    async def _since(self, tenant: str, seen: int, until: int) -> Answers:
        """Every change after a rules version, as long as some are known to be there."""
        while seen < until:
            async with self._db.snapshot(tenant) as now:
                head = await stored.rules_version(now)
                versions = await stored.changed_rule_sets(now, seen, READ_MAX)
                closures = await stored.changed_closures(now, seen, READ_MAX)
            entries, reach = in_order(versions, closures, READ_MAX, head)
            for answer in await _told(entries, reach, resumable=True):
                yield answer
            seen, until = reach, head


async def _told(
    entries: Sequence[Entry], reach: int, *, resumable: bool
) -> list[pb.WatchRuleChangesResponse]:
    """Answers, made beside the event loop: zones have thousands of corners."""
    return await asyncio.to_thread(lambda: list(answers(entries, reach, resumable=resumable)))


def _refuse_unknown(seen: int, head: int) -> None:
    if seen > head:
        violation = Violation("rules_version", f"the last change is {head}", "CURSOR_INVALID")
        raise Invalid(
            "CURSOR_INVALID",
            f"rules version {seen} was not given here: the last change is {head}",
            violations=[violation],
        )
