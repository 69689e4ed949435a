"""What can go wrong on somebody's machine, said so that they know what to do next."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class Trouble(Exception):
    """The mesh cannot start or go on. The message says why, and `cure` what to do."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure

    def __str__(self) -> str:
        cure = f"\n  what to do: {self.cure}" if self.cure else ""
        return f"{self.args[0]}{cure}"


@contextmanager
def disk_trouble(what: str) -> Iterator[None]:
    """Says in words what the system says in numbers when a disk is full or closed to us."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Trouble(
                f"no space left on the disk for {what}",
                "free some space, or set DOORSTEP_STATE to a folder on another disk",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise Trouble(
                f"{what} may not be written: {error.strerror}",
                "give yourself the right to write there, or set DOORSTEP_STATE to another folder",
            ) from error
        raise
