"""What compiling a map found, what it left out, and what a planner will miss in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from services.planner.adapters.roads.graph import Built
from services.planner.adapters.roads.networks import NETWORKS
from services.planner.adapters.roads.reader import Extract
from services.planner.adapters.roads.streets import DEGREE_UNITS, Streets

ATTRIBUTION = "(c) OpenStreetMap contributors, ODbL 1.0"
LIMITS_SHARE_MIN = 0.2  # below it most speeds are defaults, and that is worth a word
DROPPED_SHARE_MAX = 0.2  # above it an extract is likely cut through a town


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """One network of a map."""

    network: str
    roads: int
    edges: int
    turns: int
    kilometers: int
    components_dropped: int
    edges_dropped: int
    restrictions_applied: int


@dataclass(frozen=True, slots=True)
class MapReport:
    """A compiled map, in numbers."""

    map_id: str
    rules: str
    """Digest of what compiled it."""
    name: str
    source_bytes: int
    data_time: str
    """As the extract tells it, empty where it does not."""
    time_zone: str
    south: float
    west: float
    north: float
    east: float
    nodes: int
    ways: int
    ways_with_limit: int
    ways_open_at_hours: int
    restrictions: int
    restrictions_left_out: int
    addresses: int
    chargers: int
    nodes_missing: int
    networks: tuple[NetworkReport, ...]
    warnings: tuple[str, ...]
    attribution: str
    compiled_bytes: int = 0
    memory_bytes: int = 0
    """Highest use of memory while compiling."""
    seconds: float = 0.0


def box(streets: Streets) -> tuple[float, float, float, float]:
    """(south, west, north, east) of all nodes on ways, in degrees."""
    lat, lng = streets.node_lat / DEGREE_UNITS, streets.node_lng / DEGREE_UNITS
    return float(lat.min()), float(lng.min()), float(lat.max()), float(lng.max())


def network_reports(built: Sequence[Built]) -> tuple[NetworkReport, ...]:
    """What was built, network by network."""
    return tuple(
        NetworkReport(
            network=network.name,
            roads=len(each.graph.road_way_id),
            edges=len(each.graph.edge_road),
            turns=len(each.graph.turn_to),
            kilometers=round(int(each.graph.road_centimeters.sum()) / 100_000),
            components_dropped=each.components_dropped,
            edges_dropped=each.edges_dropped,
            restrictions_applied=each.restrictions_applied,
        )
        for network, each in zip(NETWORKS, built, strict=True)
    )


def way_counts(extract: Extract) -> dict[str, int]:
    """Ways, ways with a tagged speed limit, ways that a condition opens at some hours."""
    kinds = [extract.kinds[kind] for kind in extract.way_kinds]
    return {
        "ways": len(kinds),
        "ways_with_limit": sum(kind.has_limit for kind in kinds if kind.passages[0]),
        "ways_open_at_hours": sum(kind.opens_at_hours for kind in kinds),
    }


def warnings(extract: Extract, built: Sequence[Built]) -> Iterator[str]:
    """What a planner will miss, and what follows from it."""
    counts, ways = extract.counts, way_counts(extract)
    if not counts["addresses"]:
        yield "no addresses: places can only be drawn on named streets, without house numbers"
    if not counts["chargers"]:
        yield "no charging stations: electric vehicles charge at the depot only"
    if not counts["restrictions_read"]:
        yield "no turn restrictions: routes may turn where signs forbid it"
    drivable = sum(bool(extract.kinds[kind].passages[0]) for kind in extract.way_kinds)
    if ways["ways_with_limit"] < LIMITS_SHARE_MIN * drivable:
        yield "few speed limits: most speeds are defaults of the road class"
    if counts["nodes_missing"]:
        yield f"{counts['nodes_missing']} nodes are missing: ways are cut where the extract ends"
    if not extract.header.get("timestamp"):
        yield "the extract does not tell its date"
    yield from _network_warnings(built)


def _network_warnings(built: Sequence[Built]) -> Iterator[str]:
    for network, each in zip(NETWORKS, built, strict=True):
        edges = len(each.graph.edge_road)
        if not edges:
            yield f"{network.name}: no road; it travels in straight lines"
        elif each.edges_dropped > DROPPED_SHARE_MAX * (edges + each.edges_dropped):
            yield f"{network.name}: {each.edges_dropped} edges cannot be reached and were dropped"


def report(extract: Extract, streets: Streets, built: Sequence[Built], **rest: Any) -> MapReport:
    """The report on a map; `rest` are the fields that only the compiler knows."""
    south, west, north, east = box(streets)
    return MapReport(
        data_time=extract.header.get("timestamp", ""),
        south=south,
        west=west,
        north=north,
        east=east,
        nodes=len(streets.node_ids),
        restrictions=extract.counts["restrictions_read"],
        restrictions_left_out=extract.counts["restrictions_left_out"],
        addresses=extract.counts["addresses"],
        chargers=extract.counts["chargers"],
        nodes_missing=extract.counts["nodes_missing"],
        networks=network_reports(built),
        warnings=tuple(warnings(extract, built)),
        attribution=ATTRIBUTION,
        **{**way_counts(extract), **rest},
    )
