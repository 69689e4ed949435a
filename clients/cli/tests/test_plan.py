"""
`doorstep plan`, as a user types it: the real command in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clients.cli import plan_view
from clients.cli.plan_files import geojson
from services.planner.tests.formats.files import LILIM, SOLOMON

ROOT = Path(__file__).resolve().parents[3]
# Distances of the heterogeneous class are thousandths, and its rates hundredths of its costs.
VRPLIB = """NAME : mixed
TYPE : HFVRP
DIMENSION : 3
EDGE_WEIGHT_TYPE : EUC_2D
VEHICLES : 1
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
DEMAND_SECTION
1 0
2 4
3 4
CAPACITY_SECTION
1 10
VEHICLES_UNIT_DISTANCE_COST_SECTION
1 120
DEPOT_SECTION
1
-1
EOF
"""
DOOR = {"latitude": 60.1699, "longitude": 24.9410}
DEPOT = {"latitude": 60.1661, "longitude": 24.9412}
REQUEST = {
    "problem": {
        "tasks": [
            {
                "task_id": "parcel",
                "type": "TASK_TYPE_DELIVERY",
                "location": DOOR,
                "service_duration": "120s",
            }
        ],
        "shifts": [
            {
                "shift_id": "van",
                "vehicle": {"vehicle_id": "v", "profile": "TRAVEL_PROFILE_VAN"},
                "interval": {
                    "start_time": "2026-11-26T06:00:00Z",
                    "end_time": "2026-11-26T14:00:00Z",
                },
                "start_location": DEPOT,
            }
        ],
    }
}


def doorstep(*arguments: str, state: Path) -> subprocess.CompletedProcess[str]:
    """Runs the command with a wide terminal and the maps in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "clients.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, "DOORSTEP_STATE": str(state), "COLUMNS": "160", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def state() -> Path:
    """The project's own, where machine code of kernels and roads is kept between runs."""
    return ROOT / ".doorstep"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.txt"
    file.write_text(SOLOMON)
    (tmp_path / "BKS_dimacs.json").write_text('{"tiny": {"dimacs2022": 12.5}}')
    return file


def test_a_benchmark_is_planned_written_and_drawn(tiny: Path, tmp_path: Path, state: Path) -> None:
    written = [tmp_path / name for name in ("plan.json", "plan.geojson", "plan.png")]
    files = ["--out", str(written[0]), "--geojson", str(written[1]), "--plot", str(written[2])]

    done = doorstep("plan", "solve", str(tiny), "--seconds", "0.5", *files, state=state)

    assert done.returncode == 0, done.stderr
    assert "2 tasks, 2 shifts, 0.5 s, seed 4711, best known 12.5" in done.stdout
    assert "verified, cost 12.8, +2.40 % over best known 12.5" in done.stdout
    plan = json.loads(written[0].read_text())
    assert sorted(route["visits"][0]["task"] for route in plan["routes"]) == ["c1", "c2"]
    assert len(json.loads(written[1].read_text())["features"]) == 4
    assert written[2].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "text", "beside", "best", "words"),
    [
        (
            "pair.txt",
            LILIM,
            "BKS.json",
            '{"pair": {"solved_with_vehicles": 1, "best_known_cost": 19.9}}',
            "cost 1 vehicle, 20.000, +0.50 % over best known 1 vehicle, 19.900",
        ),
        (
            "mixed.vrp",
            VRPLIB,
            "mixed.sol",
            "Route #1: 1 2\nCost: 23.5\n",
            "cost 24.000, +2.13 % over best known 23.500",
        ),
    ],
)
def test_costs_of_a_benchmark_are_told_as_its_class_tells_them(
    tmp_path: Path, state: Path, name: str, text: str, beside: str, best: str, words: str
) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / beside).write_text(best)

    done = doorstep("plan", "solve", str(tmp_path / name), "--seconds", "0.5", state=state)

    assert done.returncode == 0, done.stderr
    assert words in done.stdout


