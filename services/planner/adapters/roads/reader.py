"""
Reads an OpenStreetMap extract into arrays: ways that anybody can travel on, the nodes they cross,
turn restrictions, and counts of what else a planner would want to find.

Coordinates are 1e-7 degrees, as OpenStreetMap stores them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium

from services.planner.adapters.roads.bad_map import BadMap
from services.planner.adapters.roads.networks import (
    NETWORKS,
    NO_STOPPING,
    Passage,
    may_pass,
    opens_at_hours,
    passage,
)
from services.planner.adapters.roads.restrictions import Restriction, restriction
from services.planner.adapters.roads.speeds import RoadClass, road_class
from services.planner.adapters.roads.tags import Tags

# Compiling takes about 50 MB of memory and 2 s for each MB (measured): this is 8 GB and 5 minutes.
FILE_BYTES_MAX = 150_000_000

# Tags of ways that change an answer; the rest is not looked at.
WAY_KEYS = frozenset(
    {"highway", "route", "area", "junction", "service", "surface", "tunnel", "duration", "access"}
    | {"maxspeed", "maxspeed:forward", "maxspeed:backward", "maxspeed:hgv"}
    | {"maxheight", "maxwidth", "maxlength", "maxweight", "cycleway", "oneway"}
    | {f"cycleway:{side}" for side in ("left", "right", "both")}
    | {f"cycleway:{side}:oneway" for side in ("left", "right", "both")}
    | {key for network in NETWORKS for key in (*network.access_keys, *network.oneway_keys)}
    | {f"{key}:conditional" for network in NETWORKS for key in network.access_keys}
)


@dataclass(frozen=True, slots=True)
class Way:
    """A kind of way: everything but where it lies. Many ways share one."""

    kind: RoadClass
    passages: tuple[Passage | None, ...]
    """One for each of NETWORKS."""
    can_stop: bool
    has_limit: bool
    opens_at_hours: bool


@dataclass(slots=True)
class Extract:
    """What the reader found. Lists grow while it reads; nothing else changes them."""

    node_lat: dict[int, int] = field(default_factory=dict)
    node_lng: dict[int, int] = field(default_factory=dict)
    way_ids: list[int] = field(default_factory=list)
    way_kinds: list[int] = field(default_factory=list)
    """Index into `kinds`."""
    way_minutes: dict[int, int] = field(default_factory=dict)
    """Crossing time of ferries that tell it, by index of the way."""
    way_nodes: list[list[int]] = field(default_factory=list)
    kinds: list[Way] = field(default_factory=list)
    closed_nodes: dict[int, int] = field(default_factory=dict)
    """Nodes that cannot be passed: a bit for each of NETWORKS."""
    signal_nodes: set[int] = field(default_factory=set)
    restrictions: list[Restriction] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    header: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> Extract:
    """Reads the extract, or raises BadMap with what to do."""
    _refuse_hopeless(path)
    extract = Extract()
    try:
        extract.header = _header(path)
        _read_objects(path, extract)
    except RuntimeError as error:  # how libosmium reports whatever it cannot parse
        raise BadMap(
            f"{path} cannot be read as an OpenStreetMap file ({error}). It may be truncated: "
            "compare its size with the one at the source and fetch it again"
        ) from error
    if not extract.way_ids:
        raise BadMap(
            f"{path} holds no way with a road on it. Take an extract with `highway` ways, "
            "not one of buildings or borders"
        )
    return extract


def _refuse_hopeless(path: Path) -> None:
    if not path.is_file():
        raise BadMap(f"{path} is no file. Name an OpenStreetMap extract such as city.osm.pbf")
    if path.stat().st_size == 0:
        raise BadMap(f"{path} is empty. Fetch it again")
    if path.stat().st_size > FILE_BYTES_MAX:
        raise BadMap(
            f"{path} is over {FILE_BYTES_MAX // 1_000_000} MB. Cut it to the region you deliver in"
        )


def _header(path: Path) -> Mapping[str, str]:
    with osmium.io.Reader(str(path), osmium.osm.osm_entity_bits.NOTHING) as reader:
        header = reader.header()
        found = {
            "generator": header.get("generator"),
            "timestamp": header.get("osmosis_replication_timestamp") or header.get("timestamp"),
        }
    return {key: value for key, value in found.items() if value}


def _read_objects(path: Path, extract: Extract) -> None:
    interesting = osmium.filter.KeyFilter(
        "highway", "route", "barrier", "addr:housenumber", "amenity", "type"
    )
    kinds: dict[frozenset[tuple[str, str]], int] = {}
    processor = osmium.FileProcessor(str(path)).with_locations().with_filter(interesting)
    item: Any  # the stubs know of changesets, which no extract holds
    for item in processor:
        _count(extract, item.tags)
        if item.is_node():
            _add_node(extract, item)
        elif item.is_way():
            _add_way(extract, item, kinds)
        elif item.is_relation():
            _add_relation(extract, item)


def _count(extract: Extract, tags: Any) -> None:
    extract.counts["addresses"] += "addr:housenumber" in tags
    extract.counts["chargers"] += tags.get("amenity") == "charging_station"


def _add_node(extract: Extract, node: Any) -> None:
    tags = dict(node.tags)
    if tags.get("highway") == "traffic_signals":
        extract.signal_nodes.add(node.id)
    if "barrier" not in tags:
        return
    closed = sum(1 << bit for bit, network in enumerate(NETWORKS) if not may_pass(network, tags))
    if closed:
        extract.closed_nodes[node.id] = closed


def _add_way(extract: Extract, way: Any, kinds: dict[frozenset[tuple[str, str]], int]) -> None:
    tags = {tag.k: tag.v for tag in way.tags if tag.k in WAY_KEYS}
    kind = road_class(tags)
    if kind is None:
        return
    key = frozenset(tags.items())
    if key not in kinds:
        kinds[key] = _kind_index(extract, tags, kind)
    if kinds[key] < 0:
        extract.counts["ways_closed"] += 1
        return
    _add_pieces(extract, way, kinds[key], _minutes(tags))


def _kind_index(extract: Extract, tags: Tags, kind: RoadClass) -> int:
    """The index of a new kind of way, -1 where it is open to nobody."""
    passages = tuple(passage(network, tags, kind) for network in NETWORKS)
    if not any(passages):
        return -1
    is_tunnel = tags.get("tunnel") in {"yes", "culvert"}
    extract.kinds.append(
        Way(
            kind=kind,
            passages=passages,
            can_stop=kind not in NO_STOPPING and not is_tunnel,
            has_limit=any(key.startswith("maxspeed") for key in tags),
            opens_at_hours=opens_at_hours(tags, NETWORKS[0].access_keys),
        )
    )
    return len(extract.kinds) - 1


def _add_pieces(extract: Extract, way: Any, kind: int, minutes: int) -> None:
    """Adds the way, cut where the extract lacks a node."""
    piece: list[int] = []
    for node in way.nodes:
        if node.location.valid():
            extract.node_lat[node.ref] = node.location.y
            extract.node_lng[node.ref] = node.location.x
            piece.append(node.ref)
        else:
            extract.counts["nodes_missing"] += 1
            _add_piece(extract, way.id, kind, piece, minutes)
            piece = []
    _add_piece(extract, way.id, kind, piece, minutes)


def _add_piece(extract: Extract, way_id: int, kind: int, nodes: list[int], minutes: int) -> None:
    if len(nodes) < 2:
        return
    if minutes:
        extract.way_minutes[len(extract.way_ids)] = minutes
    extract.way_ids.append(way_id)
    extract.way_kinds.append(kind)
    extract.way_nodes.append(nodes)


def _minutes(tags: Tags) -> int:
    """The crossing time of a ferry in minutes (wiki Key:duration, HH:MM or MM), 0 if untold."""
    if tags.get("route") != "ferry":
        return 0
    parts = tags.get("duration", "").split(":")[:2]
    if not all(part.isdigit() for part in parts):
        return 0
    return int(parts[0]) * 60 + int(parts[1]) if len(parts) == 2 else int(parts[0])


def _add_relation(extract: Extract, relation: Any) -> None:
    tags = dict(relation.tags)
    if not tags.get("type", "").startswith("restriction"):
        return
    members = [(member.type, member.role, member.ref) for member in relation.members]
    found = restriction(tags, members)
    extract.counts["restrictions_read"] += 1
    if found is None:
        extract.counts["restrictions_left_out"] += 1
    else:
        extract.restrictions.append(found)
