"""
Who is calling. Standard library only, so that a use-case may take a Caller as an argument.

`meshkit.auth` finds out who it is; a servicer asks `current_caller()` and passes on what it needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum

from meshkit.errors import Denied, Unauthenticated

MESH_DOMAIN = "mesh.doorstep"  # whose reasons meshkit's own errors carry


class Role(StrEnum):
    """The kinds of caller, as in `doorstep.type.v1.Caller` and in a token's `role`."""

    SERVICE = "SERVICE"
    PLATFORM = "PLATFORM"
    DISPATCHER = "DISPATCHER"
    DRIVER = "DRIVER"
    CARRIER = "CARRIER"
    RECIPIENT = "RECIPIENT"
    OPERATOR = "OPERATOR"
    ANYBODY = "ANYBODY"  # no token carries it


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who proved who it is; or a recipient, whom tracking knows by an opaque token."""

    subject: str  # an opaque id, never a name; empty for a recipient not yet looked up
    role: Role
    tenant: str = ""  # empty for operators, and for services that name none
    carrier_id: str = ""  # set for CARRIER, only
    driver_id: str = ""  # set for DRIVER, only
    scope: frozenset[str] = frozenset()
    token: str = field(default="", repr=False)  # what to forward; empty when there is no JWT

    def required_tenant(self) -> str:
        """The tenant, or Denied with `TENANT_MISSING` when the call names none."""
        if not self.tenant:
            raise Denied("TENANT_MISSING", "the call names no tenant", domain=MESH_DOMAIN)
        return self.tenant


_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current_caller() -> Caller:
    """Who makes the call being answered. Raises Unauthenticated outside of a call."""
    caller = _caller.get()
    if caller is None:
        raise Unauthenticated("TOKEN_MISSING", "nobody is calling", domain=MESH_DOMAIN)
    return caller


def caller_or_none() -> Caller | None:
    """Who makes the call being answered, None on a tick."""
    return _caller.get()


def become(caller: Caller | None) -> None:
    """Sets who is calling, for the rest of this call: for tracking, once it knows a recipient."""
    _caller.set(caller)


@contextmanager
def acting_as(caller: Caller | None) -> Iterator[None]:
    """Sets who is calling for a block."""
    token = _caller.set(caller)
    try:
        yield
    finally:
        _caller.reset(token)


def acting_for(tenant: str) -> AbstractContextManager[None]:
    """For ticks: the calls of a block are made by this service itself, for one tenant."""
    return acting_as(Caller(subject="", role=Role.SERVICE, tenant=tenant))
