"""A hostNetwork pod is its node: the same address, the same interfaces."""

from __future__ import annotations

import re

from pytest_hostnet.assertions.judge import decide_on_pods, fail
from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.cluster.namespace import Pods
from pytest_hostnet.cluster.node import Node
from pytest_hostnet.verdicts.obstacles import obstacle
from pytest_hostnet.watching.history import container_statuses, describe, is_ready
from pytest_hostnet.watching.kinds import NODES, PODS, Obj, name_of
from pytest_hostnet.watching.observer import Decided, Impossible, Pending
from pytest_hostnet.watching.selectors import EVERYTHING


def assert_pod_ip_is_node_ip(
    pods: Pods, *, count: int | None = None, within: float = 60.0
) -> list[Obj]:
    """Assert that podIPs, hostIPs and the node's InternalIPs are the same for every pod.

    Holds for one pod at least, or for exactly ``count``; all address families are compared.
    A pod that gets an address of its own fails at once.

    Returns the pods. Raises AssertionError with the story.
    """
    observer = pods.namespace.observer

    def node_ips() -> dict[str, list[str]]:
        return {
            name_of(node): [
                a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP"
            ]
            for node in observer.store.select(NODES, None, EVERYTHING)
        }

    def decide() -> Decided[list[Obj]] | Pending | Impossible:
        found, lacking, nodes = pods.now(), [], node_ips()
        for pod in found:
            if why := obstacle(pod):
                return Impossible(why)
            status = pod.get("status", {})
            own = [ip["ip"] for ip in status.get("podIPs", [])]
            host = [ip["ip"] for ip in status.get("hostIPs", [])]
            node = str(pod["spec"].get("nodeName", ""))
            if not own or not host:
                lacking.append(f"{name_of(pod)} has no address yet: {describe(pod)}")
            elif not own == host == nodes.get(node):
                return Impossible(
                    f"{name_of(pod)}: podIPs {own}, hostIPs {host}, InternalIPs of node {node} "
                    f"{nodes.get(node)}{_host_network(pod)}"
                )
        if lacking or not found or count not in (None, len(found)):
            return Pending("; ".join(lacking) or f"there are {len(found)} such pods")
        return Decided(found)

    wanted = "every pod" if count is None else f"{count} pods"
    found = decide_on_pods(
        pods,
        decide,
        expected=f"pod IP = node IP for {wanted}",
        within=within,
        kinds=(PODS, NODES),
    )
    pods.namespace.findings += [
        Finding(p["spec"]["nodeName"], name_of(p), "", "on the node's IP", p["status"]["podIP"])
        for p in found
    ]
    return found


def assert_sees_host_interfaces(
    pods: Pods, *, contrast: Pods | None = None, within: float = 60.0
) -> dict[str, list[str]]:
    """Assert that each pod's processes live in their node's own network namespace.

    The namespace is compared by its inode and the interfaces are read through the container's
    process (``/proc/PID/net/dev``), so it works for images without a shell. ``contrast`` is a
    selection of ordinary pods, which must see other interfaces.

    Returns the interface names by pod. Raises AssertionError with the story.
    """
    seen: dict[str, list[str]] = {}
    for selection, shared in ((pods, True), (contrast, False)):
        if selection is None:
            continue
        for pod, node in _running(selection, within):
            pid = _pid(pod, node)
            same = _net(node, "1") == _net(node, str(pid))
            names = _interfaces(node, str(pid))
            seen[name_of(pod)] = names
            if same != shared:
                fail(
                    selection.namespace,
                    f"{name_of(pod)} {'sees' if shared else 'does not see'} the interfaces of "
                    f"{node.name}: {_interfaces(node, '1')}",
                    f"it sees {names}: {'the same' if same else 'another'} network namespace"
                    f"{_host_network(pod)}",
                    pods=selection,
                )
            state = "sees the node" if shared else "ordinary pod"
            selection.namespace.findings.append(
                Finding(node.name, name_of(pod), "", state, "interfaces " + ", ".join(names))
            )
    return seen


def _host_network(pod: Obj) -> str:
    value = bool(pod["spec"].get("hostNetwork"))
    return f" (spec.hostNetwork is {str(value).lower()})"


def _running(pods: Pods, within: float) -> list[tuple[Obj, Node]]:
    def decide() -> Decided[list[Obj]] | Pending | Impossible:
        found = pods.now()
        for pod in found:
            if why := obstacle(pod):
                return Impossible(why)
        waiting = [f"{name_of(p)}: {describe(p)}" for p in found if not is_ready(p)]
        if found and not waiting:
            return Decided(found)
        return Pending("; ".join(waiting) or "there is no such pod")

    ready = decide_on_pods(pods, decide, expected="every pod Ready", within=within)
    nodes = {node.name: node for node in pods.namespace.cluster.nodes()}
    return [(pod, nodes[pod["spec"]["nodeName"]]) for pod in ready]


def _pid(pod: Obj, node: Node) -> int:
    """Return the PID, in the node, of the pod's first running container."""
    tasks = node.run(["ctr", "-n", "k8s.io", "tasks", "ls"]).stdout
    for status in container_statuses(pod):
        container_id = str(status.get("containerID", "")).rpartition("//")[2]
        match = re.search(rf"^{re.escape(container_id)}\s+(\d+)\s", tasks, re.MULTILINE)
        if container_id and match:
            return int(match[1])
    raise AssertionError(f"no running container of {name_of(pod)} on {node.name}:\n{tasks}")


def _net(node: Node, pid: str) -> str:
    return node.run(["readlink", f"/proc/{pid}/ns/net"]).stdout.strip()


def _interfaces(node: Node, pid: str) -> list[str]:
    table = node.run(["cat", f"/proc/{pid}/net/dev"]).stdout
    return sorted(line.partition(":")[0].strip() for line in table.splitlines()[2:])
