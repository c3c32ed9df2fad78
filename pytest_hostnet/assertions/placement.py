"""Where pods are placed: one a node, or nowhere because the port is reserved."""

from __future__ import annotations

import re
from collections import Counter

from pytest_hostnet.assertions.judge import at_least_one, decide_on_pods
from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.cluster.namespace import Pods
from pytest_hostnet.verdicts.obstacles import obstacle, unschedulable
from pytest_hostnet.watching.history import describe, is_ready
from pytest_hostnet.watching.kinds import Obj, name_of
from pytest_hostnet.watching.observer import Decided, Impossible, Pending

NO_FREE_PORTS = r"didn't have free ports for the requested pod ports"
"""The scheduler's NodePorts plugin (pkg/scheduler/framework/plugins/nodeports)."""


def assert_unschedulable(
    pods: Pods, *, count: int = 1, because: str = NO_FREE_PORTS, within: float = 30.0
) -> list[Obj]:
    """Assert that exactly ``count`` pods stay Pending, and that the scheduler says why.

    ``because`` is a regular expression searched in the scheduler's message; by default no node
    had the declared host port free. A pod that is Pending for another reason does not count.

    Returns the Pending pods. Raises AssertionError with the story.
    """
    at_least_one(count)

    def decide() -> Decided[list[Obj]] | Pending:
        found = {name_of(pod): (pod, unschedulable(pod)) for pod in pods.now()}
        fitting = [pod for pod, why in found.values() if why and re.search(because, why)]
        if len(fitting) == count:
            return Decided(fitting)
        seen = [f"{name}: {why or describe(pod)}" for name, (pod, why) in found.items()] or [
            "there is no such pod"
        ]
        return Pending(f"{len(fitting)} of {count} unschedulable so; " + "; ".join(seen))

    found = decide_on_pods(
        pods, decide, expected=f"{count} unschedulable because “{because}”", within=within
    )
    pods.namespace.findings += [
        Finding("", name_of(pod), "", "Pending", str(unschedulable(pod))) for pod in found
    ]
    return found


def assert_one_per_node(pods: Pods, *, within: float = 60.0) -> dict[str, str]:
    """Assert that every schedulable node runs exactly one Ready pod of the selection.

    Returns the pod's name by node. Raises AssertionError with the story.
    """
    namespace = pods.namespace

    def decide() -> Decided[dict[str, str]] | Pending | Impossible:
        nodes = {node.name for node in namespace.cluster.nodes(schedulable=True)}
        staying = [p for p in pods.now() if not p["metadata"].get("deletionTimestamp")]
        placed = {name_of(p): str(p["spec"].get("nodeName", "")) for p in staying}
        ready = {name_of(p) for p in pods.now() if is_ready(p)}
        for pod in pods.now():
            if why := obstacle(pod):
                return Impossible(why)
        crowded = [node for node, n in Counter(filter(None, placed.values())).items() if n > 1]
        if crowded:
            return Impossible(f"more than one pod on {', '.join(crowded)}: {placed}")
        by_node = {node: pod for pod, node in placed.items() if pod in ready and node}
        if set(by_node) == nodes:
            return Decided(by_node)
        empty = ", ".join(sorted(nodes - set(by_node)))
        also = ", ".join(sorted(set(by_node) - nodes))
        seen = [f"no Ready pod on {empty}"] if empty else []
        seen += [f"a pod on {also}, which takes no ordinary pods"] if also else []
        return Pending("; ".join([*seen, f"placed: {placed or 'no pods'}"]))

    found = decide_on_pods(
        pods, decide, expected="one Ready pod on each schedulable node", within=within
    )
    namespace.findings += [
        Finding(node, pod, "", "Ready", "the only one on its node")
        for node, pod in sorted(found.items())
    ]
    return found
