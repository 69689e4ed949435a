"""FleetService: drivers, vehicles, places, territories, rate cards alike; shifts by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

from doorstep.dispatch.v1 import driver_pb2, route_pb2, vehicle_pb2
from doorstep.dispatch.v1 import fleet_service_pb2 as pb
from doorstep.dispatch.v1 import fleet_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from services.dispatch.convert import nouns, requests
from services.dispatch.convert.codec import Codec
from services.dispatch.convert.masks import masked
from services.dispatch.domain.fleet import DriverState, VehicleState
from services.dispatch.ports import Named, Stores
from services.dispatch.servicer.tools import Tools, slice_of
from services.dispatch.usecases import fleet, shifts
from services.dispatch.usecases.common import own_driver, required
from services.dispatch.usecases.fleet import Noun

T = TypeVar("T")


class Nouns:
    """Creates, gets, lists and changes whatever noun it is told: FleetService and others use it."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def create(
        self, noun: Noun[T], codec: Codec[T], request: Any, response: type[Any]
    ) -> Any:
        asked = codec.decode(getattr(request, noun.word), f"{noun.word}.")
        effect = partial(self._create, noun, codec, asked, response)
        return await self._tools.once(request, response, effect)

    async def _create(
        self, noun: Noun[T], codec: Codec[T], asked: T, response: type[Any], stores: Stores
    ) -> Any:
        made = await fleet.create(stores, noun, asked, self._tools.now(), self._tools.new_id)
        return response(**{noun.word: codec.encode(made)})

    async def get(self, noun: Noun[T], codec: Codec[T], request: Any, response: type[Any]) -> Any:
        async with self._tools.reading()() as stores:
            found = await fleet.get(stores, noun, getattr(request, noun.id_name))
        return response(**{noun.word: codec.encode(found)})

    async def list(
        self,
        noun: Noun[T],
        codec: Codec[T],
        request: Any,
        response: type[Any],
        plural: str,
        only: Sequence[str] = (),
    ) -> Any:
        page = paging.page_of(request)
        async with self._tools.reading()() as stores:
            shelf: Named[T] = noun.shelf(stores)  # type: ignore[assignment]
            found = await shelf.list_page(only, slice_of(page))
        found, token = page.cut(found, key=lambda one: (getattr(one, noun.id_name),))
        return response(**{plural: [codec.encode(one) for one in found]}, next_page_token=token)

    async def update(
        self, noun: Noun[T], codec: Codec[T], request: Any, response: type[Any]
    ) -> Any:
        effect = partial(self._update, noun, codec, request, response)
        return await self._tools.once(request, response, effect)

    async def _update(
        self, noun: Noun[T], codec: Codec[T], request: Any, response: type[Any], stores: Stores
    ) -> Any:
        asked = getattr(request, noun.word)
        kept = await fleet.get(stores, noun, getattr(asked, noun.id_name))
        value, names = masked(codec, kept, asked, request.update_mask, noun.writable)
        after = await fleet.update(stores, noun, value, names, request.etag, self._tools.now())
        return response(**{noun.word: codec.encode(after)})


