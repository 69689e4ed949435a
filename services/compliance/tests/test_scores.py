"""
Published scores: they never change, and whoever has the public key can tell.

Method: a real server on a real port over a real store; the signature is verified by PyJWT from what
the rpcs answer alone, as a reader outside would.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from google.protobuf.json_format import ParseDict
from google.type.interval_pb2 import Interval

from doorstep.compliance.v1 import emission_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from doorstep.compliance.v1 import emissions_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import Invalid, NotFound, NotReady
from meshkit.keys import generate_signing_key
from meshkit.postgres import Database
from meshkit.server import CannotStart
from meshkit.testing import Role, TestMesh, serving
from services.compliance.__main__ import servicers, signer
from services.compliance.config import ComplianceSettings
from services.compliance.convert.moments import moment_to_proto
from services.compliance.tests import wire
from services.compliance.tests.places import at
from services.compliance.tests.test_exports import MAY, leg

JUNE = Interval(start_time=MAY.end_time, end_time=moment_to_proto(at("2026-07-01 00:00")))


@asynccontextmanager
async def compliance(db: Database, clock: StoppedClock, key_file: Path) -> AsyncIterator[Any]:
    """A stub of a server that signs with the key of a file."""
    settings = ComplianceSettings(score_key_file=key_file)
    async with serving(*servicers(db, settings, clock), service="compliance") as mesh:
        yield raising(pb_grpc.EmissionsServiceStub(mesh.channel(Role.PLATFORM)))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "score.pem"
    generate_signing_key(path)
    return path


@pytest.fixture
async def emissions(db: Database, clock: StoppedClock, key_file: Path) -> AsyncIterator[Any]:
    async with compliance(db, clock, key_file) as stub:
        yield stub


def publish(interval: Interval = MAY) -> pb.PublishEmissionScoreRequest:
    return pb.PublishEmissionScoreRequest(request_id=wire.request_id(), interval=interval)


async def record(emissions: Any, *numbers: int, **more: Any) -> None:
    legs = [leg(number, **more) for number in numbers]
    await emissions.RecordActuals(
        pb.RecordActualsRequest(request_id=wire.request_id(), legs=legs, correction=True)
    )


async def keys_of(emissions: Any) -> list[Any]:
    return list((await emissions.ListScoreKeys(pb.ListScoreKeysRequest())).score_keys)


async def published(emissions: Any, interval: Interval = MAY) -> Any:
    return (await emissions.PublishEmissionScore(publish(interval))).emission_score


def verified(signature: str, keys: list[Any]) -> dict[str, Any]:
    """What was signed; raises when it was not signed by one of the keys."""
    kid = jwt.get_unverified_header(signature)["kid"]
    (key,) = [key.jwk for key in keys if key.key_id == kid]
    payload = jwt.PyJWS().decode(signature, jwt.PyJWK.from_json(key).key, algorithms=["EdDSA"])
    found: dict[str, Any] = json.loads(payload)
    return found


@pytest.mark.pg
async def test_a_reader_verifies_the_score_by_the_listed_key(emissions: Any) -> None:
    await record(emissions, 1, 2, 4)
    report = await emissions.GetEmissionReport(
        pb.GetEmissionReportRequest(interval=MAY, dimension=emission_pb2.REPORT_DIMENSION_MONTH)
    )

    score = await published(emissions)
    said = verified(score.signature, await keys_of(emissions))

    plain = emission_pb2.EmissionScore()
    plain.CopyFrom(score)
    plain.ClearField("signature")
    assert ParseDict(said, emission_pb2.EmissionScore()) == plain
    assert (score.totals, list(score.bases)) == (report.total, list(report.bases))
    assert score.tenant_id == "acme"
    assert jwt.get_unverified_header(score.signature) == {
        "alg": "EdDSA",
        "kid": (await keys_of(emissions))[0].key_id,
    }
    assert jwt.utils.base64url_decode(score.signature.split(".")[1]) == canonical(said)


def canonical(document: Any) -> bytes:
    """The JSON as the contract says it is written."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


