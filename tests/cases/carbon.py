"""
Carbon cases against the real footprint and allocation.

A case states what was driven, used or shared; every number it expects is asked of the engine: from
the built-in factor table, from the electricity of a country, or from factors that the case itself
brings. Kilograms are compared with the tolerance that the files state, 1e-4; percentages at their
printed digits. A word that nobody understands fails its case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from services.compliance.domain.amounts import rounded
from services.compliance.domain.footprint import NOTHING, Co2e
from tests.cases import carbon_shares
from tests.cases.carbon_driven import FULL, Driven, driven_of, emitted
from tests.cases.carbon_words import (
    ACTIVITY,
    MILLIGRAMS,
    TKM,
    Words,
    described,
    milligrams,
    tonne_kilometer,
)
from tests.cases.outcome import Case, NotUnderstood, Outcome, judged

TOLERANCE = 1e-4
GRAM_METERS = 1_000_000_000  # in a tonne kilometer
WHOLES = (
    "total",
    "total_kg",
    "total_wtw",
    "wtw",
    "wtw_kg",
    "route_total",
    "route_kg",
    "route_wtw",
    "route_co2e",
    "route_kg_co2e",
    "e_route",
    "e_total",
    "kg_co2e",
    "co2e_kg",
)
STAGES = r"(linehaul|line_haul|trunk|hub|depot|last_?mile|first_?mile|pickup|return|attempt_?\d*)"
COUNTS = (  # what is counted, and the ratio that it gives
    (("stops",), "per_stop"),
    (("successful_drops", "successes", "delivered", "drops_ok", "drops"), "per_drop"),
    (("mass_kg", "load_kg", "kg"), "per_kg"),
    (("parcels", "parcel_count", "n_parcels"), "per_parcel"),
    (("items", "item_count", "n_items"), "per_item"),
    (("attempts",), "per_attempt"),
)
OF_ONE = ("per_parcel", "per_item", "per_drop", "per_stop")  # a stage's part in a chain
SAME = {"per_drop": ("per_success", "per_delivered", "per_successful_drop")}
GRIDS = ("grid_g_per_kwh", "g_per_kwh")
TALK = ("note", "comment", "currency", "year", "source", "method_note")

Numbers = dict[str, Any]


def run(document: Mapping[str, Any]) -> list[Outcome]:
    """The cases of a file."""
    return judged(document.get("cases", ()), faults)


def faults(case: Case) -> list[str]:
    """Which expected numbers the engine does not give."""
    found = numbers(case["inputs"], str(case.get("title", "")))
    return [
        f"{name} is {found.get(name)}, not {value}"
        for name, value in case["expect"].items()
        if not _close(name, found.get(name), value)
    ]


def _close(name: str, found: Any, expected: Any) -> bool:
    if found is None:
        return False
    if isinstance(expected, Mapping):
        ids = isinstance(found, Mapping) and found.keys() == expected.keys()
        return ids and all(_close(name, found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        values = list(found.values()) if isinstance(found, Mapping) else [found]
        pairs = zip(values, expected, strict=False)
        return len(values) == len(expected) and all(_close(name, *pair) for pair in pairs)
    if name.endswith(("_pct", "_percent")):
        return _printed(float(found), expected) == Decimal(str(expected))
    return abs(float(found) - float(expected)) <= TOLERANCE


def _printed(found: float, expected: Any) -> Decimal:
    digits = len(str(expected).partition(".")[2])
    return Decimal(str(found)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def numbers(inputs: Mapping[str, Any], title: str) -> Numbers:
    """Everything that the engine says about a case, by the names that cases expect."""
    given = Words({name: value for name, value in inputs.items() if name not in TALK})
    places = dict(_places(given))
    if places:
        left = given.inherit(*inputs)
        each = {place: numbers({**left, **words}, title) for place, words in places.items()}
        return {place: found["wtw"] for place, found in each.items()}
    rows = carbon_shares.rows_of(given)
    method = given.take("allocation", "method", "allocation_method")
    baseline = given.number("baseline", "baseline_kg", "diesel_wtw", "compared_to")
    stages = dict(_stages(given, title))
    whole = given.number(*WHOLES)
    counts = {ratio: count for names, ratio in COUNTS if (count := _peek(given, names))}
    activity, driven = _activity(given, title, alone=not rows and whole is None)
    for name in (name for names, _ in COUNTS for name in names):
        given.take(name)
    given.done()
    if activity is None and driven is None and not stages and whole is None:
        raise NotUnderstood(f"inputs {', '.join(inputs)}")
    made, found = emitted(driven) if driven else (activity or NOTHING, {})
    total = sum(stages.values(), made + Co2e(0, milligrams(whole or 0)))
    found |= {name: co2e.wtw_milligrams / MILLIGRAMS for name, co2e in stages.items()}
    found |= dict(_totals(total))
    found |= dict(_ratios(total, counts, driven))
    found |= dict(_compared(total, baseline))
    if rows:
        found |= dict(_shared(total, rows, driven, method))
    return found


def _places(given: Words) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The same in several countries: each is a case of its own."""
    for country in given.take("countries") or ():
        yield str(country), {"country": country}
    for name in GRIDS:
        if isinstance(given.inherit(name).get(name), Mapping):
            for place, grams in given.take(name).items():
                yield str(place), {name: grams}


