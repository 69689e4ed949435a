"""
Tiny towns for tests, written as OpenStreetMap XML.

A town is a grid: node `a1` is column a, row 1; columns are 100 m apart to the east, rows 100 m to
the north, less 3 cm so that rounding up yields the numbers one expects. A reader can draw it on
paper. A ring needs a dead end somewhere: on a bare ring nobody can ever turn back.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

from services.planner.adapters.roads import maps
from services.planner.adapters.roads.engine import Engine
from services.planner.domain.travel import Point

LATITUDE, LONGITUDE = 60.0, 25.0
# Degrees of 99.97 m on the mean sphere (6,371,008.8 m), at 60 degrees north.
NORTH, EAST = 99.97 / 111_195.08, 99.97 / 55_597.54

Tags = Mapping[str, str]


@dataclass
class Town:
    """Ways by the nodes they run through: `town.way("a1 b1 b2", oneway="yes")`."""

    ways: list[tuple[list[str], Tags]] = field(default_factory=list)
    node_tags: dict[str, Tags] = field(default_factory=dict)
    relations: list[tuple[Tags, Sequence[tuple[str, str, int]]]] = field(default_factory=list)
    unwritten: set[str] = field(default_factory=set)

    def way(self, nodes: str, **tags: str) -> int:
        """Adds a way, residential at 36 km/h (10 m/s) unless told otherwise; returns its id."""
        keys = {key.replace("__", ":"): value for key, value in tags.items()}
        self.ways.append((nodes.split(), {"highway": "residential", "maxspeed": "36", **keys}))
        return len(self.ways)

    def block(self, columns: str, rows: str, **tags: str) -> None:
        """Adds all streets of a grid, each between two neighbouring nodes."""
        for row in rows:
            for left, right in itertools.pairwise(columns):
                self.way(f"{left}{row} {right}{row}", **tags)
        for column in columns:
            for low, high in itertools.pairwise(rows):
                self.way(f"{column}{low} {column}{high}", **tags)

    def restriction(self, rule: str, from_way: int, via: str, to_way: int, **tags: str) -> None:
        """Adds a turn restriction."""
        members = (("way", "from", from_way), ("node", "via", number(via)), ("way", "to", to_way))
        self.relations.append(({"type": "restriction", "restriction": rule, **tags}, members))

    def engine(self, folder: Path) -> Engine:
        """An engine on this town."""
        return Engine(maps.compiled(self.file(folder), folder / "maps"))

    def file(self, folder: Path) -> Path:
        """Writes the town as an extract."""
        path = folder / "town.osm"
        path.write_text("\n".join(self._lines()))
        return path

    def _lines(self) -> list[str]:
        used = {name for nodes, _ in self.ways for name in nodes} | set(self.node_tags)
        lines = ['<?xml version="1.0"?>', '<osm version="0.6" generator="test">']
        for name in sorted(used - self.unwritten, key=number):
            at = point(name)
            head = f'<node id="{number(name)}" lat="{at.latitude:.7f}" lon="{at.longitude:.7f}">'
            lines += [head, *_tag_lines(self.node_tags.get(name, {})), "</node>"]
        for way_id, (nodes, tags) in enumerate(self.ways, 1):
            refs = [f'<nd ref="{number(name)}"/>' for name in nodes]
            lines += [f'<way id="{way_id}">', *refs, *_tag_lines(tags), "</way>"]
        for relation_id, (tags, members) in enumerate(self.relations, 1):
            parts = [f'<member type="{t}" role="{r}" ref="{ref}"/>' for t, r, ref in members]
            lines += [f'<relation id="{relation_id}">', *parts, *_tag_lines(tags), "</relation>"]
        return [*lines, "</osm>"]


def point(name: str, *, north: float = 0.0, east: float = 0.0) -> Point:
    """Where a node lies, or a point so many meters off it."""
    column, row = _place(name)
    return Point(
        round(LATITUDE + (row + north / 100) * NORTH, 7),
        round(LONGITUDE + (column + east / 100) * EAST, 7),
    )


def number(name: str) -> int:
    """The id of a node."""
    column, row = _place(name)
    return 1 + 100 * row + column


def _place(name: str) -> tuple[int, int]:
    column, row = re.fullmatch(r"([a-z])(\d+)", name).groups()  # type: ignore[union-attr]
    return ord(column) - ord("a"), int(row)


def _tag_lines(tags: Tags) -> list[str]:
    return [f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]
