"""Solves a problem of our own: an OptimizeRoutesRequest in JSON, on the roads of a map."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polyline
from google.protobuf import json_format

from doorstep.planner.v1 import planner_service_pb2 as pb
from meshkit.validate import check
from services.planner.adapters.no_compliance import NoCompliance
from services.planner.adapters.roads import RoadTravelTimes
from services.planner.convert.plan import plan_to_proto
from services.planner.convert.questions import question_from_proto
from services.planner.domain.lint import lint
from services.planner.domain.optimization import TASKS_MAX
from services.planner.domain.plan import Route, SolveRecord
from services.planner.domain.settings import DEFAULT_SEED
from services.planner.formats.lines import BadFile
from services.planner.offline.document import Document, Figures, Position, document
from services.planner.offline.search import Options, Say, Words, search
from services.planner.rules.verify import RULES_VERSION
from services.planner.search.solution import nodes_of
from services.planner.solver.routing import ENGINE
from services.planner.solver.solve import Outcome
from services.planner.usecases.asked import Question
from services.planner.usecases.finish import Finished, finish, pairs_of
from services.planner.usecases.optimize import Answer
from services.planner.usecases.world import Prepared, prepare, with_notices

SECONDS_MAX = 3_600.0
DEFAULT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Roads:
    """Which map, and where what is compiled of it is kept."""

    map_file: Path
    maps: Path
    kernels: Path


def read_request(file: Path) -> pb.OptimizeRoutesRequest:
    """The request; raises Invalid with every field that breaks the contract."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(file, 0, f"cannot be read: {error}") from None
    request = pb.OptimizeRoutesRequest()
    try:
        json_format.Parse(text, request)
    except json_format.ParseError as error:
        raise BadFile(file, 0, f"no OptimizeRoutesRequest in JSON: {error}") from None
    check(request)
    return request


async def solve_request(file: Path, options: Options, roads: Roads, say: Say) -> Document:
    """The plan of a request on the roads of a map."""
    request = read_request(file)
    seconds = options.seconds or SECONDS_MAX
    question = question_from_proto(request, options.seed or DEFAULT_SEED, seconds)
    question = replace(question, settings=chosen(question, request, options))
    async with RoadTravelTimes(roads.map_file, roads.maps, roads.kernels) as travel:
        access = NoCompliance()
        prepared = await prepare(
            travel, access, question.problem, omit_access=True, tasks_max=TASKS_MAX
        )
        prepared = with_notices(prepared, tuple(lint(question.problem)))
        say(about(file, question))
        begun = time.monotonic()
        outcome = await asyncio.to_thread(searched, question, prepared, say)
        finished = await finish(travel, access, prepared, outcome.plan, omit_polylines=False)
        spent = round((time.monotonic() - begun) * 1_000)
    record = record_of(question, prepared, outcome, spent)
    return answered(file, Answer(prepared, finished, record), outcome)


def chosen(question: Question, request: pb.OptimizeRoutesRequest, options: Options) -> Any:
    """The command's words go before the file's, and these before the defaults."""
    settings = question.settings
    if options.seed is not None:
        settings = replace(settings, seed=options.seed)
    if options.seconds is not None:
        return replace(settings, seconds=options.seconds)
    if request.options.HasField("search_duration"):
        return settings
    return replace(settings, seconds=DEFAULT_SECONDS)


def searched(question: Question, prepared: Prepared, say: Say) -> Outcome:
    """The search, from the routes that the request gives."""
    seeds = nodes_of(question.problem, question.seed_routes) if question.seed_routes else ()
    return search(prepared.instance, question.settings, say, Words(currency), seeds)


def currency(micros: int) -> str:
    """Millionths of the tenant's currency in whole units and hundredths."""
    return f"{micros / 1e6:.2f}"


def about(file: Path, question: Question) -> Document:
    """What is about to be solved."""
    return {
        "event": "read",
        "name": file.stem,
        "class": "request",
        "tasks": len(question.problem.tasks),
        "shifts": len(question.problem.shifts),
        "best_known": None,
        "seconds": question.settings.seconds,
        "seed": question.settings.seed,
    }


def record_of(
    question: Question, prepared: Prepared, outcome: Outcome, milliseconds: int
) -> SolveRecord:
    """How the plan came about."""
    return SolveRecord(
        problem_digest=question.digest,
        seed=question.settings.seed,
        engine_version=ENGINE,
        rules_version=RULES_VERSION,
        map_id=prepared.map_id,
        solution_count=outcome.solution_count,
        end=outcome.end,
        solve_milliseconds=milliseconds,
    )


def answered(file: Path, answer: Answer, outcome: Outcome) -> Document:
    """The document, with the contract's own answer inside."""
    instance = answer.prepared.instance
    points = instance.places.points
    made = document(
        instance,
        answer.plan,
        lambda place: (points[place].longitude, points[place].latitude),
        Figures(currency, currency),
    )
    for shown, own in zip(made["routes"], by_shift(answer), strict=True):
        shown["path"] = driven(answer.prepared, answer.finished, own) or shown["path"]
    response = pb.OptimizeRoutesResponse(plan=plan_to_proto(answer))
    return {
        "name": file.stem,
        "class": "request",
        "best_known": None,
        "gap": None,
        "verified": not outcome.broken,
        "on_globe": True,
        "response": json_format.MessageToDict(response, preserving_proto_field_name=True),
    } | made


def by_shift(answer: Answer) -> list[Route]:
    """Routes in the document's order."""
    return sorted(answer.plan.routes, key=lambda own: own.shift)


def driven(prepared: Prepared, finished: Finished, own: Route) -> list[Position]:
    """The streets of a route as longitudes and latitudes."""
    table, path = prepared.instance.table_of_shift[own.shift], list[Position]()
    for here, there in pairs_of(prepared.instance, own):
        leg = finished.ways.get((table, here, there))
        if leg is not None and leg.polyline:
            path += [(longitude, latitude) for latitude, longitude in polyline.decode(leg.polyline)]
    return path
