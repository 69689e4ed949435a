"""
Signs scores by Ed25519: a compact JWS (RFC 7515, RFC 8037) whose `kid` is the thumbprint of the key
(RFC 7638), so that a key names itself and another file is another key.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from meshkit.keys import read_signing_key
from services.compliance.domain.score import ScoreKey

ALGORITHM = "EdDSA"


class ScoreSigner:
    """Implements `ports.Signer`."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.key = public_key(private)

    @classmethod
    def read(cls, path: Path) -> ScoreSigner:
        """By the key of a PEM file. Raises OSError or ValueError, naming the file."""
        return cls(read_signing_key(path))

    def sign(self, payload: bytes) -> str:
        """The JWS over some bytes."""
        header = {"kid": self.key.key_id, "typ": ""}  # an empty type is left out: no JWT
        return jwt.PyJWS().encode(payload, self._private, algorithm=ALGORITHM, headers=header)


def public_key(private: Ed25519PrivateKey) -> ScoreKey:
    """The public half, named by its thumbprint."""
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    needed = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    key_id = _base64url(hashlib.sha256(_text(needed).encode()).digest())
    return ScoreKey(key_id, _text({**needed, "alg": ALGORITHM, "kid": key_id, "use": "sig"}))


def _text(jwk: dict[str, str]) -> str:
    """Without spaces, in the order of names, as RFC 7638 asks."""
    return json.dumps(jwk, separators=(",", ":"), sort_keys=True)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
