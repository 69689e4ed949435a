"""
What tags say, as tables: one line of tags, one answer.
"""

from __future__ import annotations

import pytest

from services.planner.adapters.roads import tags as rules
from services.planner.adapters.roads.networks import CARGO_BIKE, FOOT, TRUCK, VAN, Network, passage
from services.planner.adapters.roads.restrictions import restriction
from services.planner.adapters.roads.speeds import (
    FACTOR_SCALE,
    HOURS,
    RoadClass,
    hourly_factors,
    limit_kmh,
    road_class,
)
from services.planner.adapters.roads.tags import Access, Direction


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({}, Access.UNSAID),
        ({"access": "no"}, Access.CLOSED),
        ({"access": "no", "motor_vehicle": "destination"}, Access.ENDS_ONLY),
        ({"motor_vehicle": "no", "goods": "yes"}, Access.OPEN),
        ({"access": "private"}, Access.ENDS_ONLY),
        ({"access": "agricultural;destination"}, Access.ENDS_ONLY),
        ({"access": "zebras"}, Access.UNSAID),
    ],
)
def test_the_most_specific_key_that_says_something_counts(
    tags: dict[str, str], said: Access
) -> None:
    assert rules.access(tags, VAN.access_keys) is said


@pytest.mark.parametrize(
    ("tags", "way"),
    [
        ({}, Direction.BOTH),
        ({"oneway": "yes"}, Direction.FORWARD),
        ({"oneway": "-1"}, Direction.BACKWARD),
        ({"oneway": "reversible"}, Direction.NEITHER),
        ({"junction": "roundabout"}, Direction.FORWARD),
        ({"junction": "roundabout", "oneway": "no"}, Direction.BOTH),
        ({"highway": "motorway"}, Direction.FORWARD),
        ({"oneway": "yes", "oneway:motor_vehicle": "no"}, Direction.BOTH),
    ],
)
def test_one_way_streets_and_what_implies_them(tags: dict[str, str], way: Direction) -> None:
    assert rules.direction(tags, VAN.oneway_keys) is way


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50),
        ("30 mph", 48.28032),
        ("DE:urban", 50),
        ("FI:zone30", 30),
        ("DE:zone:20", 20),
        ("walk", 7),
        ("none", 130),
        ("0", None),
        ("variable", None),
        (None, None),
    ],
)
def test_speed_limits_are_read_in_all_their_spellings(text: str | None, kmh: float | None) -> None:
    assert limit_kmh(text) == kmh


@pytest.mark.parametrize(
    ("text", "meters"),
    [("2.5", 2.5), ("2,5 m", 2.5), ("250 cm", 2.5), ("8'6\"", 2.5908), ("low", None), (None, None)],
)
def test_heights_are_read_in_all_their_spellings(text: str | None, meters: float | None) -> None:
    assert rules.meters(text) == (None if meters is None else pytest.approx(meters))


@pytest.mark.parametrize(("text", "tonnes"), [("3.5", 3.5), ("7.5 t", 7.5), ("3500 kg", 3.5)])
def test_weights_are_read_in_all_their_spellings(text: str, tonnes: float) -> None:
    assert rules.tonnes(text) == pytest.approx(tonnes)


