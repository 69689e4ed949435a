"""
`doorstep map`, as a user types it: the real command in a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clients.cli import map_view, maps

ROOT = Path(__file__).resolve().parents[3]
HELSINKI = ROOT / "clients" / "day" / "city" / "helsinki.osm.pbf"


def doorstep(*arguments: str, state: Path) -> subprocess.CompletedProcess[str]:
    """Runs the command with a wide terminal and the state in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "clients.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "DOORSTEP_STATE": str(state), "COLUMNS": "160", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with Helsinki compiled."""
    folder = tmp_path_factory.mktemp("state")
    done = doorstep("map", "import", str(HELSINKI), state=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_an_import_says_what_is_there_and_what_is_missing(tmp_path: Path) -> None:
    done = doorstep("map", "import", str(HELSINKI), state=tmp_path)

    assert done.returncode == 0, done.stderr
    for said in ("Europe/Helsinki", "CARGO_BIKE", "45 read", "1470", "nodes are missing"):
        assert said in done.stdout
    assert len(list((tmp_path / "maps").glob("map_*/VAN.npz"))) == 1


def test_a_compiled_map_is_listed_and_shown_by_name(state: Path) -> None:
    listed = doorstep("map", "list", state=state)
    shown = doorstep("map", "show", "helsinki", state=state)

    assert "helsinki" in listed.stdout
    assert "(c) OpenStreetMap contributors" in shown.stdout


def test_a_map_that_is_unknown_names_those_that_are_known(state: Path) -> None:
    done = doorstep("map", "show", "atlantis", state=state)

    assert done.returncode == 1
    assert "'atlantis'. Compiled: helsinki" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_empty_list_says_how_to_fill_it(tmp_path: Path) -> None:
    done = doorstep("map", "list", state=tmp_path / "nothing")

    assert done.returncode == 0
    assert "doorstep map import FILE.osm.pbf" in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("none.osm.pbf", None, "is no file"),
        ("cut.osm.pbf", HELSINKI.read_bytes()[:200_000], "fetch it again"),
    ],
)
def test_a_file_that_is_no_map_gets_advice_and_no_traceback(
    tmp_path: Path, name: str, content: bytes | None, advice: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = doorstep("map", "import", str(tmp_path / name), state=tmp_path / "state")

    assert done.returncode == 1
    assert advice in done.stderr
    assert "Traceback" not in done.stderr


def test_maps_lie_where_the_planner_looks(tmp_path: Path) -> None:
    assert maps.maps_folder(tmp_path) == tmp_path / "maps"


def test_a_map_without_faults_says_so() -> None:
    assert [line.plain for line in map_view.warnings({"warnings": []})] == ["nothing is missing"]
