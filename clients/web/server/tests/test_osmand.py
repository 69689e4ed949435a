"""What phones send, as it is read. Method: tables of what the apps write."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from clients.web.server.osmand import Fix, from_json, from_parameters, moment
from meshkit.errors import Invalid

NINE = datetime(2026, 11, 26, 9, tzinfo=UTC)
SECONDS = "1795683600"
PLAIN = {"id": "key_1.secret", "lat": "60.1", "lon": "24.9", "timestamp": SECONDS}
FIX = Fix("key_1.secret", NINE, 60.1, 24.9)


def body(**changes: Any) -> bytes:
    """As Traccar Client 9 sends it."""
    coords = {"latitude": 60.1, "longitude": 24.9, "accuracy": 4.2, "speed": 10, "heading": 90}
    location = {
        "timestamp": "2026-11-26T09:00:00.000Z",
        "coords": coords | {"altitude": 12.5},
        "is_moving": True,
        "odometer": 1200.5,
        "battery": {"level": 0.5, "is_charging": False},
        "activity": {"type": "in_vehicle"},
    }
    return json.dumps({"device_id": "key_1.secret", "location": location | changes}).encode()


@pytest.mark.parametrize(
    ("told", "fix"),
    [
        ({}, FIX),
        ({"speed": "10", "bearing": "90", "accuracy": "4.2"}, replace(FIX, accuracy_meters=5,
            speed_centimeters_per_second=514, heading_degrees=90.0)),
        ({"speed": "-1", "bearing": "-1", "accuracy": "-1"}, FIX),
        ({"speed": "fast", "altitude": "12", "batt": "50"}, FIX),
        ({"speed": "0"}, replace(FIX, speed_centimeters_per_second=0)),
        ({"lat": "", "lon": "", "location": "60.1,24.9"}, FIX),
        ({"id": "", "deviceid": "key_1.secret", "timestamp": SECONDS + "000"}, FIX),
    ],
)  # fmt: skip
def test_parameters_are_read_as_the_apps_mean_them(told: dict[str, str], fix: Fix) -> None:
    assert from_parameters(PLAIN | told) == fix


def test_the_json_of_traccar_client_is_read_with_its_own_units() -> None:
    assert from_json(body()) == replace(
        FIX, accuracy_meters=5, speed_centimeters_per_second=1_000, heading_degrees=90.0
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SECONDS, NINE),
        (SECONDS + "250", NINE.replace(microsecond=250_000)),
        ("2026-11-26T09:00:00Z", NINE),
        ("2026-11-26 09:00:00", NINE),
        ("2026-11-26T11:00:00+02:00", NINE),
    ],
)
def test_a_time_is_read_in_every_form_that_the_apps_write(text: str, found: datetime) -> None:
    assert moment(text) == found


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        ({"lat": "nan", "lon": "", "timestamp": "today"}, ["lat", "lon", "timestamp"]),
        ({"lat": "inf"}, ["lat"]),
        ({"timestamp": ""}, ["timestamp"]),
        ({"timestamp": "1e300"}, ["timestamp"]),
        ({"timestamp": "9" * 400}, ["timestamp"]),
    ],
)
def test_all_faults_are_told_at_once_and_never_what_was_sent(
    told: dict[str, str], fields: list[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        from_parameters(PLAIN | told)

    assert [one.field for one in caught.value.violations] == fields
    assert "60.1" not in str(caught.value)


@pytest.mark.parametrize(
    "sent",
    [b"", b"{", b"[]", b'{"location": 1}', b"[" * 9_000, body(coords=None), body(coords=[1])],
)
def test_a_body_that_is_no_fix_is_refused(sent: bytes) -> None:
    with pytest.raises(Invalid):
        from_json(sent)


def test_neither_key_nor_place_shows_in_a_repr() -> None:
    assert "secret" not in repr(FIX)
    assert "60.1" not in repr(FIX)
