"""
Kinds of carbon cases that the shared files have, in the words that people use for them.

Method: small cases whose arithmetic stands in the expectation; the same without one word, and with
one word too many, must fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests import shared
from tests.cases.carbon import run

CASES = """
- {id: diesel, inputs: {km: 85, stops: 120, mass_kg: 900, factor: Vans class III diesel 2025},
   expect: {ttw: 23.6963, wtt: 5.7001, wtw: 29.3964, per_stop: 0.24497, per_kg: 0.032663}}
- {id: bev, inputs: {km: 85, factor: Vans class III Battery Electric Vehicle 2025},
   expect: {ttw: 6.4677, wtt: 1.6822, wtw: 8.1498}}
- {id: saved, title: The same route with a BEV of class III, inputs: {km: 85, baseline: 29.3964},
   expect: {wtw: 8.1498, saving: 21.2466, saving_pct: 72.28}}
- {id: liters, title: Metered diesel, inputs: {litres: 9.2},
   expect: {ttw: 23.6515, wtt: 5.6213, wtw: 29.2728}}
- {id: own liters, inputs: {litres: 9.2, ttw_per_litre: 2.57082, wtt_per_litre: 0.61101},
   expect: {wtw: 29.2728}}
- {id: idle, inputs: {km: 85, factor: Vans class III diesel, idle_hours: 1, litres_per_hour: 0.8},
   expect: {wtw: 31.9419}}
- {id: reefer, title: Reefer rigid 7.5 t average laden, inputs: {km: 100},
   expect: {ttw: 59.005, wtt: 14.138}}
- {id: leak, inputs: {refrigerant_kg: 0.05, gwp: 1430}, expect: {total: 71.5}}
- {id: metered, inputs: {battery_kwh: 31.5, charging_efficiency: 0.9, grid_g_per_kwh: 342.06},
   expect: {grid_kwh: 35.0, wtw: 11.9721}}
- {id: foreseen, title: An electric van, inputs: {km: 85, kwh_per_km: 0.389},
   expect: {grid_kwh: 33.065, wtw: 8.1142}}
- {id: grids, inputs: {battery_kwh: 31.5, grid_g_per_kwh: {DE: 342.06, FR: 44.18}},
   expect: {DE: 11.9721, FR: 1.5463}}
- {id: half, inputs: {km: 10, factor: HGV rigid 7.5-17 tonnes 50% laden}, expect: {ttw: 6.2832}}
- {id: laden, title: 7.5 t rigid, inputs: {km_out: 100, load_factor: 0.6, empty_return_km: 100},
   expect: {ttw: 97.034, empty_distance_factor: 0.5}}
- {id: empty return, inputs: {km_out: 60, km_back: 25, factor: Vans class III diesel},
   expect: {wtw: 29.3964, empty_distance_factor: 0.294118}}
- {id: tkm split, title: tkm split, inputs: {total: 29.3964, consignments:
   [{id: A, kg: 300, km: 8}, {id: B, kg: 250, km: 10}, {id: C, kg: 100, km: 12}]},
   expect: {A: 11.5658, B: 12.0477, C: 5.7829, sum: 29.3964}}
- {id: items split, inputs: {total: 29.3964, items: {A: 3, B: 5, C: 2}},
   expect: {shares: [8.8189, 14.6982, 5.8793]}}
- {id: depot, inputs: {kwh: 1200, parcels: 9000},
   expect: {factor: 0.2454, total: 294.48, per_parcel: 0.03272}}
- {id: failed, inputs: {attempt1_share: 0.24497, attempt2_share: 0.31, depot_share: 0.03272},
   expect: {total: 0.58769}}
- {id: drops, inputs: {km: 85, factor: Vans class III diesel, stops: 120, successful_drops: 110},
   expect: {per_stop: 0.24497, per_drop: 0.26724}}
- {id: chain, inputs: {mass_kg: 12, linehaul_km: 360, linehaul_factor: Rigid > 17 t average tkm,
   depot_share: 0.03272, last_mile_share: 0.24497}, expect: {total: 1.179792}}
- {id: nested chain, inputs: {linehaul: {tkm: 4.32, kg_per_tkm: 0.20882},
   hub: {kwh: 1200, parcels: 9000},
   last_mile: {km: 85, stops: 120, factor: Vans class III diesel}},
   expect: {total: 1.179792, linehaul: 0.902102}}
- {id: small, inputs: {km: 10, factor: small motorbike}, expect: {wtw: 1.0467}}
"""
EMBER = """
- {id: france, inputs: {kwh: 35, country: FR}, expect: {wtw: 1.5463}}
- {id: both, inputs: {battery_kwh: 31.5, countries: [DE, FR]}, expect: {DE: 11.9721, FR: 1.5463}}
"""
KINDS: list[dict[str, Any]] = yaml.safe_load(CASES)


def failed(case: Mapping[str, Any]) -> tuple[str, ...]:
    (outcome,) = run({"cases": [case]})
    return outcome.faults


@pytest.mark.parametrize("case", KINDS, ids=lambda case: str(case["id"]))
def test_every_kind_is_computed_by_the_engine(case: Mapping[str, Any]) -> None:
    assert failed(case) == ()


@pytest.mark.parametrize("case", KINDS, ids=lambda case: str(case["id"]))
def test_a_word_that_nobody_knows_fails_its_case(case: dict[str, Any]) -> None:
    (fault,) = failed({**case, "inputs": {**case["inputs"], "wings": 2}})
    assert "wings" in fault


@pytest.mark.parametrize("case", KINDS, ids=lambda case: str(case["id"]))
def test_a_number_that_is_a_little_off_fails_its_case(case: dict[str, Any]) -> None:
    name, value = next(iter(case["expect"].items()))
    off = {key: one + 0.001 for key, one in value.items()} if isinstance(value, dict) else None
    listed = [one + 0.001 for one in value] if isinstance(value, list) else off
    assert failed({**case, "expect": {name: listed or value + 0.001}})


@pytest.mark.parametrize(
    "inputs",
    [
        {"litres": 2, "factor": "petrol"},  # the table lacks its tank to wheel
        {"idle_hours": 2},
        {"leak_kg": 2},
        {"linehaul_tkm": 1, "linehaul_factor": "Rigid 7.5 t 0% laden tkm"},
        {"km": 2, "factor": "Vans class III diesel", "load_factor": "much"},
        {"total": 1, "consignments": [{"id": "A", "colour": "red"}]},
        {"stops": 4},
    ],
)
def test_what_cannot_be_computed_is_not_guessed(inputs: Mapping[str, Any]) -> None:
    (fault,) = failed({"id": "x", "inputs": inputs, "expect": {"wtw": 0}})
    assert fault.startswith("not understood")


@pytest.mark.shared
@pytest.mark.parametrize("case", yaml.safe_load(EMBER), ids=lambda case: str(case["id"]))
def test_a_country_counts_by_its_own_electricity(case: Mapping[str, Any]) -> None:
    shared.path("cases/carbon_factors.csv")

    assert failed(case) == ()
