"""
What the edge process answers: `/osmand` for drivers' own tracking apps.

200 means that the fix is durable. Anything else means that it is not, and the app keeps it; so what
tracking rejects for good (no place on earth) is answered 200, or it would be sent for ever.
"""

from __future__ import annotations

from contextlib import nullcontext
from urllib.parse import parse_qsl

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from clients.web.server import osmand
from clients.web.server.logins import Logins
from clients.web.server.recorder import Recorder
from meshkit.errors import Invalid, MeshError, Unauthenticated
from meshkit.traces import continued

BODY_BYTES_MAX = 16 * 1024
FIELDS_MAX = 64
HEALTH_PATH = "/health/live"
OSMAND_PATH = "/osmand"
STATUS = {
    "INVALID_ARGUMENT": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
}
AWAY = 503  # for everything else: the fix waits where it is
RETRY_SECONDS = 5

log = structlog.get_logger()


class TooLarge(Exception):
    """A body beyond the bound."""


class Endpoint:
    """The endpoint of OsmAnd's protocol."""

    def __init__(self, logins: Logins, recorder: Recorder) -> None:
        self._logins = logins
        self._recorder = recorder

    async def fix(self, request: Request) -> Response:
        """Records one fix."""
        trace = request.headers.get("traceparent", "")
        with continued("record_fix", trace, {}) if trace else nullcontext():
            try:
                await self._record(await read(request))
            except TooLarge:
                return JSONResponse({"reason": "BODY_TOO_LARGE"}, 413)
            except MeshError as error:
                return refused(error)
        return Response(status_code=200)

    async def _record(self, fix: osmand.Fix) -> None:
        login = await self._logins.login(fix.key)
        try:
            await self._recorder.record(login, fix)
        except Unauthenticated:  # the token ended early: by a clock, or by a change of keys
            self._logins.forget(fix.key)
            await self._recorder.record(await self._logins.login(fix.key), fix)


async def read(request: Request) -> osmand.Fix:
    """The fix that a request tells. Raises TooLarge, and Invalid with all faults."""
    body = await bounded(request)
    if request.headers.get("content-type", "").startswith("application/json"):
        return osmand.from_json(body)
    text = request.url.query or body.decode("ascii", "replace")
    try:
        told = dict(parse_qsl(text, max_num_fields=FIELDS_MAX))
    except ValueError:
        raise Invalid("FIX_INVALID", "too many parameters") from None
    return osmand.from_parameters(told)


async def bounded(request: Request) -> bytes:
    """The body, which is never held beyond the bound."""
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > BODY_BYTES_MAX:
            raise TooLarge
    return bytes(found)


def refused(error: MeshError) -> Response:
    """The reason for programs; which fields are bad, and never what they held."""
    log.info("fix_refused", reason=error.reason)
    status = STATUS.get(error.code, AWAY)
    told = {"reason": error.reason, "fields": [one.field for one in error.violations]}
    headers = {"retry-after": str(RETRY_SECONDS)} if status in (429, AWAY) else {}
    return JSONResponse(told, status, headers)


async def live(request: Request) -> Response:
    """This process serves."""
    return Response(status_code=200)


def app_of(logins: Logins, recorder: Recorder) -> Starlette:
    """The whole application."""
    endpoint = Endpoint(logins, recorder)
    return Starlette(
        routes=[
            Route(OSMAND_PATH, endpoint.fix, methods=["GET", "POST"]),
            Route(HEALTH_PATH, live),
        ]
    )
