"""
Webhooks over TLS: the connection goes to an address, and yet the name must be the certificate's.

Method: an authority of our own that the machine is told to believe, and certificates by it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.tracking.adapters.webhook_post import WebhookPost
from services.tracking.outbound_ports import Letter
from services.tracking.tests.outbound.receiver import OK
from services.tracking.tests.outbound.test_post import SECRET

Serve = Callable[[str], AbstractAsyncContextManager[int]]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Serves under a certificate for a name; tells the port."""
    authority = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("authority", authority, authority, is_authority=True)
    (tmp_path / "ca.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    @asynccontextmanager
    async def serving(name: str) -> AsyncIterator[int]:
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = _certificate(name, key, authority)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path = tmp_path / f"{name}.pem"
        path.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + pem)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        server = await asyncio.start_server(_answer, "127.0.0.1", 0, ssl=context)
        async with server:
            yield server.sockets[0].getsockname()[1]

    return serving


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    await writer.drain()
    writer.close()


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return builder.sign(signer, hashes.SHA256())


async def test_a_certificate_for_the_name_is_believed(serve: Serve) -> None:
    async with serve("localhost") as port:
        reply = await WebhookPost(loopback=True).send(_letter(port))

    assert (reply.status_code, reply.error) == (200, "")


async def test_a_certificate_for_another_name_is_not(serve: Serve) -> None:
    async with serve("elsewhere.example") as port:
        reply = await WebhookPost(loopback=True).send(_letter(port))

    assert (reply.status_code, reply.error) == (0, "cannot connect")


def _letter(port: int) -> Letter:
    return Letter(f"https://localhost:{port}/", "evt_1", "{}", (SECRET,))
