"""SubscriptionService, third part: what a recipient wants to be told, by the token of a link."""

from __future__ import annotations

import hashlib
from functools import partial

from doorstep.tracking.v1 import subscription_service_pb2 as pb
from doorstep.tracking.v1 import subscription_service_pb2_grpc as pb_grpc
from meshkit.caller import Caller, Role, become, current_caller
from meshkit.errors import NotFound
from meshkit.idempotency import Call, commit_once
from meshkit.postgres import Transaction
from services.tracking.adapters.notifier import address_hash, contact_of
from services.tracking.adapters.postgres_care import find_link
from services.tracking.adapters.postgres_notices import recipient, set_refused
from services.tracking.convert import subscriptions as wire
from services.tracking.domain.subscription import Channel
from services.tracking.servicer.common import Context, Desk
from services.tracking.servicer.way import Way

CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.PUSH)


class Consent(pb_grpc.SubscriptionServiceServicer):
    """Refusing messages, and taking that back."""

    _desk: Desk
    _way: Way

    async def UpdateNoticeConsent(
        self, request: pb.UpdateNoticeConsentRequest, context: Context
    ) -> pb.UpdateNoticeConsentResponse:
        delivery_id = await self._delivery_of(request.token)
        call = Call.of(current_caller(), request)
        hashes = await self._hashes(call.tenant, delivery_id)
        effect = partial(self._refuse, request, hashes)
        return await commit_once(self._desk.db, call, pb.UpdateNoticeConsentResponse, effect)

    async def _refuse(
        self,
        request: pb.UpdateNoticeConsentRequest,
        hashes: dict[Channel, bytes],
        tx: Transaction,
    ) -> pb.UpdateNoticeConsentResponse:
        held = await set_refused(tx, hashes, wire.channels(request.refused_channels))
        return pb.UpdateNoticeConsentResponse(
            refused_channels=[wire.channel_number(one) for one in held]
        )

    async def _delivery_of(self, token: str) -> str:
        """The delivery of a link, whose holder is the caller from here on."""
        async with self._desk.db.worker() as tx:
            found = await find_link(tx, hashlib.sha256(token.encode()).digest())
        if found is None or not found[1].works(self._desk.clock.now()):
            raise NotFound("LINK_INVALID", "this link does not work: ask for a new one")
        tenant, link = found
        become(Caller(subject=link.link_id, role=Role.RECIPIENT, tenant=tenant))
        return link.delivery_id

    async def _hashes(self, tenant: str, delivery_id: str) -> dict[Channel, bytes]:
        """Under what each way to this recipient is known that nobody is told by."""
        async with self._desk.db.worker() as tx:
            found = await recipient(tx, tenant, delivery_id)
        vault = self._way.contacts
        if found is None or vault is None:
            return {}
        contact = contact_of(vault, found.sealed)
        known = {one: contact.address(one) for one in CHANNELS}
        return {one: address_hash(vault, one, text) for one, text in known.items() if text}
