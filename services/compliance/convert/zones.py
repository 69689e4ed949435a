"""Zones and their versions: wire <-> domain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from doorstep.compliance.v1 import access_rule_pb2, zone_pb2
from doorstep.compliance.v1 import zone_service_pb2 as pb
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.geometry import (
    box_from_proto,
    polygon_from_proto,
    polygon_to_proto,
)
from services.compliance.convert.moments import (
    day_from_proto,
    day_or_none,
    day_to_proto,
    enum_from_proto,
    enum_to_proto,
    interval_to_proto,
    moment_or_none,
    moment_to_proto,
)
from services.compliance.convert.rules import rule_from_proto, rule_to_proto
from services.compliance.domain.faults import Unsound
from services.compliance.domain.geometry import Box
from services.compliance.domain.rule import Rule
from services.compliance.domain.template import ZoneTemplate
from services.compliance.domain.zone import Confidence, RuleSet, Zone, ZoneKind

KIND, CONFIDENCE = "ZONE_KIND_", "CONFIDENCE_"


def zone_from_proto(message: zone_pb2.Zone, path: str = "zone") -> Zone:
    """The zone; raises Invalid with everything that is wrong with it."""
    faults = Faults()
    parts = [
        faults.take(f"{path}.areas[{i}]", polygon_from_proto, part)
        for i, part in enumerate(message.areas)
    ]
    rules = [
        faults.take(f"{path}.rules[{i}]", rule_from_proto, rule)
        for i, rule in enumerate(message.rules)
    ]
    faults.refuse()
    make = partial(_zone, message, [p for p in parts if p], [r for r in rules if r])
    return accepted(faults, faults.take(path, make))


def _zone(message: zone_pb2.Zone, parts: list[Any], rules: list[Rule]) -> Zone:
    return Zone(
        zone_id=message.zone_id,
        area=tuple(parts),
        rules=tuple(rules),
        demonstration=message.demonstration,
        retired=message.state == zone_pb2.ZONE_STATE_RETIRED,
        **described(message),
    )


def described(message: zone_pb2.Zone) -> dict[str, Any]:
    """What a zone and a template of zones both say of themselves."""
    kind = enum_from_proto(ZoneKind, zone_pb2.ZoneKind, KIND, message.kind)
    if kind is None:
        raise Unsound("a zone has a kind")
    confidence = enum_from_proto(Confidence, zone_pb2.Confidence, CONFIDENCE, message.confidence)
    return {
        "title": message.title,
        "kind": kind,
        "time_zone": message.time_zone,
        "holiday_calendar": message.holiday_calendar,
        "holidays": tuple(sorted({day_from_proto(day) for day in message.holidays})),
        "source": message.source,
        "confidence": confidence,
        "verified": day_or_none(message, "verified_date"),
    }


def zone_to_proto(rule_set: RuleSet) -> zone_pb2.Zone:
    """A version of a zone as the contract has it."""
    message = zone_content(rule_set.zone)
    message.rule_set_id = rule_set.rule_set_id
    message.version = rule_set.version
    message.effective_interval.CopyFrom(interval_to_proto(rule_set.start, rule_set.end))
    message.create_time.CopyFrom(moment_to_proto(rule_set.create_time))
    message.update_time.CopyFrom(moment_to_proto(rule_set.record_time))
    message.etag = rule_set.etag
    return message


def zone_content(zone: Zone | ZoneTemplate) -> zone_pb2.Zone:
    """What callers may write of a zone; a template has no areas."""
    message = zone_pb2.Zone(
        zone_id=zone.zone_id,
        title=zone.title,
        kind=enum_to_proto(zone_pb2.ZoneKind, KIND, zone.kind),
        time_zone=zone.time_zone,
        holiday_calendar=zone.holiday_calendar,
        holidays=[day_to_proto(day) for day in zone.holidays],
        areas=[polygon_to_proto(part) for part in zone.area],
        rules=[rule_to_proto(rule) for rule in zone.rules],
        source=zone.source,
        confidence=enum_to_proto(zone_pb2.Confidence, CONFIDENCE, zone.confidence),
        demonstration=zone.demonstration,
        state=zone_pb2.ZONE_STATE_RETIRED if zone.retired else zone_pb2.ZONE_STATE_ACTIVE,
    )
    if zone.verified is not None:
        message.verified_date.CopyFrom(day_to_proto(zone.verified))
    return message


def rule_set_to_proto(rule_set: RuleSet) -> zone_pb2.RuleSet:
    """A version with its place in the history."""
    return zone_pb2.RuleSet(
        rule_set_id=rule_set.rule_set_id,
        zone=zone_to_proto(rule_set),
        record_time=moment_to_proto(rule_set.record_time),
        rules_version=rule_set.rules_version,
    )


def zone_change(request: pb.UpdateZoneRequest) -> Callable[[Zone], Zone]:
    """The change that a request asks for: its masked fields over the present zone."""

    def change(zone: Zone) -> Zone:
        content = masked(zone_content(zone), request.zone, request.update_mask)
        return zone_from_proto(content)

    return change


def rule_change(request: pb.UpdateAccessRuleRequest) -> Callable[[Rule], Rule]:
    """The change of one rule that a request asks for."""

    def change(rule: Rule) -> Rule:
        content = masked(rule_to_proto(rule), request.access_rule, request.update_mask)
        return rule_of(content)

    return change


def rule_of(message: access_rule_pb2.AccessRule) -> Rule:
    """One rule; raises Invalid when it cannot be."""
    faults = Faults()
    return accepted(faults, faults.take("access_rule", rule_from_proto, message))


def masked(present: Any, asked: Any, mask: FieldMask) -> Any:
    """The present message with the masked fields of the asked one; without a mask, all of it."""
    if not mask.paths:
        return asked
    known = {field.name for field in present.DESCRIPTOR.fields}
    faults = Faults()
    for path in mask.paths:
        if path not in known:
            faults.add("update_mask", f"no field is named {path!r}")
    faults.refuse()
    mask.MergeMessage(asked, present, replace_message_field=True, replace_repeated_field=True)
    return present


def effective_start(request: Any) -> datetime | None:
    """When a version is to begin to hold, if the request says so."""
    faults = Faults()
    start = faults.take("effective_start_time", moment_or_none, request, "effective_start_time")
    faults.refuse()
    return start


def box_or_none(request: Any) -> Box | None:
    """The box of a request, if it names one."""
    if not request.HasField("box"):
        return None
    faults = Faults()
    return accepted(faults, faults.take("box", box_from_proto, request.box))
