"""ZoneService: the built-in rules of well-known zones."""

from __future__ import annotations

import asyncio
from typing import Any

from grpc.aio import ServicerContext

from doorstep.compliance.v1 import zone_service_pb2 as pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as pb_grpc
from meshkit import paging
from services.compliance.convert.templates import template_to_proto
from services.compliance.ports import Templates


class ZoneTemplates(pb_grpc.ZoneServiceServicer):
    """Templates of zones."""

    _templates: Templates

    async def ListZoneTemplates(
        self, request: pb.ListZoneTemplatesRequest, context: ServicerContext[Any, Any]
    ) -> pb.ListZoneTemplatesResponse:
        page = paging.page_of(request)
        after = str(page.after[0]) if page.after else ""
        found = await asyncio.to_thread(self._templates.after, after, page.limit)
        shown, token = page.cut(found, key=lambda template: (template.zone_id,))
        return pb.ListZoneTemplatesResponse(
            zone_templates=[template_to_proto(template) for template in shown],
            next_page_token=token,
        )
