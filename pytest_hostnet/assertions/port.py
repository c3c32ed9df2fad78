"""Which pod holds which port of which node."""

from __future__ import annotations

import time

from pytest_hostnet.assertions.judge import fail
from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.cluster.namespace import Namespace, Pods
from pytest_hostnet.cluster.node import Node
from pytest_hostnet.ports.listeners import Listener, census, on_port, owner_name
from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.watching.history import describe, is_ready
from pytest_hostnet.watching.kinds import PODS, Obj, name_of, uid_of
from pytest_hostnet.watching.selectors import EVERYTHING

_PAUSE = 0.2


def assert_port_held(
    pods: Pods,
    port: int,
    *,
    protocol: str = "tcp",
    count: int | None = None,
    within: float = 60.0,
) -> list[Listener]:
    """Assert that every pod is Ready, and ``port`` of its node held by a process of that pod.

    With ``count``, exactly so many of the pods are Ready, and it holds for those.

    Read from the node itself (``ss`` and the process's cgroup), so it names the owner whoever
    it is: another pod, or a process of the node that the scheduler cannot know.

    Returns one Listener per pod. Raises AssertionError naming who holds the port instead.
    """
    namespace = pods.namespace
    deadline = Deadline(within, clock=namespace.observer.clock)
    while True:
        ready, lacking = ready_pods(pods, count)
        held, missing = _held(namespace, ready, port, protocol)
        if not lacking and not missing:
            break
        if deadline.expired:
            fail(
                namespace,
                f"{protocol} port {port} held by each of the {pods} on its node",
                "; ".join([lacking, *missing] if lacking else missing),
                pods=pods,
                port=port,
            )
        # The one place that must poll: no API streams the sockets of a node.
        time.sleep(min(_PAUSE, deadline.remaining))
    namespace.findings += [
        Finding(one.node, name_of(pod), str(port), "serving", str(one)) for pod, one in held
    ]
    return [one for _, one in held]


def ready_pods(pods: Pods, count: int | None) -> tuple[list[Obj], str]:
    """Return the Ready pods, and what is lacking: all must be, or exactly ``count``."""
    found = [pod for pod in pods.now() if not pod["metadata"].get("deletionTimestamp")]
    ready = [pod for pod in found if is_ready(pod)]
    wanted = len(found) if count is None else count
    if ready and len(ready) == wanted:
        return ready, ""
    rest = [f"{name_of(p)}: {describe(p)}" for p in found if not is_ready(p)]
    seen = f"{len(ready)} of {len(found)} pods are Ready"
    wish = "" if count is None else f", not {count}"
    return ready, "; ".join([seen + wish, *rest]) if found else "there is no such pod"


def not_the_holder(pods: Pods, pod: Obj, node: Node, port: int) -> str:
    """Say who besides the pod would answer on the node's own address; empty when nobody does."""
    reachable = ("0.0.0.0", "*", "[::]", node.address, f"[{node.address}]")  # noqa: S104
    listeners = [one for one in on_port(census(node), port) if one.address in reachable]
    others = [one for one in listeners if one.pod_uid != uid_of(pod)]
    if listeners and not others:
        return ""
    return _owners(pods.namespace, others, node.name, port)


def _held(
    namespace: Namespace, ready: list[Obj], port: int, protocol: str
) -> tuple[list[tuple[Obj, Listener]], list[str]]:
    held, missing = [], []
    names = {str(pod["spec"]["nodeName"]) for pod in ready}
    censuses = {
        node.name: on_port(census(node), port, protocol)
        for node in namespace.cluster.nodes()
        if node.name in names
    }
    for pod in ready:
        node = str(pod["spec"]["nodeName"])
        own = [one for one in censuses.get(node, []) if one.pod_uid == uid_of(pod)]
        if own:
            held.append((pod, own[0]))
        else:
            who = _owners(namespace, censuses.get(node, []), node, port)
            missing.append(f"not held by {name_of(pod)}: {who}")
    return held, missing


def _owners(namespace: Namespace, listeners: list[Listener], node: str, port: int) -> str:
    def all_pods() -> list[Obj]:
        return namespace.observer.store.select(PODS, None, EVERYTHING)

    if not listeners:
        return f"nothing listens on port {port} of {node}"
    return "; ".join(f"{one}, {owner_name(one, all_pods)}" for one in listeners)
