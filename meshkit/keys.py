"""
Keys: private PEM files of who signs, and one JWKS file of whom to believe.

Documents that outsiders verify are signed by Ed25519 keys of their own, apart from all that.

The JWKS file is re-read when it changes, so a key is rotated by adding the new one, waiting, and
removing the old. A file that turns unreadable keeps the keys that were read before: a half-written
file must not lock everybody out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import RSAAlgorithm

ALGORITHM = "RS256"
KEY_BITS = 2048  # NIST SP 800-57 part 1: the least for RSA signatures until 2030
PRIVATE_MODE = 0o600

log = structlog.get_logger()


class KeySet:
    """The public keys of a JWKS file by key id, as the file says now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys = read_jwks(path)
        self._stamp = _stamp(path)
        self.version = 0  # grows whenever the keys may have changed

    def find(self, key_id: str) -> rsa.RSAPublicKey | None:
        """The key of that id, None when nobody is believed under it."""
        return self._keys.get(key_id)

    def refresh(self) -> int:
        """Reads the file again if it changed; returns the version of what is believed now."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            self._reread()
        return self.version

    def _reread(self) -> None:
        try:
            self._keys = read_jwks(self._path)
        except (OSError, ValueError) as error:
            log.error("keys_unreadable", path=str(self._path), error=str(error))
            return
        self.version += 1
        log.info("keys_read", path=str(self._path), key_ids=sorted(self._keys))


def read_jwks(path: Path) -> Mapping[str, rsa.RSAPublicKey]:
    """The RS256 keys of a JWKS file. Raises OSError or ValueError, naming the file."""
    try:
        entries = json.loads(path.read_text())["keys"]
        return {entry["kid"]: _public_key(entry) for entry in entries if _is_ours(entry)}
    except (jwt.InvalidKeyError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a JWKS file: {error!r}") from error


def generate_key(key_file: Path, jwks_file: Path, key_id: str) -> None:
    """Makes a key pair: the private half into `key_file`, the public one beside others' in JWKS."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    for folder in (key_file.parent, jwks_file.parent):
        folder.mkdir(parents=True, exist_ok=True)
    _replace(key_file, _pem(private), PRIVATE_MODE)
    publish_key(jwks_file, key_id, private.public_key())


def generate_signing_key(key_file: Path) -> None:
    """Makes an Ed25519 key by which a service signs what it publishes."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    _replace(key_file, _pem(Ed25519PrivateKey.generate()), PRIVATE_MODE)


def publish_key(jwks_file: Path, key_id: str, public: rsa.RSAPublicKey) -> None:
    """Adds a public key to a JWKS file, or puts it in the place of the one with its id."""
    entries = json.loads(jwks_file.read_text())["keys"] if jwks_file.exists() else []
    fresh = {**RSAAlgorithm.to_jwk(public, as_dict=True), "kid": key_id, "use": "sig"}
    kept = [entry for entry in entries if entry["kid"] != key_id]
    keys = {"keys": [*kept, {**fresh, "alg": ALGORITHM}]}
    _replace(jwks_file, json.dumps(keys, indent=1).encode(), 0o644)


def read_private_key(path: Path) -> rsa.RSAPrivateKey:
    """The private key of a PEM file. Raises OSError or ValueError, naming the file."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{path} holds no RSA key")
    return key


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key of a PEM file. Raises OSError or ValueError, naming the file."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key


def _pem(key: rsa.RSAPrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _is_ours(entry: Mapping[str, Any]) -> bool:
    return entry.get("kty") == "RSA" and entry.get("alg") == ALGORITHM and "kid" in entry


def _public_key(entry: Mapping[str, Any]) -> rsa.RSAPublicKey:
    key = RSAAlgorithm.from_jwk(dict(entry))
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < KEY_BITS:
        raise ValueError(f"key {entry['kid']!r} is no public RSA key of {KEY_BITS} bits or more")
    return key


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Writes in one step, and never leaves a private key readable for a moment."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    fresh.replace(path)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
