"""
Who gets a token, for what, and who does not.

Method: a real server over a real PostgreSQL; a token that was issued is really used for a call.
"""

from __future__ import annotations

from typing import Any

import pytest

from doorstep.dispatch.v1 import access_service_pb2 as pb
from doorstep.dispatch.v1 import delivery_service_pb2 as deliveries
from doorstep.dispatch.v1 import key_pb2
from meshkit.auth import Role
from meshkit.client import Bearer
from meshkit.errors import AlreadyExists, Denied, Invalid, NotFound, Unauthenticated
from meshkit.postgres import Database
from meshkit.testing import TENANT
from services.dispatch.tests.conftest import OPERATOR_SECRET
from services.dispatch.tests.office import Desk, Office, ask

pytestmark = pytest.mark.pg


async def key(desk: Desk, role: str = "DISPATCHER", **fields: Any) -> Any:
    made = {"role": f"ACCESS_ROLE_{role}"} | fields
    return await desk.access.CreateKey(ask(pb.CreateKeyRequest, key=made))


async def sign_in(office: Office, client_id: str, secret: str) -> Any:
    anybody = Desk(office.mesh.channel())
    request = pb.IssueTokenRequest(client_id=client_id, client_secret=secret)
    return await anybody.access.IssueToken(request)


async def test_a_key_buys_a_token_that_works(office: Office) -> None:
    made = await key(office.operator, tenant_id=TENANT)

    token = await sign_in(office, made.key.key_id, made.secret)

    desk = Desk(office.mesh.channel_with(Bearer(token.access_token)))
    await desk.deliveries.ListDeliveries(deliveries.ListDeliveriesRequest())
    assert token.token_type == "Bearer"
    assert token.valid_duration.seconds == 900


async def test_the_operator_signs_in_before_there_is_any_key(office: Office) -> None:
    token = await sign_in(office, "operator", OPERATOR_SECRET)

    operator = Desk(office.mesh.channel_with(Bearer(token.access_token)))
    listed = await operator.access.ListTenants(pb.ListTenantsRequest())
    assert [tenant.tenant_id for tenant in listed.tenants] == [TENANT]


async def test_a_secret_is_shown_once_and_kept_nowhere(office: Office, db: Database) -> None:
    request = ask(pb.CreateKeyRequest, key={"role": "ACCESS_ROLE_DISPATCHER", "tenant_id": TENANT})

    first = await office.operator.access.CreateKey(request)
    again = await office.operator.access.CreateKey(request)

    assert first.secret
    assert not again.secret
    assert again.key == first.key
    async with db.worker() as tx:
        for table in ("keys", "idempotency", "feed"):
            rows = await tx.fetch(f"SELECT {table}::text AS row FROM {table}")
            assert not any(first.secret in row["row"] for row in rows)
            secret_hex = first.secret.encode().hex()
            assert not any(secret_hex in row["row"] for row in rows)


@pytest.mark.parametrize("secret", ["wrong secret, long enough", OPERATOR_SECRET])
async def test_a_wrong_secret_and_an_unknown_key_look_alike(office: Office, secret: str) -> None:
    made = await key(office.operator, tenant_id=TENANT)

    with pytest.raises(Unauthenticated) as wrong:
        await sign_in(office, made.key.key_id, secret)
    with pytest.raises(Unauthenticated) as unknown:
        await sign_in(office, "key_nobody", secret)

    assert str(wrong.value) == str(unknown.value)
    assert wrong.value.reason == unknown.value.reason == "CREDENTIALS_WRONG"


async def test_a_revoked_key_buys_nothing(office: Office) -> None:
    made = await key(office.operator, tenant_id=TENANT)
    request = ask(pb.RevokeKeyRequest, key_id=made.key.key_id, tenant_id=TENANT)

    await office.operator.access.RevokeKey(request)

    with pytest.raises(Unauthenticated):
        await sign_in(office, made.key.key_id, made.secret)
    listed = await office.operator.access.ListKeys(pb.ListKeysRequest(tenant_id=TENANT))
    assert [one.state for one in listed.keys] == [key_pb2.KEY_STATE_REVOKED]


async def test_only_an_operator_makes_operators_and_keys_of_others(office: Office) -> None:
    platform = Desk(office.mesh.channel(Role.PLATFORM))

    with pytest.raises(Denied) as caught:
        await key(platform, "OPERATOR")
    assert caught.value.reason == "ROLE_FORBIDDEN"
    with pytest.raises(NotFound):
        await key(platform, tenant_id="rival")
    with pytest.raises(Denied):
        await key(office.desk)


async def test_a_carrier_s_key_names_its_carrier_and_no_other_does(office: Office) -> None:
    for fields in ({"role": "CARRIER"}, {"role": "DISPATCHER", "carrier_id": "velo"}):
        with pytest.raises(Invalid) as caught:
            await key(office.operator, tenant_id=TENANT, **fields)
        assert caught.value.reason == "CARRIER_MISSING"


async def test_a_driver_s_key_makes_tokens_of_that_driver(office: Office) -> None:
    with pytest.raises(NotFound):
        await key(office.operator, "DRIVER", tenant_id=TENANT, driver_id="ada")
    await office.hire("ada")
    made = await key(office.operator, "DRIVER", tenant_id=TENANT, driver_id="ada")

    token = await sign_in(office, made.key.key_id, made.secret)

    ada = Desk(office.mesh.channel_with(Bearer(token.access_token)))
    await ada.access.IssueDriverToken(pb.IssueDriverTokenRequest(driver_id="ada"))
    with pytest.raises(NotFound):
        await ada.access.IssueDriverToken(pb.IssueDriverTokenRequest(driver_id="bob"))


async def test_a_driver_s_device_gets_a_token_of_its_own(office: Office) -> None:
    await office.hire("ada")
    request = pb.IssueDriverTokenRequest(driver_id="ada")

    token = await office.desk.access.IssueDriverToken(request)

    ada = Desk(office.mesh.channel_with(Bearer(token.access_token)))
    await ada.access.IssueDriverToken(request)
    with pytest.raises(NotFound):
        await ada.access.IssueDriverToken(pb.IssueDriverTokenRequest(driver_id="bob"))


async def test_a_tenant_s_name_is_given_once(office: Office) -> None:
    tenant = {"tenant_id": TENANT, "currency_code": "SEK"}

    with pytest.raises(AlreadyExists) as caught:
        await office.operator.access.CreateTenant(ask(pb.CreateTenantRequest, tenant=tenant))

    assert caught.value.reason == "TENANT_EXISTS"
