"""
Drivers, vehicles, places, territories, rate cards and carriers: created, listed, changed.

They are alike, so one way serves them all: a `Noun` says where a noun is kept, how its names begin,
what clients may change, and which other nouns it must not name in vain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from meshkit.caller import MESH_DOMAIN
from meshkit.errors import Invalid, Violation
from meshkit.ids import NewId
from services.dispatch.domain.access import User
from services.dispatch.domain.carrier import Carrier
from services.dispatch.domain.events import (
    DriverChanged,
    Event,
    Fact,
    PlaceChanged,
    ShiftScheduled,
    VehicleChanged,
)
from services.dispatch.domain.fleet import (
    Driver,
    Place,
    RateCard,
    Shift,
    Territory,
    Vehicle,
    VehicleState,
)
from services.dispatch.ports import Shelf, Stores
from services.dispatch.usecases.common import require_etag, required

T = TypeVar("T")

References = Mapping[str, str]  # field -> noun that it names: `place`, `rate_card`, ...


@dataclass(frozen=True, slots=True)
class Noun(Generic[T]):
    """What tells one noun from another here."""

    word: str  # `driver`: its field in requests, its id is `driver_id`
    prefix: str  # of names that we make
    shelf: Callable[[Stores], Shelf[T]]
    writable: frozenset[str]
    event: Callable[[T], Event] | None = None
    references: References = field(default_factory=dict)
    settable_states: frozenset[Any] = frozenset()  # of `state`, by clients; empty: every one

    @property
    def id_name(self) -> str:
        """The name of its id's field."""
        return f"{self.word}_id"

    @property
    def unknown(self) -> str:
        """The reason that says there is none of a name."""
        return f"{self.word.upper()}_UNKNOWN"


SHELVES: Mapping[str, Callable[[Stores], Shelf[Any]]] = {
    "place": lambda stores: stores.places,
    "rate_card": lambda stores: stores.rate_cards,
    "driver": lambda stores: stores.drivers,
    "vehicle": lambda stores: stores.vehicles,
    "territory": lambda stores: stores.territories,
}


def _driver_changed(driver: Driver) -> Event:
    return DriverChanged(replace(driver, display_name="", phone_number=""))


def _place_changed(place: Place) -> Event:
    return PlaceChanged(replace(place, address=None, access_profile=None))


DRIVERS: Noun[Driver] = Noun(
    word="driver",
    prefix="drv",
    shelf=lambda stores: stores.drivers,
    writable=frozenset(
        {"display_name", "phone_number", "skills", "home_place_id", "hours_rule_set_id", "state"}
    ),
    event=_driver_changed,
    references={"home_place_id": "place"},
)
VEHICLES: Noun[Vehicle] = Noun(
    word="vehicle",
    prefix="veh",
    shelf=lambda stores: stores.vehicles,
    writable=frozenset(
        {"display_name", "attributes", "skills", "rate_card_id", "state", "home_place_id"}
    ),
    event=VehicleChanged,
    references={"home_place_id": "place", "rate_card_id": "rate_card"},
    settable_states=frozenset({VehicleState.AVAILABLE, VehicleState.OUT_OF_SERVICE}),
)
SHIFTS: Noun[Shift] = Noun(
    word="shift",
    prefix="shf",
    shelf=lambda stores: stores.shifts,
    writable=frozenset(
        {
            "driver_id",
            "vehicle_id",
            "interval",
            "start_place_id",
            "end_place_id",
            "breaks",
            "territory_ids",
            "driving_duration_max",
            "start_charge_watt_hours",
        }
    ),
    event=ShiftScheduled,
    references={
        "driver_id": "driver",
        "vehicle_id": "vehicle",
        "start_place_id": "place",
        "end_place_id": "place",
    },
)
PLACES: Noun[Place] = Noun(
    word="place",
    prefix="plc",
    shelf=lambda stores: stores.places,
    writable=frozenset(
        {
            "kind",
            "display_name",
            "location",
            "address",
            "access_profile",
            "opening_hours",
            "time_zone",
            "compartments",
            "loading_duration",
            "dock_count",
        }
    ),
    event=_place_changed,
)
TERRITORIES: Noun[Territory] = Noun(
    word="territory",
    prefix="ter",
    shelf=lambda stores: stores.territories,
    writable=frozenset({"display_name", "corners", "rule", "priority"}),
)
RATE_CARDS: Noun[RateCard] = Noun(
    word="rate_card",
    prefix="rat",
    shelf=lambda stores: stores.rate_cards,
    writable=frozenset(
        {
            "display_name",
            "currency_code",
            "fixed_cost_micros",
            "hour_cost_micros",
            "kilometer_cost_micros",
            "kilowatt_hour_cost_micros",
            "liter_cost_micros",
            "failed_attempt_cost_micros",
        }
    ),
)
CARRIERS: Noun[Carrier] = Noun(
    word="carrier",
    prefix="car",
    shelf=lambda stores: stores.carriers,
    writable=frozenset(
        {"display_name", "state", "skills", "profiles", "territory_ids", "contract_expire_time"}
    ),
)
USERS: Noun[User] = Noun(
    word="user",
    prefix="usr",
    shelf=lambda stores: stores.users,
    writable=frozenset({"role", "display_name", "disabled"}),
)