@pytest.mark.parametrize(
    ("network", "tags", "forward", "backward", "ends_only"),
    [
        (VAN, {"highway": "residential"}, 25, 25, False),
        (VAN, {"highway": "residential", "maxspeed": "30"}, 30, 30, False),
        (VAN, {"highway": "primary", "maxspeed:forward": "60"}, 60, 65, False),
        (VAN, {"highway": "service", "maxspeed": "30"}, 15, 15, False),
        (VAN, {"highway": "service", "service": "driveway"}, 15, 15, True),
        (VAN, {"highway": "track"}, 5, 5, True),
        (VAN, {"highway": "pedestrian", "motor_vehicle": "delivery"}, 7, 7, True),
        (VAN, {"highway": "pedestrian", "motor_vehicle": "no"}, 0, 0, False),
        (VAN, {"highway": "pedestrian", "access": "yes"}, 0, 0, False),
        (VAN, {"highway": "cycleway"}, 0, 0, False),
        (VAN, {"highway": "residential", "maxheight": "2.2"}, 0, 0, False),
        (VAN, {"highway": "residential", "motorcar": "no"}, 0, 0, False),
        (
            VAN,
            {
                "highway": "pedestrian",
                "motor_vehicle": "no",
                "motor_vehicle:conditional": "destination @ (Mo-Sa 06:00-11:00)",
            },
            7,
            7,
            True,
        ),
        (VAN, {"route": "ferry"}, 0, 0, False),
        (VAN, {"route": "ferry", "motor_vehicle": "yes"}, 5, 5, False),
        (TRUCK, {"highway": "motorway", "maxspeed": "none"}, 90, 0, False),
        (TRUCK, {"highway": "primary", "maxspeed": "100", "maxspeed:hgv": "60"}, 60, 60, False),
        (TRUCK, {"highway": "residential", "hgv": "no"}, 0, 0, False),
        (CARGO_BIKE, {"highway": "primary", "maxspeed": "60"}, 15, 15, False),
        (CARGO_BIKE, {"highway": "primary", "bicycle": "use_sidepath"}, 0, 0, False),
        (CARGO_BIKE, {"highway": "residential", "surface": "cobblestone"}, 7, 7, False),
        (CARGO_BIKE, {"highway": "footway"}, 0, 0, False),
        (CARGO_BIKE, {"highway": "footway", "bicycle": "yes"}, 7, 7, False),
        (CARGO_BIKE, {"highway": "residential", "oneway": "yes"}, 15, 0, False),
        (CARGO_BIKE, {"highway": "road", "oneway": "yes", "cycleway": "opposite"}, 15, 15, False),
        (CARGO_BIKE, {"highway": "steps"}, 0, 0, False),
        (FOOT, {"highway": "steps"}, 2, 2, False),
        (FOOT, {"highway": "residential", "oneway": "yes"}, 5, 5, False),
        (FOOT, {"highway": "motorway"}, 0, 0, False),
    ],
)  # fmt: skip
def test_what_a_way_offers_to_whom(
    network: Network, tags: dict[str, str], forward: float, backward: float, ends_only: bool
) -> None:
    kind = road_class(tags)
    assert kind is not None
    offered = passage(network, tags, kind)

    if offered is None:
        assert (forward, backward) == (0, 0)
    else:
        assert (offered.forward_kmh, offered.backward_kmh) == (forward, backward)
        assert offered.ends_only is ends_only


@pytest.mark.parametrize(
    "tags", [{"highway": "proposed"}, {"highway": "pedestrian", "area": "yes"}]
)
def test_what_nobody_travels_on_is_no_road(tags: dict[str, str]) -> None:
    assert road_class(tags) is None


@pytest.mark.parametrize(
    ("tags", "members", "is_found"),
    [
        ({"restriction": "no_left_turn"}, "from1 via2 to3", True),
        ({"restriction": "only_straight_on"}, "from1 via2 to3", True),
        ({"restriction:conditional": "no_left_turn @ (07:00-09:00)"}, "from1 via2 to3", True),
        ({"restriction": "no_left_turn"}, "from1 via2", False),
        ({"restriction": "no_left_turn"}, "from1 via2 via4 to3", False),
        ({"restriction": "give_way"}, "from1 via2 to3", False),
        ({"restriction": "no_left_turn", "except": "vehicle"}, "from1 via2 to3", False),
    ],
)  # fmt: skip
def test_a_restriction_is_applied_or_left_out_as_a_whole(
    tags: dict[str, str], members: str, is_found: bool
) -> None:
    parsed = [("n" if m[:-1] == "via" else "w", m[:-1], int(m[-1])) for m in members.split()]

    assert (restriction(tags, parsed) is not None) is is_found


def test_hours_slow_motor_roads_and_never_speed_them_up() -> None:
    factors = hourly_factors()

    assert set(factors) == {kind for kind in RoadClass if kind <= RoadClass.RESIDENTIAL}
    for by_hour in factors.values():
        assert len(by_hour) == HOURS
        assert all(0 < factor <= FACTOR_SCALE for factor in by_hour)
    assert [factors[RoadClass.PRIMARY][hour] for hour in (8, 12, 17)] == [745, 907, 729]
