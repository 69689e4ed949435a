"""
Secrets and tokens: implements `ports.Vault` and `ports.Issuer`.

A secret has 256 random bits: scrypt is not there to slow down guessing, but to keep a stolen table
from being a table of secrets. It takes tens of milliseconds of CPU and runs in a thread.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa

from meshkit.caller import Caller
from meshkit.tokens import TOKEN_SECONDS, mint
from services.dispatch.domain.access import SecretHash
from services.dispatch.ports import Token

SECRET_BYTES = 32
SALT_BYTES = 16
COST = 2**14  # RFC 7914: N; with r = 8 it takes 16 MiB
BLOCK, PARALLEL = 8, 1
DIGEST_BYTES = 32
CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32, so 5 bits each; none looks like another
CODE_GROUPS, CODE_GROUP_SIGNS = 4, 4  # 80 bits: a billion guesses a second take 38 million years


def fresh_code() -> str:
    """A code that nobody has, for people to read and type."""
    groups = (
        "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_GROUP_SIGNS))
        for _ in range(CODE_GROUPS)
    )
    return "-".join(groups)


class ScryptVault:
    """Makes secrets, hashes them, and compares in constant time."""

    def fresh_secret(self) -> str:
        """A secret that nobody has."""
        return secrets.token_urlsafe(SECRET_BYTES)

    async def hash(self, secret: str) -> SecretHash:
        """What is kept of it."""
        salt = secrets.token_bytes(SALT_BYTES)
        digest = await asyncio.to_thread(_scrypt, secret, salt, COST)
        return SecretHash(salt, digest, COST)

    async def matches(self, secret: str, kept: SecretHash) -> bool:
        """Whether this is the secret."""
        digest = await asyncio.to_thread(_scrypt, secret, kept.salt, kept.cost)
        return hmac.compare_digest(digest, kept.digest)


class KeyIssuer:
    """Signs tokens with the issuer's key; its public half stands in the mesh's JWKS file."""

    def __init__(self, key: rsa.RSAPrivateKey, key_id: str) -> None:
        self._key = key
        self._key_id = key_id

    def issue(self, bearer: Caller) -> Token:
        """A token for 15 minutes of real time."""
        text = mint(self._key, self._key_id, bearer, seconds=TOKEN_SECONDS)
        expire_time = datetime.fromtimestamp(int(time.time() + TOKEN_SECONDS), UTC)
        return Token(text, expire_time, timedelta(seconds=TOKEN_SECONDS))


def _scrypt(secret: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(
        secret.encode(), salt=salt, n=cost, r=BLOCK, p=PARALLEL, dklen=DIGEST_BYTES
    )
