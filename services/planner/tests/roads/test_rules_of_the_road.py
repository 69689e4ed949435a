"""
The rules of the road, each on a town of a few streets.

Method: streets are 100 m long and driven at 10 m/s, so a way of n streets takes 10 n seconds; free
roads, no signals. A town's picture stands above its test; `#` is what is closed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from services.planner.adapters.roads.engine import Engine
from services.planner.domain.travel import (
    UNREACHABLE,
    Basis,
    BlockedArea,
    Point,
    Profile,
    TravelQuestion,
    TravelReason,
)
from services.planner.tests.roads.town import Town, point


def seconds(
    engine: Engine, here: str, there: str, profile: Profile = Profile.VAN, **blocked: BlockedArea
) -> int:
    """Travel time between two nodes."""
    asked = TravelQuestion((point(here), point(there)), profile, None, tuple(blocked.values()))
    return int(engine.matrix(asked).seconds[0, 1])


def box(south_west: Point, north_east: Point) -> BlockedArea:
    south, west = south_west.latitude, south_west.longitude
    north, east = north_east.latitude, north_east.longitude
    ring = ((south, west), (south, east), (north, east), (north, west))
    return BlockedArea("closed", (tuple(Point(*corner) for corner in ring),))


def grid() -> Town:
    """a..c by 1..3, all two-way."""
    town = Town()
    town.block("abc", "123")
    return town


def test_a_street_is_driven_both_ways(tmp_path: Path) -> None:
    engine = grid().engine(tmp_path)

    assert seconds(engine, "a1", "c1") == 20
    assert seconds(engine, "c1", "a1") == 20
    assert seconds(engine, "a1", "c3") == 40


def test_a_one_way_street_is_driven_one_way(tmp_path: Path) -> None:
    """
    a3
    |
    a2-b2      A loop of one street each side; a1 -> b1 only.
    |  |
    a1>b1
    """
    town = Town()
    town.way("a1 b1", oneway="yes")
    town.way("b1 b2 a2 a1")
    town.way("a2 a3")
    engine = town.engine(tmp_path)

    assert seconds(engine, "a1", "b1") == 10
    assert seconds(engine, "b1", "a1") == 30


@pytest.mark.parametrize(
    "tags",
    [
        {"oneway": "yes", "oneway__bicycle": "no"},
        {"oneway": "yes", "cycleway": "opposite"},
        {"oneway": "yes", "cycleway__left": "opposite_lane"},
        {"oneway": "-1", "cycleway": "opposite_track"},
    ],
)
def test_a_bicycle_rides_against_a_one_way_street_where_a_sign_lets_it(
    tmp_path: Path, tags: dict[str, str]
) -> None:
    town = Town()
    town.way("a1 b1", **tags)
    town.way("b1 b2 a2 a1")
    town.way("a2 a3")
    engine = town.engine(tmp_path)
    there, back = ("a1", "b1") if tags["oneway"] == "yes" else ("b1", "a1")

    assert seconds(engine, back, there, Profile.CARGO_BIKE) == 24  # 100 m at 15 km/h
    assert seconds(engine, back, there) == 30
    assert seconds(engine, back, there, Profile.FOOT) == 72  # 100 m at 5 km/h


def crossroads() -> tuple[Town, dict[str, int]]:
    """
    a3-b3-c3   b2 is a crossing in a ring; one comes from b1 and may want to turn left, to a2.
    |  |  |
    a2-b2-c2
    |  |  |
    a1-b1-c1
    """
    town = Town()
    ways = {
        "south": town.way("b1 b2"),
        "west": town.way("b2 a2"),
        "north": town.way("b2 b3"),
        "east": town.way("b2 c2"),
    }
    town.way("a1 b1 c1 c2 c3 b3 a3 a2 a1")
    return town, ways


def from_south_to_west(engine: Engine, profile: Profile = Profile.VAN) -> int:
    """From the middle of the southern arm, heading north, to the middle of the western one."""
    asked = TravelQuestion((point("b1", north=50), point("b2", east=-50)), profile)
    return int(engine.matrix(asked).seconds[0, 1])


def test_a_banned_turn_is_not_taken(tmp_path: Path) -> None:
    town, ways = crossroads()
    town.restriction("no_left_turn", ways["south"], "b2", ways["west"])
    engine = town.engine(tmp_path)

    # Back south and around the block to a2: 50 + 100 + 100 + 50 m; over the turn it was 100 m.
    assert from_south_to_west(engine) == 30
    assert from_south_to_west(engine, Profile.FOOT) == 72


def test_without_the_ban_the_turn_is_taken(tmp_path: Path) -> None:
    town, _ = crossroads()

    assert from_south_to_west(town.engine(tmp_path)) == 10


@pytest.mark.parametrize(
    ("rule", "onto", "tags", "van", "bike"),
    [
        ("only_straight_on", "north", {}, 30, 48 + 24),
        ("only_left_turn", "west", {}, 10, 24),
        ("no_right_turn", "east", {}, 10, 24),
        ("no_left_turn", "west", {"except": "bicycle"}, 30, 24),
    ],
)
def test_restrictions_ban_what_they_say_for_whom_they_say(
    tmp_path: Path, rule: str, onto: str, tags: dict[str, str], van: int, bike: int
) -> None:
    town, ways = crossroads()
    town.restriction(rule, ways["south"], "b2", ways[onto], **tags)
    engine = town.engine(tmp_path)

    assert from_south_to_west(engine) == van
    assert from_south_to_west(engine, Profile.CARGO_BIKE) == bike


def test_nobody_turns_back_on_the_way_but_at_a_dead_end(tmp_path: Path) -> None:
    """
    a1-b1-c1-d1   One may only go straight at b1, coming from a1; d1 is a dead end. From a1 to b2
       |          one has to turn back at d1: 400 m, 20 s for turning, 200 m back, 100 m.
       b2
    """
    town = Town()
    west, east = town.way("a1 b1"), town.way("b1 c1 d1")
    town.way("b1 b2")
    town.restriction("only_straight_on", west, "b1", east)
    engine = town.engine(tmp_path)

    assert seconds(engine, "a1", "b2") == 10 + 20 + 20 + 20 + 10


def test_a_bollard_stops_a_van_and_not_a_bicycle(tmp_path: Path) -> None:
    """
    a2-b2-c2   b1 has a bollard.
    |     |
    a1-b1-c1
    """
    town = Town()
    town.way("a1 b1 c1 c2 b2 a2 a1")
    town.way("b2 b3")
    town.node_tags["b1"] = {"barrier": "bollard"}
    engine = town.engine(tmp_path)

    assert seconds(engine, "a1", "c1") == 40
    assert seconds(engine, "a1", "c1", Profile.CARGO_BIKE) == 48


def test_a_road_for_residents_is_entered_and_not_driven_through(tmp_path: Path) -> None:
    """
    a2-b2-c2   The southern street is private: the short way from a1 to c1, and the only one to b1.
    |     |
    a1=b1=c1
    """
    town = Town()
    town.way("a1 b1 c1", access="private")
    town.way("c1 c2 b2 a2 a1")
    town.way("b2 b3")
    engine = town.engine(tmp_path)

    assert seconds(engine, "a2", "c2") == 20
    through = TravelQuestion((point("a1", north=20), point("c1", north=20)), Profile.VAN)
    assert engine.matrix(through).seconds[0, 1] == 8 + 20 + 8
    assert seconds(engine, "a2", "b1") == 20


def test_a_lorry_keeps_off_a_bridge_that_is_too_weak(tmp_path: Path) -> None:
    town = Town()
    town.way("a1 b1 c1", maxweight="7.5")
    town.way("c1 c2 b2 a2 a1")
    town.way("b2 b3")
    engine = town.engine(tmp_path)
    asked = (point("a1", north=20), point("c1", north=20))

    assert engine.matrix(TravelQuestion(asked, Profile.VAN)).seconds[0, 1] == 24
    assert engine.matrix(TravelQuestion(asked, Profile.TRUCK)).seconds[0, 1] == 36


def test_a_traffic_signal_costs_two_seconds_on_arrival(tmp_path: Path) -> None:
    town = grid()
    town.node_tags["b1"] = {"highway": "traffic_signals"}
    engine = town.engine(tmp_path)

    assert seconds(engine, "a1", "c1") == 22


def test_a_blocked_area_is_driven_around(tmp_path: Path) -> None:
    """
    a3-b3-c3   The middle of the street b1-c1 is closed.
    |  |  |
    a2-b2-c2
    |  |  |
    a1-b1#c1
    """
    engine = grid().engine(tmp_path)
    closed = box(point("b1", east=40, north=-20), point("b1", east=60, north=20))

    assert seconds(engine, "b1", "c1") == 10
    assert seconds(engine, "b1", "c1", closed=closed) == 30
    assert seconds(engine, "b1", "c1") == 10, "the next question is not about that area"


def test_a_street_that_is_closed_in_the_middle_is_served_from_both_ends(tmp_path: Path) -> None:
    engine = grid().engine(tmp_path)
    closed = box(point("b1", east=40, north=-20), point("b1", east=60, north=20))
    west, east = point("b1", east=20), point("b1", east=80)
    found = engine.matrix(TravelQuestion((west, east), Profile.VAN, None, (closed,)))

    assert found.seconds[0, 1] == 2 + 30 + 2
    assert found.notices == ()


def test_a_street_along_the_border_of_an_area_stays_open(tmp_path: Path) -> None:
    engine = grid().engine(tmp_path)
    beyond = box(point("a1", north=-50), point("c1"))

    assert seconds(engine, "a1", "c1", beyond=beyond) == 20


def test_a_place_in_a_blocked_area_is_unreachable_and_says_so(tmp_path: Path) -> None:
    engine = grid().engine(tmp_path)
    closed = box(point("b2", east=-60, north=-60), point("b2", east=60, north=60))
    asked = TravelQuestion(
        (point("a1"), point("b2", east=20), point("c3")), Profile.VAN, None, (closed,)
    )
    found = engine.matrix(asked)

    assert found.seconds.tolist() == [
        [0, UNREACHABLE, 40],
        [UNREACHABLE, 0, UNREACHABLE],
        [40, UNREACHABLE, 0],
    ]
    assert [(each.reason, each.point) for each in found.notices] == [(TravelReason.BLOCKED, 1)]
    assert engine.legs(asked, [(0, 1)])[0].basis is Basis.UNREACHABLE


def test_two_places_that_an_area_parts_are_unreachable_and_say_so(tmp_path: Path) -> None:
    """a1-b1-c1: nothing leads around b1."""
    town = Town()
    town.way("a1 b1 c1")
    engine = town.engine(tmp_path)
    closed = box(point("b1", east=-20, north=-20), point("b1", east=20, north=20))
    asked = TravelQuestion((point("a1"), point("c1")), Profile.VAN, None, (closed,))
    found = engine.matrix(asked)

    assert found.seconds.tolist() == [[0, UNREACHABLE], [UNREACHABLE, 0]]
    assert [(each.reason, each.point, each.other) for each in found.notices] == [
        (TravelReason.CUT_OFF, 0, 1),
        (TravelReason.CUT_OFF, 1, 0),
    ]


def test_a_place_is_put_on_the_nearest_street_and_the_distance_is_told(tmp_path: Path) -> None:
    engine = grid().engine(tmp_path)
    asked = TravelQuestion((point("a1", east=30, north=-12), point("c1")), Profile.VAN)
    found = engine.matrix(asked)

    assert found.snaps[0].distance_meters == 12
    assert found.snaps[0].point.latitude == pytest.approx(point("a1").latitude, abs=1e-6)
    assert found.meters[0, 1] == 170
    assert found.seconds[0, 1] == 17


def test_a_place_is_never_put_on_a_motorway(tmp_path: Path) -> None:
    """a1-b1 is a motorway link 10 m from the place, a2-b2 a street 90 m from it."""
    town = Town()
    town.way("a1 b1", highway="motorway_link", oneway="no")
    town.way("b1 b2 a2 a1")
    town.way("a2 a3")
    found = town.engine(tmp_path).matrix(
        TravelQuestion((point("a1", east=50, north=10), point("a2")), Profile.VAN)
    )

    assert found.snaps[0].distance_meters == 50  # to the street at its side, not to the motorway


def test_where_nobody_can_stop_no_place_has_a_road(tmp_path: Path) -> None:
    town = Town()
    town.way("a1 b1 b2", highway="motorway", oneway="no")
    asked = TravelQuestion((point("a1"), point("b2")), Profile.VAN)
    found = town.engine(tmp_path).matrix(asked)

    assert [snap.has_road for snap in found.snaps] == [False, False]
    assert [notice.reason for notice in found.notices] == [TravelReason.NO_ROAD] * 2


def test_a_place_without_a_road_is_reached_in_a_straight_line_and_says_so(tmp_path: Path) -> None:
    engine = grid().engine(tmp_path)
    asked = TravelQuestion((point("a1", north=-1_000), point("a1")), Profile.VAN)
    found = engine.matrix(asked)

    assert found.meters[0, 1] == 1_417  # the factor of Boscoe, Henry and Zdeb (2012)
    assert found.seconds[0, 1] == 204  # at 25 km/h, rounded up
    assert not found.snaps[0].has_road
    assert found.snaps[0].distance_meters == 1_000
    assert [(each.reason, each.point) for each in found.notices] == [(TravelReason.NO_ROAD, 0)]
    leg = engine.legs(asked, [(0, 1)])[0]
    assert (leg.seconds, leg.meters, leg.basis) == (204, 1_417, Basis.STRAIGHT_LINE)


def test_a_profile_without_any_road_travels_in_straight_lines(tmp_path: Path) -> None:
    town = Town()
    town.way("a1 b1 b2 a2 a1", bicycle="no")
    found = town.engine(tmp_path).matrix(
        TravelQuestion((point("a1"), point("b1")), Profile.CARGO_BIKE)
    )

    assert found.meters[0, 1] == 142
    assert [each.reason for each in found.notices] == [TravelReason.NO_ROAD] * 2


def test_a_street_that_leads_nowhere_back_is_left_out(tmp_path: Path) -> None:
    """c1>d1 is one-way into a dead end: a van sent there would never come back."""
    town = Town()
    town.way("a1 b1 b2 a2 a1")
    town.way("b1 c1", oneway="yes")
    engine = town.engine(tmp_path)

    assert (
        engine.matrix(TravelQuestion((point("c1"), point("a1")), Profile.VAN))
        .snaps[0]
        .distance_meters
        == 100
    )


def test_two_places_in_one_one_way_street_may_need_a_trip_around_the_block(tmp_path: Path) -> None:
    town = Town()
    town.way("a1 b1", oneway="yes")
    town.way("b1 b2 a2 a1")
    town.way("a2 a3")
    engine = town.engine(tmp_path)
    asked = TravelQuestion((point("a1", east=20), point("a1", east=80)), Profile.VAN)
    found = engine.matrix(asked)

    assert found.seconds.tolist() == [[0, 6], [34, 0]]
    assert [leg.seconds for leg in engine.legs(asked, [(0, 1), (1, 0)])] == [6, 34]
