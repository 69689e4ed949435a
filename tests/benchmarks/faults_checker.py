"""
The judge of a run: compares what was acknowledged, what is stored and what each watcher was told.

Nothing lost: every position in an answered batch, and every one up to which an answer claimed all,
is listed. Nothing doubled: each is listed once, accepted once and stands in one chunk. Gapless: the
chunks of a shard are numbered from one to its head, and between two cursors a watcher is told
exactly what was stored under the numbers between them, in the order of the numbers. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from tests.benchmarks.faults_history import Chunk, History, Item, Key, Piece, Seen, Sent

SHOWN = 5  # of the numbers that a finding is about


class What(Enum):
    """What a finding is about."""

    LOST = "lost"  # acknowledged and not stored
    DOUBLED = "doubled"  # stored or accepted twice
    FOREIGN = "foreign"  # stored or told, and never sent so
    REFUSED = "refused"  # a good position was rejected, or nobody ever answered it
    GAP = "gaps"  # a cursor or number that is missing, goes back or runs ahead
    UNSEEN = "unseen"  # stored and not told between the cursors around it
    REPEATED = "repeated"  # told twice after one cursor, or where it does not belong
    ORDER = "disordered"  # told in another order than it was stored


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be."""

    what: What
    count: int
    words: str


def check(history: History) -> list[Finding]:
    """Everything that is wrong with a run; nothing, if nothing is."""
    ledger = Ledger(history.chunks)
    found = [one for sent in history.sent for one in _kept(sent, history.stored)]
    found += _foreign(history)
    found += _numbered(history)
    found += _listed(history, ledger)
    return found + [one for seen in history.seen for one in _told(seen, ledger, history.heads)]


class Ledger:
    """The chunks of a run, by tenant, shard and number."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.items = Counter((*chunk.key, n) for chunk in chunks for n in chunk.sequences)
        self._chunks: dict[tuple[str, int], dict[int, tuple[Item, ...]]] = defaultdict(dict)
        self._shards: dict[tuple[str, str], int] = {}
        for chunk in chunks:
            tenant, device_id, epoch = chunk.key
            items = tuple((device_id, epoch, n) for n in chunk.sequences)
            self._chunks[tenant, chunk.shard][chunk.number] = items
            self._shards[tenant, device_id] = chunk.shard

    def shard(self, tenant: str, device_id: str) -> int | None:
        """Where a device's positions are; None when it has none."""
        return self._shards.get((tenant, device_id))

    def between(self, tenant: str, shard: int, after: int, through: int) -> list[Item]:
        """What a tenant has under the numbers after one and through another."""
        chunks = self._chunks.get((tenant, shard), {})
        return [item for n in range(after + 1, through + 1) for item in chunks.get(n, ())]


def _kept(sent: Sent, stored: dict[Key, list[tuple[int, int]]]) -> Iterator[Finding]:
    """Whether the store has what a device was told that it has, once, and as it was sent."""
    rows, name = stored.get(sent.key, []), sent.device_id
    times = Counter(sequence for sequence, _ in rows)
    claimed = sent.acked | {*range(1, sent.through + 1)}
    yield from _some(What.LOST, claimed - times.keys(), f"{name}: acknowledged, not listed")
    twice = {sequence for sequence, count in times.items() if count > 1}
    yield from _some(What.DOUBLED, twice, f"{name}: listed more than once")
    if sent.accepted > len(times):
        more = sent.accepted - len(times)
        yield Finding(What.DOUBLED, more, f"{name}: {more} were accepted more than once")
    unsent = {n for n in times if not 1 <= n <= sent.produced}
    yield from _some(What.FOREIGN, unsent, f"{name}: listed, never captured")
    other = {n for n, micros in rows if micros != sent.micros(n)}
    yield from _some(What.FOREIGN, other - unsent, f"{name}: listed with another content")
    yield from _some(What.REFUSED, sent.unanswered, f"{name}: never answered")
    for reason, count in sent.rejects.items():
        yield Finding(What.REFUSED, count, f"{name}: {count} good positions rejected: {reason}")


