"""
StreamManifest: a snapshot of each binding route of a shift, then what changes, by revision.

The snapshot and the feed's cursor are of one moment, so no revision falls between them. A delta is
the difference between what this stream sent last and what holds now: two revisions in one breath
make one delta, and a driver never has to guess what was missed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from doorstep.dispatch.v1 import dispatch_service_pb2 as pb
from doorstep.dispatch.v1 import event_pb2
from meshkit.caller import Caller
from meshkit.feed import Batch
from meshkit.postgres import Transaction
from meshkit.watch import watch
from services.dispatch.convert import nouns
from services.dispatch.domain.manifest import Manifest, difference
from services.dispatch.servicer.tools import Tools
from services.dispatch.usecases import manifests

TYPES = frozenset({"route_published", "route_revised", "route_withdrawn", "route_closed"})
WITH_ROUTE: dict[str, Any] = {
    "route_published": event_pb2.RoutePublished,
    "route_revised": event_pb2.RouteRevised,
}


class ManifestStream:
    """Streams to one driver at a time; holds what it sent last and no more."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def stream(
        self, caller: Caller, shift_id: str
    ) -> AsyncIterator[pb.StreamManifestResponse]:
        """For ever, until the caller goes or the server drains."""
        tenant = caller.required_tenant()
        sent, cursor = await self._snapshot(tenant, caller, shift_id)
        for first in sent.values() or [None]:
            yield self._response(first)
        batches = watch(self._tools.db, cursor=cursor, types=TYPES, tenant=tenant)
        async for batch in batches:
            answers = await self._answers(tenant, shift_id, batch, sent)
            for answer in answers or ([] if batch.changes else [self._response(None)]):
                yield answer

    async def _snapshot(
        self, tenant: str, caller: Caller, shift_id: str
    ) -> tuple[dict[str, Manifest], str]:
        async with self._tools.db.snapshot(tenant) as now:
            stores = self._tools.stores(_reading(now))
            found = await manifests.of_shift(stores, caller, shift_id)
            return {manifest.route_id: manifest for manifest in found}, now.cursor

    async def _answers(
        self, tenant: str, shift_id: str, batch: Batch, sent: dict[str, Manifest]
    ) -> list[pb.StreamManifestResponse]:
        """What to tell of the routes that changed."""
        answers = []
        for route_id in _routes_of(batch, shift_id, sent):
            async with self._tools.db.transaction(tenant) as tx:
                new = await manifests.now(self._tools.stores(tx), route_id)
            if new is not None and new.shift_id in (shift_id, ""):
                if (answer := self._told(sent.get(route_id), new)) is not None:
                    answers.append(answer)
                sent[route_id] = new
        return answers

    def _told(self, old: Manifest | None, new: Manifest) -> pb.StreamManifestResponse | None:
        if old is None:
            return self._response(new)
        if (old.revision, old.state) == (new.revision, new.state):
            return None
        answer = self._response(None)
        answer.delta.CopyFrom(nouns.MANIFEST_DELTA.encode(difference(old, new)))
        return answer

    def _response(self, snapshot: Manifest | None) -> pb.StreamManifestResponse:
        """A snapshot, or a sign of life."""
        answer = pb.StreamManifestResponse()
        answer.server_time.FromDatetime(self._tools.now())
        if snapshot is None:
            answer.heartbeat.SetInParent()
        else:
            answer.snapshot.CopyFrom(nouns.MANIFEST.encode(snapshot))
        return answer


def _routes_of(batch: Batch, shift_id: str, sent: dict[str, Manifest]) -> Iterable[str]:
    """The routes of this shift that a batch tells of, each once."""
    names = {}
    for change in batch.changes:
        if change.subject in sent or _shift_of(change) == shift_id:
            names[change.subject] = True
    return names


def _shift_of(change: Any) -> str:
    """The shift of a route that was published or revised."""
    if change.type not in WITH_ROUTE:
        return ""
    return str(WITH_ROUTE[change.type].FromString(change.payload).route.shift_id)


def _reading(now: Any) -> Transaction:
    """A snapshot where stores expect a transaction: they only read here."""
    reading: Transaction = now
    return reading
