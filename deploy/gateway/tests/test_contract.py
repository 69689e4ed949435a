"""
What the gateway takes from the contract.

Method: a contract of two rpcs, written here as a descriptor, for what must hold in general; the
real one for what must hold of it.
"""

from __future__ import annotations

import base64

import pytest
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

from deploy.gateway.contract import PublicContract, Rpc, public_contract
from deploy.local.gateway import CONTRACTS
from deploy.table import NAMES
from doorstep.type.v1 import access_pb2
from doorstep.type.v1.access_pb2 import Caller

ANNOTATION_BYTES_MAX = 256 * 1024  # in one of which `kubectl apply` keeps a copy


def contract_of(
    callers: list[str], *, get: str = "", response_body: str = "", deadline: int = 0
) -> bytes:
    service = ServiceDescriptorProto(name="ThingService")
    method = service.method.add(
        name="GetThing",
        input_type=".doorstep.tracking.v1.GetThingRequest",
        output_type=".doorstep.tracking.v1.GetThingResponse",
    )
    method.options.Extensions[access_pb2.callers].extend(Caller.Value(name) for name in callers)
    method.options.Extensions[access_pb2.deadline_seconds] = deadline
    if get:
        rule = method.options.Extensions[annotations_pb2.http]
        rule.get, rule.response_body = get, response_body
    answer = DescriptorProto(name="GetThingResponse")
    for number, name in enumerate(("thing", "other"), 1):
        answer.field.add(name=name, number=number, type=FieldDescriptorProto.TYPE_STRING)
    file = FileDescriptorProto(
        name="thing.proto",
        package="doorstep.tracking.v1",
        service=[service],
        message_type=[DescriptorProto(name="GetThingRequest"), answer],
    )
    file.source_code_info.location.add(leading_comments="not for outsiders")
    return FileDescriptorSet(file=[file]).SerializeToString()


def only_rpc(contracts: bytes) -> Rpc:
    (rpc,) = public_contract(contracts).rpcs
    return rpc


@pytest.mark.parametrize("callers", [[], ["CALLER_SERVICE"]])
def test_an_rpc_that_only_services_call_is_not_in_the_gateways_descriptors(
    callers: list[str],
) -> None:
    shown = public_contract(contract_of(callers, get="/v1/things"))

    assert shown.rpcs == ()
    assert b"GetThing\x12" not in shown.descriptor
    assert b"not for outsiders" not in shown.descriptor


@pytest.mark.parametrize(
    ("callers", "get", "has_json", "needs_no_token"),
    [
        (["CALLER_CARRIER"], "/v1/things", True, False),
        (["CALLER_CARRIER", "CALLER_SERVICE"], "", False, False),
        (["CALLER_RECIPIENT", "CALLER_DISPATCHER"], "/v1/things", True, True),
        (["CALLER_ANYBODY"], "/v1/things", True, True),
    ],
)
def test_callers_and_annotation_decide_what_is_open(
    callers: list[str], get: str, has_json: bool, needs_no_token: bool
) -> None:
    rpc = only_rpc(contract_of(callers, get=get))

    assert rpc.has_json is has_json
    assert rpc.needs_no_token is needs_no_token


@pytest.mark.parametrize(("deadline", "seconds"), [(0, 15), (60, 60)])
def test_a_unary_call_has_the_contracts_time_or_the_default(deadline: int, seconds: int) -> None:
    assert only_rpc(contract_of(["CALLER_DRIVER"], deadline=deadline)).timeout_seconds == seconds


def test_an_unwrapped_response_keeps_its_one_field() -> None:
    shown = public_contract(
        contract_of(["CALLER_CARRIER"], get="/v1/things", response_body="thing")
    )

    files = FileDescriptorSet.FromString(shown.descriptor)
    answer = next(m for m in files.file[0].message_type if m.name == "GetThingResponse")
    assert [field.name for field in answer.field] == ["thing"]
    assert shown.rpcs[0].unwrapped == "thing"


def test_an_unknown_field_as_json_body_is_refused() -> None:
    with pytest.raises(ValueError, match="no field 'nothing'"):
        public_contract(contract_of(["CALLER_CARRIER"], get="/v1/x", response_body="nothing"))


@pytest.fixture(scope="module")
def real() -> PublicContract:
    return public_contract(CONTRACTS.read_bytes())


def test_the_real_contract_has_public_rpcs_on_every_service(real: PublicContract) -> None:
    assert real.clusters == sorted(NAMES)


def test_no_real_rpc_is_shown_to_services_only(real: PublicContract) -> None:
    assert [rpc.path for rpc in real.rpcs if rpc.callers == {"CALLER_SERVICE"}] == []


def test_the_rpc_that_issues_tokens_needs_none(real: PublicContract) -> None:
    tokenless = {rpc.path for rpc in real.rpcs if rpc.needs_no_token}

    assert "/doorstep.dispatch.v1.AccessService/IssueToken" in tokenless
    assert "/doorstep.dispatch.v1.TenderService/AcceptTender" not in tokenless


def test_the_real_descriptors_fit_a_config_map(real: PublicContract) -> None:
    assert len(base64.b64encode(real.descriptor)) < ANNOTATION_BYTES_MAX * 9 // 10
