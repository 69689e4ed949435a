"""Subscriptions: made, changed, rotated, tried, disabled, removed; and their redeliveries."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from meshkit.caller import MESH_DOMAIN
from meshkit.errors import (
    AlreadyExists,
    Conflict,
    Exhausted,
    Invalid,
    NotFound,
    NotReady,
    Violation,
)
from meshkit.ids import NewId
from services.tracking.domain.incident import About, Alarm, AllClear, IncidentType
from services.tracking.domain.redelivery import Order, Redelivery
from services.tracking.domain.subscription import (
    WAITS,
    Subscription,
    SubscriptionState,
    disabled,
)
from services.tracking.outbound_ports import Known, Redeliveries, Subscriptions, Vault
from services.tracking.ports import World
from services.tracking.usecases.recording import raise_all

SUBSCRIPTIONS_MAX = 1_000  # in a tenant; the contract says so
SECRET_BYTES = 32  # Standard Webhooks: 24 to 64
SECRET_PREFIX = "whsec_"  # noqa: S105 - what the standard puts in front of one
OVERLAP = timedelta(hours=24)  # real time; the contract says so at RotateSecret

Owner = str | None  # a carrier's name: only its own; None: everybody's


async def create(
    store: Subscriptions, asked: Subscription, vault: Vault | None, now: datetime
) -> tuple[Subscription, str]:
    """Keeps a new subscription; with a webhook's secret, under its seal."""
    if await store.count() >= SUBSCRIPTIONS_MAX:
        raise Exhausted("SUBSCRIPTIONS_EXHAUSTED", f"{SUBSCRIPTIONS_MAX} are there, the most")
    made = replace(asked, create_time=now, update_time=now)
    number = await store.add(made)
    if number is None:
        name = asked.subscription_id
        raise AlreadyExists("SUBSCRIPTION_EXISTS", f"{name!r} is there", subscription_id=name)
    if made.notice is not None:
        return made, ""
    if vault is None:
        raise NotReady("SEAL_KEY_MISSING", "there is no key to keep secrets under")
    sealed = vault.seal(fresh_secret())
    await store.keep_secret(number, sealed, now)
    return made, sealed


async def find(store: Subscriptions, subscription_id: str, owner: Owner) -> Known:
    """One that the caller may see; one it may not see reads like none."""
    return _seen(await store.find(subscription_id), subscription_id, owner)


async def webhook(store: Subscriptions, subscription_id: str, owner: Owner) -> Known:
    """The same, with a webhook."""
    return _with_webhook(await find(store, subscription_id, owner))


async def locked(store: Subscriptions, subscription_id: str, owner: Owner, etag: str) -> Known:
    """One to be changed, as the caller read it."""
    known = _seen(await store.lock(subscription_id), subscription_id, owner)
    if etag != str(known.subscription.revision):
        raise Conflict("ETAG_MISMATCH", "it was changed meanwhile", subscription_id=subscription_id)
    return known


async def update(
    store: Subscriptions,
    world: World,
    known: Known,
    wanted: Subscription,
    now: datetime,
    new_id: NewId,
) -> Subscription:
    """Keeps a changed subscription; one that is active again sends what is not too old."""
    before = known.subscription
    revived = wanted.state is SubscriptionState.ACTIVE and before.state is not wanted.state
    _refuse_pausing_disabled(before, wanted)
    kept = replace(
        wanted,
        update_time=now,
        revision=before.revision + 1,
        disable_reason="" if revived else before.disable_reason,
    )
    if revived:
        await store.expire(known, now - WAITS, now)
    await store.save(Known(known.no, kept), revived=revived)
    if before.state is SubscriptionState.DISABLED and revived:
        over = AllClear(_incident_key(kept.subscription_id), now)
        await raise_all(world, [over], now, new_id)
    return kept


async def remove(
    store: Subscriptions, world: World, known: Known, now: datetime, new_id: NewId
) -> None:
    """Forgets a subscription and what waits for it."""
    await store.remove(known, now)
    over = AllClear(_incident_key(known.subscription.subscription_id), now)
    await raise_all(world, [over], now, new_id)


async def rotate(
    store: Subscriptions, subscription_id: str, owner: Owner, vault: Vault, real_now: datetime
) -> str:
    """A new secret, under its seal; the old one signs beside it for a day."""
    found = _seen(await store.lock(subscription_id), subscription_id, owner)
    known = _with_webhook(found)
    sealed = vault.seal(fresh_secret())
    await store.keep_secret(known.no, sealed, real_now + OVERLAP)
    return sealed


async def disable(
    store: Subscriptions,
    world: World,
    subscription_id: str,
    why: str,
    now: datetime,
    new_id: NewId,
) -> None:
    """Holds a subscription whose receiver does not answer, and says so in an incident."""
    known = await store.lock(subscription_id)
    if known is None or known.subscription.state is not SubscriptionState.ACTIVE:
        return
    held = disabled(known.subscription, why, now)
    await store.save(Known(known.no, held), revived=False)
    alarm = Alarm(
        IncidentType.SUBSCRIPTION_DISABLED,
        About(carrier_id=held.owner_carrier_id),
        f"subscription {subscription_id} was disabled: {why}",
        now,
        dedupe_key=_incident_key(subscription_id),
    )
    await raise_all(world, [alarm], now, new_id)


async def redeliver(
    store: Redeliveries, known: Known, order: Order, now: datetime, new_id: NewId
) -> Redelivery:
    """Orders events to be sent again."""
    _with_webhook(known)
    name = known.subscription.subscription_id
    made = Redelivery(new_id("rdl"), name, order, now)
    await store.add(made, known.no)
    return made


def fresh_secret() -> str:
    """A secret as Standard Webhooks writes one."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _seen(known: Known | None, subscription_id: str, owner: Owner) -> Known:
    if known is None or (owner is not None and known.subscription.owner_carrier_id != owner):
        raise NotFound(
            "SUBSCRIPTION_UNKNOWN",
            f"no subscription {subscription_id!r}",
            subscription_id=subscription_id,
        )
    return known


def _with_webhook(known: Known) -> Known:
    if known.subscription.notice is not None:
        name = known.subscription.subscription_id
        raise NotReady("SUBSCRIPTION_NOT_WEBHOOK", f"{name!r} sends notices", subscription_id=name)
    return known


def _refuse_pausing_disabled(before: Subscription, wanted: Subscription) -> None:
    disabled_stays = before.state is SubscriptionState.DISABLED
    if wanted.state is SubscriptionState.PAUSED and disabled_stays:
        why = "a disabled one becomes active first"
        fault = Violation("subscription.state", why)
        raise Invalid("FIELD_INVALID", why, domain=MESH_DOMAIN, violations=[fault])


def _incident_key(subscription_id: str) -> str:
    return f"{IncidentType.SUBSCRIPTION_DISABLED}.{subscription_id}"
