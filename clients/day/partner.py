"""
The partner carrier: a program that speaks JSON over HTTP and nothing else.

It knows no protobuf: names, enums and paths are those of the public JSON mapping, read from the
gateway's documentation. It quotes, accepts, delivers and proves like any courier's own system.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from clients.day.pace import DayClock
from clients.day.report import png
from clients.day.retry import backoff
from clients.day.stopped import Stopped
from clients.day.wire import new_uuid

EUROS_PER_TASK = 6
STOP_LENGTH = timedelta(minutes=9)  # from door to door
LOOK_SECONDS = 0.3  # real seconds between two looks for work
TRY_AGAIN = (429, 503, 504)
HTTP_SECONDS = 15

Json = dict[str, Any]


class Partner:
    """One courier company with one rider."""

    def __init__(
        self,
        base_url: str,
        key: tuple[str, str],
        country: str,
        clock: DayClock,
        dice: random.Random,
    ) -> None:
        self.event_ids: list[str] = []
        self.proof_ids: list[str] = []
        self.delivered: set[str] = set()
        self.route_id = ""
        self._key = {"client_id": key[0], "client_secret": key[1]}
        self._country = country
        self._http = httpx.AsyncClient(base_url=base_url, timeout=HTTP_SECONDS)
        self._clock = clock
        self._dice = dice

    def new_id(self) -> str:
        return new_uuid(self._dice.getrandbits(128))

    async def log_in(self) -> None:
        reply = await self._post("/v1/tokens:issue", self._key)
        self._http.headers["authorization"] = f"Bearer {reply['access_token']}"

    async def quote(self) -> None:
        """Answers the request for a quote that waits for it."""
        request = await self._first("/v1/quotes?state=QUOTE_STATE_REQUESTED", "quotes")
        price = {"currency_code": "EUR", "units": str(EUROS_PER_TASK * len(request["tasks"]))}
        answer = {
            "request_id": self.new_id(),
            "price": price,
            "expire_time": stamp(self._clock.now() + timedelta(hours=2)),
            "pickup_time": stamp(self._clock.now() + timedelta(hours=2)),
        }
        await self._post(f"/v1/quotes/{request['quote_id']}:submit", answer)

    async def accept(self) -> Json:
        """Accepts the tender that waits for it, and says with which vehicle."""
        tender = await self._first("/v1/tenders?states=TENDER_STATE_OFFERED", "tenders")
        answer = {
            "request_id": self.new_id(),
            "etag": tender["etag"],
            "vehicle": {**BIKE, "registration_country": self._country},
            "start_time": stamp(self._clock.now() + timedelta(hours=2)),
        }
        accepted = await self._post(f"/v1/tenders/{tender['tender_id']}:accept", answer)
        self.route_id = accepted["route"]["route_id"]
        return accepted

    async def deliver(self, accepted: Json) -> None:
        """Rides the round and reports each door."""
        stops = accepted["route"]["stops"]
        await self._report([scan for stop in stops for scan in self._scans(stop)])
        await self._report([self._fact({"route_id": self.route_id, "route_start": {}})])
        for stop in stops:
            opens = [w["start_time"] for task in stop["tasks"] for w in task["windows"]]
            if opens:
                await self._clock.until(datetime.fromisoformat(min(opens)))
            await self._clock.wait(STOP_LENGTH)
            await self._serve(stop)
        await self._report([self._fact({"route_id": self.route_id, "route_end": {}})])

    def _scans(self, stop: Json) -> Iterator[Json]:
        """Every parcel of a stop, taken over at the depot."""
        for task in stop["tasks"]:
            about = {"task_id": task["task_id"], "delivery_id": task["delivery_id"]}
            for parcel_id in task["parcel_ids"]:
                scan = {"parcel_id": parcel_id, "kind": "SCAN_KIND_RECEIVED"}
                yield self._fact({**about, "parcel_scanned": scan})

    async def _serve(self, stop: Json) -> None:
        at_stop = {"stop_id": stop["stop_id"], "location": stop["location"]}
        await self._report([self._fact({**at_stop, "arrived": {}})])
        for task in stop["tasks"]:
            door = {**at_stop, "task_id": task["task_id"], "delivery_id": task["delivery_id"]}
            success = {"handover": "HANDOVER_RECIPIENT"}
            await self._report([self._fact({**door, "delivered": success})])
            await self._prove(task["task_id"])
            self.delivered.add(task["delivery_id"])
        await self._report([self._fact({**at_stop, "departed": {}})])

    async def _prove(self, task_id: str) -> None:
        picture = png(self._dice)
        digest = hashlib.sha256(picture).hexdigest()
        upload = {
            "offset": "0",
            "data": base64.b64encode(picture).decode(),
            "total_bytes": str(len(picture)),
            "content_type": "image/png",
        }
        await self._post(f"/v1/media/{digest}:upload", upload)
        proof_id = self.new_id()
        self.proof_ids.append(proof_id)
        proof = {
            "proof_id": proof_id,
            "task_id": task_id,
            "capture_time": stamp(self._clock.now()),
            "items": [{"kind": "PROOF_KIND_PHOTO", "media_sha256": digest}],
        }
        body = {"request_id": self.new_id(), "proof": proof}
        await self._post(f"/v1/tasks/{task_id}/proofs", body)

    def _fact(self, fact: Json) -> Json:
        event_id = self.new_id()
        self.event_ids.append(event_id)
        return {"event_id": event_id, "event_time": stamp(self._clock.now()), **fact}

    async def _report(self, events: list[Json]) -> None:
        reply = await self._post("/v1/events:batchRecord", {"events": events})
        refused = [r for r in reply["results"] if r["status"] == "EVENT_STATUS_REJECTED"]
        if refused:
            raise Stopped(f"events refused: {refused}")

    async def _first(self, path: str, name: str) -> Json:
        """The first entry of a list, waiting until there is one."""
        while True:
            found: list[Json] = (await self._send("GET", path, None))[name]
            if found:
                return found[0]
            await asyncio.sleep(LOOK_SECONDS)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Json:
        return await self._send("POST", path, body)

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Json:
        """Sends until it is answered; what cannot pass by itself is raised with the reason."""
        for delay in backoff(self._dice):
            try:
                reply = await self._http.request(method, path, json=body)
            except httpx.TransportError:
                await asyncio.sleep(delay)
                continue
            if reply.status_code not in TRY_AGAIN:
                return answered(reply)
            await asyncio.sleep(delay)
        raise Stopped(f"{method} {path} was never answered")

    async def close(self) -> None:
        await self._http.aclose()


BIKE = {
    "profile": "TRAVEL_PROFILE_CARGO_BIKE",
    "fuel_type": "FUEL_TYPE_ELECTRIC",
    "capacity_mass_grams": "180000",
    "capacity_volume_cubic_centimeters": "1500000",
    "gross_mass_grams": "350000",
    "vehicle_category": "L6e",
    "first_registration_date": {"year": 2023, "month": 5, "day": 2},
}


def answered(reply: httpx.Response) -> Json:
    if reply.is_success:
        content: Json = reply.json()
        return content
    raise Stopped(f"{reply.request.method} {reply.request.url.path}: {reply.text}")


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
