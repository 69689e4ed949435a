"""What happened in a run, as devices, watchers and the store tell it. Pure: values and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

STEP_MICROS = 1_000  # between two positions of a device, by its clock

Key = tuple[str, str, str]  # tenant, device, epoch: what positions are numbered under
Item = tuple[str, str, int]  # device, epoch, sequence: a position as a tenant's watcher sees it
Place = Mapping[int, int]  # shard -> the last chunk read


@dataclass(slots=True)
class Sent:
    """What one device has captured, and what the server said about it."""

    tenant: str
    device_id: str
    first_micros: int  # the device's clock before its first position
    epoch: str = ""
    produced: int = 0  # positions captured: sequences 1 to this
    sent: int = 0  # how often a position went out, repeats included
    acked: set[int] = field(default_factory=set)  # in a batch that was answered, and not rejected
    through: int = 0  # the greatest number up to which the server claimed everything
    accepted: int = 0  # positions that answers called new
    rejects: Counter[str] = field(default_factory=Counter)  # of positions that are all good

    @property
    def key(self) -> Key:
        """Under which its positions are kept."""
        return self.tenant, self.device_id, self.epoch

    @property
    def unanswered(self) -> list[int]:
        """What nobody has answered yet, in order."""
        return [n for n in range(1, self.produced + 1) if n not in self.acked]

    def micros(self, sequence: int) -> int:
        """When a position was taken: its content, for it is as it is for ever."""
        return self.first_micros + sequence * STEP_MICROS

    def answered(
        self, batch: Sequence[int], accepted: int, through: int, rejects: Mapping[int, str]
    ) -> None:
        """Notes the answer to a batch."""
        self.acked.update(sequence for sequence in batch if sequence not in rejects)
        self.through = max(self.through, through)
        self.accepted += accepted
        self.rejects.update(rejects.values())


@dataclass(frozen=True, slots=True)
class Chunk:
    """What the store has under one number of the feed."""

    shard: int
    number: int
    key: Key
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """One answer of a watch: what came between two cursors."""

    before: Place
    after: Place
    items: tuple[Item, ...]


@dataclass(slots=True)
class Seen:
    """Everything one watcher was told, over all its reconnections."""

    name: str
    tenant: str
    devices: frozenset[str] = frozenset()  # only of these; empty: of all
    pieces: list[Piece] = field(default_factory=list)
    resumes: int = 0

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.pieces[-1].after if self.pieces else {}


@dataclass(slots=True)
class History:
    """A whole run."""

    sent: list[Sent] = field(default_factory=list)
    stored: dict[Key, list[tuple[int, int]]] = field(default_factory=dict)  # sequence, micros
    chunks: list[Chunk] = field(default_factory=list)  # by shard and number
    heads: dict[int, int] = field(default_factory=dict)  # the last number of each shard
    seen: list[Seen] = field(default_factory=list)
