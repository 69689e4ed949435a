"""What makes a value impossible. Raised by constructors of the domain; `convert` adds the place."""

from __future__ import annotations


class Unsound(ValueError):
    """A value that cannot be. `reason` is the contract's, the message is for people."""

    def __init__(self, message: str, reason: str = "FIELD_INVALID") -> None:
        super().__init__(message)
        self.reason = reason


def check(sound: bool, message: str, reason: str = "FIELD_INVALID") -> None:
    """Raises Unsound with the message unless the statement is true."""
    if not sound:
        raise Unsound(message, reason)
