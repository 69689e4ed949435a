"""
Seals: texts that must come back, kept so that a copy of the database tells nothing.

The key file has one Fernet key a line. The first one seals and all of them open, so a key is
rotated by putting a new one on top. Hashes are keyed by the last line, for they cannot be made
anew.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class FernetVault:
    """Implements `outbound_ports.Vault`."""

    def __init__(self, keys: list[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._hash_key = keys[-1].encode()

    @classmethod
    def read(cls, path: Path) -> FernetVault:
        """The keys of a file. Raises OSError or ValueError, naming the file."""
        keys = path.read_text().split()
        if not keys:
            raise ValueError(f"{path} holds no key")
        try:
            return cls(keys)
        except ValueError as error:
            raise ValueError(f"{path} holds a line that is no Fernet key") from error

    def seal(self, text: str) -> str:
        """The text, readable by `open` alone."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """The text again. Raises ValueError for what was sealed under a key that is gone."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise ValueError("sealed under a key that is not there any more") from error

    def hash(self, text: str) -> bytes:
        """Always the same for a text, and nobody can tell the text from it without the key."""
        return hmac.new(self._hash_key, text.encode(), hashlib.sha256).digest()
