"""
The runner of acceptance cases: it passes what the real code answers, and nothing else.

Method: small files with one right and one wrong expectation; then the shared files, whole.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import shared
from tests.cases.__main__ import main

ZONES = """
holidays: {XX: ['2026-05-14']}
zones:
  centre:
    tz: Europe/Helsinki
    holiday_calendar: XX
    rules:
    - id: ban
      applies: {fuel: [diesel], euro_le: 5}
      when: {from: '2025-01-01', windows: [{days: [Tu], hours: ['07:00', '18:00'], ph: 'no'}]}
      effect: {type: forbidden, penalty: 80, currency: EUR}
cases:
- {id: banned, zone: centre, at: 2026-05-12T07:00, vehicle: {fuel: diesel, euro: 5},
   expect: {verdict: forbidden, rule: ban, penalty: 80}}
- {id: over, zone: centre, at: 2026-05-12T18:00, vehicle: {fuel: diesel, euro: 5},
   expect: {verdict: allowed}}
- {id: unsure, zone: centre, at: 2026-05-12T12:00, vehicle: {fuel: diesel},
   expect: {verdict: unknown}}
"""
CARBON = """
cases:
- {id: van, inputs: {km: 85, stops: 120, factor: Vans class III diesel 2025},
   expect: {wtw: 29.3964, per_stop: 0.24497}}
- {id: shares, inputs: {km: 85, factor: Vans class III diesel 2025,
   consignments: [{mass_kg: 24, km: 10}, {mass_kg: 25, km: 10}, {mass_kg: 12, km: 10}]},
   expect: {shares: [11.5658, 12.0477, 5.7829]}}
"""


CURBS = """
curb_and_idle_cases:
- {id: bay, policy: {priority: 1, rules: [{activity: loading, user_classes: [van], max_stay: 1,
     max_stay_unit: hour, no_return: 60, rate: [{rate: 100, rate_unit: hour}]}],
     time_spans: [{days_of_month: [12], months: [5], time_of_day_start: '22:00',
                   time_of_day_end: '06:00', start_date: 2026-01-01}]},
   stay: {activity: loading, user_classes: [van], at: 2026-05-12T23:30, minutes: 60},
   expect: {allowed: true, priority: 1}}
- {id: back, policy: {priority: 1, rules: [{activity: loading, no_return: 60}]},
   stays: [{activity: loading, at: 2026-05-12T08:00, minutes: 20},
           {activity: loading, at: 2026-05-12T09:00, minutes: 5}],
   expect: {allowed: false, reason: too soon to return}}
- {id: feast, holidays: [2026-05-14], policy: {priority: 1, rules: [{activity: unloading}],
     time_spans: [{designated_period: holidays, designated_period_except: true}]},
   stay: {activity: unloading, at: 2026-05-14T09:00, minutes: 5},
   expect: {allowed: false, reason: closed on holidays}}
- {id: early, policy: {access: pedestrian_zone, open_for: delivery, hours: ['06:00', '11:00']},
   visit: {arrive: 2026-05-12T05:50, depart: 2026-05-12T06:10},
   expect: {allowed: false, reason: not open before 06:00}}
- {id: night, policy: {access: quiet_hours, closed_for: delivery, hours: ['22:00', '06:00']},
   visit: {arrive: 2026-05-12T21:50, depart: 2026-05-12T22:05},
   expect: {allowed: false, leave_by: '22:00'}}
- {id: cold, rule: {limit_s: 300, exceptions: [{temperature_below_f: 25}]}, idle_s: 900,
   temperature_f: 24, expect: {violation: false}}
- {id: mild, rule: {limit_s: 300, exceptions: [below 25 F]}, idle_s: 900, temperature_f: 25,
   expect: {violation: true}}
- {id: unsure, rule: {limit_s: 300, applies: 'diesel > 10,000 lb GVWR'}, idle_s: 301,
   vehicle: {gvwr_lb: 14000}, expect: {violation: unknown, missing: [fuel]}}
- {id: school, rules: [{limit_s: 180}, {limit_s: 60, context: school}], context: school, idle_s: 61,
   expect: {violation: true}}
- {id: device, rule: {limit_s: 180, exceptions: [processing_device]}, idle_s: 999, exception: pto,
   expect: {violation: false}}
"""


def run(tmp_path: Path, kind: str, text: str) -> int:
    file = tmp_path / "cases.yaml"
    file.write_text(text)
    return main([kind, str(file)])


@pytest.mark.parametrize(
    ("kind", "text", "count"), [("zones", ZONES, 3), ("zones", CURBS, 10), ("carbon", CARBON, 2)]
)
def test_what_the_real_code_answers_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, text: str, count: int
) -> None:
    assert run(tmp_path, kind, text) == 0
    assert capsys.readouterr().out == f"{count} passed, 0 failed\n"


@pytest.mark.parametrize(
    ("kind", "text", "planted", "failed"),
    [
        ("zones", ZONES, ("verdict: allowed", "verdict: charge"), "over"),
        ("zones", ZONES, ("penalty: 80}", "penalty: 81}"), "banned"),
        ("zones", ZONES, ("euro: 5}", "wheels: 5}"), "banned"),
        ("zones", CURBS, ("minutes: 60}", "minutes: 61}"), "bay"),
        ("zones", CURBS, ("max_stay_unit: hour", "max_stay_unit: fortnight"), "bay"),
        ("zones", CURBS, ("months", "moons"), "bay"),
        ("zones", CURBS, ("too soon to return", "too long"), "back"),
        ("zones", CURBS, ("designated_period: holidays", "designated_period: snow days"), "feast"),
        ("zones", CURBS, ("open_for: delivery", "spaces: 3"), "early"),
        ("zones", CURBS, ("leave_by: '22:00'", "leave_by: '22:05'"), "night"),
        ("zones", CURBS, ("temperature_f: 24", "temperature_f: 25"), "cold"),
        ("zones", CURBS, ("missing: [fuel]", "missing: [mpm_kg]"), "unsure"),
        ("zones", CURBS, ("exception: pto", "exception: tea"), "device"),
        ("carbon", CARBON, ("29.3964", "29.3966"), "van"),
        ("carbon", CARBON, ("wtw", "who_knows"), "van"),
        ("carbon", CARBON, ("5.7829", "5.7831"), "shares"),
    ],
)
def test_a_wrong_expectation_fails_by_name(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    text: str,
    planted: tuple[str, str],
    failed: str,
) -> None:
    assert run(tmp_path, kind, text.replace(*planted)) == 1
    assert f"FAILED {failed}: " in capsys.readouterr().out


def test_no_case_of_hours_passes_before_there_is_an_engine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "hours", "cases: [{id: a}]") == 1
    assert capsys.readouterr().out.endswith("0 passed, 1 failed\n")


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "cases: []"])
def test_a_file_without_cases_is_no_success(tmp_path: Path, text: str) -> None:
    assert run(tmp_path, "zones", text) != 0


@pytest.mark.shared
@pytest.mark.parametrize(
    ("kind", "name"), [("zones", "zone_cases.yaml"), ("carbon", "carbon_cases.yaml")]
)
def test_the_shared_cases_pass(kind: str, name: str) -> None:
    assert main([kind, str(shared.path(f"cases/{name}"))]) == 0