async def create(stores: Stores, noun: Noun[T], asked: T, now: datetime, new_id: NewId) -> T:
    """Keeps a new one, named if need be. Raises AlreadyExists, or NotFound for what it names."""
    made = _dated(_blank(noun, asked, new_id), now, now)
    _require_settable(noun, getattr(made, "state", None))
    await _require_references(stores, noun, made)
    await noun.shelf(stores).add(made)
    _tell(stores, noun, made, now)
    return made


async def get(stores: Stores, noun: Noun[T], name: str) -> T:
    """The one of that name."""
    return required(await noun.shelf(stores).find(name), noun.unknown, name)


async def update(
    stores: Stores, noun: Noun[T], asked: T, changed: Sequence[str], etag: str, now: datetime
) -> T:
    """Changes one; `asked` is all of it with the changes in it."""
    name = getattr(asked, noun.id_name)
    before: Any = required(await noun.shelf(stores).claim(name), noun.unknown, name)
    require_etag(etag, before.revision, name)
    written = {field_name: getattr(asked, field_name) for field_name in changed}
    if "state" in written and written["state"] != before.state:
        _require_settable(noun, written["state"])
    after: T = replace(before, **written, revision=before.revision + 1)
    after = _dated(after, before.create_time, now)
    await _require_references(stores, noun, after)
    await noun.shelf(stores).save(after)
    _tell(stores, noun, after, now)
    return after


def _blank(noun: Noun[T], asked: T, new_id: NewId) -> T:
    """What was asked for and nothing else: what is derived, a client cannot bring."""
    written = {name: getattr(asked, name) for name in noun.writable}
    named = getattr(asked, noun.id_name) or new_id(noun.prefix)
    return type(asked)(**written, **{noun.id_name: named})


def _dated(value: T, created: datetime | None, now: datetime) -> T:
    fields = {"create_time": created, "update_time": now}
    known = {name: at for name, at in fields.items() if hasattr(value, name)}
    dated: T = replace(value, **known)  # type: ignore[type-var]
    return dated


async def _require_references(stores: Stores, noun: Noun[T], value: T) -> None:
    for field_name, word in noun.references.items():
        if name := getattr(value, field_name):
            found = await SHELVES[word](stores).find(name)
            required(found, f"{word.upper()}_UNKNOWN", name)


def _tell(stores: Stores, noun: Noun[T], value: T, now: datetime) -> None:
    if noun.event is not None:
        stores.tell(Fact(getattr(value, noun.id_name), now, noun.event(value)))


def _require_settable(noun: Noun[T], state: object) -> None:
    """Raises Invalid `FIELD_INVALID` for a state that nobody sets: it follows from events."""
    if noun.settable_states and state not in noun.settable_states:
        fault = Violation(f"{noun.word}.state", f"{state} follows from events, it cannot be set")
        raise Invalid("FIELD_INVALID", fault.description, domain=MESH_DOMAIN, violations=[fault])
