"""
The seal under which a recipient's address is told to tracking, and to nobody else.

The key file has one Fernet key a line, as tracking's `CONTACT_KEY_FILE` has; the first one seals.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.fernet import Fernet


class FernetSeal:
    """Seals texts. Raises OSError or ValueError, naming the file, when there is no key in it."""

    def __init__(self, path: Path) -> None:
        keys = path.read_text().split()
        if not keys:
            raise ValueError(f"{path} holds no key")
        try:
            self._fernet = Fernet(keys[0])
        except ValueError as error:
            raise ValueError(f"{path} holds a line that is no Fernet key") from error

    def __call__(self, text: str) -> str:
        """The text under the seal."""
        return self._fernet.encrypt(text.encode()).decode()
