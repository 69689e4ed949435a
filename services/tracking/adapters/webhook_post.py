"""
The way to a receiver: one signed POST, from which no receiver can gain or harm anything.

A name is looked up once, every address behind it must be public, and the connection goes to the
address that was looked at, so that a name cannot change its mind in between. No redirect is
followed, no proxy asked, nothing unpacked, and of the answer no more is read than is kept.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from standardwebhooks import Webhook

from meshkit.errors import Invalid, Violation
from services.tracking.domain.address import is_loopback, is_public
from services.tracking.domain.attempt import EXCERPT_BYTES, Reply
from services.tracking.outbound_ports import Letter

TIMEOUT_SECONDS = 15.0  # from the look-up to the last byte that is read
LOOKUP_SECONDS = 5.0
ADDRESSES_TRIED_MAX = 3
USER_AGENT = "Doorstep-Webhooks/1"
PORTS = {"https": 443, "http": 80}

logging.getLogger("httpx").setLevel(logging.WARNING)  # its INFO has whole addresses


class Refused(Exception):
    """An address to which nothing is sent; the text says why."""


class WebhookPost:
    """Implements `outbound_ports.Post`. `loopback` lets a sandbox send to its own machine."""

    def __init__(self, *, loopback: bool = False, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._loopback = loopback
        self._timeout = timeout_seconds
        self._tls = ssl.create_default_context()

    async def check(self, url: str) -> None:
        """Raises Invalid `URL_REFUSED` for an address to which nothing is sent."""
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                await self._addresses(self._parsed(url))
        except TimeoutError:
            raise _refusal("its name cannot be looked up in time") from None
        except Refused as refused:
            raise _refusal(str(refused)) from None

    async def send(self, letter: Letter) -> Reply:
        """One try. Never raises for what the receiver does."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._timeout):
                status, excerpt = await self._send(letter)
        except (Refused, httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, TimeoutError) as error:
            return Reply(took=_since(began), error=self._why(error))
        return Reply(status, _since(began), _text(excerpt), _fault(status))

    async def _send(self, letter: Letter) -> tuple[int, bytes]:
        url = self._parsed(letter.url)
        addresses = await self._addresses(url)
        headers = _headers(letter, datetime.now(UTC))
        for address in addresses[:-1]:
            try:
                return await self._post(url, address, headers, letter.body)
            except httpx.ConnectError:
                continue  # nothing was sent: another address of the same name may answer
        return await self._post(url, addresses[-1], headers, letter.body)

    async def _post(
        self, url: httpx.URL, address: str, headers: dict[str, str], body: str
    ) -> tuple[int, bytes]:
        host = url.netloc.decode()
        client = httpx.AsyncClient(trust_env=False, verify=self._tls, timeout=self._timeout)
        async with (
            client,
            client.stream(
                "POST",
                url.copy_with(host=address),
                content=body.encode(),
                headers={**headers, "host": host},
                extensions={"sni_hostname": url.host},
            ) as response,
        ):
            return response.status_code, await _start_of(response)

    def _parsed(self, text: str) -> httpx.URL:
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL:
            raise Refused("it is no address") from None
        if url.scheme != "https" and not (self._loopback and url.scheme == "http"):
            raise Refused("it is not https")
        if not url.host or url.userinfo or url.fragment:
            raise Refused("it has no host, or a user name, a password or a fragment")
        return url

    async def _addresses(self, url: httpx.URL) -> Sequence[str]:
        """Where its name leads, every address looked at. Raises Refused."""
        loop = asyncio.get_running_loop()
        port = url.port or PORTS[url.scheme]
        try:
            found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise Refused("its name is not known") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        allowed = all(self._may(address, url.scheme) for address in addresses)
        if not addresses or not allowed:
            raise Refused("it leads to an address that is not public")
        return addresses[:ADDRESSES_TRIED_MAX]

    def _may(self, address: str, scheme: str) -> bool:
        if self._loopback and is_loopback(address):
            return True
        return scheme == "https" and is_public(address)

    def _why(self, error: Exception) -> str:
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            return f"no answer within {self._timeout:.0f} s"
        if isinstance(error, Refused):
            return f"refused: {error}"
        if isinstance(error, httpx.ConnectError):
            return "cannot connect"
        return f"the answer was broken off or is no HTTP ({type(error).__name__})"


def signatures(letter: Letter, at: datetime) -> str:
    """The signatures by each secret, as Standard Webhooks says; `at` is in UTC."""
    return " ".join(
        Webhook(secret).sign(letter.event_id, at, letter.body) for secret in letter.secrets
    )


def _headers(letter: Letter, at: datetime) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": USER_AGENT,
        "webhook-id": letter.event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures(letter, at),
    }


async def _start_of(response: Any) -> bytes:
    start = b""
    async for chunk in response.aiter_raw(EXCERPT_BYTES):
        start += chunk
        if len(start) >= EXCERPT_BYTES:
            break
    return start[:EXCERPT_BYTES]


def _text(excerpt: bytes) -> str:
    """As text that a database takes."""
    return excerpt.decode(errors="replace").replace("\x00", "\ufffd")


def _fault(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"answered {status}: redirects are not followed"
    return f"answered {status}"


def _since(began: float) -> timedelta:
    return timedelta(seconds=asyncio.get_running_loop().time() - began)


def _refusal(why: str) -> Invalid:
    fault = Violation("subscription.webhook.url", why, "URL_REFUSED")
    return Invalid("URL_REFUSED", f"the address is refused: {why}", violations=[fault])
