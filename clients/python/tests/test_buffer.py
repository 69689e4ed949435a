"""The buffer of a device: durable, numbered once, bounded, and never without its facts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.python.doorstep_client.buffer import Buffer, Kept

EVER = {"since": float("-inf"), "until": float("inf")}


@pytest.fixture
def buffer(tmp_path: Path) -> Iterator[Buffer]:
    with Buffer(tmp_path / "device.sqlite", rows_max=100) as opened:
        yield opened


def captured(buffer: Buffer, count: int, epoch: str = "e") -> None:
    for _ in range(count):
        sequence = buffer.next_sequence(epoch)
        buffer.add_position(Kept(epoch, sequence, b"p"), float(sequence))


def sequences(buffer: Buffer, limit: int = 1_000, *, newest: bool = False) -> list[int]:
    found = buffer.positions(**EVER, newest=newest, limit=limit)
    return [one.sequence for one in found]


def test_what_was_kept_is_there_after_a_crash_and_numbers_go_on(tmp_path: Path) -> None:
    with Buffer(tmp_path / "b") as first:
        captured(first, 3)
        first.put("event", b"x")
    with Buffer(tmp_path / "b") as second:
        captured(second, 1)
        assert sequences(second) == [1, 2, 3, 4]
        assert [one.body for one in second.outbox(9)] == [b"x"]
        assert second.waiting == 5


def test_the_newest_are_found_in_their_order(buffer: Buffer) -> None:
    captured(buffer, 5)
    assert sequences(buffer, 2, newest=True) == [4, 5]
    assert sequences(buffer, 2) == [1, 2]


def test_an_epoch_takes_over_what_was_captured_before_it_was_known(buffer: Buffer) -> None:
    captured(buffer, 2, "")
    buffer.begin_epoch("e")
    captured(buffer, 1, "e")
    found = buffer.positions(**EVER, newest=False, limit=9)
    assert [(one.epoch, one.sequence) for one in found] == [("e", 1), ("e", 2), ("e", 3)]


@pytest.mark.parametrize("count", [101, 250, 5_000])
def test_a_full_buffer_gets_coarser_where_it_is_old_and_keeps_the_newest(
    buffer: Buffer, count: int
) -> None:
    captured(buffer, count)
    kept = sequences(buffer)
    assert len(kept) <= 100
    assert kept[-40:] == list(range(count - 39, count + 1))
    assert buffer.waiting == len(kept)


def test_facts_are_never_thinned(buffer: Buffer) -> None:
    for number in range(300):
        buffer.put("event", str(number).encode())
    captured(buffer, 500)
    assert len(buffer.outbox(1_000)) == 300


def test_what_is_refused_is_kept_aside_with_its_reason(buffer: Buffer) -> None:
    for body in (b"a", b"b"):
        buffer.put("event", body)
    buffer.refuse(buffer.outbox(1)[0], "EVENT_INVALID")
    assert [one.body for one in buffer.outbox(9)] == [b"b"]
    assert [(one.reason, one.body) for one in buffer.refused()] == [("EVENT_INVALID", b"a")]
