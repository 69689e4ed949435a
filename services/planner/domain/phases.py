"""
What a solve ran, so that it can be run again: phases of chunks, counted in steps. Pure.

Progress is kept in millionths, in whole numbers, so that what is stored is what was searched with.
"""

from __future__ import annotations

from dataclasses import dataclass

WHOLE = 1_000_000  # progress at the end of a search, in millionths


@dataclass(frozen=True, slots=True)
class Chunk:
    """So many iterations while progress goes from one share to another."""

    iterations: int
    from_millionths: int
    to_millionths: int

    @property
    def progress_from(self) -> float:
        """Where it begins, from 0 to 1."""
        return self.from_millionths / WHOLE

    @property
    def progress_to(self) -> float:
        """Where it ends, from 0 to 1."""
        return self.to_millionths / WHOLE


@dataclass(frozen=True, slots=True)
class Phase:
    """What one engine did without a break."""

    engine: str
    chunks: tuple[Chunk, ...] = ()
    deterministic_milliseconds: int = 0
    """How long the master was allowed to work, by its own measure; 0 for the others."""

    @property
    def iterations(self) -> int:
        """All of its iterations."""
        return sum(chunk.iterations for chunk in self.chunks)
