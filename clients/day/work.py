"""The day's deliveries as the contract writes them: a drawn delivery at a real address."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from google.type.postal_address_pb2 import PostalAddress

from clients.day.addresses import Address
from clients.day.draw import Drawn, draw
from clients.day.wire import euros, interval, latlng, span
from doorstep.dispatch.v1 import delivery_pb2, parcel_pb2, place_pb2

HUB = "hub"
# Invented: no map knows who lives where, and no real person is named here.
FIRST_NAMES = ("Aino", "Eero", "Helmi", "Ilmari", "Kaarina", "Lauri", "Maija", "Onni", "Sanna")
LAST_NAMES = ("Aalto", "Heino", "Koski", "Laine", "Mäkelä", "Niemi", "Ranta", "Salo", "Virta")


def dice(seed: str) -> random.Random:
    """Dice of one's own, so that nobody's throws depend on who threw before."""
    return random.Random(seed)


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery of the day: what was drawn, where, and its name."""

    delivery_id: str
    address: Address
    drawn: Drawn


def jobs(
    addresses: Sequence[Address], day: date, zone: ZoneInfo, dice: random.Random
) -> Iterator[Job]:
    """One delivery for each address, named by its number."""
    for number, address in enumerate(addresses, 1):
        yield Job(f"d-{number:04d}", address, draw(dice, day, zone))


def delivery(job: Job, country: str, dice: random.Random) -> delivery_pb2.Delivery:
    made = delivery_pb2.Delivery(
        delivery_id=job.delivery_id,
        service_level=delivery_pb2.SERVICE_LEVEL_SLOT,
        recipient=recipient(dice),
        origin_place_id=HUB,
        location=latlng((job.address.latitude, job.address.longitude)),
        address=postal(job.address, country),
        access_profile=access(job.drawn),
        windows=[interval(*job.drawn.promise)],
        promise_window=interval(*job.drawn.promise),
        service_duration=span(timedelta(seconds=job.drawn.service_seconds)),
        parcels=list(parcels(job)),
        required_skills=job.drawn.skills,
        verification_requirements=[photo()],
        instructions="Ring twice.",
    )
    if job.drawn.collect_micros:
        made.amount_to_collect.CopyFrom(to_collect(job.drawn.collect_micros))
    return made


def recipient(dice: random.Random) -> delivery_pb2.Recipient:
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    phone = f"+35850{dice.randrange(10_000_000):07d}"
    return delivery_pb2.Recipient(
        display_name=f"{first} {last}", phone_number=phone, language_code="en"
    )


def postal(address: Address, country: str) -> PostalAddress:
    line = f"{address.street} {address.housenumber}".strip()
    return PostalAddress(
        region_code=country,
        postal_code=address.postcode,
        locality=address.city,
        address_lines=[line],
    )


def access(drawn: Drawn) -> place_pb2.AccessProfile:
    return place_pb2.AccessProfile(floor=drawn.floor, lift_available=drawn.has_lift)


def parcels(job: Job) -> Iterator[parcel_pb2.Parcel]:
    for number, box in enumerate(job.drawn.parcels, 1):
        parcel_id = f"{job.delivery_id}-{number}"
        yield parcel_pb2.Parcel(
            parcel_id=parcel_id,
            barcode=parcel_id.upper(),
            mass_grams=box.mass_grams,
            volume_cubic_centimeters=box.volume_cubic_centimeters,
        )


def photo() -> delivery_pb2.VerificationRequirement:
    return delivery_pb2.VerificationRequirement(kind=delivery_pb2.VERIFICATION_KIND_PHOTO)


def to_collect(micros: int) -> delivery_pb2.AmountToCollect:
    card = delivery_pb2.PAYMENT_METHOD_CARD
    return delivery_pb2.AmountToCollect(amount=euros(micros), methods=[card])
