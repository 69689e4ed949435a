"""What dispatch tells of tenants and keys."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TenantCreated:
    """A tenant came to be."""

    tenant_id: str
    currency_code: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class KeyRevoked:
    """A key was revoked."""

    key_id: str
