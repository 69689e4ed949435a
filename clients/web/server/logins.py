"""
Who sends: an opaque key is exchanged for a token, which is kept until shortly before its end.

The key is the `KEY_ID.SECRET` of AccessService. It is remembered by its SHA-256 only; one that was
refused is not asked about again for a while, for each question costs dispatch a slow hash.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt

from clients.web.server.kept import Kept
from doorstep.dispatch.v1 import access_service_pb2 as pb
from meshkit.caller import Role
from meshkit.errors import Denied, Invalid, Unauthenticated
from meshkit.tokens import REFRESH_SECONDS

KEYS_MAX = 10_000  # remembered, and as many refused ones
REFUSED_SECONDS = 60.0
ROLES = (Role.DRIVER, Role.CARRIER)  # a stronger key never belongs into an address


@dataclass(frozen=True, slots=True)
class Login:
    """A device that proved who it is."""

    device_id: str  # its key's id
    token: str = field(repr=False)


class Logins:
    """The devices that are logged in; `access` is a raising stub of AccessService."""

    def __init__(self, access: Any, seconds: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._seconds = seconds
        self._known = Kept[bytes, Login](KEYS_MAX)
        self._refused = Kept[bytes, bool](KEYS_MAX)

    async def login(self, key: str) -> Login:
        """
        The login of a key.

        Raises Unauthenticated `DEVICE_KEY_WRONG` for whatever is no good, in the same words; Denied
        `KEY_ROLE_FORBIDDEN` for a key that may do more than a device should.
        """
        digest, now = hashlib.sha256(key.encode()).digest(), self._seconds()
        if known := self._known.get(digest, now):
            return known
        if self._refused.get(digest, now):
            raise wrong()
        try:
            found, seconds = await self._ask(key)
        except (Invalid, Unauthenticated):
            self._refused.put(digest, True, now + REFUSED_SECONDS)
            raise wrong() from None
        self._known.put(digest, found, now + seconds - REFRESH_SECONDS)
        return found

    def forget(self, key: str) -> None:
        """Its token was refused: it is asked for anew."""
        self._known.forget(hashlib.sha256(key.encode()).digest())

    async def _ask(self, key: str) -> tuple[Login, float]:
        key_id, _, secret = key.rpartition(".")
        request = pb.IssueTokenRequest(client_id=key_id, client_secret=secret)
        answer = await self._access.IssueToken(request)
        if role_of(answer.access_token) not in ROLES:
            raise Denied("KEY_ROLE_FORBIDDEN", "only drivers' and carriers' keys may be sent here")
        seconds = answer.valid_duration.ToTimedelta().total_seconds()
        return Login(key_id, answer.access_token), seconds


def role_of(token: str) -> str:
    """The role that a token states; its issuer gave it to us, and tracking checks it."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return str(claims.get("role", ""))


def wrong() -> Unauthenticated:
    """The same for an unknown key, a wrong secret, and a key that no longer works."""
    return Unauthenticated("DEVICE_KEY_WRONG", "the id is no device's key")