def test_a_request_is_planned_on_streets(tmp_path: Path, state: Path) -> None:
    file, out, lines = (tmp_path / name for name in ("request.json", "out.json", "lines.json"))
    file.write_text(json.dumps(REQUEST))

    done = doorstep(
        *("plan", "solve", str(file), "--seconds", "0.5"),
        *("--out", str(out), "--geojson", str(lines)),
        state=state,
    )

    assert done.returncode == 0, done.stderr
    plan = json.loads(out.read_text())["plan"]
    assert plan["routes"][0]["stops"][0]["tasks"][0]["task_id"] == "parcel"
    line, stop = json.loads(lines.read_text())["features"]
    assert len(line["geometry"]["coordinates"]) > 3  # corners of streets, not a straight line
    assert stop["properties"]["task"] == "parcel"


@pytest.mark.parametrize(
    ("name", "text", "advice"),
    [
        ("none.vrp", None, "no such file"),
        ("odd.txt", "hello", "no known format"),
        ("broken.txt", SOLOMON.replace("2      1    1", "2      1    x"), "tiny"),
        ("broken.json", '{"problem": ', "no JSON"),
        ("wrong.json", '{"problem": {"tusks": []}}', 'no field named "tusks"'),
        ("empty.json", '{"problem": {"tasks": [{}]}}', "FIELD_INVALID"),
    ],
)
def test_a_file_that_cannot_be_planned_gets_advice_and_no_traceback(
    tmp_path: Path, state: Path, name: str, text: str | None, advice: str
) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text)

    done = doorstep("plan", "solve", str(file), state=state)

    assert done.returncode == 1
    assert (f"{file}:12" if advice == "tiny" else advice) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_picture_nobody_can_draw_is_refused_before_the_search(tiny: Path, state: Path) -> None:
    done = doorstep("plan", "solve", str(tiny), "--plot", "routes.gif", state=state)

    assert done.returncode == 2
    assert "a picture ends in .png, .svg, .pdf" in done.stderr


def test_files_nobody_can_write_are_refused_before_the_search(
    tiny: Path, tmp_path: Path, state: Path
) -> None:
    nowhere, folder = tmp_path / "no" / "plan.json", tmp_path
    asked = ("--out", str(nowhere), "--geojson", str(folder))
    done = doorstep("plan", "solve", str(tiny), *asked, state=state)

    assert done.returncode == 2
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [str(nowhere), str(folder)]


def test_a_replay_without_a_name_says_how_to_give_one(state: Path) -> None:
    done = doorstep("plan", "replay", "opt_1", state=state)

    assert done.returncode == 2
    assert "DOORSTEP_TOKEN" in done.stderr


def test_a_replay_where_nobody_listens_says_so(state: Path) -> None:
    door = ["--address", "127.0.0.1:1", "--token", "t"]
    done = doorstep("plan", "replay", "opt_1", *door, state=state)

    assert done.returncode == 1
    assert "PEER_UNREACHABLE" in done.stderr
    assert "tried 127.0.0.1:1; name another by --address" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_replay_asks_where_the_mesh_was_told_to_be(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_PORT_BASE", "2")
    asked = ("plan", "replay", "opt_1", "--token", "t")
    by_port = doorstep(*asked, state=state)
    monkeypatch.setenv("DOORSTEP_ADDRESS", "127.0.0.1:3")
    by_address = doorstep(*asked, state=state)

    assert "tried 127.0.0.1:2;" in by_port.stderr
    assert "tried 127.0.0.1:3;" in by_address.stderr


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            {"routes_equal": True, "plan": {"routes": [{}, {}], "cost_micros": "7"}},
            "the same 2 routes, cost 7",
        ),
        (
            {
                "routes_equal": False,
                "plan": {"record": {"map_id": "new", "solve_duration": "2s"}},
                "first_record": {"map_id": "old", "solve_duration": "3s"},
            },
            "map_id: old then, new now",
        ),
    ],
)
def test_a_replay_says_what_differs(answer: dict[str, Any], words: str) -> None:
    from rich.console import Console

    console = Console(width=100)
    with console.capture() as shown:
        console.print(plan_view.replay(answer))

    assert words in shown.get()
    assert "solve_duration" not in shown.get()


def test_a_reload_is_a_point_of_its_own() -> None:
    visit = {"reload": "d0", "arrival": 1, "start": 1, "end": 1, "position": [0, 0]}
    route = {"shift": "v1", "cost": 3, "path": [[0, 0], [0, 0]], "visits": [visit]}

    found = geojson({"name": "n", "routes": [route]})

    assert found["features"][1]["properties"]["reload"] == "d0"