def _peek(given: Words, names: tuple[str, ...]) -> float | None:
    held = given.inherit(*names)
    return next((float(value) for value in held.values() if isinstance(value, int | float)), None)


def _stages(given: Words, title: str) -> Iterator[tuple[str, Co2e]]:
    """The parts of a chain: kilograms as they are, or cases of their own."""
    shared_words = given.inherit("mass_kg")
    for name, value in list(given.matching(rf"{STAGES}(_share|_kg|_co2e|_total|)")):
        if isinstance(value, Mapping):
            yield name, _stage({**shared_words, **value}, title)
        else:
            yield name, Co2e(0, milligrams(float(value)))
    parts: dict[str, Numbers] = {}
    ours = ("return_km", "depot_kwh", "hub_kwh")
    for name, value in list(given.matching(rf"(?!{'|'.join(ours)}$){STAGES}_.+")):
        stage = re.match(STAGES, name)
        if stage is not None:
            parts.setdefault(stage[0], {})[name.removeprefix(f"{stage[0]}_")] = value
    for name, words in parts.items():
        yield name, _stage({**shared_words, **words}, title)
    leaked = _leaked(given)
    if leaked is not None:
        yield "leakage", leaked


def _stage(words: Mapping[str, Any], title: str) -> Co2e:
    """What one parcel or stop of a stage is charged with; a transport activity is whole."""
    found = numbers(words, title)
    one = next((found[name] for name in OF_ONE if name in found), None)
    if one is not None:
        return Co2e(0, milligrams(one))
    return Co2e(milligrams(found["wtt"]), milligrams(found["ttw"]))


def _leaked(given: Words) -> Co2e | None:
    """Refrigerant that escaped, times its warming potential."""
    kilograms = given.number("refrigerant_kg", "leak_kg", "refrigerant_leak_kg", "leakage_kg")
    potential = given.number("gwp", "gwp100")
    if (kilograms is None) != (potential is None):
        raise NotUnderstood("a leak needs its mass and its warming potential")
    if kilograms is None or potential is None:
        return None
    return Co2e(0, milligrams(kilograms * potential))


def _activity(given: Words, title: str, *, alone: bool) -> tuple[Co2e | None, Driven | None]:
    """
    A transport activity times a factor per tonne kilometer; else what was driven.

    A title that speaks of tonne kilometers means the factor only where nothing is shared by them.
    """
    explicit = described(given, "")
    said = explicit or title.lower()
    activity = given.number("tkm", "tonne_km")
    weighed = given.inherit("mass_kg", "mass_t", "tonnes")
    meant = TKM.search(said if alone and weighed else explicit)
    if activity is None and not meant and not given.inherit(*ACTIVITY):
        return None, driven_of(given, said)
    row = tonne_kilometer(said, given)
    if activity is None:
        mass, distance = given.number("mass_kg", "load_kg", "kg"), given.sum(*FULL)
        tonnes = given.number("mass_t", "tonnes", "load_t")
        mass = mass if tonnes is None else tonnes * 1_000
        if mass is None or distance is None:
            raise NotUnderstood("an activity needs mass and distance")
        activity = mass / 1_000 * distance
    amount = round(activity * GRAM_METERS)
    return Co2e(_times(row.wtt_milligrams, amount), _times(row.ttw_milligrams, amount)), None


def _times(factor_milligrams: int | None, gram_meters: int) -> int:
    return rounded((factor_milligrams or 0) * gram_meters, GRAM_METERS)


def _totals(total: Co2e) -> Iterator[tuple[str, float]]:
    yield "ttw", total.ttw_milligrams / MILLIGRAMS
    yield "wtt", total.wtt_milligrams / MILLIGRAMS
    for name in ("wtw", "total", "kg", "co2e", "total_kg"):
        yield name, total.wtw_milligrams / MILLIGRAMS


def _ratios(
    total: Co2e, counts: Mapping[str, float], driven: Driven | None
) -> Iterator[tuple[str, float]]:
    kilograms = total.wtw_milligrams / MILLIGRAMS
    for ratio, count in counts.items():
        yield ratio, kilograms / count
        yield from ((other, kilograms / count) for other in SAME.get(ratio, ()))
    if driven and driven.all_kilometers:
        yield "per_km", kilograms / driven.all_kilometers
    if driven and driven.kilometers:
        yield "per_loaded_km", kilograms / driven.kilometers
        if "per_kg" in counts:
            activity = counts["per_kg"] / 1_000 * driven.kilometers
            yield "per_tkm", kilograms / activity
            yield "intensity", kilograms / activity


def _compared(total: Co2e, baseline: float | None) -> Iterator[tuple[str, float]]:
    if baseline is not None:
        saved = baseline - total.wtw_milligrams / MILLIGRAMS
        yield "saving", saved
        yield "saving_pct", saved / baseline * 100


def _shared(
    total: Co2e, rows: list[tuple[str, Any]], driven: Driven | None, method: str | None
) -> Iterator[tuple[str, Any]]:
    meters = round(driven.kilometers * 1_000) if driven else 0
    yield from carbon_shares.told(carbon_shares.shares(total, rows, meters, method))
    activity = carbon_shares.tonne_kilometers(rows, driven.kilometers if driven else 0)
    if activity:
        yield "tkm", activity
        yield "intensity", total.wtw_milligrams / MILLIGRAMS / activity
