"""A ClusterIP Service whose endpoints are nodes: the outage, its cause, and the recovery.

Two hostNetwork pods on one node give an EndpointSlice the same address twice, once ready and
once not. Which of the two wins in kube-proxy is undefined (kubernetes/kubernetes#135593), so
the duplicate is asserted as such and reachability is recorded node by node.
"""

from __future__ import annotations

import time
from typing import Any

from pytest_hostnet.assertions.judge import fail
from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.cluster.namespace import Namespace
from pytest_hostnet.cluster.node import Node
from pytest_hostnet.probes import from_node
from pytest_hostnet.probes.attempt import Attempt, retry_until
from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import ENDPOINT_SLICES
from pytest_hostnet.watching.observer import Decided, Pending
from pytest_hostnet.watching.selectors import Selector

_PAUSE = 0.25
_LEGEND = ". HTTP 200, ! another status, x refused or silent"


def assert_duplicate_endpoint(
    namespace: Namespace, service: str, *, within: float = 60.0
) -> dict[str, list[bool]]:
    """Assert that one address stands in the Service's EndpointSlices ready and not ready.

    Returns the ready values by address, for the addresses that are there more than once.
    Raises AssertionError with what the slices held last.
    """

    def decide() -> Decided[dict[str, list[bool]]] | Pending:
        ready = _ready_by_address(namespace, service)
        double = {ip: values for ip, values in ready.items() if set(values) == {True, False}}
        return Decided(double) if double else Pending(f"endpoints (ready by address): {ready}")

    deadline = Deadline(within, clock=namespace.observer.clock)
    answer = namespace.observer.wait(
        decide, deadline=deadline, kinds=(ENDPOINT_SLICES,), namespace=namespace.name
    )
    if not isinstance(answer, Decided):
        fail(
            namespace,
            f"Service {service} with one address twice, ready and not ready, within {within:g} s",
            getattr(answer, "mismatch", str(answer)),
            pods=namespace.pods(),
        )
    for address, values in answer.value.items():
        proof = f"{address} ready={', '.join(str(v).lower() for v in values)}"
        namespace.findings.append(Finding("", f"service/{service}", "", "doubled", proof))
    return answer.value


def assert_service_outage(
    namespace: Namespace, service: str, *, watch: float = 10.0
) -> dict[str, list[Attempt]]:
    """Assert that the ClusterIP refuses connections on every node, though a pod serves.

    Every node probes the Service for ``watch`` seconds and each outcome is kept. The failing
    replica counts as Ready while it retries its port, and the Service may answer meanwhile:
    the outage is shown when every node saw it refused or silent twice running, while the
    EndpointSlices held a ready address that answered by itself.

    Returns the attempts by node. Raises AssertionError with the record.
    """
    record, serving = _record(namespace, service, watch)
    expected = f"Service {service} failing on every node though a pod serves, in {watch:g} s"
    shown = {node: series(attempts) for node, attempts in record.items()}
    whole = [node for node, text in shown.items() if "xx" not in text]
    if not serving or whole:
        why = (
            f"it never failed twice running on {', '.join(whole)}"
            if whole
            else "no ready endpoint answered by itself, so there was nothing to be cut off from"
        )
        fail(namespace, expected, f"{why}: {shown} ({_LEGEND})", pods=namespace.pods())
    namespace.findings += [
        Finding(node, f"service/{service}", "", "outage", f"{text} ({_LEGEND})")
        for node, text in shown.items()
    ]
    return record


def assert_service_reachable(
    namespace: Namespace, service: str, *, hold: float = 3.0, within: float = 60.0
) -> dict[str, list[Attempt]]:
    """Assert that the ClusterIP answers HTTP 200 on every node, and goes on for ``hold`` seconds.

    Returns the attempts by node. Raises AssertionError with the record.
    """
    deadline = Deadline(within, clock=namespace.observer.clock)
    address, port = _cluster_ip(namespace, service)
    for node in namespace.cluster.nodes():
        found = retry_until(
            lambda node=node: from_node.http(node, address, port),  # type: ignore[misc]
            lambda a: a.status == 200,
            deadline,
        )
        if found.status != 200:
            fail(
                namespace,
                f"Service {service} answering on {node.name} within {within:g} s",
                str(found),
                pods=namespace.pods(),
            )
    record, _ = _record(namespace, service, hold)
    broken = {n: series(a) for n, a in record.items() if any(one.status != 200 for one in a)}
    if broken:
        fail(
            namespace,
            f"Service {service} answering on every node for {hold:g} s",
            f"{broken} ({_LEGEND})",
            pods=namespace.pods(),
        )
    namespace.findings += [
        Finding(node, f"service/{service}", str(port), "reachable", str(attempts[-1]))
        for node, attempts in record.items()
    ]
    return record


def series(attempts: list[Attempt]) -> str:
    """Draw a series of attempts, one character each; see the legend."""
    return "".join("." if a.status == 200 else "!" if a.answered else "x" for a in attempts)


def _record(
    namespace: Namespace, service: str, seconds: float
) -> tuple[dict[str, list[Attempt]], bool]:
    """Probe from every node, once at least; say too whether a ready endpoint served throughout."""
    namespace.observer.watch(ENDPOINT_SLICES)
    address, port = _cluster_ip(namespace, service)
    nodes = namespace.cluster.nodes()
    record: dict[str, list[Attempt]] = {node.name: [] for node in nodes}
    serving = _serves(namespace, service, nodes[0])
    deadline = Deadline(seconds, clock=namespace.observer.clock)
    while not record[nodes[0].name] or not deadline.expired:
        for node in nodes:
            found = from_node.http(node, address, port, seconds=1)
            if found.outcome == "failed":
                # Neither an answer nor an outage: the probe itself is broken.
                raise HostnetError(f"cannot probe Service {service}: {found}")
            record[node.name].append(found)
        time.sleep(min(_PAUSE, deadline.remaining))
    return record, serving and _serves(namespace, service, nodes[0])


def _serves(namespace: Namespace, service: str, node: Node) -> bool:
    """Whether a ready endpoint of the Service answers by itself, past the Service."""
    selector = Selector.parse(f"kubernetes.io/service-name={service}")
    for found in namespace.observer.store.select(ENDPOINT_SLICES, namespace.name, selector):
        for endpoint in found.get("endpoints") or []:
            if (endpoint.get("conditions") or {}).get("ready") is False:
                continue
            port = (found.get("ports") or [{}])[0].get("port")
            if port and from_node.http(node, endpoint["addresses"][0], int(port)).status == 200:
                return True
    return False


def _cluster_ip(namespace: Namespace, service: str) -> tuple[str, int]:
    found: Any = namespace.observer.transport.request(
        "GET", f"/api/v1/namespaces/{namespace.name}/services/{service}"
    )
    address = str(found["spec"].get("clusterIP"))
    if address in ("None", ""):
        raise HostnetError(
            f"Service {service} has no ClusterIP (it is headless)",
            expected="a Service of type ClusterIP",
        )
    return address, int(found["spec"]["ports"][0]["port"])


def _ready_by_address(namespace: Namespace, service: str) -> dict[str, list[bool]]:
    selector = Selector.parse(f"kubernetes.io/service-name={service}")
    ready: dict[str, list[bool]] = {}
    for found in namespace.observer.store.select(ENDPOINT_SLICES, namespace.name, selector):
        for endpoint in found.get("endpoints") or []:
            value = (endpoint.get("conditions") or {}).get("ready")
            for address in endpoint["addresses"]:
                ready.setdefault(address, []).append(value is not False)
    return ready
