"""SubscriptionService: who is told what. Redeliveries stand in a file of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from doorstep.tracking.v1 import subscription_service_pb2 as pb
from meshkit import paging
from meshkit.caller import Caller, Role, current_caller
from meshkit.errors import NotReady
from meshkit.idempotency import Call, commit_once, recall
from meshkit.ids import new_id
from meshkit.postgres import Transaction
from meshkit.traces import current_traceparent
from services.tracking.adapters.postgres_subscriptions import PostgresSubscriptions
from services.tracking.adapters.webhook_lanes import secrets_of
from services.tracking.convert import subscriptions as wire
from services.tracking.convert.envelopes import example
from services.tracking.domain.attempt import Attempt, AttemptState
from services.tracking.domain.subscription import Subscription, SubscriptionState
from services.tracking.outbound_ports import Known, Letter, Vault
from services.tracking.servicer.common import Context, after_of, tenant
from services.tracking.servicer.consent import Consent
from services.tracking.servicer.redeliveries import Redelivering
from services.tracking.usecases import subscriptions as usecases


class SubscriptionServicer(Redelivering, Consent):
    """Subscriptions and their tries."""

    async def CreateSubscription(
        self, request: pb.CreateSubscriptionRequest, context: Context
    ) -> pb.CreateSubscriptionResponse:
        caller = current_caller()
        call = Call.of(caller, request)
        answer = await recall(self._desk.db, call, pb.CreateSubscriptionResponse)
        if answer is None:
            asked = wire.created(request.subscription, caller)
            await self._check_way(asked)
            effect = partial(self._create, asked)
            answer = await commit_once(self._desk.db, call, pb.CreateSubscriptionResponse, effect)
        answer.secret = self._shown(answer.secret)
        return answer

    async def GetSubscription(
        self, request: pb.GetSubscriptionRequest, context: Context
    ) -> pb.GetSubscriptionResponse:
        known = await self._known(request.subscription_id)
        return pb.GetSubscriptionResponse(
            subscription=wire.subscription_to_proto(known.subscription)
        )

    async def ListSubscriptions(
        self, request: pb.ListSubscriptionsRequest, context: Context
    ) -> pb.ListSubscriptionsResponse:
        page, caller = paging.page_of(request), current_caller()
        after = str(page.after[0]) if page.after else ""
        async with self._desk.db.transaction(tenant()) as tx:
            found = await PostgresSubscriptions(tx).page(_owner(caller) or "", after, page.limit)
        found, token = page.cut(found, key=lambda one: (one.subscription.subscription_id,))
        shown = [wire.subscription_to_proto(one.subscription) for one in found]
        return pb.ListSubscriptionsResponse(subscriptions=shown, next_page_token=token)

    async def UpdateSubscription(
        self, request: pb.UpdateSubscriptionRequest, context: Context
    ) -> pb.UpdateSubscriptionResponse:
        call = Call.of(current_caller(), request)
        answer = await recall(self._desk.db, call, pb.UpdateSubscriptionResponse)
        if answer is None:
            known = await self._known(request.subscription.subscription_id)
            await self._check_way(wire.updated(known.subscription, request))
            effect = partial(self._update, request)
            answer = await commit_once(self._desk.db, call, pb.UpdateSubscriptionResponse, effect)
        return answer

    async def DeleteSubscription(
        self, request: pb.DeleteSubscriptionRequest, context: Context
    ) -> pb.DeleteSubscriptionResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._delete, request)
        return await commit_once(self._desk.db, call, pb.DeleteSubscriptionResponse, effect)

    async def RotateSecret(
        self, request: pb.RotateSecretRequest, context: Context
    ) -> pb.RotateSecretResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._rotate, request)
        answer = await commit_once(self._desk.db, call, pb.RotateSecretResponse, effect)
        answer.secret = self._shown(answer.secret)
        return answer

    async def TestSubscription(
        self, request: pb.TestSubscriptionRequest, context: Context
    ) -> pb.TestSubscriptionResponse:
        call = Call.of(current_caller(), request)
        answer = await recall(self._desk.db, call, pb.TestSubscriptionResponse)
        if answer is None:
            known = await self._webhook(request.subscription_id)
            attempt = await self._tried(known)
            effect = partial(self._keep, known, attempt)
            answer = await commit_once(self._desk.db, call, pb.TestSubscriptionResponse, effect)
        return answer

    async def ListWebhookAttempts(
        self, request: pb.ListWebhookAttemptsRequest, context: Context
    ) -> pb.ListWebhookAttemptsResponse:
        page, owner = paging.page_of(request), _owner(current_caller())
        narrowed = (request.failed_only, request.event_id)
        async with self._desk.db.transaction(tenant()) as tx:
            store = PostgresSubscriptions(tx)
            known = await usecases.find(store, request.subscription_id, owner)
            found = await store.attempts(known.no, *narrowed, after_of(page, 2), page.limit)
        found, token = page.cut(found, key=lambda one: (one.send_time, one.attempt_id))
        if known.subscription.state is not SubscriptionState.ACTIVE:  # nothing is tried again
            found = [replace(one, next_time=None) for one in found]
        shown = [wire.attempt_to_proto(one) for one in found]
        return pb.ListWebhookAttemptsResponse(attempts=shown, next_page_token=token)

    async def _create(self, asked: Subscription, tx: Transaction) -> pb.CreateSubscriptionResponse:
        """The secret stays under its seal in the answer that is kept for a repeated request."""
        now = self._desk.clock.now()
        store = PostgresSubscriptions(tx)
        made, sealed = await usecases.create(store, asked, self._way.vault, now)
        shown = wire.subscription_to_proto(made)
        return pb.CreateSubscriptionResponse(subscription=shown, secret=sealed)

    async def _update(
        self, request: pb.UpdateSubscriptionRequest, tx: Transaction
    ) -> pb.UpdateSubscriptionResponse:
        store, world = PostgresSubscriptions(tx), self._desk.worlds(tx)
        name, owner = request.subscription.subscription_id, _owner(current_caller())
        known = await usecases.locked(store, name, owner, request.etag)
        wanted = wire.updated(known.subscription, request)
        now = self._desk.clock.now()
        kept = await usecases.update(store, world, known, wanted, now, new_id)
        return pb.UpdateSubscriptionResponse(subscription=wire.subscription_to_proto(kept))

    async def _delete(
        self, request: pb.DeleteSubscriptionRequest, tx: Transaction
    ) -> pb.DeleteSubscriptionResponse:
        store, owner = PostgresSubscriptions(tx), _owner(current_caller())
        known = await usecases.locked(store, request.subscription_id, owner, request.etag)
        world, now = self._desk.worlds(tx), self._desk.clock.now()
        await usecases.remove(store, world, known, now, new_id)
        return pb.DeleteSubscriptionResponse()

    async def _rotate(
        self, request: pb.RotateSecretRequest, tx: Transaction
    ) -> pb.RotateSecretResponse:
        store, owner = PostgresSubscriptions(tx), _owner(current_caller())
        name, now = request.subscription_id, datetime.now(UTC)
        return pb.RotateSecretResponse(
            secret=await usecases.rotate(store, name, owner, self._require_key(), now)
        )

    async def _keep(
        self, known: Known, attempt: Attempt, tx: Transaction
    ) -> pb.TestSubscriptionResponse:
        await PostgresSubscriptions(tx).attempt(known.no, attempt)
        return pb.TestSubscriptionResponse(attempt=wire.attempt_to_proto(attempt))

    async def _tried(self, known: Known) -> Attempt:
        """One try outside of any transaction."""
        name, event_id, now = known.subscription.subscription_id, new_id("evt"), datetime.now(UTC)
        async with self._desk.db.worker() as tx:
            secrets = await secrets_of(tx, tenant(), known.no, now, self._require_key().open)
        body = example(event_id, tenant(), name, self._desk.clock.now(), current_traceparent())
        reply = await self._way.post.send(Letter(known.subscription.url, event_id, body, secrets))
        state = AttemptState.SUCCEEDED if reply.succeeded else AttemptState.EXHAUSTED
        return Attempt(new_id("att"), name, event_id, 1, now, reply, state)

    async def _check_way(self, asked: Subscription) -> None:
        """Raises Invalid `URL_REFUSED`, NotReady `SEAL_KEY_MISSING` or `CHANNEL_MISSING`."""
        if asked.notice is None:
            self._require_key()
            await self._way.post.check(asked.url)
        elif asked.notice.channel not in self._way.channels:
            channel = asked.notice.channel.lower()
            raise NotReady("CHANNEL_MISSING", f"there is no way to send by {channel}")

    def _shown(self, sealed: str) -> str:
        return self._require_key().open(sealed) if sealed else ""

    async def _known(self, subscription_id: str) -> Known:
        async with self._desk.db.transaction(tenant()) as tx:
            store, owner = PostgresSubscriptions(tx), _owner(current_caller())
            return await usecases.find(store, subscription_id, owner)

    async def _webhook(self, subscription_id: str) -> Known:
        async with self._desk.db.transaction(tenant()) as tx:
            store, owner = PostgresSubscriptions(tx), _owner(current_caller())
            return await usecases.webhook(store, subscription_id, owner)

    def _require_key(self) -> Vault:
        if self._way.vault is None:
            raise NotReady("SEAL_KEY_MISSING", "there is no key to keep secrets under")
        return self._way.vault


def _owner(caller: Caller) -> str | None:
    return caller.carrier_id if caller.role is Role.CARRIER else None
