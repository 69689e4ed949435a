"""
What every workload in a cluster must be, whichever overlay it comes from.

Method: each check runs on the files as they stand and on both overlays as kubectl renders them; a
machine without kubectl says so and still runs the former.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

import kubernetes_validate
import pytest

from deploy.gateway.contract import public_contract
from deploy.gateway.render import render, to_yaml
from deploy.k8s.generate import cluster_gateway
from deploy.local import knobs
from deploy.local.gateway import CONTRACTS
from deploy.table import GATEWAY_PORT, NAMES, SERVICES, Service
from tests.deploy.manifests import (
    OVERLAYS,
    Manifests,
    Yaml,
    bare_name,
    copied,
    rendered,
    written,
)

KUBERNETES_VERSIONS = ("1.30", "1.37")  # the oldest we support, the newest whose schema we have
ANNOTATION_BYTES_MAX = 256 * 1024  # `kubectl apply` keeps a copy of each object in one
DRAIN_SECONDS = 25  # meshkit's default


@pytest.fixture(scope="module", params=["files", *OVERLAYS])
def manifests(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Manifests:
    root = copied(tmp_path_factory.mktemp("manifests"))
    return written(root) if request.param == "files" else rendered(root, request.param)


def containers(manifests: Manifests) -> Iterator[tuple[str, Yaml]]:
    for name, pod in manifests.pods.items():
        yield from ((name, each) for each in pod["containers"])


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_every_document_fits_kubernetes_schema(manifests: Manifests, version: str) -> None:
    for document in manifests.documents:
        kubernetes_validate.validate(document, version, strict=True)


def test_no_pod_runs_as_root_or_can_become_it(manifests: Manifests) -> None:
    for name, pod in manifests.pods.items():
        context = pod["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["runAsUser"] > 0, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
    for name, container in containers(manifests):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name


def test_no_pod_may_speak_to_the_cluster_itself(manifests: Manifests) -> None:
    accounts = {each["metadata"]["name"]: each for each in manifests.of("ServiceAccount")}

    for name, pod in manifests.pods.items():
        assert pod["automountServiceAccountToken"] is False, name
        assert accounts[pod["serviceAccountName"]]["automountServiceAccountToken"] is False, name


def test_kubernetes_injects_no_variables_that_look_like_ours(manifests: Manifests) -> None:
    assert all(pod["enableServiceLinks"] is False for pod in manifests.pods.values())


def test_every_container_has_its_share_and_its_limit(manifests: Manifests) -> None:
    for name, container in containers(manifests):
        resources = container["resources"]
        assert resources["requests"]["memory"] == resources["limits"]["memory"], name
        assert {"cpu", "memory"} <= resources["requests"].keys(), name
        assert {"cpu", "memory"} <= resources["limits"].keys(), name


def test_no_secret_is_a_variable(manifests: Manifests) -> None:
    for name, container in containers(manifests):
        assert "secretRef" not in str(container.get("envFrom", "")), name
        assert "secretKeyRef" not in str(container.get("env", "")), name


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_runs_as_the_laptops_table_says(manifests: Manifests, service: Service) -> None:
    (container,) = manifests.pods[f"Deployment/{service.name}"]["containers"]

    assert tuple(container["command"]) == service.command
    assert f"doorstep/{service.name}" in container["image"]
    assert [port["containerPort"] for port in container["ports"]] == [service.port]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_liveness_looks_at_the_process_and_readiness_at_its_needs(
    manifests: Manifests, service: Service
) -> None:
    (container,) = manifests.pods[f"Deployment/{service.name}"]["containers"]

    assert container["startupProbe"]["grpc"] == {"port": service.port}
    assert container["readinessProbe"]["grpc"] == {"port": service.port}
    assert container["livenessProbe"]["grpc"] == {"port": service.port, "service": "liveness"}


def test_the_gateway_is_probed_for_itself_alone(manifests: Manifests) -> None:
    (container,) = manifests.pods["Deployment/gateway"]["containers"]

    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/health/live", "port": "http"}
    assert container["ports"] == [{"name": "http", "containerPort": GATEWAY_PORT}]


@pytest.mark.parametrize("name", [*NAMES, "gateway"])
def test_a_pod_has_time_to_leave(manifests: Manifests, name: str) -> None:
    pod = manifests.pods[f"Deployment/{name}"]
    pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert pause >= 5
    assert pod["terminationGracePeriodSeconds"] >= pause + DRAIN_SECONDS


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_callers_see_every_pod_of_a_service(manifests: Manifests, service: Service) -> None:
    found = manifests.find("Service", service.name)["spec"]

    assert found["clusterIP"] == "None"
    assert [port["port"] for port in found["ports"]] == [service.port]
    assert found["selector"] == {"app.kubernetes.io/name": service.name}


@pytest.mark.parametrize("name", [*NAMES, "gateway"])
def test_a_drain_of_nodes_takes_one_pod_at_a_time(manifests: Manifests, name: str) -> None:
    budget = manifests.find("PodDisruptionBudget", name)["spec"]

    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"] == {"app.kubernetes.io/name": name}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_is_migrated_by_its_own_image(manifests: Manifests, service: Service) -> None:
    (migrate,) = manifests.pods[f"Job/{service.name}-migrate"]["containers"]
    (serve,) = manifests.pods[f"Deployment/{service.name}"]["containers"]
    folder = service.migrations.relative_to(service.migrations.parents[2])

    assert migrate["image"] == serve["image"]
    assert migrate["command"] == [
        *("python", "-m", "meshkit.provision", service.name, str(folder)),
        *("--phase", "pre"),
    ]


def test_nobody_calls_anybody_by_default(manifests: Manifests) -> None:
    policy = manifests.find("NetworkPolicy", "default-deny")["spec"]

    assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_network_is_the_call_graph(manifests: Manifests, service: Service) -> None:
    policy = manifests.find("NetworkPolicy", service.name)["spec"]
    callers = {each.name for each in SERVICES if service.name in each.asks} | {"gateway"}
    ports = {each.name: each.port for each in SERVICES}

    assert {named(peer) for rule in policy["ingress"] for peer in rule["from"]} == callers
    assert [rule["ports"] for rule in policy["ingress"]] == [[{"port": service.port}]]
    reached = [rule for rule in policy["egress"] if "to" in rule]
    assert {named(rule["to"][0]): rule["ports"][0]["port"] for rule in reached} == {
        name: ports[name] for name in service.asks
    }


def named(peer: Yaml) -> str:
    return str(peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"])


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    return rendered(copied(tmp_path_factory.mktemp("overlay")), request.param)


def test_no_image_floats(overlay: Manifests) -> None:
    for name, container in containers(overlay):
        assert ":" in container["image"], name
        assert not container["image"].endswith(":latest"), name


def test_the_gateways_configuration_is_what_the_renderer_says(overlay: Manifests) -> None:
    contract = public_contract(CONTRACTS.read_bytes())
    configuration = overlay.find("ConfigMap", "gateway-config")["data"]["envoy.yaml"]
    descriptor = overlay.find("ConfigMap", "gateway-contract")["binaryData"]["public.binpb"]

    assert configuration == to_yaml(render(cluster_gateway(), contract))
    assert base64.b64decode(descriptor) == contract.descriptor


def test_only_a_map_is_too_large_to_be_applied_from_a_client(overlay: Manifests) -> None:
    large = [bare_name(each) for each in overlay.documents if too_large(each)]

    assert large == (["planner-city"] if overlay.name == "laptop" else [])


def too_large(document: Yaml) -> bool:
    return len(str(document)) > ANNOTATION_BYTES_MAX


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_is_told_only_what_it_knows(overlay: Manifests, service: Service) -> None:
    told = overlay.find("ConfigMap", f"{service.name}-config")["data"]

    assert sorted(set(told) - knobs.known_to(service)) == []


def test_what_a_cluster_must_bring_is_all_that_is_missing(overlay: Manifests) -> None:
    made = {each["metadata"]["name"] for each in overlay.of("ConfigMap", "Secret")}
    used = {name for pod in overlay.pods.values() for name in mounted(pod)}
    brought = {"mesh-keys", "gateway-keys", "postgres-admin", *(f"{n}-secrets" for n in NAMES)}

    assert used - made == (brought if overlay.name == "cluster" else set())


def mounted(pod: Yaml) -> Iterator[str]:
    for volume in pod["volumes"]:
        if "configMap" in volume:
            yield volume["configMap"]["name"]
        if "secret" in volume:
            yield volume["secret"]["secretName"]


def test_a_cluster_has_two_of_everything(overlay: Manifests) -> None:
    scaled = {
        each["spec"]["scaleTargetRef"]["name"]: each["spec"]["minReplicas"]
        for each in overlay.of("HorizontalPodAutoscaler")
    }
    counts = {
        each["metadata"]["name"]: each["spec"].get("replicas")
        or scaled.get(each["metadata"]["name"])
        for each in overlay.of("Deployment")
    }

    assert set(counts.values()) == ({2} if overlay.name == "cluster" else {1})
