"""The codecs of every noun of the contract. Made at import: a noun that does not fit fails here."""

from __future__ import annotations

from doorstep.dispatch.v1 import (
    carrier_pb2,
    delivery_pb2,
    driver_pb2,
    duty_pb2,
    key_pb2,
    manifest_pb2,
    place_pb2,
    quote_pb2,
    rate_card_pb2,
    reward_code_pb2,
    route_pb2,
    route_plan_pb2,
    shift_pb2,
    task_pb2,
    tenant_pb2,
    tender_pb2,
    territory_pb2,
    user_pb2,
    vehicle_pb2,
)
from services.dispatch.convert.codec import Codec
from services.dispatch.domain.access import Key, Tenant, User
from services.dispatch.domain.carrier import Carrier, Quote
from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.duty import DutyRecord
from services.dispatch.domain.fleet import (
    Driver,
    Place,
    RateCard,
    Shift,
    Territory,
    Vehicle,
    VehicleAttributes,
)
from services.dispatch.domain.manifest import Manifest, ManifestDelta
from services.dispatch.domain.reward import RewardCode
from services.dispatch.domain.route import Route
from services.dispatch.domain.route_plan import RoutePlan, UnassignedTask
from services.dispatch.domain.task import Task
from services.dispatch.domain.tender import Tender

DELIVERY = Codec(Delivery, delivery_pb2.Delivery)
TASK = Codec(Task, task_pb2.Task)
REWARD_CODE = Codec(RewardCode, reward_code_pb2.RewardCode)

DRIVER = Codec(Driver, driver_pb2.Driver)
VEHICLE = Codec(Vehicle, vehicle_pb2.Vehicle)
VEHICLE_ATTRIBUTES = Codec(VehicleAttributes, vehicle_pb2.VehicleAttributes)
SHIFT = Codec(Shift, shift_pb2.Shift)
PLACE = Codec(Place, place_pb2.Place)
TERRITORY = Codec(Territory, territory_pb2.Territory)
RATE_CARD = Codec(RateCard, rate_card_pb2.RateCard)
DUTY_RECORD = Codec(DutyRecord, duty_pb2.DutyRecord)

ROUTE_PLAN = Codec(RoutePlan, route_plan_pb2.RoutePlan)
UNASSIGNED_TASK = Codec(UnassignedTask, route_plan_pb2.UnassignedTask)
ROUTE = Codec(Route, route_pb2.Route)
MANIFEST = Codec(Manifest, manifest_pb2.Manifest)
MANIFEST_DELTA = Codec(ManifestDelta, manifest_pb2.ManifestDelta)

CARRIER = Codec(Carrier, carrier_pb2.Carrier)
QUOTE = Codec(Quote, quote_pb2.Quote)
TENDER = Codec(Tender, tender_pb2.Tender)

TENANT = Codec(Tenant, tenant_pb2.Tenant)
USER = Codec(User, user_pb2.User)
KEY = Codec(Key, key_pb2.Key)
