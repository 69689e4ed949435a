"""
How a phase is paced: by steps where the machine is quick enough, by the clock where it is not.

Method: a clock that tests set; what a chunk takes is said by the test.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.planner.domain.phases import WHOLE, Chunk, Phase
from services.planner.solver.pace import LivePacer, ReplayPacer, Stretch


@dataclass
class Hands:
    """A clock moved by hand."""

    second: float = 0.0

    def __call__(self) -> float:
        return self.second


def paced(stretch: Stretch, seconds_per_step: float) -> LivePacer:
    """A phase run to its end on a machine of some speed."""
    hands = Hands()
    pacer = LivePacer(stretch, hands, lambda: True)
    for chunk in pacer.chunks():
        hands.second += chunk.iterations * seconds_per_step
    return pacer


def test_a_quick_machine_runs_the_planned_steps_whatever_its_speed() -> None:
    fast = paced(Stretch(1_000, 10.0, chunk_steps=30), 0.001)
    faster = paced(Stretch(1_000, 9.9, chunk_steps=30), 0.0001)

    assert fast.done == faster.done
    assert len(fast.done) == 34
    assert sum(chunk.iterations for chunk in fast.done) == 1_000
    assert not fast.was_cut


def test_a_slow_start_is_no_slow_machine() -> None:
    hands = Hands()
    pacer = LivePacer(Stretch(1_000, 10.0), hands, lambda: True)
    for chunk in pacer.chunks():
        hands.second += 0.001 * chunk.iterations if pacer.done[1:] else 1.9

    assert pacer.done == paced(Stretch(1_000, 10.0), 0.001).done
    assert not pacer.was_cut


def test_steps_that_cannot_fit_are_hurried_from_the_start() -> None:
    pacer = paced(Stretch(10_000, 10.0, chunk_steps=1), 0.1)

    assert pacer.done[10].to_millionths >= WHOLE // 10
    assert pacer.was_cut


def test_where_the_clock_was_ahead_for_a_while_the_record_says_so() -> None:
    hands = Hands()
    pacer = LivePacer(Stretch(1_000, 10.0), hands, lambda: True)
    for chunk in pacer.chunks():
        hands.second += 0.001 * chunk.iterations if pacer.done[1:] else 3.0

    assert pacer.done != paced(Stretch(1_000, 10.0), 0.001).done
    assert pacer.was_cut


def test_a_slow_machine_ends_in_time_and_cools_to_the_end_all_the_same() -> None:
    pacer = paced(Stretch(1_000, 10.0, chunk_steps=10), 0.1)
    steps = sum(chunk.iterations for chunk in pacer.done)

    assert 90 <= steps <= 120
    assert pacer.was_cut
    assert pacer.done[-1].to_millionths == WHOLE


def test_a_clock_alone_spends_the_whole_time_and_no_more() -> None:
    pacer = paced(Stretch(None, 10.0), 0.001)
    steps = sum(chunk.iterations for chunk in pacer.done)

    assert 9_900 <= steps <= 10_200
    assert not pacer.was_cut


def test_progress_never_falls_and_stays_within_the_stretch() -> None:
    pacer = paced(Stretch(None, 5.0, WHOLE // 2, WHOLE), 0.001)
    ends = [end for one in pacer.done for end in (one.from_millionths, one.to_millionths)]

    assert ends == sorted(ends)
    assert (ends[0], ends[-1]) == (WHOLE // 2, WHOLE)


def test_whoever_stops_listening_ends_a_phase() -> None:
    pacer = LivePacer(Stretch(1_000, 10.0), Hands(), lambda: False)

    assert list(pacer.chunks()) == []
    assert pacer.was_cut


def test_an_engine_that_counts_by_itself_is_stopped_after_its_steps() -> None:
    pacer = LivePacer(Stretch(20, 10.0), Hands(), lambda: True)
    done = 0
    while pacer.goes_on(done):
        done += 1

    assert done == 20
    assert pacer.phase("x") == Phase("x", (Chunk(20, 0, WHOLE),))
    assert not pacer.was_cut


def test_a_replay_hands_out_what_was_run() -> None:
    before = Phase("x", (Chunk(7, 0, 5), Chunk(3, 5, 9)))
    again = ReplayPacer(before)

    assert tuple(again.chunks()) == before.chunks
    assert again.goes_on(9)
    assert not again.goes_on(10)
    assert again.phase("x") == before