class FleetServicer(pb_grpc.FleetServiceServicer):
    """The fleet."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._nouns = Nouns(tools)

    async def CreateDriver(self, request: pb.CreateDriverRequest, context: Any) -> Any:
        return await self._nouns.create(
            fleet.DRIVERS, nouns.DRIVER, request, pb.CreateDriverResponse
        )

    async def GetDriver(self, request: pb.GetDriverRequest, context: Any) -> Any:
        if not own_driver(current_caller(), request.driver_id):
            required(None, "DRIVER_UNKNOWN", request.driver_id)
        return await self._nouns.get(fleet.DRIVERS, nouns.DRIVER, request, pb.GetDriverResponse)

    async def ListDrivers(self, request: pb.ListDriversRequest, context: Any) -> Any:
        state = requests.member(DriverState, driver_pb2.DriverState, request.state)
        only = [state.value] if state else []
        return await self._nouns.list(
            fleet.DRIVERS, nouns.DRIVER, request, pb.ListDriversResponse, "drivers", only
        )

    async def UpdateDriver(self, request: pb.UpdateDriverRequest, context: Any) -> Any:
        return await self._nouns.update(
            fleet.DRIVERS, nouns.DRIVER, request, pb.UpdateDriverResponse
        )

    async def CreateVehicle(self, request: pb.CreateVehicleRequest, context: Any) -> Any:
        return await self._nouns.create(
            fleet.VEHICLES, nouns.VEHICLE, request, pb.CreateVehicleResponse
        )

    async def GetVehicle(self, request: pb.GetVehicleRequest, context: Any) -> Any:
        return await self._nouns.get(fleet.VEHICLES, nouns.VEHICLE, request, pb.GetVehicleResponse)

    async def ListVehicles(self, request: pb.ListVehiclesRequest, context: Any) -> Any:
        state = requests.member(VehicleState, vehicle_pb2.VehicleState, request.state)
        only = [state.value] if state else []
        return await self._nouns.list(
            fleet.VEHICLES, nouns.VEHICLE, request, pb.ListVehiclesResponse, "vehicles", only
        )

    async def UpdateVehicle(self, request: pb.UpdateVehicleRequest, context: Any) -> Any:
        return await self._nouns.update(
            fleet.VEHICLES, nouns.VEHICLE, request, pb.UpdateVehicleResponse
        )

    async def CreateShift(self, request: pb.CreateShiftRequest, context: Any) -> Any:
        asked = nouns.SHIFT.decode(request.shift, "shift.")
        return await self._tools.once(
            request, pb.CreateShiftResponse, partial(self._create_shift, asked)
        )

    async def _create_shift(self, asked: Any, stores: Stores) -> pb.CreateShiftResponse:
        made = await shifts.create(stores, asked, self._tools.now(), self._tools.new_id)
        return pb.CreateShiftResponse(shift=nouns.SHIFT.encode(made))

    async def GetShift(self, request: pb.GetShiftRequest, context: Any) -> Any:
        async with self._tools.reading()() as stores:
            found = await stores.shifts.find(request.shift_id)
        shift = shifts.seen(found, current_caller(), request.shift_id)
        return pb.GetShiftResponse(shift=nouns.SHIFT.encode(shift))

    async def ListShifts(
        self, request: pb.ListShiftsRequest, context: Any
    ) -> pb.ListShiftsResponse:
        page = paging.page_of(request)
        which = requests.shift_filter(request, current_caller().driver_id)
        async with self._tools.reading()() as stores:
            found = await stores.shifts.list_page(which, slice_of(page))
        found, token = page.cut(found, key=lambda shift: (shift.shift_id,))
        return pb.ListShiftsResponse(shifts=map(nouns.SHIFT.encode, found), next_page_token=token)

    async def UpdateShift(self, request: pb.UpdateShiftRequest, context: Any) -> Any:
        effect = partial(self._update_shift, request)
        return await self._tools.once(request, pb.UpdateShiftResponse, effect)

    async def _update_shift(
        self, request: pb.UpdateShiftRequest, stores: Stores
    ) -> pb.UpdateShiftResponse:
        name = request.shift.shift_id
        kept = required(await stores.shifts.find(name), "SHIFT_UNKNOWN", name)
        mask, writable = request.update_mask, fleet.SHIFTS.writable
        value, names = masked(nouns.SHIFT, kept, request.shift, mask, writable)
        after = await shifts.update(stores, value, names, request.etag, self._tools.now())
        return pb.UpdateShiftResponse(shift=nouns.SHIFT.encode(after))

    async def CreatePlace(self, request: pb.CreatePlaceRequest, context: Any) -> Any:
        return await self._nouns.create(fleet.PLACES, nouns.PLACE, request, pb.CreatePlaceResponse)

    async def GetPlace(self, request: pb.GetPlaceRequest, context: Any) -> Any:
        return await self._nouns.get(fleet.PLACES, nouns.PLACE, request, pb.GetPlaceResponse)

    async def ListPlaces(self, request: pb.ListPlacesRequest, context: Any) -> Any:
        only = requests.place_kinds(request)
        return await self._nouns.list(
            fleet.PLACES, nouns.PLACE, request, pb.ListPlacesResponse, "places", only
        )

    async def UpdatePlace(self, request: pb.UpdatePlaceRequest, context: Any) -> Any:
        return await self._nouns.update(fleet.PLACES, nouns.PLACE, request, pb.UpdatePlaceResponse)

    async def CreateTerritory(self, request: pb.CreateTerritoryRequest, context: Any) -> Any:
        return await self._nouns.create(
            fleet.TERRITORIES, nouns.TERRITORY, request, pb.CreateTerritoryResponse
        )

    async def GetTerritory(self, request: pb.GetTerritoryRequest, context: Any) -> Any:
        return await self._nouns.get(
            fleet.TERRITORIES, nouns.TERRITORY, request, pb.GetTerritoryResponse
        )

    async def ListTerritories(self, request: pb.ListTerritoriesRequest, context: Any) -> Any:
        return await self._nouns.list(
            fleet.TERRITORIES,
            nouns.TERRITORY,
            request,
            pb.ListTerritoriesResponse,
            "territories",
        )

    async def UpdateTerritory(self, request: pb.UpdateTerritoryRequest, context: Any) -> Any:
        return await self._nouns.update(
            fleet.TERRITORIES, nouns.TERRITORY, request, pb.UpdateTerritoryResponse
        )

    async def CreateRateCard(self, request: pb.CreateRateCardRequest, context: Any) -> Any:
        return await self._nouns.create(
            fleet.RATE_CARDS, nouns.RATE_CARD, request, pb.CreateRateCardResponse
        )

    async def GetRateCard(self, request: pb.GetRateCardRequest, context: Any) -> Any:
        return await self._nouns.get(
            fleet.RATE_CARDS, nouns.RATE_CARD, request, pb.GetRateCardResponse
        )

    async def ListRateCards(self, request: pb.ListRateCardsRequest, context: Any) -> Any:
        return await self._nouns.list(
            fleet.RATE_CARDS, nouns.RATE_CARD, request, pb.ListRateCardsResponse, "rate_cards"
        )

    async def UpdateRateCard(self, request: pb.UpdateRateCardRequest, context: Any) -> Any:
        return await self._nouns.update(
            fleet.RATE_CARDS, nouns.RATE_CARD, request, pb.UpdateRateCardResponse
        )

    async def StartShift(
        self, request: pb.StartShiftRequest, context: Any
    ) -> pb.StartShiftResponse:
        tools = self._tools
        prepare = partial(
            shifts.prepare_start,
            tools.reading(),
            tools.planner,
            tools.compliance,
            current_caller(),
            request.shift_id,
            request.vehicle_id,
            tools.now(),
            tools.new_id,
        )
        effect = partial(self._start, request)
        return await tools.asked_first(request, pb.StartShiftResponse, prepare, effect)

    async def _start(
        self, request: pb.StartShiftRequest, ready: shifts.Start, stores: Stores
    ) -> pb.StartShiftResponse:
        now = self._tools.now()
        read = _dials(request, requests.moment_or(request, "start_time", now))
        shift, routes = await shifts.start(stores, request.shift_id, ready, read, now)
        bases = (
            route_pb2.RouteBase(route_id=route.route_id, base_revision=route.revision)
            for route in routes
        )
        return pb.StartShiftResponse(shift=nouns.SHIFT.encode(shift), routes=bases)

    async def EndShift(self, request: pb.EndShiftRequest, context: Any) -> pb.EndShiftResponse:
        effect = partial(self._end, request)
        return await self._tools.once(request, pb.EndShiftResponse, effect)

    async def _end(self, request: pb.EndShiftRequest, stores: Stores) -> pb.EndShiftResponse:
        now = self._tools.now()
        read = _dials(request, requests.moment_or(request, "end_time", now))
        caller = current_caller()
        shift, freed = await shifts.end(stores, caller, request.shift_id, read, now)
        return pb.EndShiftResponse(shift=nouns.SHIFT.encode(shift), open_task_ids=freed)


def _dials(request: Any, at: Any) -> shifts.Dials:
    return shifts.Dials(request.odometer_meters, request.charge_watt_hours, at)
