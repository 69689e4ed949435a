"""
The configuration as data: what must hold for every rpc of the real contract.

Method: render it once with plain settings, then look things up where Envoy would.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from deploy.gateway.contract import PublicContract, Rpc, public_contract
from deploy.gateway.filters import JWT, TRANSCODER
from deploy.gateway.render import render, to_yaml
from deploy.gateway.settings import Address, Gateway, Limits, Rate, Upstream
from deploy.local.gateway import CONTRACTS
from deploy.table import SERVICES

CONTRACT = public_contract(CONTRACTS.read_bytes())


def plain(**changed: Any) -> Gateway:
    upstreams = tuple(Upstream(s.name, (Address(s.name, s.port),)) for s in SERVICES)
    given = {
        "listen": Address("127.0.0.1", 8400),
        "admin": Address("127.0.0.1", 8440),
        "upstreams": upstreams,
        "descriptor_path": "/etc/public.binpb",
        "jwks_path": "/etc/jwks.json",
    }
    return Gateway(**{**given, **changed})


DOCUMENT = render(plain(), CONTRACT)
MANAGER = DOCUMENT["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0][
    "typed_config"
]
ROUTES = {route["name"]: route for route in MANAGER["route_config"]["virtual_hosts"][0]["routes"]}
FILTERS = {each["name"]: each["typed_config"] for each in MANAGER["http_filters"]}


def of_each_rpc(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(name, CONTRACT.rpcs, ids=lambda rpc: rpc.path[1:])


@of_each_rpc("rpc")
def test_a_public_rpc_has_one_exact_route_with_its_time(rpc: Rpc) -> None:
    route = ROUTES[rpc.path[1:]]

    assert route["match"]["path"] == rpc.path
    assert route["route"]["cluster"] == rpc.cluster
    assert route["route"]["timeout"] == ("0s" if rpc.streaming else f"{rpc.timeout_seconds + 1}s")


@of_each_rpc("rpc")
def test_only_a_get_is_tried_again(rpc: Rpc) -> None:
    is_get = rpc.verbs[:1] == ("get",) and not rpc.streaming

    assert ("retry_policy" in ROUTES[rpc.path[1:]]["route"]) is is_get


def test_whatever_has_no_route_leads_nowhere() -> None:
    clusters = {cluster["name"] for cluster in DOCUMENT["static_resources"]["clusters"]}
    last = list(ROUTES.values())[-1]

    assert last["match"] == {"prefix": "/"}
    assert last["route"]["cluster"] not in clusters


def test_the_token_rule_of_last_resort_asks_for_a_token() -> None:
    *open_to_strangers, last = FILTERS[JWT]["rules"]

    assert last == {"match": {"prefix": "/"}, "requirement_name": "token"}
    assert {rule["match"]["path"] for rule in open_to_strangers} == {
        rpc.path for rpc in CONTRACT.rpcs if rpc.needs_no_token
    }


def test_json_is_spoken_for_every_annotated_service() -> None:
    assert FILTERS[TRANSCODER]["services"] == CONTRACT.json_services


def test_the_token_is_judged_before_the_rate_and_after_transcoding() -> None:
    order = list(FILTERS)

    assert order.index(TRANSCODER) < order.index(JWT)
    assert order.index(JWT) < order.index("envoy.filters.http.local_ratelimit")
    assert order[-1] == "envoy.filters.http.router"


def test_an_access_log_names_neither_path_nor_caller() -> None:
    log = str(MANAGER["access_log"])

    for personal in ("PATH", "QUERY", "USER-AGENT", "REMOTE", "FORWARDED", "sub", "AUTHORIZATION"):
        assert personal not in log


def test_without_a_receiver_nothing_is_traced() -> None:
    traced = render(plain(otlp=Address("otel", 4317)), CONTRACT)

    assert "tracing" not in MANAGER
    assert "OpenTelemetryConfig" in str(traced)


def test_the_same_settings_give_the_same_text() -> None:
    text = to_yaml(render(plain(), CONTRACT))

    assert text == to_yaml(DOCUMENT)
    assert yaml.safe_load(text) == DOCUMENT


def test_a_service_without_an_address_is_refused() -> None:
    with pytest.raises(ValueError, match="tracking"):
        render(plain(upstreams=plain().upstreams[:-1]), CONTRACT)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Address("host", 0),
        lambda: Address("host", 65_536),
        lambda: Upstream("planner", ()),
        lambda: Rate(10, 5),
        lambda: Rate(0, 5),
        lambda: plain(trace_percent=101),
        lambda: plain(upstreams=plain().upstreams * 2),
    ],
)
def test_settings_that_make_no_sense_do_not_exist(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        wrong()


def test_a_contract_without_rpcs_still_renders() -> None:
    empty = PublicContract((), b"")

    assert render(plain(limits=Limits(request_bytes_max=1)), empty)["static_resources"]
