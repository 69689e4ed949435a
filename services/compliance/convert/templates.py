"""
Files of built-in zones -> templates, and templates -> wire.

A file is a document of `Zone` without areas. A tariff, which repeats one table of hours over
seasons of some years, stands in `tariffs` and becomes one rule per season and row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from doorstep.compliance.v1 import zone_pb2
from services.compliance.convert.documents import fill, hold_to_contract
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.rules import rule_from_proto
from services.compliance.convert.zones import described, zone_content
from services.compliance.domain.rule import Rule
from services.compliance.domain.template import ZoneTemplate

Calendar = Callable[[str], tuple[date, ...]]
TARIFFS = "tariffs"
SOURCE_MAX = 1_000  # characters of a rule's source, by the contract


def template_of(name: str, document: Mapping[str, Any], calendar: Calendar) -> ZoneTemplate:
    """The template that a file describes; raises Invalid with all its faults."""
    faults, message = Faults(), zone_pb2.Zone()
    plain = {key: value for key, value in document.items() if key != TARIFFS}
    rules = [*_tariff_rules(document.get(TARIFFS, ())), *plain.get("rules", ())]
    fill(message, {**plain, "rules": rules}, name, faults)
    hold_to_contract(message, name, faults, "areas")
    faults.refuse()
    template = accepted(faults, faults.take(name, _template, message))
    if template.holidays or not template.holiday_calendar:
        return template
    days = faults.take(f"{name}.holiday_calendar", calendar, template.holiday_calendar)
    return replace(template, holidays=accepted(faults, days))


def template_to_proto(template: ZoneTemplate) -> zone_pb2.Zone:
    """A template as the contract has it: a zone without areas."""
    message = zone_content(template)
    message.ClearField("state")
    return message


def _template(message: zone_pb2.Zone) -> ZoneTemplate:
    rules = tuple(_sourced(rule_from_proto(rule), message.source) for rule in message.rules)
    return ZoneTemplate(message.zone_id, rules=rules, **described(message))


def _sourced(rule: Rule, source: str) -> Rule:
    """A rule that names no source of its own was read where the zone was."""
    return rule if rule.source else replace(rule, source=source[:SOURCE_MAX])


def _tariff_rules(tariffs: Any) -> Iterator[dict[str, Any]]:
    for tariff in tariffs:
        for season in tariff["seasons"]:
            for row in tariff["amounts"]:
                yield _tariff_rule(tariff, season, row)


def _tariff_rule(
    tariff: Mapping[str, Any], season: Mapping[str, Any], row: Mapping[str, Any]
) -> dict[str, Any]:
    span = {"days": tariff["days"], "holiday_effect": tariff["holiday_effect"]}
    clock = str(row["start"]).replace(":", "")
    charge = {name: tariff[name] for name in ("unit", "currency_code", "daily_cap_micros")}
    return {
        "rule_id": f"{tariff['tariff_id']}-{season['start_date']}-{clock}",
        "schedule": {**season, "spans": [{**span, "start": row["start"], "end": row["end"]}]},
        "charge": {**charge, "amount_micros": row["amount_micros"]},
    }
