"""
The folder that holds everything a local mesh keeps, and the lock that lets only one use it.

    pg/ keys/ maps/ numba/ media/ logs/ traces/ gateway/ rejected/ clock.json emissions.pdf lock
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploy.local.trouble import Trouble, disk_trouble

FOLDERS = ("gateway", "keys", "logs", "maps", "media", "numba", "rejected", "traces")
# What a day leaves behind; keys and maps are dear and belong to no day. `pg` appears by itself.
OF_THE_DAY = ("gateway", "logs", "media", "pg", "traces", "clock.json", "emissions.pdf")
FREE_BYTES_MIN = 512 * 1024 * 1024  # PostgreSQL's first files and a day's rows take about 200 MiB


@dataclass(frozen=True, slots=True)
class State:
    """One folder of state."""

    root: Path

    def __post_init__(self) -> None:
        """Other processes are told its parts, wherever they work."""
        object.__setattr__(self, "root", self.root.absolute())

    def folder(self, name: str) -> Path:
        """A part of it."""
        return self.root / name

    @property
    def clock_file(self) -> Path:
        """The business time of a sandbox."""
        return self.root / "clock.json"

    @property
    def statement_file(self) -> Path:
        """The carbon report of the day that was played."""
        return self.root / "emissions.pdf"

    @property
    def jwks_file(self) -> Path:
        """Whom every process believes."""
        return self.folder("keys") / "jwks.json"

    @property
    def has_data(self) -> bool:
        """Whether a mesh ran here before."""
        return (self.folder("pg") / "data").is_dir()

    def log_file(self, name: str) -> Path:
        """Where a process writes."""
        return self.folder("logs") / f"{name}.log"

    def prepare(self) -> None:
        """Makes the folders; raises Trouble when the disk is full or closed to us."""
        with disk_trouble(str(self.root)):
            for name in FOLDERS:
                self.folder(name).mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.root).free
        if free < FREE_BYTES_MIN:
            raise Trouble(
                f"only {free >> 20} MiB are free under {self.root}; {FREE_BYTES_MIN >> 20} are"
                " needed",
                "free some space, or set DOORSTEP_STATE to a folder on another disk",
            )

    def forget_the_day(self) -> None:
        """Removes what earlier days left; keeps keys, maps and compiled kernels."""
        for name in OF_THE_DAY:
            path = self.root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """
        Holds the folder for this process; raises Trouble when another one does.

        The kernel drops the lock with the process, however it ends: no lock is ever stale. Yields
        whether the last holder was killed before it could tidy up.
        """
        with disk_trouble(str(self.root)):
            self.root.mkdir(parents=True, exist_ok=True)
            file = (self.root / "lock").open("a+")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise already_runs(self.root, holder(file)) from None
            was_killed = bool(holder(file))
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            try:
                yield was_killed
            finally:
                with contextlib.suppress(OSError):
                    file.truncate(0)


def holder(lock: IO[str]) -> str:
    """The process id in a lock file; empty after an orderly end."""
    lock.seek(0)
    return lock.read().strip()


def already_runs(root: Path, pid: str) -> Trouble:
    return Trouble(
        f"a mesh already runs in {root} (process {pid or 'unknown'})",
        f"stop it with ^C where it runs or with `kill {pid or 'PID'}`, or start another one beside"
        " it: DOORSTEP_STATE=.doorstep-2 DOORSTEP_PORT_BASE=9400",
    )
