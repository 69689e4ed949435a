"""
GeoJSON with our rules as properties: the properties of a feature are a document of `Zone`.

Two names more: `template_id` takes everything that the feature does not say from a built-in zone,
and `halfwidth_meters` is how far to each side a street reaches that is drawn as a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doorstep.compliance.v1 import zone_pb2
from services.compliance.convert.documents import fill
from services.compliance.convert.faults import Faults
from services.compliance.convert.geometry import polygon_to_proto
from services.compliance.convert.given import text, whole
from services.compliance.convert.imports.features import HALFWIDTH_METERS, area_of, features
from services.compliance.convert.imports.means import Means, keep, tell
from services.compliance.convert.moments import day_to_proto
from services.compliance.convert.zones import zone_content
from services.compliance.domain.faults import check
from services.compliance.domain.zone_import import Harvest, ZoneImport

TEMPLATE, HALFWIDTH = "template_id", "halfwidth_meters"
HALFWIDTH_MAX_METERS = 100
OURS = {
    field.name
    for field in zone_pb2.Zone.DESCRIPTOR.fields
    if field.name != "areas" and field.number < zone_pb2.Zone.RULE_SET_ID_FIELD_NUMBER
}


def read(means: Means, own: ZoneImport, content: bytes) -> Harvest:
    """One zone per feature."""
    harvest = Harvest()
    for path, feature in features(content, harvest):
        _read_feature(means, own, path, feature, harvest)
    return harvest


def _read_feature(
    means: Means, own: ZoneImport, path: str, feature: Mapping[str, Any], harvest: Harvest
) -> None:
    properties: Mapping[str, Any] = feature.get("properties") or {}
    place, faults = f"{path}.properties", Faults()
    message = _began(means, properties, place, faults)
    fill(message, _document(feature, properties, place, harvest), place, faults)
    _complete(means, own, message, properties, place, faults)
    halfwidth = _halfwidth(properties, place, faults)
    area = area_of(feature, path, harvest, halfwidth)
    tell(harvest, faults)
    if area and not faults.found:
        message.areas.extend(polygon_to_proto(part) for part in area)
        keep(harvest, place, message)


def _began(
    means: Means, properties: Mapping[str, Any], place: str, faults: Faults
) -> zone_pb2.Zone:
    """The zone of the template that is named, without its id, or an empty one."""
    if properties.get(TEMPLATE) is None:
        return zone_pb2.Zone()
    name = faults.take(f"{place}.{TEMPLATE}", text, properties[TEMPLATE])
    if name is None:
        return zone_pb2.Zone()
    template = means.template(name)
    if template is None:
        faults.add(f"{place}.{TEMPLATE}", f"no built-in zone is named {name!r}")
        return zone_pb2.Zone()
    message = zone_content(template)
    message.ClearField("zone_id")
    return message


def _document(
    feature: Mapping[str, Any], properties: Mapping[str, Any], place: str, harvest: Harvest
) -> dict[str, Any]:
    """What is ours of the properties; other names mean nothing here."""
    for name in sorted(set(properties) - OURS - {TEMPLATE, HALFWIDTH}):
        harvest.notice(f"{place}.{name}", "the property has no meaning here")
    document = {name: value for name, value in properties.items() if name in OURS}
    if "zone_id" not in document and isinstance(feature.get("id"), str):
        document["zone_id"] = feature["id"]
    return document


def _complete(
    means: Means,
    own: ZoneImport,
    message: zone_pb2.Zone,
    properties: Mapping[str, Any],
    place: str,
    faults: Faults,
) -> None:
    if properties.get("rules") is None and TEMPLATE not in properties:
        said = "state the rules of the zone ([] lets everybody in), or name a template_id"
        faults.add(f"{place}.rules", said)
    message.source = message.source or own.source
    if "holiday_calendar" in properties and "holidays" not in properties:
        calendar = message.holiday_calendar
        days = (
            faults.take(f"{place}.holiday_calendar", means.calendar, calendar) if calendar else ()
        )
        message.ClearField("holidays")
        message.holidays.extend(day_to_proto(day) for day in days or ())


def _halfwidth(properties: Mapping[str, Any], place: str, faults: Faults) -> int:
    given = properties.get(HALFWIDTH, HALFWIDTH_METERS)
    return faults.take(f"{place}.{HALFWIDTH}", _width, given) or HALFWIDTH_METERS


def _width(given: Any) -> int:
    width = whole(given)
    check(0 < width <= HALFWIDTH_MAX_METERS, f"must be 1 to {HALFWIDTH_MAX_METERS}")
    return width
