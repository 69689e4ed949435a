"""
The fault campaign's own parts: the judge finds each planted fault, and the schedule is the seed's.

Method: a small sound history is judged clean; then one thing in it is made wrong at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.benchmarks.faults import seeds_of
from tests.benchmarks.faults_checker import What, check
from tests.benchmarks.faults_history import Chunk, History, Key, Piece, Seen, Sent
from tests.benchmarks.faults_relay import Relay
from tests.benchmarks.faults_schedule import CARDS, drawn

VAN: Key = ("acme", "van", "e1")
BIKE: Key = ("acme", "bike", "e2")
OTHER: Key = ("borealis", "van", "e3")
FIRST_MICROS = 1_000_000_000
# Two shards: the van and the bike of one tenant in shard 0, the other tenant's van in both of them.
CHUNKS = (
    Chunk(0, 1, VAN, (1, 2, 3)),
    Chunk(0, 2, BIKE, (1, 2)),
    Chunk(0, 3, VAN, (4, 5)),
    Chunk(1, 1, OTHER, (1,)),
)


def sent(key: Key, produced: int) -> Sent:
    """A device whose every position was answered."""
    made = Sent(key[0], key[1], FIRST_MICROS, key[2], produced)
    made.answered(range(1, produced + 1), produced, produced, {})
    return made


def items(*chunks: Chunk) -> tuple[tuple[str, str, int], ...]:
    return tuple((one.key[1], one.key[2], n) for one in chunks for n in one.sequences)


def sound() -> History:
    """A run without a fault: one watcher that came again once, one of the van alone."""
    devices = [sent(VAN, 5), sent(BIKE, 2), sent(OTHER, 1)]
    resumed = [
        Piece({}, {0: 2, 1: 0}, items(*CHUNKS[:2])),
        Piece({0: 2, 1: 0}, {0: 3, 1: 1}, items(CHUNKS[2])),
    ]
    narrow = [Piece({}, {0: 3, 1: 1}, items(CHUNKS[0], CHUNKS[2]))]
    return History(
        sent=devices,
        stored={
            one.key: [(n, one.micros(n)) for n in range(1, one.produced + 1)] for one in devices
        },
        chunks=[*CHUNKS],
        heads={0: 3, 1: 1},
        seen=[
            Seen("all", "acme", pieces=resumed),
            Seen("narrow", "acme", frozenset({"van"}), narrow),
        ],
    )


def lose(history: History) -> None:
    history.stored[VAN].pop()


def lose_everywhere(history: History) -> None:
    history.stored[VAN].pop(2)
    history.chunks[0] = replace(CHUNKS[0], sequences=(1, 2))


def claim_too_much(history: History) -> None:
    history.sent[0].through = 6


def list_twice(history: History) -> None:
    history.stored[VAN].append(history.stored[VAN][0])


def store_in_two_chunks(history: History) -> None:
    history.chunks[1] = replace(CHUNKS[1], sequences=(1, 2, 2))


def accept_twice(history: History) -> None:
    history.sent[1].accepted += 1


def store_what_nobody_sent(history: History) -> None:
    history.stored[VAN].append((6, FIRST_MICROS + 6_000))


def store_another_content(history: History) -> None:
    history.stored[BIKE][0] = (1, FIRST_MICROS)


def reject(history: History) -> None:
    history.sent[0].answered([5], 0, 5, {5: "SEQUENCE_CONFLICT"})


def leave_unanswered(history: History) -> None:
    history.sent[0].produced += 1


def skip_a_number(history: History) -> None:
    history.chunks[2] = replace(CHUNKS[2], number=4)
    history.heads[0] = 4


def give_a_number_twice(history: History) -> None:
    history.chunks.append(Chunk(1, 1, OTHER, (2,)))


def go_back(history: History) -> None:
    history.seen[0].pieces.append(Piece({0: 3, 1: 1}, {0: 3, 1: 0}, ()))


def run_ahead(history: History) -> None:
    history.seen[1].pieces.append(Piece({0: 3, 1: 1}, {0: 3, 1: 2}, ()))


def pass_over_a_chunk(history: History) -> None:
    history.seen[0].pieces[1] = Piece({0: 2, 1: 0}, {0: 3, 1: 1}, ())


def stop_before_the_head(history: History) -> None:
    history.seen[0].pieces.pop()


def tell_twice(history: History) -> None:
    second = history.seen[0].pieces[1]
    history.seen[0].pieces[1] = replace(second, items=(*second.items, second.items[0]))


def tell_again_after_a_resume(history: History) -> None:
    second = history.seen[0].pieces[1]
    history.seen[0].pieces[1] = replace(second, items=items(CHUNKS[1], CHUNKS[2]))


def tell_out_of_order(history: History) -> None:
    first = history.seen[0].pieces[0]
    history.seen[0].pieces[0] = replace(first, items=items(CHUNKS[1], CHUNKS[0]))


def tell_another_tenants(history: History) -> None:
    first = history.seen[0].pieces[0]
    stranger = ("lorry", "e4", 1)
    history.seen[0].pieces[0] = replace(first, items=(*first.items, stranger))


PLANTED: list[tuple[Callable[[History], None], What]] = [
    (lose, What.LOST),
    (lose_everywhere, What.LOST),
    (claim_too_much, What.LOST),
    (list_twice, What.DOUBLED),
    (store_in_two_chunks, What.DOUBLED),
    (accept_twice, What.DOUBLED),
    (store_what_nobody_sent, What.FOREIGN),
    (store_another_content, What.FOREIGN),
    (reject, What.REFUSED),
    (leave_unanswered, What.REFUSED),
    (skip_a_number, What.GAP),
    (give_a_number_twice, What.GAP),
    (go_back, What.GAP),
    (run_ahead, What.GAP),
    (pass_over_a_chunk, What.UNSEEN),
    (stop_before_the_head, What.UNSEEN),
    (tell_twice, What.REPEATED),
    (tell_again_after_a_resume, What.REPEATED),
    (tell_out_of_order, What.ORDER),
    (tell_another_tenants, What.FOREIGN),
]


def test_a_sound_run_is_judged_clean() -> None:
    assert check(sound()) == []


@pytest.mark.parametrize(("plant", "what"), PLANTED, ids=lambda one: getattr(one, "__name__", ""))
def test_a_planted_fault_is_found(plant: Callable[[History], None], what: What) -> None:
    history = sound()
    plant(history)

    assert what in {finding.what for finding in check(history)}


def test_a_watcher_that_goes_back_may_be_told_again() -> None:
    history = sound()
    again = Piece({0: 2, 1: 0}, {0: 3, 1: 1}, items(CHUNKS[2]))
    history.seen[0].pieces.append(again)

    assert check(history) == []


def test_a_seed_always_draws_the_same_faults() -> None:
    assert drawn(7, 20) == drawn(7, 20) != drawn(8, 20)


@pytest.mark.parametrize("seed", range(1, 21))
def test_every_kind_of_fault_comes_in_every_run(seed: int) -> None:
    faults = drawn(seed, 20)

    assert {(one.kind, one.target) for one in faults} == {(kind, at) for kind, at, _ in CARDS}
    assert [*faults] == sorted(faults, key=lambda one: one.at)
    assert all(2 <= one.at <= 18 for one in faults)


def test_seeds_are_named_one_by_one_or_from_to() -> None:
    assert seeds_of("1-3,7") == [1, 2, 3, 7]


async def test_a_relay_passes_everything_on_until_it_is_cut() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(1_000):
            writer.write(piece)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, Relay.to(f"127.0.0.1:{server.sockets[0].getsockname()[1]}") as relay:
        host, _, port = relay.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"there")
        passed = await reader.readexactly(5)
        cut = relay.cut()
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        writer.close()

    assert (passed, cut) == (b"there", 1)
