"""
Making tokens: RS256 JWTs with the claims of the mesh.

Two kinds of key sign, and neither may do the other's work. A service's key has the id `svc-NAME`,
which is also the subject of its tokens, and signs role SERVICE only; after a dot may follow a
generation (`svc-planner.2`), so that a key can be rotated. Every other key signs people's and
programs' tokens, never SERVICE: who steals the issuer's key still is no service.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from meshkit.caller import Caller, Role
from meshkit.config import MeshSettings, SettingsError
from meshkit.ids import new_id
from meshkit.keys import ALGORITHM, read_private_key

ISSUER = AUDIENCE = "doorstep"
SERVICE_KEY_PREFIX = "svc-"
TOKEN_SECONDS = 15 * 60
REFRESH_SECONDS = 60  # before the end: longer than any call takes, and than clocks differ


def mint(
    key: rsa.RSAPrivateKey, key_id: str, caller: Caller, *, seconds: float = TOKEN_SECONDS
) -> str:
    """A token that proves to be `caller`, for `seconds` of real time."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": caller.subject,
        "role": caller.role.value,
        "scope": " ".join(sorted(caller.scope)),
        "jti": new_id("jti"),
        "exp": int(time.time() + seconds),
    }
    named = {"tenant": caller.tenant, "carrier": caller.carrier_id, "driver": caller.driver_id}
    claims.update((name, value) for name, value in named.items() if value)
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id})


def key_owner(key_id: str) -> str:
    """Whose key it is: the id without its generation."""
    return key_id.partition(".")[0]


class TokenSource:
    """A service's own identity: a token that is fresh whenever it is asked for."""

    def __init__(self, key: rsa.RSAPrivateKey, key_id: str) -> None:
        if not key_id.startswith(SERVICE_KEY_PREFIX):
            raise ValueError(f"{key_id!r} is no service's key")
        self._key = key
        self._key_id = key_id
        self._token = ""
        self._stale_at = 0.0  # monotonic: a clock that steps back must not keep a dead token

    @classmethod
    def of(cls, settings: MeshSettings) -> TokenSource:
        """The identity of the service that the settings belong to; SettingsError without a key."""
        service = settings.service()
        try:
            return cls.read(settings.own_key_file, f"{SERVICE_KEY_PREFIX}{service}")
        except (OSError, ValueError) as error:
            knob = f"DOORSTEP_{service.upper()}_KEY_FILE"
            raise SettingsError(f"no key to sign with, see {knob}: {error}") from error

    @classmethod
    def read(cls, key_file: Path, key_id: str) -> TokenSource:
        """The identity whose private key stands in a PEM file."""
        return cls(read_private_key(key_file), key_id)

    def token(self) -> str:
        """A token with at least a minute to live; a new one every 14 minutes costs 1 ms."""
        if time.monotonic() >= self._stale_at:
            caller = Caller(subject=key_owner(self._key_id), role=Role.SERVICE)
            self._token = mint(self._key, self._key_id, caller)
            self._stale_at = time.monotonic() + TOKEN_SECONDS - REFRESH_SECONDS
        return self._token
