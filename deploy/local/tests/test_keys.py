"""
The keys of a local mesh, and whom the gateway believes.

Method: real keys in a folder of the test.
"""

from __future__ import annotations

import json
from pathlib import Path

from deploy.local import keys


def key_ids(path: Path) -> list[str]:
    return [key["kid"] for key in json.loads(path.read_text())["keys"]]


def test_every_service_and_the_issuer_have_a_key_of_their_own(tmp_path: Path) -> None:
    keys.prepare(tmp_path, ["planner", "tracking"])

    assert key_ids(tmp_path / keys.JWKS) == ["issuer", "svc-planner", "svc-tracking"]
    assert (tmp_path / "svc-planner.pem").stat().st_mode & 0o077 == 0
    assert (tmp_path / "score.pem").stat().st_mode & 0o077 == 0


def test_the_gateway_does_not_believe_services(tmp_path: Path) -> None:
    keys.prepare(tmp_path, ["planner"])

    assert key_ids(tmp_path / keys.GATEWAY_JWKS) == ["issuer"]


def test_a_second_start_keeps_the_keys_and_makes_what_is_missing(tmp_path: Path) -> None:
    keys.prepare(tmp_path, ["planner"])
    kept = [tmp_path / name for name in ("svc-planner.pem", "score.pem")]
    before = [path.read_bytes() for path in kept]

    keys.prepare(tmp_path, ["planner", "dispatch"])

    assert [path.read_bytes() for path in kept] == before
    assert "svc-dispatch" in key_ids(tmp_path / keys.JWKS)
