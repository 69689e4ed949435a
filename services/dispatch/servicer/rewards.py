"""The rewards of DeliveryService: granted and listed."""

from __future__ import annotations

from functools import partial
from typing import Any

from doorstep.dispatch.v1 import delivery_service_pb2 as pb
from doorstep.dispatch.v1 import delivery_service_pb2_grpc as pb_grpc
from meshkit import paging
from meshkit.caller import current_caller
from services.dispatch.convert import nouns
from services.dispatch.domain.reward import RewardCode
from services.dispatch.ports import Stores
from services.dispatch.servicer.tools import Tools, slice_of
from services.dispatch.usecases import rewards


class Rewards(pb_grpc.DeliveryServiceServicer):
    """Thanks to recipients."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def CreateRewardCode(
        self, request: pb.CreateRewardCodeRequest, context: Any
    ) -> pb.CreateRewardCodeResponse:
        asked = nouns.REWARD_CODE.decode(request.reward_code, "reward_code.")
        effect = partial(self._grant, asked)
        return await self._tools.once(request, pb.CreateRewardCodeResponse, effect)

    async def _grant(self, asked: RewardCode, stores: Stores) -> pb.CreateRewardCodeResponse:
        tools, tenant = self._tools, current_caller().required_tenant()
        made = await rewards.grant(stores, tenant, asked, tools.now(), tools.new_id, tools.new_code)
        return pb.CreateRewardCodeResponse(reward_code=nouns.REWARD_CODE.encode(made))

    async def ListRewardCodes(
        self, request: pb.ListRewardCodesRequest, context: Any
    ) -> pb.ListRewardCodesResponse:
        page = paging.page_of(request)
        async with self._tools.reading()() as stores:
            found = await stores.reward_codes.list_page(request.delivery_id, slice_of(page))
        found, token = page.cut(found, key=lambda reward: (reward.reward_code_id,))
        return pb.ListRewardCodesResponse(
            reward_codes=map(nouns.REWARD_CODE.encode, found), next_page_token=token
        )
