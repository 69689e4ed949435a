"""
Cursor tokens: they come back as they went, and nothing else passes for one.

Pure.
"""

from __future__ import annotations

import base64

import pytest

from meshkit import cursor
from meshkit.errors import Invalid


@pytest.mark.parametrize(
    "place", [{}, {0: 0}, {0: 7, 1: 0, 2: 2**63 - 1, 3: 1}, dict.fromkeys(range(64), 5)]
)
def test_a_place_survives_its_token(place: dict[int, int]) -> None:
    token = cursor.pack("dispatch", place)

    assert cursor.unpack("dispatch", token) == place
    assert len(token) <= cursor.TOKEN_CHARACTERS_MAX


@pytest.mark.parametrize(
    "token",
    [
        "7",
        "not a cursor",
        "AQ",
        cursor.pack("tracking", {0: 1}),
        cursor.pack("dispatch", {0: 1})[:-4],
        cursor.pack("dispatch", {0: 1}) + "AAAA",
        base64.urlsafe_b64encode(b"\x02" + b"\0" * 11).decode(),
        "\N{SNOWMAN}" * 16,
    ],
)
def test_what_this_feed_did_not_make_is_refused(token: str) -> None:
    with pytest.raises(Invalid) as caught:
        cursor.unpack("dispatch", token)

    assert caught.value.reason == "CURSOR_INVALID"
