"""
Compiled maps: made once, never stale, whole or not there; what is no map is refused with advice.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from services.planner.adapters.roads import maps
from services.planner.adapters.roads.bad_map import BadMap
from services.planner.adapters.roads.version import map_id
from services.planner.tests.roads.test_helsinki import HELSINKI
from services.planner.tests.roads.town import Town


def town() -> Town:
    made = Town()
    made.block("abc", "12")
    return made


def test_the_report_counts_what_the_city_holds(tmp_path: Path) -> None:
    report = maps.compile_map(HELSINKI, tmp_path)

    assert report.restrictions == 45
    assert report.chargers == 4
    assert report.addresses == 1_470
    assert report.time_zone == "Europe/Helsinki"
    assert [each.network for each in report.networks] == ["VAN", "TRUCK", "CARGO_BIKE", "FOOT"]
    assert all(each.edges > 1_000 for each in report.networks)
    assert any("nodes are missing" in warning for warning in report.warnings)


def test_compiling_twice_makes_the_same_bytes(tmp_path: Path) -> None:
    first = maps.compile_map(HELSINKI, tmp_path / "one")
    second = maps.compile_map(HELSINKI, tmp_path / "two")
    one, two = tmp_path / "one" / first.map_id, tmp_path / "two" / second.map_id
    names = [each.name for each in one.glob("*.npz")]

    assert len(names) == 4
    for name in names:
        with np.load(one / name) as left, np.load(two / name) as right:
            assert all((left[key] == right[key]).all() for key in left.files)


def test_a_compiled_map_is_used_again(tmp_path: Path) -> None:
    file = town().file(tmp_path)
    maps.compiled(file, tmp_path / "maps")
    report = tmp_path / "maps" / map_id(file) / maps.REPORT_FILE
    before = report.stat().st_mtime_ns
    maps.compiled(file, tmp_path / "maps")

    assert report.stat().st_mtime_ns == before


def test_another_content_is_another_map(tmp_path: Path) -> None:
    file = town().file(tmp_path)
    first = map_id(file)
    file.write_text(file.read_text() + "\n")

    assert map_id(file) != first


def test_a_map_that_other_rules_made_is_not_listed_and_goes_at_the_next_import(
    tmp_path: Path,
) -> None:
    made = maps.compile_map(town().file(tmp_path), tmp_path / "maps")
    stale = tmp_path / "maps" / "map_0000"
    shutil.copytree(tmp_path / "maps" / made.map_id, stale)
    content = json.loads((stale / maps.REPORT_FILE).read_text())
    (stale / maps.REPORT_FILE).write_text(json.dumps({**content, "rules": "others"}))

    assert [each.map_id for each in maps.reports(tmp_path / "maps")] == [made.map_id]
    maps.compile_map(tmp_path / "town.osm", tmp_path / "maps")
    assert not stale.exists()


def test_compiling_again_replaces_the_map(tmp_path: Path) -> None:
    file = town().file(tmp_path)
    first = maps.compile_map(file, tmp_path / "maps")
    second = maps.compile_map(file, tmp_path / "maps")

    assert first.map_id == second.map_id
    assert [each.name for each in (tmp_path / "maps").iterdir()] == [first.map_id]


def test_a_damaged_map_says_what_to_delete(tmp_path: Path) -> None:
    file = town().file(tmp_path)
    maps.compiled(file, tmp_path / "maps")
    archive = tmp_path / "maps" / map_id(file) / "VAN.npz"
    archive.write_bytes(archive.read_bytes()[:-200])

    with pytest.raises(BadMap, match="Delete that folder"):
        maps.compiled(file, tmp_path / "maps")


def test_nothing_is_left_of_a_map_that_cannot_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        maps.compile_map(town().file(tmp_path), tmp_path / "maps")

    assert list((tmp_path / "maps").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("none.osm.pbf", None, "is no file"),
        ("empty.osm.pbf", b"", "is empty"),
        ("text.osm.pbf", b"\0\0\0\x0dno map", "fetch it again"),
        ("cut.osm.pbf", HELSINKI.read_bytes()[:300_000], "fetch it again"),
        ("cut.osm", b'<?xml version="1.0"?><osm version="0.6"><node id="1"', "fetch it again"),
        ("bare.osm", b'<?xml version="1.0"?><osm version="0.6"></osm>', "`highway` ways"),
    ],
)
def test_what_is_no_map_is_refused_with_advice(
    tmp_path: Path, name: str, content: bytes | None, advice: str
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(BadMap, match=advice):
        maps.compile_map(file, tmp_path / "maps")


def test_a_map_across_a_continent_is_refused_with_advice(tmp_path: Path) -> None:
    file = town().file(tmp_path)
    file.write_text(file.read_text().replace('lat="60.0017', 'lat="64.0017'))

    with pytest.raises(BadMap, match="Cut it to the region"):
        maps.compile_map(file, tmp_path / "maps")


def test_a_way_is_cut_where_the_extract_lacks_a_node(tmp_path: Path) -> None:
    made = town()
    made.way("c2 d2 e2")
    made.unwritten.add("d2")
    report = maps.compile_map(made.file(tmp_path), tmp_path / "maps")

    assert report.nodes_missing == 1
    assert report.networks[0].roads == 7


def test_what_a_planner_will_miss_is_said(tmp_path: Path) -> None:
    made = Town()
    made.way("a1 b1 c1", bicycle="no", maxspeed="")
    warnings = " / ".join(maps.compile_map(made.file(tmp_path), tmp_path / "maps").warnings)

    assert "no addresses" in warnings
    assert "no charging stations" in warnings
    assert "no turn restrictions" in warnings
    assert "CARGO_BIKE: no road" in warnings
    assert "does not tell its date" in warnings
