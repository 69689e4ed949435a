"""
The folder of a mesh: one user at a time, room on the disk, and what a day leaves behind.

Method: real folders and real locks; a second holder is another process, as in life.
"""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from deploy.local.state import State
from deploy.local.trouble import Trouble, disk_trouble
from deploy.table import ROOT

HOLDER = """
import pathlib, sys
from deploy.local.state import State
with State(pathlib.Path(sys.argv[1])).locked() as was_killed:
    print(was_killed, flush=True)
    sys.stdin.readline()
"""


def holder(root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_second_mesh_in_a_folder_is_refused_and_told_who_runs(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        first_line(other)
        with pytest.raises(Trouble, match=rf"process {other.pid}\).*\n.*kill {other.pid}"):
            State(tmp_path).locked().__enter__()
        other.communicate("\n")

    with State(tmp_path).locked() as was_killed:
        assert not was_killed


def test_the_lock_of_a_killed_mesh_is_free_and_says_so(tmp_path: Path) -> None:
    with holder(tmp_path) as other:
        first_line(other)
        other.kill()

    with State(tmp_path).locked() as was_killed:
        assert was_killed


def test_a_day_is_forgotten_but_not_the_keys_and_maps(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.prepare()
    (state.folder("pg") / "data").mkdir(parents=True)
    for name in ("keys", "maps", "logs"):
        (state.folder(name) / "file").touch()
    state.clock_file.touch()

    assert state.has_data
    state.forget_the_day()

    assert not state.has_data
    assert not state.clock_file.exists()
    assert not (state.folder("logs") / "file").exists()
    assert (state.folder("keys") / "file").exists()
    assert (state.folder("maps") / "file").exists()


def test_a_full_disk_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**10, 10**10, 3 << 20))

    with pytest.raises(Trouble, match=r"only 3 MiB are free(?s:.*)DOORSTEP_STATE"):
        State(tmp_path).prepare()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EDQUOT, "no space left"),
        (errno.EACCES, "may not be written"),
        (errno.EROFS, "may not be written"),
    ],
)
def test_what_the_disk_says_is_said_in_words(number: int, said: str) -> None:
    with pytest.raises(Trouble, match=said), disk_trouble("the log"):
        raise OSError(number, "as the system puts it")


def test_other_errors_of_the_system_stay_what_they_are() -> None:
    with pytest.raises(OSError, match="odd"), disk_trouble("the log"):
        raise OSError(errno.EBADF, "odd")
