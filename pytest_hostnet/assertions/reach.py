"""Reachable, or not, through the port of the node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pytest_hostnet.assertions.judge import decide_on_pods, fail
from pytest_hostnet.assertions.port import not_the_holder, ready_pods
from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.cluster.namespace import Pods
from pytest_hostnet.cluster.node import Node
from pytest_hostnet.probes import from_host, from_node
from pytest_hostnet.probes.attempt import Attempt, retry_until
from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.verdicts.obstacles import obstacle
from pytest_hostnet.watching.kinds import Obj, name_of
from pytest_hostnet.watching.observer import Decided, Impossible, Pending

Vantage = Literal["host", "node", "other-node"]
Protocol = Literal["http", "tcp"]


def assert_reachable(
    pods: Pods,
    port: int,
    *,
    path: str = "/",
    status: int = 200,
    protocol: Protocol = "http",
    vantage: Vantage = "host",
    count: int | None = None,
    within: float = 60.0,
) -> list[Attempt]:
    """Assert that every pod is Ready and answers on ``port`` of its node, the pod itself.

    With ``count``, exactly so many of the pods are Ready, and those answer.
    ``vantage``: ``host`` is this machine, outside the cluster; ``node`` the pod's own node;
    ``other-node`` any other. For ``http`` the answer must have ``status``. An answer counts
    only while all who listen on the port are processes of the pod: another server is not it.

    Returns the last attempt for each pod. Raises AssertionError with the story.
    """
    deadline = Deadline(within, clock=pods.namespace.observer.clock)
    attempts = []
    for pod in _ready(pods, count, within):
        node = _node_of(pods, pod)
        probe = _probe(pods, node, port, path, protocol, vantage)
        stranger = ""

        def answered_by_the_pod(found: Attempt, pod: Obj = pod, node: Node = node) -> bool:
            nonlocal stranger
            good = found.answered and (protocol == "tcp" or found.status == status)
            stranger = not_the_holder(pods, pod, node, port) if good else ""
            return good and not stranger

        found = retry_until(probe, answered_by_the_pod, deadline)
        if not found.answered or stranger or (protocol == "http" and found.status != status):
            expected = f"{name_of(pod)} reachable on {node.address}:{port} from {found.vantage}"
            expected += f" with HTTP {status}" if protocol == "http" else ""
            last = f"{found}{_hint(found)}"
            last += f", but the answer is not the pod's: {stranger}" if stranger else ""
            fail(pods.namespace, expected, last, pods=pods, port=port)
        attempts.append(found)
        pods.namespace.findings.append(
            Finding(node.name, name_of(pod), str(port), f"reachable from {vantage}", str(found))
        )
    return attempts


def assert_unreachable(
    pods: Pods,
    port: int,
    *,
    protocol: Protocol = "http",
    vantage: Vantage = "host",
    because: Literal["refused", "timed out"] | None = None,
    hold: float = 3.0,
    within: float = 30.0,
) -> list[Attempt]:
    """Assert that every pod is Ready, yet ``port`` of its node stays silent for ``hold`` seconds.

    ``because`` says what must be found instead: ``timed out`` where a firewall drops packets,
    ``refused`` where nobody listens. A single answer fails at once.

    Returns the last attempt for each pod. Raises AssertionError with the story.
    """
    attempts = []
    # A probe that "failed" has shown nothing: its own tools may be what is broken.
    wanted = ("refused", "timed out") if because is None else (because,)
    for pod in _ready(pods, None, within):
        node = _node_of(pods, pod)
        probe = _probe(pods, node, port, "/", protocol, vantage)
        deadline = Deadline(hold, clock=pods.namespace.observer.clock)
        bad = retry_until(probe, lambda a: a.outcome not in wanted, deadline)
        if bad.outcome not in wanted:
            fail(
                pods.namespace,
                f"{name_of(pod)} not reachable on {node.address}:{port}"
                + (f" ({because})" if because else "")
                + f" for {hold:g} s",
                f"{bad} after {deadline.elapsed:.1f} s",
                pods=pods,
                port=port,
            )
        attempts.append(bad)
        pods.namespace.findings.append(
            Finding(node.name, name_of(pod), str(port), f"blocked from {vantage}", str(bad))
        )
    return attempts


def _hint(attempt: Attempt) -> str:
    if attempt.outcome == "timed out":
        return "; silence is what a firewall that drops packets leaves"
    if attempt.outcome == "refused":
        return "; nobody listens there (is the pod on the host network?)"
    return ""


def _ready(pods: Pods, count: int | None, within: float) -> list[Obj]:
    def decide() -> Decided[list[Obj]] | Pending | Impossible:
        ready, lacking = ready_pods(pods, count)
        if not lacking:
            return Decided(ready)
        for pod in pods.now():
            if why := obstacle(pod):
                return Impossible(why)
        return Pending(lacking)

    wanted = "every pod" if count is None else f"{count}"
    return decide_on_pods(pods, decide, expected=f"{wanted} Ready, to be reached", within=within)


def _node_of(pods: Pods, pod: Obj) -> Node:
    nodes = {node.name: node for node in pods.namespace.cluster.nodes()}
    return nodes[str(pod["spec"]["nodeName"])]


def _probe(
    pods: Pods, node: Node, port: int, path: str, protocol: Protocol, vantage: Vantage
) -> Callable[[], Attempt]:
    if vantage == "host":
        if protocol == "tcp":
            return lambda: from_host.tcp(node.address, port)
        return lambda: from_host.http(node.address, port, path)
    others = [one for one in pods.namespace.cluster.nodes() if one.name != node.name]
    if vantage == "other-node" and not others:
        fail(pods.namespace, "another node to probe from", "the cluster has one node", pods=pods)
    start = node if vantage == "node" else others[0]
    if protocol == "tcp":
        return lambda: from_node.tcp(start, node.address, port)
    return lambda: from_node.http(start, node.address, port, path)
