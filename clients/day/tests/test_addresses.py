"""
Where the day delivers: real doors first, invented ones flagged, the same for the same seed.

Method: a town of three doors and two streets, small enough to count; then the built-in city.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.day.addresses import (
    Address,
    City,
    Street,
    depot,
    distance_meters,
    each_once,
    middle,
    sample,
)
from clients.day.extract import BadExtract, read_city

# A degree of latitude is 111,195 m on the mean sphere: 0.001 is 111 m.
SHORT = Street("Short Street", "residential", ((50.0, 8.0), (50.001, 8.0)))
LONG = Street("Long Street", "primary", ((50.0, 8.0), (50.009, 8.0)))


def door(street: str, number: str, **told: str) -> Address:
    return Address(street, number, told.get("postcode", ""), "", 50.0, 8.0)


TOWN = City(
    addresses=(door("Short Street", "1"), door("Short Street", "2"), door("Long Street", "7")),
    streets=(SHORT, LONG),
    chargers=(),
)


def test_real_doors_come_before_invented_ones() -> None:
    drawn = sample(TOWN, 5, seed=1)

    assert {(each.street, each.housenumber) for each in drawn[:3]} == {
        ("Short Street", "1"),
        ("Short Street", "2"),
        ("Long Street", "7"),
    }
    assert [each.is_synthetic for each in drawn] == [False, False, False, True, True]


def test_the_same_seed_draws_the_same_doors() -> None:
    assert sample(TOWN, 50, seed=7) == sample(TOWN, 50, seed=7)
    assert sample(TOWN, 50, seed=7) != sample(TOWN, 50, seed=8)


def test_a_door_is_drawn_once_as_long_as_there_are_others() -> None:
    drawn = sample(TOWN, 3, seed=3)

    assert len({(each.street, each.housenumber) for each in drawn}) == 3


def test_a_street_nine_times_as_long_gets_nine_times_the_doors() -> None:
    drawn = sample(City((), TOWN.streets, ()), 2_000, seed=1)
    on_the_long_one = sum(each.street == "Long Street" for each in drawn)

    assert 0.87 < on_the_long_one / len(drawn) < 0.93


def test_an_invented_door_lies_on_its_street() -> None:
    for each in sample(City((), (LONG,), ()), 20, seed=1):
        assert 50.0 <= each.latitude <= 50.009
        assert each.longitude == 8.0


def test_a_point_along_a_street_is_where_its_meters_say() -> None:
    assert distance_meters(LONG.points[0], LONG.at(500)) == pytest.approx(500, abs=0.01)
    assert LONG.at(5_000) == LONG.points[-1]


def test_two_entries_of_one_door_are_one_and_the_fuller_one_stays() -> None:
    once = each_once([door("A", "3 b"), door("A", "3B", postcode="00100"), door("A", "3b")])

    assert once == (door("A", "3B", postcode="00100"),)


def test_doors_stand_in_the_order_of_a_directory() -> None:
    once = each_once([door("B", "1"), door("A", "10"), door("A", "9")])

    assert [(each.street, each.housenumber) for each in once] == [
        ("A", "9"),
        ("A", "10"),
        ("B", "1"),
    ]


def test_a_town_without_streets_says_so_instead_of_inventing() -> None:
    with pytest.raises(ValueError, match="no named street"):
        sample(City((door("A", "1"),), (), ()), 2, seed=1)
    with pytest.raises(ValueError, match="no named street"):
        depot(City((door("A", "1"),), (), ()))


def test_the_built_in_city_has_the_doors_and_chargers_of_the_map() -> None:
    city = read_city()

    assert len(city.addresses) == 600
    assert len(city.chargers) == 4
    assert sum(each.levels is not None for each in city.addresses) == 30
    assert not any(each.is_synthetic for each in city.addresses)


def test_the_depot_of_the_built_in_city_lies_at_its_edge() -> None:
    city = read_city()
    away = distance_meters(middle(city), depot(city))
    nearer = [
        each
        for each in city.addresses
        if distance_meters(middle(city), (each.latitude, each.longitude)) < away
    ]

    assert len(nearer) > 0.9 * len(city.addresses)


def test_a_missing_and_a_broken_file_say_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "broken.osm.pbf"
    broken.write_bytes(b"\0\0\0\x0dnot a map at all")

    with pytest.raises(BadExtract, match="is no file"):
        read_city(tmp_path / "none.osm.pbf")
    with pytest.raises(BadExtract, match="Fetch it again"):
        read_city(broken)
