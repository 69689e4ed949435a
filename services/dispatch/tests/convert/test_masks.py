"""
Updates by mask: what is named is taken from the request, set or unset, and the rest is kept.
"""

from __future__ import annotations

from typing import Any

import pytest
from google.api import field_behavior_pb2
from google.protobuf.field_mask_pb2 import FieldMask

from doorstep.dispatch.v1 import delivery_pb2
from meshkit.errors import Invalid
from services.dispatch.convert import nouns
from services.dispatch.convert.masks import masked
from services.dispatch.domain.delivery import Delivery, Recipient
from services.dispatch.domain.parcel import Parcel
from services.dispatch.tests.convert.samples import of
from services.dispatch.tests.domain.samples import delivery, window
from services.dispatch.usecases.deliveries import WRITABLE

KEPT = delivery(
    recipient=Recipient("Grace", "+358401234567"),
    windows=(window(0, 60), window(60, 120)),
    parcels=(Parcel("p1", 1_000), Parcel("p2", 2_000)),
    instructions="bell",
    priority=3,
    segment="shop",
)


def update(*paths: str, **fields: Any) -> tuple[Delivery, list[str]]:
    asked = of(delivery_pb2.Delivery, **fields)
    return masked(nouns.DELIVERY, KEPT, asked, FieldMask(paths=paths), WRITABLE)


@pytest.mark.parametrize(
    ("path", "fields", "value"),
    [
        ("priority", {"priority": 9}, 9),
        ("priority", {}, 0),  # named and not set: cleared
        ("instructions", {"instructions": "ring"}, "ring"),
        ("instructions", {}, ""),
        ("recipient", {}, None),
        ("recipient", {"recipient": {"display_name": "Ada"}}, Recipient("Ada")),  # not merged
        ("windows", {}, ()),
        ("parcels", {"parcels": [{"parcel_id": "p3"}]}, (Parcel("p3"),)),  # not appended
    ],
)
def test_what_is_named_is_as_asked_for(path: str, fields: dict[str, Any], value: Any) -> None:
    after, names = update(path, **fields)

    assert names == [path]
    assert getattr(after, path) == value


def test_what_is_not_named_is_kept_whatever_the_request_says() -> None:
    after, _ = update("priority", priority=9, instructions="ring", segment="other")

    assert (after.instructions, after.segment) == ("bell", "shop")
    assert (after.recipient, after.windows, after.parcels) == (
        KEPT.recipient,
        KEPT.windows,
        KEPT.parcels,
    )


def test_a_name_that_stands_twice_counts_once() -> None:
    _, names = update("segment", "priority", "segment", priority=1)

    assert names == ["segment", "priority"]


@pytest.mark.parametrize(
    ("paths", "bad"),
    [
        ((), []),
        (("state",), ["update_mask.paths[0]"]),  # derived
        (("delivery_id",), ["update_mask.paths[0]"]),
        (("priority", "etag", "nonsense"), ["update_mask.paths[1]", "update_mask.paths[2]"]),
        (("recipient.phone_number",), ["update_mask.paths[0]"]),  # whole fields only
        (("*",), ["update_mask.paths[0]"]),
    ],
)
def test_a_mask_names_writable_fields_and_at_least_one(
    paths: tuple[str, ...], bad: list[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        update(*paths, priority=1)

    assert caught.value.reason == "MASK_UNKNOWN"
    assert [violation.field for violation in caught.value.violations] == bad


@pytest.mark.parametrize(
    ("path", "fields", "fault"),
    [
        ("priority", {"priority": 10}, "priority"),
        ("location", {}, "location"),
        ("parcels", {}, "parcels"),
        ("recipient", {"recipient": {"phone_number": "0401"}}, "recipient.phone_number"),
    ],
)
def test_the_whole_is_held_to_the_contract(path: str, fields: dict[str, Any], fault: str) -> None:
    with pytest.raises(Invalid) as caught:
        update(path, **fields)

    assert fault in [violation.field for violation in caught.value.violations]


def test_every_writable_name_is_a_field_of_the_message_and_none_is_output_only() -> None:
    for name in WRITABLE:
        options = delivery_pb2.Delivery.DESCRIPTOR.fields_by_name[name].GetOptions()
        behaviors = options.Extensions[field_behavior_pb2.field_behavior]
        assert field_behavior_pb2.OUTPUT_ONLY not in behaviors, name
        assert field_behavior_pb2.IMMUTABLE not in behaviors, name