@pytest.mark.pg
async def test_a_score_of_which_one_digit_was_changed_is_not_verified(emissions: Any) -> None:
    await record(emissions, 1)
    score, keys = await published(emissions), await keys_of(emissions)
    header, payload, mark = score.signature.split(".")
    said = jwt.utils.base64url_decode(payload).decode()
    amount = str(score.totals.co2e.wtw_milligrams)
    other = said.replace(amount, amount[:-1] + ("1" if amount[-1] != "1" else "2"))
    forged = jwt.utils.base64url_encode(other.encode()).decode()

    assert said.count(amount) == 1
    with pytest.raises(jwt.InvalidSignatureError):
        verified(f"{header}.{forged}.{mark}", keys)


@pytest.mark.pg
async def test_a_score_stays_as_it_was_when_the_ledger_is_corrected(emissions: Any) -> None:
    await record(emissions, 1)
    first = await published(emissions)
    await record(emissions, 1, distance_meters=99_000)
    second = await published(emissions)

    request = pb.GetEmissionScoreRequest(emission_score_id=first.emission_score_id)
    kept = (await emissions.GetEmissionScore(request)).emission_score

    assert kept == first
    assert second.totals.co2e.wtw_milligrams > 2 * first.totals.co2e.wtw_milligrams


@pytest.mark.pg
async def test_a_repeated_request_publishes_once(emissions: Any) -> None:
    request = publish()

    first = await emissions.PublishEmissionScore(request)
    second = await emissions.PublishEmissionScore(request)

    assert first == second
    listed = await emissions.ListEmissionScores(pb.ListEmissionScoresRequest())
    assert list(listed.emission_scores) == [first.emission_score]


@pytest.mark.pg
async def test_scores_are_listed_newest_first_page_by_page(
    emissions: Any, clock: StoppedClock
) -> None:
    made = []
    for interval in (MAY, JUNE, MAY):
        made.append(await published(emissions, interval))
        clock.advance(timedelta(minutes=1))

    first = await emissions.ListEmissionScores(pb.ListEmissionScoresRequest(page_size=2))
    second = await emissions.ListEmissionScores(
        pb.ListEmissionScoresRequest(page_size=2, page_token=first.next_page_token)
    )

    assert [*first.emission_scores, *second.emission_scores] == made[::-1]
    assert not second.next_page_token


@pytest.mark.pg
async def test_after_a_rotation_old_scores_are_still_verified(
    db: Database, clock: StoppedClock, key_file: Path, tmp_path: Path
) -> None:
    fresh = tmp_path / "fresh.pem"
    generate_signing_key(fresh)
    async with compliance(db, clock, key_file) as before:
        unused = await keys_of(before)
        old = await published(before)
    clock.advance(timedelta(hours=1))
    async with compliance(db, clock, fresh) as after:
        new = await published(after)
        keys = await keys_of(after)
        page = await after.ListScoreKeys(pb.ListScoreKeysRequest(page_size=1))
        rest = await after.ListScoreKeys(
            pb.ListScoreKeysRequest(page_size=1, page_token=page.next_page_token)
        )

    assert [key.HasField("create_time") for key in unused] == [False]
    assert [key.HasField("retire_time") for key in keys] == [False, True]
    assert keys[1].retire_time == keys[0].create_time == new.publish_time
    for score in (old, new):
        assert verified(score.signature, keys)["emission_score_id"] == score.emission_score_id
    assert [*page.score_keys, *rest.score_keys] == keys


@pytest.mark.pg
async def test_without_a_key_nothing_is_published(mesh: TestMesh) -> None:
    stub = raising(pb_grpc.EmissionsServiceStub(mesh.channel(Role.PLATFORM)))

    with pytest.raises(NotReady) as caught:
        await stub.PublishEmissionScore(publish())

    assert caught.value.reason == "SCORE_KEY_MISSING"
    assert not await keys_of(stub)


@pytest.mark.pg
async def test_what_is_not_there_is_said_so(emissions: Any) -> None:
    with pytest.raises(NotFound) as caught:
        await emissions.GetEmissionScore(pb.GetEmissionScoreRequest(emission_score_id="esc_no"))
    assert caught.value.reason == "SCORE_UNKNOWN"

    with pytest.raises(Invalid) as bad:
        await emissions.PublishEmissionScore(publish(Interval(start_time=MAY.start_time)))
    assert [v.field for v in bad.value.violations] == ["interval"]


def test_a_key_that_cannot_be_read_stops_the_process(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("nothing")

    for name in ("no.pem", "absent.pem"):
        with pytest.raises(CannotStart, match="SCORE_KEY_FILE"):
            signer(ComplianceSettings(score_key_file=tmp_path / name))
