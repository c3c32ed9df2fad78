"""Which pod holds which port of which node."""

from __future__ import annotations

import time

from pytest_hostnet.assertions.judge import fail
from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.cluster.namespace import Namespace, Pods
from pytest_hostnet.cluster.node import Node
from pytest_hostnet.ports.listeners import Listener, census, on_port, owner_name
from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.watching.history import is_ready
from pytest_hostnet.watching.kinds import PODS, Obj, name_of, uid_of
from pytest_hostnet.watching.selectors import EVERYTHING

_PAUSE = 0.2


def assert_port_held(
    pods: Pods, port: int, *, protocol: str = "tcp", within: float = 30.0
) -> list[Listener]:
    """Assert that on each node of the Ready pods, ``port`` is held by a process of that pod.

    Read from the node itself (``ss`` and the process's cgroup), so it names the owner whoever
    it is: another pod, or a process of the node that the scheduler cannot know.

    Returns one Listener per pod. Raises AssertionError naming who holds the port instead.
    """
    namespace = pods.namespace
    deadline = Deadline(within, clock=namespace.observer.clock)
    while True:
        ready = [pod for pod in pods.now() if is_ready(pod)]
        held, missing = _held(namespace, ready, port, protocol)
        if ready and not missing:
            break
        if deadline.expired:
            fail(
                namespace,
                f"{protocol} port {port} held by each of the {pods} on its node",
                "; ".join(missing) or "no pod is Ready",
                pods=pods,
                port=port,
            )
        # The one place that must poll: no API streams the sockets of a node.
        time.sleep(min(_PAUSE, deadline.remaining))
    namespace.findings += [
        Finding(one.node, name_of(pod), str(port), "serving", str(one)) for pod, one in held
    ]
    return [one for _, one in held]


def holder(pods: Pods, node: Node, port: int) -> tuple[Obj | None, str]:
    """Return the pod of the selection that listens on the node's TCP port, and who does at all."""
    listeners = on_port(census(node), port)
    by_uid = {uid_of(pod): pod for pod in pods.now()}
    for one in listeners:
        if one.pod_uid in by_uid:
            return by_uid[one.pod_uid], str(one)
    return None, _owners(pods.namespace, listeners, node.name, port)


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
