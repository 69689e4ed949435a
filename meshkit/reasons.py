"""
The reasons that meshkit itself gives, in domain `mesh.doorstep`; docs/errors.md lists them.

Standard library only. A service's own reasons stand in its contract's `ErrorReason`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from meshkit.caller import MESH_DOMAIN

__all__ = ["MESH_DOMAIN", "MESH_REASONS", "MeshReason"]


@dataclass(frozen=True, slots=True)
class MeshReason:
    """What a reason means, and what the caller can do."""

    meaning: str
    action: str


MESH_REASONS: Mapping[str, MeshReason] = MappingProxyType(
    {
        "ALREADY_EXISTS": MeshReason(
            "Something of that name exists and differs.",
            "Choose another name, or read what is there.",
        ),
        "CALLER_NOT_ALLOWED": MeshReason(
            "The contract does not list the caller's role for the method.",
            "Call with a token of one of the roles that the metadata `callers` lists.",
        ),
        "CURSOR_MOVED": MeshReason(
            "Another process follows the feed for the same consumer and was faster.",
            "None: the slower process goes on from the cursor that is stored.",
        ),
        "DEADLINE_EXCEEDED": MeshReason(
            "The call's time, or the method's maximum, ran out.",
            "Retry a read; ask for less, or use the long-running method where there is one.",
        ),
        "DEADLINE_TOO_SHORT": MeshReason(
            "So little time is left that beginning would be in vain.",
            "Give the call more time.",
        ),
        "EVENT_TYPE_UNKNOWN": MeshReason(
            "A watch asks for a type of event that the contract does not have.",
            "Name fields of the oneof `event` of the package's Change.",
        ),
        "FIELD_INVALID": MeshReason(
            "Fields break the rules of the contract; all of them are listed.",
            "Mend the fields listed and call again.",
        ),
        "INTERNAL_ERROR": MeshReason(
            "A bug on the server's side; it is logged under the id given.",
            "Report the request id to whoever runs the mesh.",
        ),
        "PEER_EXHAUSTED": MeshReason(
            "The peer refused the call for its size or its number, below the mesh's own checks.",
            "Send smaller messages, or fewer at once.",
        ),
        "PEER_FAILED": MeshReason(
            "The peer failed without saying why.",
            "Look for the trace id in the peer's log.",
        ),
        "PEER_UNREACHABLE": MeshReason(
            "No answer came from the peer: it is down, restarting, or the network is cut.",
            "Retry with the same request id after a moment.",
        ),
        "REQUEST_ID_INVALID": MeshReason(
            "A write's request id is not a UUID.",
            "Send a fresh UUID per attempt, the same one when repeating it.",
        ),
        "REQUEST_ID_REUSED": MeshReason(
            "The request id was used before, with another request.",
            "Use a fresh UUID for a new request.",
        ),
        "REQUEST_MALFORMED": MeshReason(
            "The bytes are not a message of the method's request type.",
            "Encode the request with stubs of this contract.",
        ),
        "RPC_PENDING": MeshReason(
            "The contract has the method, this release does not yet.",
            "See docs/roadmap.md for the release that brings it.",
        ),
        "RPC_UNKNOWN": MeshReason(
            "The server has no such method.",
            "Check the address and the version of the contract.",
        ),
        "SERVER_BUSY": MeshReason(
            "As many calls or watches are running as the server admits.",
            "Wait as RetryInfo says, then retry.",
        ),
        "SERVER_DRAINING": MeshReason(
            "The server is stopping and ended the watch.",
            "Watch again from the last cursor received.",
        ),
        "STORE_BUSY": MeshReason(
            "The store has more to do than it can, or one statement took too long.",
            "Wait as RetryInfo says, then retry with the same request id.",
        ),
        "STORE_UNAVAILABLE": MeshReason(
            "The store is down, restarting, full or read-only; whether a write happened is open.",
            "Wait as RetryInfo says, then repeat with the same request id.",
        ),
        "TENANT_MISSING": MeshReason(
            "The method works for one tenant and the call names none.",
            "Use a tenant's token; services name the tenant by metadata `doorstep-tenant`.",
        ),
        "TENANT_NOT_YOURS": MeshReason(
            "The call names another tenant than its token.",
            "Leave the metadata `doorstep-tenant` out; only services may send it.",
        ),
        "TOKEN_EXPIRED": MeshReason(
            "The token's time is over.",
            "Get a fresh token.",
        ),
        "TOKEN_INVALID": MeshReason(
            "The token is not one of ours, or not whole; more is not said.",
            "Get a token from AccessService.IssueToken.",
        ),
        "TOKEN_MISSING": MeshReason(
            "The call brings no token.",
            "Send metadata `authorization: Bearer TOKEN`.",
        ),
        "TRANSACTION_CONFLICT": MeshReason(
            "Another change to the same things came first.",
            "Retry with the same request id.",
        ),
        "WATCHERS_EXHAUSTED": MeshReason(
            "As many watches are open in this process as it admits.",
            "Wait as RetryInfo says, then watch again; another replica may answer.",
        ),
    }
)
