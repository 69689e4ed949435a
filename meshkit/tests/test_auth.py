"""
Identity: what is believed, what is refused, and who may vouch for whom.

Method: real keys, real tokens, and forgeries made the way an attacker would make them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from meshkit.auth import TENANT_KEY, Authority, Caller, Role, TokenSource, mint
from meshkit.config import SettingsError
from meshkit.errors import Denied, MeshError, Unauthenticated
from meshkit.keys import KeySet, generate_key, read_jwks, read_private_key
from meshkit.method import Method
from meshkit.testing import (
    ISSUER_KEY,
    key_file,
    keys_folder,
    make_token,
    plausible,
    test_settings,
)
from meshkit.tokens import TOKEN_SECONDS, key_owner

SAY = Method("/meshtest.v1.EchoService/Say", frozenset({Role.DISPATCHER, Role.DRIVER}), 1)
INSIDE = Method("/meshtest.v1.EchoService/Inside", frozenset(), 1)
TRACK = Method("/t", frozenset({Role.RECIPIENT, Role.ANYBODY, Role.DISPATCHER}), 1)
ENTER = Method("/e", frozenset({Role.ANYBODY}), 1)


@pytest.fixture(scope="module")
def folder() -> Path:
    path = keys_folder()
    for key_id in ("svc-echo", "svc-tester", "svc-echo.2"):
        key_file(path, key_id)
    return path


@pytest.fixture
def authority(folder: Path) -> Authority:
    return Authority(KeySet(folder / "jwks.json"))


def bearer(token: str, **metadata: str) -> dict[str, str | bytes]:
    return {"authorization": f"Bearer {token}", **metadata}


def claims(**changed: Any) -> dict[str, Any]:
    sound = {
        "iss": "doorstep",
        "aud": "doorstep",
        "sub": "ada",
        "role": "DISPATCHER",
        "tenant": "acme",
        "jti": "jti_1",
        "exp": time.time() + 60,
    }
    return {key: value for key, value in (sound | changed).items() if value is not None}


def signed(folder: Path, key_id: str = ISSUER_KEY, **changed: Any) -> str:
    key = read_private_key(key_file(folder, key_id))
    return jwt.encode(claims(**changed), key, algorithm="RS256", headers={"kid": key_id})


def unsigned(header: dict[str, Any], signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(claims()).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def signed_with_our_public_key(folder: Path) -> str:
    """The classic: HS256 with the public key, which everybody has, as the secret."""
    public = read_jwks(folder / "jwks.json")[ISSUER_KEY].public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = unsigned({"alg": "HS256", "kid": ISSUER_KEY}).rstrip(".")
    signature = hmac.new(public, body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_a_token_proves_who_it_was_minted_for(folder: Path, authority: Authority) -> None:
    token = make_token(folder, Role.DRIVER, subject="dev-7", scope=frozenset({"media"}))

    caller = authority.caller_of(SAY, bearer(token))

    assert caller == Caller(
        subject="dev-7",
        role=Role.DRIVER,
        tenant="acme",
        driver_id="driver-1",
        scope=frozenset({"media"}),
        token=token,
    )
    assert token not in repr(caller)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"exp": 1}, "TOKEN_EXPIRED"),
        ({"aud": "elsewhere"}, "TOKEN_INVALID"),
        ({"iss": "elsewhere"}, "TOKEN_INVALID"),
        ({"exp": None}, "TOKEN_INVALID"),
        ({"jti": None}, "TOKEN_INVALID"),
        ({"sub": None}, "TOKEN_INVALID"),
        ({"sub": ""}, "TOKEN_INVALID"),
        ({"role": None}, "TOKEN_INVALID"),
        ({"role": "KING"}, "TOKEN_INVALID"),
        ({"role": "RECIPIENT"}, "TOKEN_INVALID"),
        ({"role": "ANYBODY"}, "TOKEN_INVALID"),
        ({"role": ["DISPATCHER"]}, "TOKEN_INVALID"),
        ({"tenant": None}, "TOKEN_INVALID"),
        ({"tenant": 7}, "TOKEN_INVALID"),
        ({"sub": 7}, "TOKEN_INVALID"),
        ({"exp": "soon"}, "TOKEN_INVALID"),
        ({"role": "DRIVER"}, "TOKEN_INVALID"),  # without saying which driver
        ({"role": "CARRIER"}, "TOKEN_INVALID"),
        ({"carrier": "rival"}, "TOKEN_INVALID"),  # a dispatcher is of no carrier
        ({"exp": time.time() + 10 * 365 * 86_400}, "TOKEN_INVALID"),
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(
    folder: Path, authority: Authority, changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Unauthenticated) as caught:
        authority.verify(signed(folder, **changed))

    assert caught.value.reason == reason


def test_forgeries_are_refused_and_all_read_alike(folder: Path, authority: Authority) -> None:
    sound = signed(folder)
    header, body, signature = sound.split(".")
    forgeries = {
        "alg none": unsigned({"alg": "none", "kid": ISSUER_KEY}),
        "public key as secret": signed_with_our_public_key(folder),
        "unknown kid": unsigned({"alg": "RS256", "kid": "stranger"}, b"x" * 256),
        "no kid": unsigned({"alg": "RS256"}, b"x" * 256),
        "kid no text": unsigned({"alg": "RS256", "kid": [1]}, b"x" * 256),
        "other body": f"{header}.{body[:-2]}AA.{signature}",
        "no token": "garbage",
        "deep": base64.urlsafe_b64encode(b"[" * 2999).decode() + ".e30.",
        "endless": "a" * 100_000,
    }

    told = set()
    for forgery in forgeries.values():
        with pytest.raises(Unauthenticated) as caught:
            authority.verify(forgery)
        told.add((caught.value.reason, str(caught.value)))

    assert told == {("TOKEN_INVALID", "the token is not one of ours")}


@pytest.mark.parametrize(
    ("key_id", "role", "subject"),
    [
        ("svc-echo", "SERVICE", "svc-tester"),  # one service for another
        ("svc-echo", "DISPATCHER", "svc-echo"),  # a service for a person
        (ISSUER_KEY, "SERVICE", ISSUER_KEY),  # the issuer for a service
        (ISSUER_KEY, "SERVICE", "svc-echo"),
    ],
)
def test_a_key_vouches_only_for_its_own(
    folder: Path, authority: Authority, key_id: str, role: str, subject: str
) -> None:
    with pytest.raises(Unauthenticated):
        authority.verify(signed(folder, key_id, role=role, sub=subject))


def test_a_services_second_key_still_speaks_for_it(folder: Path, authority: Authority) -> None:
    source = TokenSource(read_private_key(key_file(folder, "svc-echo.2")), "svc-echo.2")

    assert authority.verify(source.token()).subject == key_owner("svc-echo.2") == "svc-echo"


@pytest.mark.parametrize(
    ("method", "role", "refusal"),
    [
        (SAY, Role.DISPATCHER, None),
        (SAY, Role.SERVICE, None),
        (SAY, Role.CARRIER, "CALLER_NOT_ALLOWED"),
        (SAY, Role.OPERATOR, "CALLER_NOT_ALLOWED"),
        (SAY, None, "TOKEN_MISSING"),
        (INSIDE, Role.SERVICE, None),
        (INSIDE, Role.OPERATOR, "CALLER_NOT_ALLOWED"),
        (INSIDE, None, "TOKEN_MISSING"),
        (TRACK, None, None),
        (TRACK, Role.DISPATCHER, None),
        (TRACK, Role.DRIVER, "CALLER_NOT_ALLOWED"),
        (ENTER, None, None),
    ],
)
def test_the_contract_says_who_may_call(
    folder: Path, authority: Authority, method: Method, role: Role | None, refusal: str | None
) -> None:
    metadata = bearer(make_token(folder, role)) if role else {}
    try:
        authority.caller_of(method, metadata)
        told = None
    except MeshError as error:
        told = error.reason

    assert told == refusal


def test_a_recipient_comes_without_a_token_and_is_nobody_yet(authority: Authority) -> None:
    assert authority.caller_of(TRACK, {}) == Caller(subject="", role=Role.RECIPIENT)
    assert authority.caller_of(ENTER, {}) == Caller(subject="", role=Role.ANYBODY)


def test_a_bad_token_is_refused_even_where_none_is_needed(authority: Authority) -> None:
    with pytest.raises(Unauthenticated):
        authority.caller_of(TRACK, {"authorization": "Bearer garbage"})


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "token"])
def test_only_a_bearer_header_is_understood(authority: Authority, header: str) -> None:
    with pytest.raises(Unauthenticated):
        authority.caller_of(SAY, {"authorization": header})


def test_only_a_service_may_name_a_tenant(folder: Path, authority: Authority) -> None:
    service = bearer(make_token(folder, Role.SERVICE), **{TENANT_KEY: "globex"})
    dispatcher = bearer(make_token(folder, Role.DISPATCHER), **{TENANT_KEY: "globex"})

    named = authority.caller_of(SAY, service).required_tenant()
    with pytest.raises(Denied) as caught:
        authority.caller_of(SAY, dispatcher)

    assert named == "globex"
    assert caught.value.reason == "TENANT_NOT_YOURS"


def test_a_service_that_names_no_tenant_has_none(folder: Path, authority: Authority) -> None:
    caller = authority.caller_of(SAY, bearer(make_token(folder, Role.SERVICE)))

    with pytest.raises(Denied, match="no tenant"):
        caller.required_tenant()


def test_a_removed_key_is_believed_no_longer(folder: Path, tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    shutil.copy(folder / "jwks.json", jwks)
    authority = Authority(KeySet(jwks))
    token = make_token(folder, Role.DISPATCHER)
    authority.verify(token)  # and remembered

    generate_key(tmp_path / "new.pem", tmp_path / "fresh.json", "issuer-2")
    (tmp_path / "fresh.json").replace(jwks)

    with pytest.raises(Unauthenticated):
        authority.verify(token)
    fresh = mint(read_private_key(tmp_path / "new.pem"), "issuer-2", plausible(Role.DISPATCHER))
    assert authority.verify(fresh).subject == "dispatcher-1"


def test_a_broken_key_file_locks_nobody_out(folder: Path, tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    shutil.copy(folder / "jwks.json", jwks)
    authority = Authority(KeySet(jwks))

    jwks.write_text('{"keys": [')
    authority.verify(make_token(folder, Role.DISPATCHER))
    jwks.unlink()
    authority.verify(make_token(folder, Role.DISPATCHER, subject="bob"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"keys": [{"kty": "RSA", "alg": "RS256", "kid": "x", "n": "AQ", "e": "AQ"}]}',
    ],
)
def test_a_file_that_holds_no_keys_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(text)

    with pytest.raises(ValueError, match=r"jwks\.json"):
        KeySet(path)


def test_keys_of_other_kinds_in_the_file_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text('{"keys": [{"kty": "oct", "kid": "x", "k": "c2VjcmV0"}]}')

    assert read_jwks(path) == {}


def test_a_private_key_is_its_owners_alone(folder: Path) -> None:
    mode = key_file(folder, "svc-echo").stat().st_mode & 0o777

    assert mode == 0o600
    assert "PRIVATE" not in (folder / "jwks.json").read_text()
    assert '"d"' not in (folder / "jwks.json").read_text()


def test_a_service_without_a_key_says_which_knob_to_turn(tmp_path: Path) -> None:
    settings = test_settings("echo", jwks_file=tmp_path / "jwks.json")

    with pytest.raises(SettingsError, match=r"DOORSTEP_ECHO_KEY_FILE.*svc-echo\.pem"):
        TokenSource.of(settings)


def test_a_token_source_renews_before_the_end(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = TokenSource.read(key_file(folder, "svc-echo"), "svc-echo")
    first = source.token()
    now = time.monotonic()

    monkeypatch.setattr(time, "monotonic", lambda: now + TOKEN_SECONDS - 120)
    kept = source.token()
    monkeypatch.setattr(time, "monotonic", lambda: now + TOKEN_SECONDS - 30)
    renewed = source.token()

    assert kept == first
    assert renewed != first
