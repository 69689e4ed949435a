"""What the benchmark of positions makes of what it measured."""

from __future__ import annotations

import pytest

from doorstep.tracking.v1 import ingest_service_pb2 as pb
from tests.benchmarks.ingest import Traffic, best, broken
from tests.benchmarks.ingest_load import Vehicle, percentile
from tests.benchmarks.report import page

ROUND = {
    "limit_parse_us": 1.0,
    "limit_stream_us": 1.0,
    "limit_database_us": 5.0,
    "positions_per_second": 40_000.0,
    "unwatched_positions_per_second": 60_000.0,
    "cpu_us_per_position": 15.0,
    "service_cpu_us_per_position": 12.0,
    "ack_cpu_us_per_position": 8.0,
    "ack_p50_ms": 3.0,
    "ack_p99_ms": 9.0,
    "watch_p50_ms": 4.0,
    "watch_p99_ms": 12.0,
    "lost": 0,
    "duplicated": 0,
}


def traffic(stored: int, seen: int, doubled: int = 0) -> Traffic:
    """A hundred positions that were sent, and what became of them."""
    return Traffic({"sent": 100}, {"seen": seen, "doubled": doubled}, stored, 1.0)


@pytest.mark.parametrize(
    ("stored", "seen", "doubled", "lost", "duplicated"),
    [
        (100, 100, 0, 0, 0),
        (99, 99, 0, 1, 0),
        (100, 97, 0, 3, 0),
        (101, 100, 0, 0, 1),
        (100, 100, 2, 0, 2),
    ],
)
def test_what_is_missing_or_too_much_anywhere_counts(
    stored: int, seen: int, doubled: int, lost: int, duplicated: int
) -> None:
    stretch = traffic(stored, seen, doubled)

    assert (stretch.lost, stretch.duplicated) == (lost, duplicated)


def test_the_best_of_all_rounds_counts_and_every_fault() -> None:
    row = best(
        [
            ROUND | {"limit_database_us": 4.0, "lost": 1},
            ROUND | {"ack_cpu_us_per_position": 6.0, "positions_per_second": 50_000.0, "lost": 2},
        ]
    )

    assert (row["limit_cpu_us_per_position"], row["efficiency"]) == (6.0, 1.0)
    assert (row["positions_per_second"], row["lost"]) == (50_000.0, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("positions_per_second", 29_999.0),
        ("cpu_us_per_position", 25.1),
        ("efficiency", 0.59),
        ("ack_p99_ms", 25.0),
        ("watch_p99_ms", 30.0),
        ("lost", 1),
        ("duplicated", 1),
        ("rss_growth_percent", 5.1),
    ],
)
def test_each_limit_of_the_issue_is_held(name: str, value: float) -> None:
    sound = best([ROUND])

    assert broken(sound) == []
    assert len(broken(sound | {name: value})) == 1


def test_a_vehicle_numbers_its_positions_without_gaps_and_sends_the_newest_last() -> None:
    vehicle = Vehicle("device", "epoch", 3)
    sent = [pb.StreamPositionsRequest.FromString(vehicle.batch()) for _ in range(2)]

    sequences = [one.sequence for request in sent for one in request.positions]
    seconds = [one.device_time.seconds for one in sent[1].positions]
    assert sequences == [1, 2, 3, 4, 5, 6]
    assert seconds == [seconds[-1] - 2, seconds[-1] - 1, seconds[-1]]


def test_a_percentile_leaves_so_many_below() -> None:
    assert percentile([float(n) for n in range(101)], 99) == 99.0


def test_the_page_tells_figures_and_aims() -> None:
    about = {"devices": 100, "batch": 100, "machine": "Abacus", "commit": "abc1234"}

    text = page({"ingest": [best([ROUND]) | about]})

    assert "| positions per second | 40000.00 | at least 30000 |" in text
    assert "| lost | 0 | = 0 |" in text
