"""AccessService: tenants, users, keys, tokens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from doorstep.dispatch.v1 import access_service_pb2 as pb
from doorstep.dispatch.v1 import access_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from services.dispatch.convert import nouns
from services.dispatch.convert.masks import masked
from services.dispatch.domain.access import (
    SecretHash,
    require_grantable,
    tenant_for,
)
from services.dispatch.ports import Directory, Issuer, Stores, Token, Vault
from services.dispatch.servicer.tools import Tools, acting_in, slice_of
from services.dispatch.usecases import access, fleet
from services.dispatch.usecases.common import required

BEARER = "Bearer"

Answer = TypeVar("Answer", pb.IssueTokenResponse, pb.IssueDriverTokenResponse)


@dataclass(frozen=True, slots=True)
class Registry:
    """Who makes and checks secrets and tokens."""

    directory: Directory
    vault: Vault
    issuer: Issuer
    operator: access.Operator | None


class AccessServicer(pb_grpc.AccessServiceServicer):
    """Who may ask for what."""

    def __init__(self, tools: Tools, registry: Registry) -> None:
        self._tools = tools
        self._registry = registry

    async def CreateTenant(
        self, request: pb.CreateTenantRequest, context: Any
    ) -> pb.CreateTenantResponse:
        caller = acting_in(request.tenant.tenant_id)
        effect = partial(self._create_tenant, request)
        return await self._tools.once(request, pb.CreateTenantResponse, effect, caller)

    async def _create_tenant(
        self, request: pb.CreateTenantRequest, stores: Stores
    ) -> pb.CreateTenantResponse:
        asked = nouns.TENANT.decode(request.tenant, "tenant.")
        tenant = await access.create_tenant(stores, asked, self._tools.now())
        return pb.CreateTenantResponse(tenant=nouns.TENANT.encode(tenant))

    async def GetTenant(self, request: pb.GetTenantRequest, context: Any) -> pb.GetTenantResponse:
        name = tenant_for(current_caller(), request.tenant_id)
        async with self._tools.reading(name)() as stores:
            tenant = await access.require_tenant(stores, name)
        return pb.GetTenantResponse(tenant=nouns.TENANT.encode(tenant))

    async def ListTenants(
        self, request: pb.ListTenantsRequest, context: Any
    ) -> pb.ListTenantsResponse:
        page = paging.page_of(request)
        found = await self._registry.directory.tenants(slice_of(page))
        found, token = page.cut(found, key=lambda tenant: (tenant.tenant_id,))
        return pb.ListTenantsResponse(
            tenants=map(nouns.TENANT.encode, found), next_page_token=token
        )

    async def CreateUser(
        self, request: pb.CreateUserRequest, context: Any
    ) -> pb.CreateUserResponse:
        tenant = tenant_for(current_caller(), request.user.tenant_id)
        effect = partial(self._create_user, request, tenant)
        return await self._tools.once(request, pb.CreateUserResponse, effect, acting_in(tenant))

    async def _create_user(
        self, request: pb.CreateUserRequest, tenant: str, stores: Stores
    ) -> pb.CreateUserResponse:
        asked = nouns.USER.decode(request.user, "user.")
        require_grantable(current_caller(), asked.role)
        await access.require_tenant(stores, tenant)
        made = await fleet.create(stores, fleet.USERS, asked, self._tools.now(), self._tools.new_id)
        return pb.CreateUserResponse(user=nouns.USER.encode(replace(made, tenant_id=tenant)))

    async def ListUsers(self, request: pb.ListUsersRequest, context: Any) -> pb.ListUsersResponse:
        page = paging.page_of(request)
        tenant = tenant_for(current_caller(), request.tenant_id)
        async with self._tools.reading(tenant)() as stores:
            await access.require_tenant(stores, tenant)
            found = await stores.users.list_page((), slice_of(page))
        found, token = page.cut(found, key=lambda user: (user.user_id,))
        users = (nouns.USER.encode(replace(user, tenant_id=tenant)) for user in found)
        return pb.ListUsersResponse(users=users, next_page_token=token)

    async def UpdateUser(
        self, request: pb.UpdateUserRequest, context: Any
    ) -> pb.UpdateUserResponse:
        tenant = tenant_for(current_caller(), request.user.tenant_id)
        effect = partial(self._update_user, request, tenant)
        return await self._tools.once(request, pb.UpdateUserResponse, effect, acting_in(tenant))

    async def _update_user(
        self, request: pb.UpdateUserRequest, tenant: str, stores: Stores
    ) -> pb.UpdateUserResponse:
        name = request.user.user_id
        kept = required(await stores.users.find(name), "USER_UNKNOWN", name)
        mask, writable = request.update_mask, fleet.USERS.writable
        value, names = masked(nouns.USER, kept, request.user, mask, writable)
        require_grantable(current_caller(), value.role)
        now = self._tools.now()
        after = await fleet.update(stores, fleet.USERS, value, names, request.etag, now)
        return pb.UpdateUserResponse(user=nouns.USER.encode(replace(after, tenant_id=tenant)))

    async def CreateKey(self, request: pb.CreateKeyRequest, context: Any) -> pb.CreateKeyResponse:
        tenant = tenant_for(current_caller(), request.key.tenant_id)
        secret = self._registry.vault.fresh_secret()
        hashed = await self._registry.vault.hash(secret)
        fresh: list[str] = []  # the secret is added to the answer after that was stored without it
        effect = partial(self._create_key, request, tenant, hashed, secret, fresh)
        answer = await self._tools.once(request, pb.CreateKeyResponse, effect, acting_in(tenant))
        return pb.CreateKeyResponse(key=answer.key, secret="".join(fresh))

    async def _create_key(
        self,
        request: pb.CreateKeyRequest,
        tenant: str,
        hashed: SecretHash,
        secret: str,
        fresh: list[str],
        stores: Stores,
    ) -> pb.CreateKeyResponse:
        asked = nouns.KEY.decode(request.key, "key.")
        key = await access.create_key(
            stores,
            current_caller(),
            asked,
            tenant,
            hashed,
            self._tools.now(),
            self._tools.new_id,
        )
        fresh.append(secret)
        return pb.CreateKeyResponse(key=nouns.KEY.encode(key))

    async def ListKeys(self, request: pb.ListKeysRequest, context: Any) -> pb.ListKeysResponse:
        page = paging.page_of(request)
        tenant = tenant_for(current_caller(), request.tenant_id)
        async with self._tools.reading(tenant)() as stores:
            found = await stores.keys.list_page(slice_of(page))
        found, token = page.cut(found, key=lambda key: (key.key_id,))
        return pb.ListKeysResponse(keys=map(nouns.KEY.encode, found), next_page_token=token)

    async def RevokeKey(self, request: pb.RevokeKeyRequest, context: Any) -> pb.RevokeKeyResponse:
        tenant = tenant_for(current_caller(), request.tenant_id)
        effect = partial(self._revoke, request)
        return await self._tools.once(request, pb.RevokeKeyResponse, effect, acting_in(tenant))

    async def _revoke(self, request: pb.RevokeKeyRequest, stores: Stores) -> pb.RevokeKeyResponse:
        key = await access.revoke_key(stores, request.key_id, self._tools.now())
        return pb.RevokeKeyResponse(key=nouns.KEY.encode(key))

    async def IssueToken(
        self, request: pb.IssueTokenRequest, context: Any
    ) -> pb.IssueTokenResponse:
        known = self._registry
        token = await access.issue_token(
            known.directory,
            known.vault,
            known.issuer,
            known.operator,
            request.client_id,
            request.client_secret,
            datetime.now(UTC),
        )
        return _filled(pb.IssueTokenResponse(), token)

    async def IssueDriverToken(
        self, request: pb.IssueDriverTokenRequest, context: Any
    ) -> pb.IssueDriverTokenResponse:
        async with self._tools.reading()() as stores:
            token = await access.issue_driver_token(
                stores, self._registry.issuer, current_caller(), request.driver_id
            )
        return _filled(pb.IssueDriverTokenResponse(), token)


def _filled(response: Answer, token: Token) -> Answer:
    response.access_token = token.text
    response.token_type = BEARER
    response.expire_time.FromDatetime(token.expire_time)
    response.valid_duration.FromTimedelta(token.valid_duration)
    return response
