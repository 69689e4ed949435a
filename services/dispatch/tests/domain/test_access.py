"""
Who may ask for a token, for which tenant, and who may give which role.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from meshkit.caller import Caller, Role
from meshkit.errors import Denied, Invalid, NotFound
from services.dispatch.domain.access import (
    AccessRole,
    Key,
    KeyState,
    SecretHash,
    User,
    require_carrier_named,
    require_driver_named,
    require_grantable,
    revoked,
    tenant_for,
)
from services.dispatch.tests.domain.samples import TICK, at, reason

NOW = at(0)


def key(role: AccessRole = AccessRole.DISPATCHER, **fields: Any) -> Key:
    return Key("key", "acme", role, **fields)


def caller(role: Role, tenant: str = "acme") -> Caller:
    return Caller("somebody", role, tenant)


@pytest.mark.parametrize(
    ("state", "expire_time", "works"),
    [
        (KeyState.ACTIVE, None, True),
        (KeyState.ACTIVE, NOW + TICK, True),
        (KeyState.ACTIVE, NOW, False),
        (KeyState.REVOKED, None, False),
        (KeyState.REVOKED, at(60), False),
    ],
)
def test_a_key_works_until_it_expires_or_is_revoked(
    state: KeyState, expire_time: datetime | None, works: bool
) -> None:
    assert key(state=state, expire_time=expire_time).works(NOW) is works


def test_a_key_is_revoked_once() -> None:
    after = revoked(key(), NOW)

    assert after == key(state=KeyState.REVOKED, revoke_time=NOW)
    assert revoked(after, at(1)) is None


@pytest.mark.parametrize(
    ("role", "tenant"),
    [
        (AccessRole.DISPATCHER, "acme"),
        (AccessRole.PLATFORM, "acme"),
        (AccessRole.CARRIER, "acme"),
        (AccessRole.DRIVER, "acme"),
        (AccessRole.OPERATOR, ""),  # an operator belongs to no tenant
    ],
)
def test_a_token_proves_the_key_s_role_and_tenant(role: AccessRole, tenant: str) -> None:
    bearer = key(role, carrier_id="bikes", driver_id="ada", scopes=("quotes", "tenders")).bearer()

    assert bearer == Caller(
        subject="key",
        role=Role(role.value),
        tenant=tenant,
        carrier_id="bikes",
        driver_id="ada",
        scope=frozenset({"quotes", "tenders"}),
    )


@pytest.mark.parametrize(
    ("role", "own", "named", "tenant"),
    [
        (Role.DISPATCHER, "acme", "", "acme"),
        (Role.DISPATCHER, "acme", "acme", "acme"),
        (Role.DISPATCHER, "acme", "rival", None),
        (Role.PLATFORM, "acme", "rival", None),
        (Role.OPERATOR, "", "rival", "rival"),
        (Role.OPERATOR, "acme", "rival", "rival"),
        (Role.OPERATOR, "", "", None),
    ],
)
def test_only_an_operator_works_on_another_tenant(
    role: Role, own: str, named: str, tenant: str | None
) -> None:
    if tenant is not None:
        assert tenant_for(caller(role, own), named) == tenant
        return
    with pytest.raises(NotFound) as caught:
        tenant_for(caller(role, own), named)
    assert reason(caught.value) == "TENANT_UNKNOWN"


def test_whoever_has_no_tenant_works_on_none() -> None:
    with pytest.raises(Denied) as caught:
        tenant_for(caller(Role.DISPATCHER, ""), "acme")

    assert reason(caught.value) == "TENANT_MISSING"


@pytest.mark.parametrize("granted", AccessRole)
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.PLATFORM, Role.DISPATCHER])
def test_only_an_operator_makes_operators_and_platform_programs(
    role: Role, granted: AccessRole
) -> None:
    if role is Role.OPERATOR or granted not in (AccessRole.OPERATOR, AccessRole.PLATFORM):
        require_grantable(caller(role), granted)
        return
    with pytest.raises(Denied) as caught:
        require_grantable(caller(role), granted)
    assert reason(caught.value) == "ROLE_FORBIDDEN"
    assert caught.value.metadata == {"role": granted.value}


@pytest.mark.parametrize("carrier_id", ["", "bikes"])
@pytest.mark.parametrize("role", AccessRole)
def test_a_carrier_s_key_names_its_carrier_and_no_other_key_does(
    role: AccessRole, carrier_id: str
) -> None:
    if (role is AccessRole.CARRIER) == (carrier_id == "bikes"):
        require_carrier_named(role, carrier_id)
        return
    with pytest.raises(Invalid) as caught:
        require_carrier_named(role, carrier_id)
    assert reason(caught.value) == "CARRIER_MISSING"


@pytest.mark.parametrize("driver_id", ["", "ada"])
@pytest.mark.parametrize("role", AccessRole)
def test_a_driver_s_key_names_its_driver_and_no_other_key_does(
    role: AccessRole, driver_id: str
) -> None:
    if (role is AccessRole.DRIVER) == (driver_id == "ada"):
        require_driver_named(role, driver_id)
        return
    with pytest.raises(Invalid) as caught:
        require_driver_named(role, driver_id)
    assert reason(caught.value) == "DRIVER_MISSING"


def test_neither_a_secret_nor_a_name_shows_in_a_repr() -> None:
    shown = repr(SecretHash(b"SALT", b"DIGEST", 16_384))
    shown += repr(User("u", AccessRole.DISPATCHER, display_name="Grace"))

    for secret in ("SALT", "DIGEST", "Grace"):
        assert secret not in shown
