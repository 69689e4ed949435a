"""
Service times learned from sparse history.

Method: times are drawn from known effects, with seeds; what is learned is held against them, and
against what one would say without learning. The law is multiplicative here, as the model is; the
benchmark `tests.benchmarks.eta` has one that is not.
"""

from __future__ import annotations

import math
import random

import pytest

from services.tracking.domain.service_time import Factor, Served, Service, Traits, learn

PLACES = {f"adr_{number}": number for number in range(200)}


def history(seed: int, visits: int, place_spread: float = 0.4) -> list[Served]:
    """Visits to two hundred places by six drivers."""
    dice = random.Random(seed)
    true = {name: dice.gauss(0, place_spread) for name in PLACES}
    drivers = {f"d{number}": dice.gauss(0, 0.2) for number in range(6)}
    served = []
    for number in range(visits):
        name, driver = dice.choice(list(true)), dice.choice(list(drivers))
        building = "HOUSE" if PLACES[name] % 2 else "HOSPITAL"
        mean = math.log(100) + true[name] + drivers[driver] + 0.8 * (building == "HOSPITAL")
        seconds = math.exp(mean + dice.gauss(0, 0.3))
        traits = Traits(place=name, building=building, driver_id=driver)
        served.append(Served(traits, round(seconds), f"{driver}.{number // 40}"))
    return served


@pytest.mark.parametrize("seed", range(3))
def test_what_differs_is_found_and_what_does_not_is_not(seed: int) -> None:
    served = history(seed, 2_000)

    found = learn(served)

    assert found.spread == pytest.approx(0.3, abs=0.03)
    assert found.between[Factor.PLACE] ** 0.5 == pytest.approx(0.4, abs=0.08)
    assert found.between[Factor.DRIVER] ** 0.5 == pytest.approx(0.2, abs=0.12)
    hospital, house = (found.effects[f"building.{kind}"].mean for kind in ("hospital", "house"))
    assert hospital - house == pytest.approx(0.8, abs=0.15)


def test_a_place_seen_once_is_believed_less_than_one_seen_often() -> None:
    once = [Served(Traits(place="once"), 900)]
    often = [Served(Traits(place="often"), 900)] * 20
    usual = history(1, 1_000)

    found = learn([*usual, *once, *often])
    never, seldom, sure = (found.of(Traits(place=name)) for name in ("never", "once", "often"))

    assert never.median_seconds < seldom.median_seconds < sure.median_seconds <= 900
    assert sure.spread < seldom.spread < never.spread
    assert (never.count, seldom.count, sure.count) == (0, 1, 20)


def test_without_repetition_nothing_is_read_into_single_visits() -> None:
    served = history(2, 2_000, place_spread=0.0)
    alone = [Served(Traits(place=f"p{i}"), one.seconds) for i, one in enumerate(served)]

    found = learn(alone)

    assert found.between[Factor.PLACE] < 0.01


@pytest.mark.parametrize("seed", range(3))
def test_sparse_history_predicts_better_than_one_number(seed: int) -> None:
    served = history(seed, 600)  # three visits a place
    past, future = served[:500], served[500:]

    found = learn(past)
    mean = sum(one.seconds for one in past) / len(past)
    ours = sum(abs(found.of(one.traits).median_seconds - one.seconds) for one in future)
    one_number = sum(abs(mean - one.seconds) for one in future)

    assert ours < 0.8 * one_number


def test_an_outlier_moves_little_and_slips_are_left_out() -> None:
    usual = [Served(Traits(place="here"), 100 + i % 7) for i in range(40)]
    others = [Served(Traits(place=f"p{i % 20}"), 80 + i % 50) for i in range(200)]

    calm = learn([*usual, *others]).of(Traits(place="here"))
    shaken = learn([*usual, Served(Traits(place="here"), 3_600), *others]).of(Traits(place="here"))
    slipped = learn([*usual, Served(Traits(place="here"), 0), *others]).of(Traits(place="here"))

    assert shaken.median_seconds < 1.1 * calm.median_seconds
    assert slipped.median_seconds == calm.median_seconds


def test_an_empty_history_says_nothing() -> None:
    assert learn([]).count == 0
    assert learn([Served(Traits(), 1)]).count == 0


def test_the_same_history_gives_the_same_version() -> None:
    served = history(4, 300)

    assert learn(served) == learn(list(served))


@pytest.mark.parametrize(
    ("traits", "subjects"),
    [
        (Traits(), ["count.1", "tasks.1"]),
        (Traits(floor=14, lift=True), ["floors.10.lift", "count.1", "tasks.1"]),
        (Traits(floor=-3), ["floors.-1.stairs", "count.1", "tasks.1"]),
        (Traits(mass_grams=2_500, parcel_count=9), ["mass.3000", "count.5", "tasks.1"]),
        (Traits(place="plc_1", driver_id="d"), ["count.1", "tasks.1", "driver.d", "plc_1"]),
    ],
)
def test_what_is_unknown_has_no_name(traits: Traits, subjects: list[str]) -> None:
    assert [name for _, name in traits.subjects] == subjects


# One service.


def test_a_service_is_log_normal_about_its_median() -> None:
    service = Service(100, 0.5)
    mean, variance, third = service.moments

    assert service.quantile(0.5) == pytest.approx(100)
    assert mean == pytest.approx(100 * math.exp(0.125))
    assert variance == pytest.approx((math.exp(0.25) - 1) * mean**2)
    assert third > 0


@pytest.mark.parametrize("elapsed", [50, 100, 200])
def test_what_is_left_of_a_service_is_what_draws_that_took_longer_say(elapsed: int) -> None:
    dice, service = random.Random(elapsed), Service(100, 0.6)
    draws = [dice.lognormvariate(math.log(100), 0.6) for _ in range(30_000)]
    longer = [one - elapsed for one in draws if one > elapsed]

    mean, variance, _ = service.left(elapsed)

    assert mean == pytest.approx(sum(longer) / len(longer), rel=0.15)
    spread = sum((one - mean) ** 2 for one in longer) / len(longer)
    assert variance == pytest.approx(spread, rel=0.6)


def test_however_late_something_is_always_left() -> None:
    mean, variance, third = Service(60, 0.3).left(100_000)

    assert mean > 0
    assert min(variance, third) >= 0
