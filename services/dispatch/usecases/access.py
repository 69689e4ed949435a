"""Tenants, keys and tokens. A secret is returned once and never stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from meshkit.caller import Caller, Role
from meshkit.errors import Unauthenticated
from meshkit.ids import NewId
from services.dispatch.domain.access import (
    Key,
    KeyState,
    SecretHash,
    Tenant,
    require_carrier_named,
    require_driver_named,
    require_grantable,
    revoked,
)
from services.dispatch.domain.events import Fact, KeyRevoked, TenantCreated
from services.dispatch.ports import Directory, Issuer, Stores, Token, Vault
from services.dispatch.usecases.common import own_driver, required
from services.dispatch.usecases.shifts import require_active


@dataclass(frozen=True, slots=True)
class Operator:
    """The one key that is there before any tenant is: of whoever runs the mesh."""

    client_id: str
    secret: SecretHash


async def create_tenant(stores: Stores, asked: Tenant, now: datetime) -> Tenant:
    """Keeps a new tenant."""
    tenant = replace(asked, revision=1, create_time=now, time_zone=asked.time_zone or "UTC")
    await stores.tenants.add(tenant)
    event = TenantCreated(tenant.tenant_id, tenant.currency_code, tenant.time_zone)
    stores.tell(Fact(tenant.tenant_id, now, event))
    return tenant


async def require_tenant(stores: Stores, tenant_id: str) -> Tenant:
    """The tenant, or NotFound `TENANT_UNKNOWN`."""
    return required(await stores.tenants.find(tenant_id), "TENANT_UNKNOWN", tenant_id)


async def create_key(
    stores: Stores,
    caller: Caller,
    asked: Key,
    tenant_id: str,
    secret: SecretHash,
    now: datetime,
    new_id: NewId,
) -> Key:
    """Keeps a new key with the hash of its secret."""
    require_grantable(caller, asked.role)
    require_carrier_named(asked.role, asked.carrier_id)
    require_driver_named(asked.role, asked.driver_id)
    await require_tenant(stores, tenant_id)
    if asked.carrier_id:
        found = await stores.carriers.find(asked.carrier_id)
        required(found, "CARRIER_UNKNOWN", asked.carrier_id)
    if asked.driver_id:
        await require_active(stores, asked.driver_id)
    key = replace(
        asked,
        key_id=new_id("key"),
        tenant_id=tenant_id,
        state=KeyState.ACTIVE,
        create_time=now,
        last_use_time=None,
        revoke_time=None,
    )
    await stores.keys.add(key, secret)
    return key


async def revoke_key(stores: Stores, key_id: str, now: datetime) -> Key:
    """Revokes a key; revoking it again changes nothing."""
    key = required(await stores.keys.find(key_id), "KEY_UNKNOWN", key_id)
    after = revoked(key, now)
    if after is None:
        return key
    await stores.keys.save(after)
    stores.tell(Fact(key_id, now, KeyRevoked(key_id)))
    return after


async def issue_token(
    directory: Directory,
    vault: Vault,
    issuer: Issuer,
    operator: Operator | None,
    client_id: str,
    secret: str,
    now: datetime,
) -> Token:
    """A token for a client id and its secret; `now` is real time, for secrets guard machines."""
    if operator is not None and client_id == operator.client_id:
        return await _operator_token(vault, issuer, operator, secret)
    found = await directory.credentials(client_id)
    if found is None:
        await vault.hash(secret)  # takes as long as a comparison: an unknown key looks alike
        raise wrong()
    key, kept = found
    if not await vault.matches(secret, kept) or not key.works(now):
        raise wrong()
    await directory.used(key, now)
    return issuer.issue(key.bearer())


async def _operator_token(vault: Vault, issuer: Issuer, operator: Operator, secret: str) -> Token:
    if not await vault.matches(secret, operator.secret):
        raise wrong()
    return issuer.issue(Caller(subject=operator.client_id, role=Role.OPERATOR))


def wrong() -> Unauthenticated:
    """The same for an unknown key, a wrong secret, and a key that no longer works."""
    return Unauthenticated("CREDENTIALS_WRONG", "the client id or its secret is wrong")


async def issue_driver_token(
    stores: Stores, issuer: Issuer, caller: Caller, driver_id: str
) -> Token:
    """A token for a driver's device; a driver renews its own only."""
    mine = driver_id if own_driver(caller, driver_id) else ""
    driver = await require_active(stores, mine or required(None, "DRIVER_UNKNOWN", driver_id))
    bearer = Caller(
        subject=driver.driver_id,
        role=Role.DRIVER,
        tenant=caller.required_tenant(),
        driver_id=driver.driver_id,
    )
    return issuer.issue(bearer)
