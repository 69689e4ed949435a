"""
The built-in rules of well-known zones, and how documents are read.

Method: the shared cases are answered from the service's own files instead of the zones that stand
beside the cases; documents with one fault each, planted where a person would make it.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from doorstep.compliance.v1 import zone_pb2
from meshkit.errors import Invalid
from services.compliance import file_reader
from services.compliance.adapters.holiday_calendars import holidays_of
from services.compliance.convert.documents import fill, hold_to_contract
from services.compliance.convert.faults import Faults
from services.compliance.convert.templates import template_of
from services.compliance.domain.faults import Unsound
from services.compliance.tests.places import SQUARE, day
from tests import shared
from tests.cases import zones as cases
from tests.cases.zone_words import zone_of

NAMES = (
    "be-antwerp-lez",
    "be-brussels-lez",
    "de-umweltzone-green",
    "fr-zfe-grand-paris",
    "gb-london-ccz",
    "gb-london-lez",
    "gb-london-ulez",
    "it-milan-area-c",
    "nl-zez",
    "se-stockholm",
    "us-nyc-crz",
)
RULE = {"rule_id": "ban", "prohibition": {}}
ZONE: dict[str, Any] = {
    "zone_id": "centre",
    "title": "Centre",
    "kind": "LOW_EMISSION",
    "time_zone": "Europe/Helsinki",
    "rules": [RULE],
}


def test_every_zone_is_there_with_source_confidence_and_last_check() -> None:
    found = cases.templates().after("", 100)

    assert tuple(template.zone_id for template in found) == NAMES
    for template in found:
        assert template.source
        assert template.confidence
        assert template.verified
        assert all(rule.source for rule in template.rules)
        assert 0 < len(template.rules) <= 200


@pytest.mark.shared
def test_the_shared_cases_are_answered_from_the_built_in_rules() -> None:
    document = yaml.safe_load(shared.path("cases/zone_cases.yaml").read_text())
    asked = {"cases": document["cases"]}
    for case in asked["cases"]:
        if case["expect"].get("permit"):  # the file names a permit by its title
            case["expect"]["permit"] = "gb-dvs"

    assert [outcome for outcome in cases.run(asked) if not outcome.passed] == []


@pytest.mark.shared
@pytest.mark.parametrize("name", [name for name in NAMES if name != "se-stockholm"])
def test_the_built_in_rules_are_those_of_the_cases(name: str) -> None:
    document = yaml.safe_load(shared.path("cases/zone_cases.yaml").read_text())
    told = zone_of(name, document["zones"][name], (), set())
    own = cases.built_in(name)

    assert own.kind is told.kind
    assert own.time_zone == told.time_zone
    for rule, wanted in zip(own.rules, told.rules, strict=True):
        assert (rule.rule_id, rule.filter, rule.schedule) == (
            wanted.rule_id,
            wanted.filter,
            wanted.schedule,
        )
        assert rule.rule_id == "dvs-permit" or rule.effect == wanted.effect


@pytest.mark.shared
@pytest.mark.parametrize(
    ("calendar", "listed"), [("GB-ENG", "GB-ENG"), ("SE", "SE"), ("IT-MI", "IT"), ("FR", "FR")]
)
def test_the_calendars_have_every_listed_day(calendar: str, listed: str) -> None:
    document = yaml.safe_load(shared.path("cases/zone_cases.yaml").read_text())

    assert {day(text) for text in document["holidays"][listed]} <= set(holidays_of(calendar))


@pytest.mark.parametrize("calendar", ["XX", "", "GB-NOWHERE", "Sweden 2026"])
def test_an_unknown_calendar_is_refused(calendar: str) -> None:
    with pytest.raises(Unsound, match="no holiday calendar is named"):
        holidays_of(calendar)


def test_a_template_makes_a_zone_of_an_area() -> None:
    template = file_reader.templates().get("it-milan-area-c")
    assert template is not None

    zone = template.on("milan", (SQUARE,))
    assert (zone.zone_id, zone.rules, zone.holidays) == ("milan", template.rules, template.holidays)
    assert day("2026-12-07") in zone.holidays  # Saint Ambrose, of Milan alone


@pytest.mark.parametrize(
    ("planted", "path", "said"),
    [
        ({"colour": 1}, "z.colour", "no field is named"),
        ({"version": 1}, "z.version", "no field is named"),
        ({"rules": [{**RULE, "filtr": {}}]}, "z.rules[0].filtr", "no field is named"),
        ({"rules": [{**RULE, "charge": {}}]}, "z.rules[0].charge", "only one of prohibition"),
        ({"rules": {}}, "z.rules", "must be a list"),
        ({"rules": ["ban"]}, "z.rules[0]", "must be an object"),
        ({"kind": "PARKING"}, "z.kind", "not one of LOW_EMISSION"),
        ({"title": 7}, "z.title", "must be a text"),
        ({"demonstration": "yes"}, "z.demonstration", "must be true or false"),
        ({"verified_date": "12 May"}, "z.verified_date", "is no date"),
        ({"title": ""}, "z.title", "value is required"),
        ({"zone_id": "Centre Ville"}, "z.zone_id", ""),
    ],
)
def test_a_fault_of_a_document_is_told_with_its_place(
    planted: dict[str, Any], path: str, said: str
) -> None:
    found = faults({**ZONE, **planted})

    assert [fault.field for fault in found] == [path]
    assert said in found[0].description


def test_all_faults_of_a_document_are_told_at_once() -> None:
    rules = [
        {"rule_id": "A", "prohibition": {}, "schedule": {"spans": [{"start": "7"}]}},
        {"rule_id": "b", "charge": {"amount_micros": 1.5, "currency_code": "euro", "unit": "DAY"}},
    ]

    assert {fault.field for fault in faults({**ZONE, "rules": rules, "colour": 1})} == {
        "z.rules[0].rule_id",
        "z.rules[0].schedule.spans[0].start",
        "z.rules[1].charge.amount_micros",
        "z.rules[1].charge.currency_code",
        "z.colour",
    }


def test_dates_times_and_names_are_written_as_people_do() -> None:
    schedule = {
        "start_date": "2026-01-02",
        "excepted_dates": ["12-25"],
        "spans": [{"days": ["Mo", "TUESDAY"], "start": "07:30", "holiday_effect": "EXCLUDED"}],
    }
    template = template_of("z", {**ZONE, "rules": [{**RULE, "schedule": schedule}]}, holidays_of)

    found = template.rules[0].schedule
    assert (found.start, found.excepted[0].year) == (day("2026-01-02"), 0)
    assert (found.spans[0].days, found.spans[0].start_seconds) == ((0, 1), 27_000)


def test_a_file_with_faults_is_no_template() -> None:
    with pytest.raises(Invalid) as caught:
        template_of("z", {**ZONE, "holiday_calendar": "XX"}, holidays_of)
    assert caught.value.violations[0].field == "z.holiday_calendar"


def faults(document: dict[str, Any]) -> Any:
    message, found = zone_pb2.Zone(), Faults()
    fill(message, document, "z", found)
    hold_to_contract(message, "z", found, "areas")
    with pytest.raises(Invalid) as caught:
        found.refuse()
    return caught.value.violations
