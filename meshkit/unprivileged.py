"""
An ordinary user to run a server as, when we are root.

PostgreSQL refuses to run as root, and rightly. A user of our own name is preferred, then the one
that Debian's package makes; where there is neither, one is created.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NAMES = ("doorstep", "postgres")
AS_USER = (sys.executable, "-I", "-S", Path(__file__).with_name("as_user.py"))


@dataclass(frozen=True, slots=True)
class Account:
    """A user to run as. Without numbers: as ourselves."""

    name: str
    uid: int | None = None
    gid: int | None = None

    def command(self, *words: object, tied: bool = False) -> list[str]:
        """The command, run as this user with none of root's groups; `tied` ends it with us."""
        who = ("", "") if self.uid is None else (self.uid, self.gid)
        starter = os.getpid() if tied else ""
        return [str(word) for word in (*AS_USER, *who, starter, *words)]

    def take(self, path: Path) -> None:
        """Makes this user the owner of a file or folder."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def barrier(self, path: Path) -> Path | None:
        """The first folder on the way to `path` that this user may not enter, if any."""
        if self.uid is None:
            return None
        folders = reversed(path.resolve().parents)
        return next((folder for folder in folders if not self._may_enter(folder)), None)

    def _may_enter(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        return bool(status.st_mode & (0o010 if status.st_gid == self.gid else 0o001))


def ordinary_account() -> Account | None:
    """Ourselves, unless we are root: then one of `NAMES`; None when none can be had."""
    if os.geteuid() != 0:
        return Account("ourselves")
    return _existing() or _created()


def _existing() -> Account | None:
    for name in NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    return None


def _created() -> Account | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if useradd is None:
        return None
    subprocess.run(  # noqa: S603 - a fixed command
        [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAMES[0]],
        check=False,
        capture_output=True,
    )
    return _existing()
