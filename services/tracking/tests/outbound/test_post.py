"""
One POST to a receiver, whatever it does, and to whom nothing is ever sent.

Method: real sockets of this machine; names are looked up by the machine's own resolver, or by one
that a test puts in its place, for nobody's name server may be asked.
"""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from meshkit.errors import Invalid
from services.tracking.adapters.webhook_post import WebhookPost
from services.tracking.domain.attempt import EXCERPT_BYTES
from services.tracking.outbound_ports import Letter
from services.tracking.tests.outbound.receiver import Receiver, Taken, status

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OLDER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MEGABYTE = 1 << 20


def letter(url: str, *secrets: str) -> Letter:
    return Letter(url, "evt_1", '{"subject":"del_1"}', secrets or (SECRET,))


def post(seconds: float = 5.0) -> WebhookPost:
    return WebhookPost(loopback=True, timeout_seconds=seconds)


async def test_both_secrets_sign_and_a_stranger_does_not(receiver: Receiver) -> None:
    reply = await post().send(letter(receiver.url, SECRET, OLDER))
    (taken,) = receiver.taken

    assert reply.succeeded
    assert taken.verified(SECRET) == taken.verified(OLDER) == {"subject": "del_1"}
    with pytest.raises(WebhookVerificationError):
        taken.verified("whsec_" + "A" * 32)
    forged = Taken(taken.headers, taken.body.replace(b"del_1", b"del_2"))
    with pytest.raises(WebhookVerificationError):
        forged.verified(SECRET)
    assert Webhook(SECRET).verify(taken.body, taken.headers)


async def test_where_it_goes_stands_in_no_log(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await post().send(letter(receiver.url))

    assert "hook" not in caplog.text


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answer = status(302, f"location: {receiver.url}")
    reply = await post().send(letter(receiver.url))

    assert (reply.status_code, reply.succeeded) == (302, False)
    assert "redirect" in reply.error
    assert len(receiver.taken) == 1


async def test_of_a_hundred_megabytes_a_kilobyte_is_read(receiver: Receiver) -> None:
    sent = 0

    async def flood(_: Taken, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n")
        for _n in range(100):
            writer.write(b"x" * MEGABYTE)
            await writer.drain()
            sent += 1

    receiver.answer = flood
    reply = await post().send(letter(receiver.url))

    assert reply.succeeded
    assert len(reply.excerpt) == EXCERPT_BYTES
    assert sent < 20


async def test_what_drips_is_cut_off_in_time(receiver: Receiver) -> None:
    async def drip(_: Taken, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.05)

    receiver.answer = drip
    began = time.monotonic()
    reply = await post(0.5).send(letter(receiver.url))

    assert not reply.succeeded
    assert "no answer within" in reply.error
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "garbage", [b"\x00\xff\x00 not http\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b""]
)
async def test_garbage_is_a_failed_try_and_no_fault_of_ours(
    receiver: Receiver, garbage: bytes
) -> None:
    async def answer(_: Taken, writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)

    receiver.answer = answer
    reply = await post(2).send(letter(receiver.url))

    assert not reply.succeeded
    assert reply.error


async def test_an_answer_with_nothing_readable_is_kept_as_text(receiver: Receiver) -> None:
    receiver.answer = status(500, "content-encoding: gzip", body=b"\x00\xff\xfe zip")
    reply = await post().send(letter(receiver.url))

    assert reply.status_code == 500
    assert "\x00" not in reply.excerpt


async def test_nobody_there_is_a_failed_try(receiver: Receiver) -> None:
    await receiver.down()
    reply = await post().send(letter(receiver.url))

    assert (reply.status_code, reply.error) == (0, "cannot connect")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org/hook",
        "https://user:secret@example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://192.168.1.1:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://localhost/",
        "https://no-such-name.invalid/",
    ],
)
async def test_an_address_that_is_not_public_is_refused_twice(url: str) -> None:
    strict = WebhookPost()
    with pytest.raises(Invalid) as caught:
        await strict.check(url)
    reply = await strict.send(letter(url))

    assert caught.value.reason == "URL_REFUSED"
    assert caught.value.violations[0].field == "subscription.webhook.url"
    assert reply.error.startswith("refused: ")


async def test_a_name_that_changes_its_mind_reaches_nobody(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when it is looked at, this machine when it is connected to."""
    answers = iter(["8.8.8.8", "127.0.0.1"])
    loop = asyncio.get_running_loop()

    async def lookup(host: str, port: int, **_: Any) -> list[Any]:
        place = (next(answers), port)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]

    monkeypatch.setattr(loop, "getaddrinfo", lookup)
    strict = WebhookPost(timeout_seconds=2)
    await strict.check("https://rebinding.example/")
    reply = await strict.send(letter("https://rebinding.example/"))

    assert reply.error == "refused: it leads to an address that is not public"
    assert not receiver.taken


async def test_one_private_address_among_public_ones_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lookup(host: str, port: int, **_: Any) -> list[Any]:
        places = [("8.8.8.8", port), ("10.0.0.1", port)]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
    with pytest.raises(Invalid):
        await WebhookPost().check("https://two-faced.example/")
