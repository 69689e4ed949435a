"""TrackingService: views and lists, and the little that is written beside the way."""

from __future__ import annotations

import base64
import hashlib
import secrets
from functools import partial

from doorstep.tracking.v1 import tracking_service_pb2 as pb
from doorstep.tracking.v1 import tracking_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from meshkit.errors import Invalid, NotFound, Violation
from meshkit.idempotency import Call, commit_once
from meshkit.ids import new_id
from meshkit.postgres import Transaction
from services.tracking.convert import links as wire
from services.tracking.convert.views import comment_to_proto
from services.tracking.convert.wire import moment_or_none
from services.tracking.domain.link import LIFE, LIFE_MAX, Link
from services.tracking.domain.note import Comment
from services.tracking.servicer.auditing import Auditing
from services.tracking.servicer.common import Context, after_of, delivery_of, tenant
from services.tracking.servicer.geofences import Geofences
from services.tracking.servicer.listing import Listing
from services.tracking.servicer.surveys import Surveys
from services.tracking.usecases.links import comment, create, revoke

TOKEN_BYTES = 16  # 128 bits; experience: unguessable


class TrackingServicer(Auditing, Geofences, Surveys, Listing, pb_grpc.TrackingServiceServicer):
    """Everything of the service."""

    async def CreateTrackingLink(
        self, request: pb.CreateTrackingLinkRequest, context: Context
    ) -> pb.CreateTrackingLinkResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._create, request)
        return await commit_once(self._desk.db, call, pb.CreateTrackingLinkResponse, effect)

    async def RevokeTrackingLink(
        self, request: pb.RevokeTrackingLinkRequest, context: Context
    ) -> pb.RevokeTrackingLinkResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._revoke, request)
        return await commit_once(self._desk.db, call, pb.RevokeTrackingLinkResponse, effect)

    async def AddComment(
        self, request: pb.AddCommentRequest, context: Context
    ) -> pb.AddCommentResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._comment, request)
        return await commit_once(self._desk.db, call, pb.AddCommentResponse, effect)

    async def ReportWeather(
        self, request: pb.ReportWeatherRequest, context: Context
    ) -> pb.ReportWeatherResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._report, request)
        return await commit_once(self._desk.db, call, pb.ReportWeatherResponse, effect)

    async def ListWeatherReports(
        self, request: pb.ListWeatherReportsRequest, context: Context
    ) -> pb.ListWeatherReportsResponse:
        page = paging.page_of(request)
        at = moment_or_none(request, "hold_time")
        async with self._desk.db.transaction(tenant()) as tx:
            found = await self._desk.worlds(tx).reports.page(at, after_of(page, 2), page.limit)
        found, token = page.cut(found, key=lambda one: (one.record_time, one.report_id))
        reports = [wire.weather_to_proto(one) for one in found]
        return pb.ListWeatherReportsResponse(reports=reports, next_page_token=token)

    async def _create(
        self, request: pb.CreateTrackingLinkRequest, tx: Transaction
    ) -> pb.CreateTrackingLinkResponse:
        now = self._desk.clock.now()
        expires = moment_or_none(request, "expire_time") or now + LIFE
        if not now < expires <= now + LIFE_MAX:
            fault = Violation("expire_time", f"is after now, at most {LIFE_MAX.days} days")
            raise Invalid("FIELD_INVALID", "expire_time is too early or late", violations=[fault])
        link = Link(
            link_id=new_id("lnk"),
            delivery_id=request.delivery_id,
            scopes=wire.scopes(request.scopes),
            create_time=now,
            expire_time=expires,
            visibility=wire.visibility(request.visibility),
        )
        token = base64.b32hexencode(secrets.token_bytes(TOKEN_BYTES)).decode().rstrip("=").lower()
        world = self._desk.worlds(tx)
        by = current_caller().subject
        await create(world, link, hashlib.sha256(token.encode()).digest(), by)
        return pb.CreateTrackingLinkResponse(link=wire.link_to_proto(link), token=token)

    async def _revoke(
        self, request: pb.RevokeTrackingLinkRequest, tx: Transaction
    ) -> pb.RevokeTrackingLinkResponse:
        world, now = self._desk.worlds(tx), self._desk.clock.now()
        link = await revoke(world, request.link_id, now, current_caller().subject)
        return pb.RevokeTrackingLinkResponse(link=wire.link_to_proto(link))

    async def _comment(
        self, request: pb.AddCommentRequest, tx: Transaction
    ) -> pb.AddCommentResponse:
        asked = Comment(
            comment_id=new_id("cmt"),
            entry_id=request.entry_id,
            delivery_id="",
            author=current_caller().subject,
            text=request.text,
            audience=wire.audience(request.audience),
            create_time=self._desk.clock.now(),
        )
        world, caller = self._desk.worlds(tx), current_caller()
        try:
            entry = await world.timeline.entry(request.entry_id)
            await delivery_of(world, entry.delivery_id if entry else "", caller)
        except NotFound:  # one that is not theirs reads like none
            words = f"no timeline entry {request.entry_id!r}"
            raise NotFound("ENTRY_UNKNOWN", words) from None
        kept = await comment(world, asked)
        return pb.AddCommentResponse(comment=comment_to_proto(kept))

    async def _report(
        self, request: pb.ReportWeatherRequest, tx: Transaction
    ) -> pb.ReportWeatherResponse:
        try:
            report = wire.weather(request.report, self._desk.clock.now())
        except ValueError as error:
            fault = Violation("report.interval", str(error), "INTERVAL_INVALID")
            raise Invalid("INTERVAL_INVALID", str(error), violations=[fault]) from error
        kept = await self._desk.worlds(tx).reports.add(report)
        return pb.ReportWeatherResponse(report=wire.weather_to_proto(kept))
