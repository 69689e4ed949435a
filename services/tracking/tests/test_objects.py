"""
Where whole files lie: a folder, and a bucket of a real server that speaks S3 over a socket.

Method: each store is put through the same table; then each is taken away.
"""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from meshkit.errors import Unavailable
from services.tracking.adapters.objects import objects
from services.tracking.proof_ports import Objects

CONTENT = bytes(range(256)) * 5_000
NAME = f"acme/{hashlib.sha256(CONTENT).hexdigest()}"
KEYS = {"region": "us-east-1", "key_id": "key", "secret": "secret"}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a server that speaks S3, with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    made = urllib.request.Request(f"{endpoint}/proofs", method="PUT")
    made.add_header(
        "Authorization", "AWS4-HMAC-SHA256 Credential=key/20260512/us-east-1/s3/aws4_request"
    )
    urllib.request.urlopen(made).close()
    yield endpoint
    server.stop()


@pytest.fixture(params=["folder", "bucket", "bucket with a prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """A store of objects."""
    if request.param == "folder":
        found = objects(f"file://{tmp_path}/media")
    else:
        prefix = "/files/of/proofs" if "prefix" in request.param else ""
        endpoint = request.getfixturevalue("s3")
        found = objects(f"s3://proofs{prefix}", endpoint=endpoint, **KEYS)
    assert found is not None
    return found


async def test_what_is_put_is_read_back_in_pieces(store: Objects) -> None:
    await store.put(NAME, CONTENT)
    await store.put(NAME, CONTENT)  # a second time, after an answer that got lost

    assert await store.get(NAME, 0, 1_000) == CONTENT[:1_000]
    assert await store.get(NAME, 1_279_000, 1_000) == CONTENT[1_279_000:]


async def test_tenants_share_no_file(store: Objects) -> None:
    await store.put(NAME, CONTENT)

    with pytest.raises(Unavailable) as caught:
        await store.get(NAME.replace("acme", "bolt"), 0, 1)
    assert caught.value.reason == "MEDIA_STORE_AWAY"


async def test_a_bucket_that_does_not_answer_is_away_and_comes_back() -> None:
    nobody = objects("s3://proofs", endpoint="http://127.0.0.1:9", **KEYS)
    assert nobody is not None

    with pytest.raises(Unavailable) as caught:
        await nobody.put(NAME, CONTENT)
    assert caught.value.reason == "MEDIA_STORE_AWAY"
    assert caught.value.retry_after is not None


async def test_a_folder_that_cannot_be_written_is_away(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")
    found = objects(f"file://{tmp_path}/media")
    assert found is not None

    with pytest.raises(Unavailable):
        await found.put(NAME, CONTENT)


@pytest.mark.parametrize("url", ["media", "http://bucket/", "s3:///prefix", "file://media"])
def test_a_url_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="media_url"):
        objects(url)


def test_without_a_url_files_stay_in_the_transactional_store() -> None:
    assert objects("") is None
