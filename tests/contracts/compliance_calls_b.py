"""
One good and one bad request for every rpc of compliance about templates, imports and the watch of
rules, in the order in which they are called. `learn` keeps the import that later calls name.
"""

from __future__ import annotations

import json
from typing import Any

from doorstep.compliance.v1 import zone_service_pb2 as pb
from services.compliance.tests.wire import request_id
from tests.contracts.live import Call

FOREIGN, NOBODY = "none of ours", "imp_nobody"
AHEAD = 1 << 40  # of every change
LEARNED = {"import_id": NOBODY}
FEATURE = {
    "type": "Feature",
    "properties": {"zone_id": "live-import", "template_id": "it-milan-area-c"},
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[9.1, 45.4], [9.2, 45.4], [9.2, 45.5], [9.1, 45.4]]],
    },
}


def learn(rpc: str, answer: Any) -> None:
    """Keeps the import."""
    if rpc == "StartZoneImport":
        LEARNED["import_id"] = answer.zone_import.import_id


def start(content: bytes) -> pb.StartZoneImportRequest:
    """An import of GeoJSON."""
    return pb.StartZoneImportRequest(
        request_id=request_id(), format=pb.ZONE_IMPORT_FORMAT_GEOJSON, content=content
    )


def cancel(import_id: str) -> pb.CancelZoneImportRequest:
    """Ends an import."""
    return pb.CancelZoneImportRequest(request_id=request_id(), import_id=import_id)


CALLS = (
    Call(
        "ListZoneTemplates",
        lambda known: pb.ListZoneTemplatesRequest(page_size=5),
        pb.ListZoneTemplatesRequest(page_token=FOREIGN),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "StartZoneImport",
        lambda known: start(
            json.dumps({"type": "FeatureCollection", "features": [FEATURE]}).encode()
        ),
        start(b"none"),
        "IMPORT_INVALID",
    ),
    Call(
        "GetZoneImport",
        lambda known: pb.GetZoneImportRequest(import_id=LEARNED["import_id"]),
        pb.GetZoneImportRequest(import_id=NOBODY),
        "IMPORT_UNKNOWN",
    ),
    Call(
        "WatchZoneImport",
        lambda known: pb.WatchZoneImportRequest(import_id=LEARNED["import_id"]),
        pb.WatchZoneImportRequest(import_id=NOBODY),
        "IMPORT_UNKNOWN",
    ),
    Call(
        "CancelZoneImport",
        lambda known: cancel(LEARNED["import_id"]),
        cancel(NOBODY),
        "IMPORT_UNKNOWN",
    ),
    Call(
        "WatchRuleChanges",
        lambda known: pb.WatchRuleChangesRequest(),
        pb.WatchRuleChangesRequest(rules_version=AHEAD),
        "CURSOR_INVALID",
    ),
)
