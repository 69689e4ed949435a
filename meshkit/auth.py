"""
Who is calling, proved by an RS256 token, and whether the contract lets them.

The `callers` option of a method lists who may call. SERVICE always may; a method that lists nobody
is for services alone. A caller with a token is held to its role. Without one, a method open to
ANYBODY is answered (it checks a secret in the request), and one open to RECIPIENT too: a recipient
has no JWT but an opaque token in a field of the request, which tracking looks up itself; until then
`current_caller()` is a RECIPIENT without subject or tenant, and `become(caller)` says who it turned
out to be.

Only SERVICE may name a tenant, by metadata `doorstep-tenant`. Every refusal of a token reads alike,
so that a forger learns nothing; the log says why.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import jwt
import structlog

from meshkit.caller import (
    MESH_DOMAIN,
    Caller,
    Role,
    acting_as,
    become,
    caller_or_none,
    current_caller,
)
from meshkit.errors import Denied, Unauthenticated
from meshkit.keys import ALGORITHM, KeySet
from meshkit.method import Method
from meshkit.tokens import AUDIENCE, ISSUER, SERVICE_KEY_PREFIX, TokenSource, key_owner, mint

__all__ = [
    "Authority",
    "Caller",
    "Role",
    "TokenSource",
    "acting_as",
    "become",
    "caller_or_none",
    "current_caller",
    "mint",
]

TENANT_KEY = "doorstep-tenant"
TOKEN_CHARS_MAX = 4096
TOKEN_SECONDS_MAX = 3600  # a token that claims to live longer was not made by us
LEEWAY_SECONDS = 5  # clocks of two machines differ
PROVED_MAX = 4096  # tokens remembered; checking a signature again costs 72 us (measured)
REQUIRED_CLAIMS = ["iss", "aud", "sub", "role", "jti", "exp"]
WITH_TENANT = frozenset({Role.PLATFORM, Role.DISPATCHER, Role.DRIVER, Role.CARRIER})
WITHOUT_TOKEN = (Role.RECIPIENT, Role.ANYBODY)  # roles that no token carries, first that fits
IN_TOKENS = frozenset(role.value for role in Role if role not in WITHOUT_TOKEN)

log = structlog.get_logger()


class Authority:
    """Believes the keys of one JWKS file."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys
        self._proved: OrderedDict[str, tuple[Caller, float]] = OrderedDict()
        self._proved_by = keys.version

    def caller_of(self, method: Method, metadata: Mapping[str, str | bytes]) -> Caller:
        """Who makes this call; raises Unauthenticated or Denied unless they may."""
        header = str(metadata.get("authorization", ""))
        caller = self.verify(_bearer(header)) if header else _without_token(method)
        if caller.role is not Role.SERVICE and caller.role not in method.callers:
            raise Denied(
                "CALLER_NOT_ALLOWED",
                f"{caller.role} may not call {method.name}",
                domain=MESH_DOMAIN,
                role=caller.role.value,
                callers=" ".join(sorted(role.value for role in method.callers)),
            )
        return _with_tenant(caller, str(metadata.get(TENANT_KEY, "")))

    def verify(self, token: str) -> Caller:
        """Whom a token proves; raises Unauthenticated."""
        self._forget_if_keys_changed()
        caller, expires = self._proved.get(token) or self._prove(token)
        if expires + LEEWAY_SECONDS < time.time():
            raise Unauthenticated("TOKEN_EXPIRED", "the token's time is over", domain=MESH_DOMAIN)
        return caller

    def _prove(self, token: str) -> tuple[Caller, float]:
        claims, key_id = self._claims(token)
        caller = _caller(claims, token)
        _check_key(key_id, caller)
        self._proved[token] = caller, int(claims["exp"])
        if len(self._proved) > PROVED_MAX:
            self._proved.popitem(last=False)
        return self._proved[token]

    def _claims(self, token: str) -> tuple[dict[str, Any], str]:
        if len(token) > TOKEN_CHARS_MAX:
            raise _refusal("too long")
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = self._keys.find(key_id) if isinstance(key_id, str) else None
            if key is None:
                raise _refusal(f"unknown key {key_id!r}")
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],  # pinned: neither `none` nor HS256 with our public key
                issuer=ISSUER,
                audience=AUDIENCE,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED_CLAIMS},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated(
                "TOKEN_EXPIRED", "the token's time is over", domain=MESH_DOMAIN
            ) from error
        except (jwt.InvalidTokenError, RecursionError) as error:  # 4 kB of "[" is enough for that
            raise _refusal(str(error)) from error
        return claims, str(key_id)

    def _forget_if_keys_changed(self) -> None:
        version = self._keys.refresh()
        if version != self._proved_by:
            self._proved.clear()
            self._proved_by = version


def _caller(claims: Mapping[str, Any], token: str) -> Caller:
    role, subject = claims["role"], claims["sub"]
    if not isinstance(role, str) or role not in IN_TOKENS:
        raise _refusal(f"role {role!r}")
    if not subject or int(claims["exp"]) > time.time() + TOKEN_SECONDS_MAX:
        raise _refusal("no subject, or too long a life")
    names = {name: claims.get(name, "") for name in ("tenant", "carrier", "driver", "scope")}
    if not all(isinstance(value, str) for value in names.values()):
        raise _refusal("a claim is no text")
    caller = Caller(
        subject=subject,
        role=Role(role),
        tenant=names["tenant"],
        carrier_id=names["carrier"],
        driver_id=names["driver"],
        scope=frozenset(names["scope"].split()),
        token=token,
    )
    _check_claims(caller)
    return caller


def _check_claims(caller: Caller) -> None:
    """What a role must know about itself, and what it must not claim."""
    if caller.role in WITH_TENANT and not caller.tenant:
        raise _refusal(f"{caller.role} without a tenant")
    if bool(caller.carrier_id) != (caller.role is Role.CARRIER):
        raise _refusal("carrier and role disagree")
    if bool(caller.driver_id) != (caller.role is Role.DRIVER):
        raise _refusal("driver and role disagree")


def _check_key(key_id: str, caller: Caller) -> None:
    """Services' keys vouch for the service they are named after and for nobody else."""
    is_service_key = key_id.startswith(SERVICE_KEY_PREFIX)
    if is_service_key != (caller.role is Role.SERVICE):
        raise _refusal(f"key {key_id!r} may not vouch for {caller.role}")
    if is_service_key and key_owner(key_id) != caller.subject:
        raise _refusal(f"key {key_id!r} may not vouch for {caller.subject!r}")


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _refusal("no bearer token")
    return token


def _without_token(method: Method) -> Caller:
    for role in WITHOUT_TOKEN:
        if role in method.callers:
            return Caller(subject="", role=role)
    raise Unauthenticated("TOKEN_MISSING", "the call brings no token", domain=MESH_DOMAIN)


def _with_tenant(caller: Caller, named: str) -> Caller:
    if not named or named == caller.tenant:
        return caller
    if caller.role is not Role.SERVICE:
        raise Denied(
            "TENANT_NOT_YOURS", "the call names another tenant than its token", domain=MESH_DOMAIN
        )
    return Caller(subject=caller.subject, role=Role.SERVICE, tenant=named, token=caller.token)


def _refusal(why: str) -> Unauthenticated:
    log.info("token_refused", why=why)
    return Unauthenticated("TOKEN_INVALID", "the token is not one of ours", domain=MESH_DOMAIN)
