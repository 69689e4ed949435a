"""
Tenants, users and keys: who may ask for a token, and for which. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from meshkit.caller import Caller, Role
from meshkit.errors import Denied, Invalid, NotFound


class AccessRole(StrEnum):
    """Roles of keys and users; DRIVER is of keys only. Services get theirs another way."""

    PLATFORM = "PLATFORM"
    DISPATCHER = "DISPATCHER"
    CARRIER = "CARRIER"
    OPERATOR = "OPERATOR"
    DRIVER = "DRIVER"


class KeyState(StrEnum):
    """ACTIVE -> REVOKED."""

    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A company on the mesh."""

    tenant_id: str
    currency_code: str
    revision: int = 1
    display_name: str = ""
    time_zone: str = "UTC"
    country_code: str = ""
    hours_rule_set_id: str = ""
    create_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person who works with the mesh."""

    user_id: str
    role: AccessRole
    revision: int = 1
    tenant_id: str = ""
    display_name: str = field(default="", repr=False)
    disabled: bool = False
    create_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class SecretHash:
    """What is kept of a secret: scrypt (RFC 7914) with its salt and cost."""

    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    cost: int  # N; r = 8 and p = 1 throughout


@dataclass(frozen=True, slots=True)
class Key:
    """A client id; the hash of its secret is kept beside it and never leaves the store."""

    key_id: str
    tenant_id: str
    role: AccessRole
    carrier_id: str = ""
    display_name: str = ""
    scopes: tuple[str, ...] = ()
    expire_time: datetime | None = None
    state: KeyState = KeyState.ACTIVE
    create_time: datetime | None = None
    last_use_time: datetime | None = None
    revoke_time: datetime | None = None
    driver_id: str = ""

    def works(self, now: datetime) -> bool:
        """Whether a token may be issued to it now."""
        alive = self.expire_time is None or self.expire_time > now
        return alive and self.state is KeyState.ACTIVE

    def bearer(self) -> Caller:
        """Whom a token that is issued to it proves."""
        is_operator = self.role is AccessRole.OPERATOR
        return Caller(
            subject=self.key_id,
            role=Role(self.role.value),
            tenant="" if is_operator else self.tenant_id,
            carrier_id=self.carrier_id,
            driver_id=self.driver_id,
            scope=frozenset(self.scopes),
        )


def revoked(key: Key, now: datetime) -> Key | None:
    """The key, revoked; None when it was before."""
    if key.state is KeyState.REVOKED:
        return None
    return replace(key, state=KeyState.REVOKED, revoke_time=now)


def tenant_for(caller: Caller, named: str) -> str:
    """The tenant a caller works on: its own, or for an operator the one it names."""
    if caller.role is Role.OPERATOR:
        if not named:
            raise NotFound("TENANT_UNKNOWN", "an operator says which tenant")
        return named
    own = caller.required_tenant()
    if named and named != own:
        raise NotFound("TENANT_UNKNOWN", f"no tenant {named!r}", tenant_id=named)
    return own


def require_grantable(caller: Caller, role: AccessRole) -> None:
    """Raises Denied `ROLE_FORBIDDEN`: only an operator makes operators and platform programs."""
    if caller.role is Role.OPERATOR:
        return
    if role in (AccessRole.OPERATOR, AccessRole.PLATFORM):
        raise Denied("ROLE_FORBIDDEN", f"a {caller.role} may not grant {role}", role=role.value)


def require_carrier_named(role: AccessRole, carrier_id: str) -> None:
    """Raises Invalid `CARRIER_MISSING` unless carriers' keys, and only those, name a carrier."""
    if (role is AccessRole.CARRIER) != bool(carrier_id):
        raise Invalid("CARRIER_MISSING", "a carrier's key names its carrier, and no other key does")


def require_driver_named(role: AccessRole, driver_id: str) -> None:
    """Raises Invalid `DRIVER_MISSING` unless drivers' keys, and only those, name a driver."""
    if (role is AccessRole.DRIVER) != bool(driver_id):
        raise Invalid("DRIVER_MISSING", "a driver's key names its driver, and no other key does")