def _foreign(history: History) -> Iterator[Finding]:
    """Epochs that nobody sent."""
    known = {sent.key for sent in history.sent}
    for key in history.stored.keys() | {chunk.key for chunk in history.chunks}:
        if key not in known:
            yield Finding(What.FOREIGN, 1, f"{key}: nobody sent under this epoch")


def _numbered(history: History) -> Iterator[Finding]:
    """Whether each shard is numbered from one to its head, every number once."""
    numbers = defaultdict(list)
    for chunk in history.chunks:
        numbers[chunk.shard].append(chunk.number)
    for shard in sorted(history.heads.keys() | numbers.keys()):
        head, counts = history.heads.get(shard, 0), Counter(numbers[shard])
        wanted = {*range(1, head + 1)}
        yield from _some(What.GAP, wanted - counts.keys(), f"shard {shard}: numbers missing")
        yield from _some(What.GAP, counts.keys() - wanted, f"shard {shard}: past its head {head}")
        twice = {number for number, count in counts.items() if count > 1}
        yield from _some(What.GAP, twice, f"shard {shard}: numbers given twice")


def _listed(history: History, ledger: Ledger) -> Iterator[Finding]:
    """Whether the feed and the list hold the same."""
    listed = {(*key, n) for key, rows in history.stored.items() for n, _ in rows}
    twice = {item for item, count in ledger.items.items() if count > 1}
    yield from _some(What.DOUBLED, twice, "in more than one chunk")
    yield from _some(What.UNSEEN, listed - ledger.items.keys(), "listed, not in the feed")
    yield from _some(What.LOST, ledger.items.keys() - listed, "in the feed, not listed")


def _told(seen: Seen, ledger: Ledger, heads: dict[int, int]) -> Iterator[Finding]:
    """Whether a watcher was told exactly what lies between its cursors, up to the head."""
    for piece in seen.pieces:
        yield from _moved(seen.name, piece, heads)
        yield from _between(seen, piece, ledger)
    behind = {shard for shard, head in heads.items() if seen.place.get(shard, 0) < head}
    yield from _some(What.UNSEEN, behind, f"{seen.name}: never came to the head of shards")


def _moved(name: str, piece: Piece, heads: dict[int, int]) -> Iterator[Finding]:
    back = {s for s, n in piece.before.items() if piece.after.get(s, 0) < n}
    yield from _some(What.GAP, back, f"{name}: the cursor went back in shards")
    ahead = {s for s, n in piece.after.items() if n > heads.get(s, 0)}
    yield from _some(What.GAP, ahead, f"{name}: the cursor is ahead of the store in shards")


def _between(seen: Seen, piece: Piece, ledger: Ledger) -> Iterator[Finding]:
    told: dict[int, list[Item]] = defaultdict(list)
    for item in piece.items:
        shard = ledger.shard(seen.tenant, item[0])
        if shard is None:
            yield Finding(What.FOREIGN, 1, f"{seen.name}: {item} is nobody's of its tenant")
            continue
        told[shard].append(item)
    for shard in piece.after.keys() | told.keys():
        first, last = piece.before.get(shard, 0), piece.after.get(shard, 0)
        stored = ledger.between(seen.tenant, shard, first, last)
        wanted = [one for one in stored if not seen.devices or one[0] in seen.devices]
        if told[shard] != wanted:
            yield from _differing(f"{seen.name}: shard {shard}", told[shard], wanted)


def _differing(where: str, told: list[Item], wanted: list[Item]) -> Iterator[Finding]:
    more, less = Counter(told) - Counter(wanted), Counter(wanted) - Counter(told)
    yield from _some(What.REPEATED, more.elements(), f"{where}: told too often")
    yield from _some(What.UNSEEN, less.elements(), f"{where}: not told between two cursors")
    if not more and not less:
        yield Finding(What.ORDER, 1, f"{where}: told in another order than stored")


def _some(what: What, about: Iterable[object], words: str) -> Iterator[Finding]:
    """One finding about some things; none when there is none of them."""
    things = [*about]
    if things:
        shown = ", ".join(map(str, things[:SHOWN])) + (" ..." if things[SHOWN:] else "")
        yield Finding(what, len(things), f"{words}: {shown}")
