"""Travel matrices and the road map: wire to domain and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp

from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import travel_pb2
from services.planner.convert.faults import Faults, whole
from services.planner.convert.places import dimensions, latlng, point
from services.planner.convert.plan import notice_to_proto
from services.planner.convert.shifts import vehicle
from services.planner.domain.energy import EnergyModel
from services.planner.domain.plan import Notice
from services.planner.domain.travel import (
    UNREACHABLE,
    MapInfo,
    Snap,
    TravelMatrix,
    TravelReason,
)
from services.planner.usecases.matrix import MatrixAnswer, MatrixQuestion

PROVIDER = "doorstep-roads"
NO_WAY = -1
CODES = {TravelReason.NO_ROAD: "NO_ROAD", TravelReason.FAR_FROM_ROAD: "FAR_FROM_ROAD",
         TravelReason.BLOCKED: "POINT_BLOCKED"}  # fmt: skip


def matrix_question(message: pb.ComputeTravelMatrixRequest) -> MatrixQuestion:
    """What is asked; raises Invalid with every fault."""
    faults = Faults()
    origins = points(message.origins, "origins", faults)
    destinations = points(message.destinations, "destinations", faults)
    own = vehicle(message.vehicle, dimensions([message.vehicle.capacity]), "vehicle", faults)
    faults.refuse()
    if own is None:
        raise TypeError("a vehicle is missing although nothing is wrong")
    departures = tuple(moment.ToDatetime(tzinfo=UTC) for moment in message.departure_times)
    return MatrixQuestion(origins, destinations, own, departures, message.omit_access)


def points(messages: Sequence[Any], path: str, faults: Faults) -> tuple[Any, ...]:
    """Positions, each fault with its rank."""
    return whole([faults.take(f"{path}[{n}]", point, own) for n, own in enumerate(messages)])


def matrix_to_proto(
    asked: pb.ComputeTravelMatrixRequest, question: MatrixQuestion, answer: MatrixAnswer
) -> pb.ComputeTravelMatrixResponse:
    """The tables, and what to know about their places."""
    count = len(question.origins)
    model = question.vehicle.energy_model if asked.include_energy else None
    departures: list[Timestamp | None] = list(asked.departure_times) or [None]
    snaps = answer.matrices[0].snaps
    return pb.ComputeTravelMatrixResponse(
        tables=[
            table_to_proto(matrix, count, moment, question.vehicle.travel_percent, model)
            for matrix, moment in zip(answer.matrices, departures, strict=True)
        ],
        origin_snaps=map(snap_to_proto, snaps[:count]),
        destination_snaps=map(snap_to_proto, snaps[count:]),
        map_id=answer.matrices[0].map_id,
        provider=PROVIDER,
        access_checked=answer.access_checked,
        access_rules_version=answer.access_rules_version,
        notices=[notice_to_proto(own) for own in notices(answer.matrices[0], count)],
    )


def table_to_proto(
    matrix: TravelMatrix,
    origins: int,
    moment: Timestamp | None,
    percent: int,
    model: EnergyModel | None,
) -> travel_pb2.TravelTable:
    """One departure; where nobody else is asked about, origins are the destinations."""
    first = origins if len(matrix.snaps) > origins else 0
    seconds, meters = matrix.seconds[:origins, first:], matrix.meters[:origins, first:]
    is_open = seconds < UNREACHABLE
    paced = -(-seconds.astype(np.int64) * percent // 100)
    table = travel_pb2.TravelTable(
        departure_time=moment,
        travel_seconds=np.where(is_open, paced, NO_WAY).ravel().tolist(),
        distance_meters=np.where(is_open, meters, NO_WAY).ravel().tolist(),
    )
    if model is not None:
        energy = empty_watt_hours(model, meters.astype(np.int64), paced)
        table.energy_watt_hours.extend(np.where(is_open, energy, NO_WAY).ravel().tolist())
    return table


def empty_watt_hours(model: EnergyModel, meters: Any, seconds: Any) -> Any:
    """Energy of the empty vehicle, as `EnergyModel.leg_watt_hours` says it."""
    rolling = -(-meters * model.kilometer_watt_hours // 1_000)
    return rolling - (-seconds * model.hour_watt_hours // 3_600)


def notices(matrix: TravelMatrix, origins: int) -> list[Notice]:
    """What the road engine says about single places."""
    found = []
    for notice in matrix.notices:
        code = CODES.get(notice.reason)
        if code is not None and notice.other is None:
            is_origin = notice.point < origins
            name = "origins" if is_origin else "destinations"
            path = f"{name}[{notice.point if is_origin else notice.point - origins}]"
            found.append(Notice(code, notice.message or code, "check the position", path))
    return found


def snap_to_proto(snap: Snap) -> travel_pb2.RoadSnap:
    """Where a point was put on the road."""
    return travel_pb2.RoadSnap(
        has_road=snap.has_road, distance_meters=snap.distance_meters, location=latlng(snap.point)
    )


def map_to_proto(info: MapInfo) -> travel_pb2.RoadMap:
    """The road map in use."""
    return travel_pb2.RoadMap(
        map_id=info.map_id,
        title=info.name,
        time_zone=info.time_zone,
        south_west=latlng(info.south_west),
        north_east=latlng(info.north_east),
        attribution=info.attribution,
    )
