"""
Random vehicles, and filters that are drawn around them: bounds lie on the vehicle's own numbers.

Imports nothing of ours.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

Words = dict[str, Any]

CATEGORIES = ("CYCLE", "L", "M1", "N1", "N2", "N3")
FUELS = ("DIESEL", "PETROL", "ELECTRIC", "HYDROGEN", "HYBRID_PETROL", "MUSCLE")
BODIES = ("RIGID", "TRACTOR", "VAN")
TOLL_CLASSES = ("small_van", "single_unit_truck")
COUNTRIES = ("FI", "DE", "GB")
SCHEMES = ("loading", "gb-dvs")
STICKERS = ("de-plakette", "fr-critair")
MISSING = 0.15  # of the attributes are not stated
MEASURES = {
    "max_mass_grams": (2_800_000, 3_500_000, 12_000_000),
    "unladen_mass_grams": (1_900_000, 2_100_000, 7_000_000),
    "height_centimeters": (190, 260, 400),
    "width_centimeters": (100, 200, 255),
    "length_centimeters": (300, 600, 1_200),
    "axle_mass_grams": (1_800_000, 8_000_000, 11_500_000),
}
CHOICES = {
    "categories": ("category", CATEGORIES),
    "fuels": ("fuel", FUELS),
    "bodies": ("body", BODIES),
    "toll_classes": ("toll_class", TOLL_CLASSES),
    "registration_country_codes": ("registration_country_code", COUNTRIES),
}


def vehicle(draw: random.Random, name: str, today: date) -> Words:
    """What is not stated is left out."""
    stated: Words = {field: draw.choice(values) for field, values in CHOICES.values()}
    stated |= {name: draw.choice(values) for name, values in MEASURES.items()}
    stated |= {
        "euro_class": draw.randrange(3, 7),
        "first_registration_date": today - timedelta(days=draw.randrange(4_000)),
        "auto_pay": draw.random() < 0.5,
    }
    own = {field: value for field, value in stated.items() if draw.random() >= MISSING}
    stickers = {scheme: draw.randrange(5) for scheme in STICKERS if draw.random() < 0.7}
    return own | {
        "vehicle_id": name,
        "stickers": stickers,
        "permits": [_permit(draw, today) for _ in range(draw.choice((0, 1, 1, 2)))],
        "permits_complete": draw.random() < 0.6,
    }


def _permit(draw: random.Random, today: date) -> Words:
    start, end = sorted(draw.sample(range(-2, 4), 2))
    return {
        "scheme": draw.choice(SCHEMES),
        "held": draw.random() < 0.8,
        "start": today + timedelta(days=start) if draw.random() < 0.4 else None,
        "end": today + timedelta(days=end) if draw.random() < 0.4 else None,
    }


def selection(draw: random.Random, vehicles: Sequence[Words], today: date, none: float) -> Words:
    """A filter of a few conditions; none at all with that probability."""
    if draw.random() < none:
        return {}
    own, wanted = vehicles[0], Words()
    kinds = (_choice, _choice, _excluded, _euro, _measure, _measure, _sticker, _first, _papers)
    for kind in draw.sample(kinds, draw.choice((1, 1, 2, 3))):
        wanted |= kind(draw, own, today)
    return wanted


def _choice(draw: random.Random, own: Words, _: date) -> Words:
    field = draw.choice(list(CHOICES))
    name, values = CHOICES[field]
    chosen = set(draw.sample(values, 2))
    if name in own and draw.random() < 0.6:
        chosen.add(own[name])
    return {field: sorted(chosen)}


def _excluded(draw: random.Random, _own: Words, _: date) -> Words:
    return {"excluded_fuels": sorted(draw.sample(FUELS, 2))}


def _euro(draw: random.Random, own: Words, _: date) -> Words:
    return {"euro_class": _bounds(draw, own.get("euro_class", 5), 1)}


def _measure(draw: random.Random, own: Words, _: date) -> Words:
    name = draw.choice(list(MEASURES))
    return {name: _bounds(draw, own.get(name, MEASURES[name][1]), draw.choice((1, 50)))}


def _sticker(draw: random.Random, own: Words, _: date) -> Words:
    scheme = draw.choice(STICKERS)
    return {"stickers": {scheme: _bounds(draw, own["stickers"].get(scheme, 2), 1)}}


def _bounds(draw: random.Random, value: int, step: int) -> tuple[int | None, int | None]:
    """On the value, beside it, or around it."""
    edge = max(value + draw.choice((-1, 0, 0, 1)) * step, 0)
    return draw.choice(((edge, None), (None, edge), (max(edge - 2 * step, 0), edge)))


def _first(draw: random.Random, own: Words, today: date) -> Words:
    near = own.get("first_registration_date", today - timedelta(days=2_000))
    edge = near + timedelta(days=draw.choice((-1, 0, 0, 1)))
    early = edge - timedelta(days=draw.choice((1, 400)))
    return {"first_registration": draw.choice(((edge, None), (None, edge), (early, edge)))}


def _papers(draw: random.Random, own: Words, today: date) -> Words:
    kind = draw.choice(("lacking_permits", "lacking_permits", "held_permits", "auto_pay"))
    if kind == "auto_pay":
        return {kind: draw.random() < 0.5}
    return {kind: draw.sample(SCHEMES, draw.choice((1, 1, 2)))}
