"""
The keys of a local mesh: one per service, one for everybody else's tokens, one that signs published
scores, two that seal what tracking keeps of receivers and recipients, and the secret by which its
operator logs in. Made once, kept.

The gateway believes the issuer's key alone, so that a service's own token, the only kind that may
name a tenant, is worth nothing from outside.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from pathlib import Path

from cryptography.fernet import Fernet

from meshkit.keys import generate_key, generate_signing_key
from meshkit.tokens import SERVICE_KEY_PREFIX

ISSUER_KEY_ID = "issuer"
JWKS = "jwks.json"
GATEWAY_JWKS = "gateway-jwks.json"
SCORE_KEY_ID = "score"
SEAL_KEY, CONTACT_KEY = "seal.key", "contact.key"
OPERATOR_SECRET = "operator.secret"  # noqa: S105 - a file's name
OPERATOR_SECRET_BYTES = 24


def prepare(folder: Path, services: Iterable[str]) -> None:
    """Makes the keys that are missing, and the gateway's list of whom to believe."""
    jwks = folder / JWKS
    for key_id in (ISSUER_KEY_ID, *(f"{SERVICE_KEY_PREFIX}{name}" for name in services)):
        private = private_key(folder, key_id)
        if not private.exists() or key_id not in published(jwks):
            generate_key(private, jwks, key_id)
    if not private_key(folder, SCORE_KEY_ID).exists():
        generate_signing_key(private_key(folder, SCORE_KEY_ID))
    (folder / GATEWAY_JWKS).write_text(for_gateway(jwks.read_text()))
    for name in (SEAL_KEY, CONTACT_KEY):
        kept(folder / name, Fernet.generate_key().decode())
    kept(folder / OPERATOR_SECRET, secrets.token_urlsafe(OPERATOR_SECRET_BYTES))


def kept(path: Path, fresh: str) -> str:
    """What the file says; `fresh` goes into it, for nobody else to read, when there is none."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(fresh)
    return path.read_text()


def private_key(folder: Path, key_id: str) -> Path:
    """Where the private half lies."""
    return folder / f"{key_id}.pem"


def published(jwks: Path) -> set[str]:
    return {key["kid"] for key in json.loads(jwks.read_text())["keys"]} if jwks.exists() else set()


def for_gateway(jwks: str) -> str:
    """The keys of a JWKS text that are no service's."""
    keys = [
        key for key in json.loads(jwks)["keys"] if not key["kid"].startswith(SERVICE_KEY_PREFIX)
    ]
    return json.dumps({"keys": keys}, indent=1)
