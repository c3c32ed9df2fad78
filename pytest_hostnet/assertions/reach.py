"""Reachable, or not, through the port of the node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pytest_hostnet.assertions.judge import decide_on_pods, fail
from pytest_hostnet.assertions.port import holder
from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.cluster.namespace import Pods
from pytest_hostnet.cluster.node import Node
from pytest_hostnet.probes import from_host, from_node
from pytest_hostnet.probes.attempt import Attempt, retry_until
from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.verdicts.obstacles import obstacle
from pytest_hostnet.watching.history import describe, is_ready
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
    within: float = 30.0,
) -> list[Attempt]:
    """Assert that each Ready pod answers on ``port`` of its node, and that it is the pod itself.

    ``vantage``: ``host`` is this machine, outside the cluster; ``node`` the pod's own node;
    ``other-node`` any other. For ``http`` the answer must have ``status``. An answer counts
    only while the listener on the port is a process of the pod: another server on the same
    port is not the pod.

    Returns the last attempt for each pod. Raises AssertionError with the story.
    """
    deadline = Deadline(within, clock=pods.namespace.observer.clock)
    ready = _ready(pods, within)
    attempts = []
    for pod in ready:
        node = _node_of(pods, pod)
        probe = _probe(pods, node, port, path, protocol, vantage)
        found = retry_until(probe, lambda a: _good(a, protocol, status), deadline)
        expected = f"{name_of(pod)} reachable on {node.address}:{port} from {found.vantage}" + (
            f" with HTTP {status}" if protocol == "http" else ""
        )
        if not _good(found, protocol, status):
            fail(pods.namespace, expected, f"{found}{_hint(found)}", pods=pods, port=port)
        owner, who = holder(pods, node, port)
        if owner is None or name_of(owner) != name_of(pod):
            last = f"{found}, but the answer is not the pod's: {who}"
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
    """Assert that no answer comes on ``port`` of each Ready pod's node, for ``hold`` seconds.

    ``because`` says what must be found instead: ``timed out`` where a firewall drops packets,
    ``refused`` where nobody listens. A single answer fails at once.

    Returns every attempt. Raises AssertionError with the story.
    """
    attempts = []
    for pod in _ready(pods, within):
        node = _node_of(pods, pod)
        probe = _probe(pods, node, port, "/", protocol, vantage)
        deadline = Deadline(hold, clock=pods.namespace.observer.clock)
        bad = retry_until(probe, lambda a: a.answered or because not in (None, a.outcome), deadline)
        if bad.answered or because not in (None, bad.outcome):
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


def _good(attempt: Attempt, protocol: Protocol, status: int) -> bool:
    return attempt.answered and (protocol == "tcp" or attempt.status == status)


def _hint(attempt: Attempt) -> str:
    if attempt.outcome == "timed out":
        return "; silence is what a firewall that drops packets leaves"
    if attempt.outcome == "refused":
        return "; nobody listens there (is the pod on the host network?)"
    return ""


def _ready(pods: Pods, within: float) -> list[Obj]:
    def decide() -> Decided[list[Obj]] | Pending | Impossible:
        found = pods.now()
        if ready := [pod for pod in found if is_ready(pod)]:
            return Decided(ready)
        for pod in found:
            if why := obstacle(pod):
                return Impossible(why)
        seen = "; ".join(f"{name_of(p)}: {describe(p)}" for p in found)
        return Pending(seen or "there is no such pod")

    return decide_on_pods(pods, decide, expected="a Ready pod to reach", within=within)


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
