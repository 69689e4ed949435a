"""
The kinds of traveller, and which ways each may use at what free speed.

A network is what travellers of one kind share; VAN and E_VAN drive the same one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.planner.adapters.roads import speeds, tags
from services.planner.adapters.roads.speeds import RoadClass
from services.planner.adapters.roads.tags import Access, Direction, Tags

SIGNAL_SECONDS = 2  # Project OSRM, profiles/car.lua and bicycle.lua, traffic_signal_penalty
U_TURN_SECONDS = 20  # Project OSRM, profiles/car.lua and bicycle.lua, u_turn_penalty

# Roads of these kinds of service lead to a door, never through.
ENDS_ONLY_SERVICES = frozenset({"driveway", "parking_aisle", "drive-through"})
CLOSED_SERVICES = frozenset({"emergency_access"})
# Nobody unloads here: a place is never snapped to them.
NO_STOPPING = frozenset({RoadClass.MOTORWAY, RoadClass.TRUNK, RoadClass.FERRY, RoadClass.STEPS})


@dataclass(frozen=True, slots=True)
class Size:
    """The outer limits of a vehicle, compared with the signs that limit them."""

    height_meters: float
    width_meters: float
    length_meters: float
    mass_tonnes: float


@dataclass(frozen=True, slots=True)
class Network:
    """One kind of traveller: the tags that speak to it, its speeds, its size."""

    name: str
    access_keys: tuple[str, ...]
    """Most specific first; the last one, `access`, never opens what its class closes."""
    oneway_keys: tuple[str, ...]
    barriers: frozenset[str]
    kmh: Mapping[RoadClass, int]
    kmh_by_tag: Mapping[RoadClass, int]
    """Speeds on classes that are closed to it until a tag opens them."""
    kmh_max: int
    size: Size
    straight_kmh: int
    """Speed along a straight line, where a place has no road."""
    is_motor: bool = True
    surface_kmh: Mapping[str, int] = field(default_factory=dict)
    limit_keys: tuple[str, ...] = ()
    """Speed limits that speak to it before `maxspeed` does."""
    restriction_keys: tuple[str, ...] = ()
    """Names under which turn restrictions speak of it; none: it need not obey any."""
    signal_seconds: int = SIGNAL_SECONDS


VAN = Network(
    name="VAN",
    access_keys=("goods", "motorcar", "motor_vehicle", "vehicle", "access"),
    oneway_keys=("oneway:motor_vehicle", "oneway"),
    barriers=tags.MOTOR_BARRIERS,
    kmh=speeds.MOTOR_KMH,
    kmh_by_tag=speeds.MOTOR_BY_TAG_KMH,
    kmh_max=130,
    # Mass: category N1, Regulation (EU) 2018/858, article 4(1)(b). The rest is ours: a panel van
    # with a high roof.
    size=Size(height_meters=2.8, width_meters=2.1, length_meters=6.0, mass_tonnes=3.5),
    straight_kmh=25,
    restriction_keys=("motorcar", "motor_vehicle", "vehicle"),
)
TRUCK = Network(
    name="TRUCK",
    access_keys=("hgv", "motor_vehicle", "vehicle", "access"),
    oneway_keys=("oneway:hgv", "oneway:motor_vehicle", "oneway"),
    barriers=tags.MOTOR_BARRIERS,
    kmh=speeds.MOTOR_KMH,
    kmh_by_tag=speeds.MOTOR_BY_TAG_KMH,
    kmh_max=90,  # speed limiters of N2 and N3: Directive 92/6/EEC, article 3
    # Two axles, no trailer: Directive 96/53/EC, annex I, 1.1, 1.2, 1.3 and 2.3.1.
    size=Size(height_meters=4.0, width_meters=2.55, length_meters=12.0, mass_tonnes=18.0),
    straight_kmh=25,
    limit_keys=("maxspeed:hgv",),
    restriction_keys=("hgv", "motor_vehicle", "vehicle"),
)
CARGO_BIKE = Network(
    name="CARGO_BIKE",
    access_keys=("cargo_bike", "bicycle", "vehicle", "access"),
    oneway_keys=("oneway:bicycle", "oneway"),
    barriers=tags.CARGO_BIKE_BARRIERS,
    kmh=speeds.CYCLING_KMH,
    kmh_by_tag=speeds.CYCLING_BY_TAG_KMH,
    kmh_max=25,  # assistance ends: Regulation (EU) 168/2013, article 2(2)(h)
    size=Size(height_meters=2.0, width_meters=1.0, length_meters=2.8, mass_tonnes=0.3),
    straight_kmh=12,
    is_motor=False,
    surface_kmh=speeds.CYCLING_SURFACE_KMH,
    restriction_keys=("bicycle", "vehicle"),
)
FOOT = Network(
    name="FOOT",
    access_keys=("foot", "access"),
    oneway_keys=("oneway:foot",),
    barriers=tags.FOOT_BARRIERS,
    kmh=speeds.WALKING_KMH,
    kmh_by_tag=speeds.WALKING_BY_TAG_KMH,
    kmh_max=5,
    size=Size(height_meters=2.0, width_meters=0.8, length_meters=0.5, mass_tonnes=0.1),
    straight_kmh=5,
    is_motor=False,
)
NETWORKS = (VAN, TRUCK, CARGO_BIKE, FOOT)
NETWORK_OF_PROFILE: Mapping[str, Network] = {
    "VAN": VAN,
    "E_VAN": VAN,
    "TRUCK": TRUCK,
    "CARGO_BIKE": CARGO_BIKE,
    "FOOT": FOOT,
}


@dataclass(frozen=True, slots=True)
class Passage:
    """What a way offers a network: free km/h both ways, 0 where it may not go."""

    forward_kmh: float
    backward_kmh: float
    ends_only: bool
    """Open to whoever starts or ends there, closed to through traffic."""


def passage(network: Network, way: Tags, kind: RoadClass) -> Passage | None:
    """What the way offers the network, or None where it offers nothing."""
    said = _access(network, way, kind)
    if said is Access.CLOSED or not _fits(network.size, way):
        return None
    forward, backward = _directions(network, way)
    result = Passage(
        _kmh(network, way, kind, "forward") if forward else 0.0,
        _kmh(network, way, kind, "backward") if backward else 0.0,
        said is Access.ENDS_ONLY,
    )
    return result if result.forward_kmh or result.backward_kmh else None


def may_pass(network: Network, node: Tags) -> bool:
    """Whether travellers can go through a node with these tags."""
    return not tags.stops_at(node, network.access_keys, network.barriers)


def opens_at_hours(way: Tags, keys: Iterable[str]) -> bool:
    """Whether a conditional tag opens the way at some hours (wiki Conditional restrictions)."""
    conditions = (way.get(f"{key}:conditional", "").split("@")[0].strip() for key in keys)
    return any(condition in tags.OPEN_VALUES | tags.ENDS_ONLY_VALUES for condition in conditions)


def _access(network: Network, way: Tags, kind: RoadClass) -> Access:
    said = tags.access(way, network.access_keys)
    if said is Access.CLOSED and opens_at_hours(way, network.access_keys):
        return Access.ENDS_ONLY  # compliance says at which hours
    if said is Access.CLOSED or way.get("service") in CLOSED_SERVICES:
        return Access.CLOSED
    if _needs_invitation(network, kind):
        said = tags.access(way, network.access_keys[:-1])
        return said if said is not Access.UNSAID else Access.CLOSED
    return said if said is not Access.UNSAID else _unsaid(network, way, kind)


def _needs_invitation(network: Network, kind: RoadClass) -> bool:
    return kind not in network.kmh or (network.is_motor and kind is RoadClass.FERRY)


def _unsaid(network: Network, way: Tags, kind: RoadClass) -> Access:
    leads_nowhere = kind is RoadClass.TRACK or way.get("service") in ENDS_ONLY_SERVICES
    return Access.ENDS_ONLY if network.is_motor and leads_nowhere else Access.OPEN


def _fits(size: Size, way: Tags) -> bool:
    signs = (
        (tags.meters(way.get("maxheight")), size.height_meters),
        (tags.meters(way.get("maxwidth")), size.width_meters),
        (tags.meters(way.get("maxlength")), size.length_meters),
        (tags.tonnes(way.get("maxweight")), size.mass_tonnes),
    )
    return all(limit is None or limit >= own for limit, own in signs)


def _directions(network: Network, way: Tags) -> tuple[bool, bool]:
    if network is FOOT:
        one_way = tags.direction({"oneway": way.get("oneway:foot", "")}, ("oneway",))
    else:
        one_way = tags.direction(way, network.oneway_keys)
    forward = one_way in {Direction.BOTH, Direction.FORWARD}
    backward = one_way in {Direction.BOTH, Direction.BACKWARD}
    if network is CARGO_BIKE and forward != backward and tags.has_contraflow(way):
        return True, True
    return forward, backward


def _kmh(network: Network, way: Tags, kind: RoadClass, heading: str) -> float:
    default = network.kmh.get(kind) or network.kmh_by_tag.get(kind, 0)
    surface = network.surface_kmh.get(way.get("surface", ""), default)
    limit = _limit_kmh(network, way, heading)
    if limit is None:
        return float(min(default, surface, network.kmh_max))
    if network.is_motor and kind not in speeds.SLOW_CLASSES:
        return float(min(limit, network.kmh_max))
    return float(min(default, surface, limit, network.kmh_max))


def _limit_kmh(network: Network, way: Tags, heading: str) -> float | None:
    for key in (*network.limit_keys, f"maxspeed:{heading}", "maxspeed"):
        limit = speeds.limit_kmh(way.get(key))
        if limit is not None:
            return limit
    return None
