"""The listener census: every port that is open on a node, and which pod's process holds it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pytest_hostnet.cluster.node import Node
from pytest_hostnet.watching.kinds import Obj, name_of, namespace_of, uid_of

_PROCESS = re.compile(r'\("(?P<name>[^"]*)",pid=(?P<pid>\d+)')
_POD_UID = re.compile(
    r"pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})"
)


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening socket on a node."""

    node: str
    protocol: str
    """``tcp`` or ``udp``."""
    address: str
    """The local address as `ss` shows it: ``0.0.0.0``, ``*``, ``[::]``, ``127.0.0.1`` …"""
    port: int
    process: str
    """Name of the process; empty when it lives in another PID namespace."""
    pid: int
    pod_uid: str = ""
    """UID of the pod that the process belongs to; empty for a process of the node."""

    def __str__(self) -> str:
        """Describe socket and owner."""
        who = f"{self.process} (pid {self.pid})" if self.pid else "a process not visible here"
        return f"{self.protocol} {self.address}:{self.port} on {self.node}: {who}"


def parse_ss(text: str, node: str) -> list[Listener]:
    """Read the output of ``ss -H -l -n -t -u -p``, one Listener per socket.

    A socket that several processes share (workers of one server) counts once, under the first.
    """
    found = []
    for line in text.splitlines():
        fields = line.split(None, 6)
        if len(fields) < 6 or fields[0] not in ("tcp", "udp"):
            continue
        address, _, port = fields[4].rpartition(":")
        if not port.isdigit():
            continue
        process = _PROCESS.search(fields[6]) if len(fields) > 6 else None
        found.append(
            Listener(
                node,
                fields[0],
                address.partition("%")[0],
                int(port),
                process["name"] if process else "",
                int(process["pid"]) if process else 0,
            )
        )
    return found


def parse_cgroups(text: str) -> dict[int, str]:
    """Read ``grep -H . /proc/PID/cgroup …`` into pod UIDs by PID (both cgroup drivers)."""
    owners: dict[int, str] = {}
    for line in text.splitlines():
        path, _, rest = line.partition(":")
        pid = path.removeprefix("/proc/").partition("/")[0]
        match = _POD_UID.search(rest)
        if pid.isdigit() and match:
            owners[int(pid)] = match[1].replace("_", "-")
    return owners


def census(node: Node) -> list[Listener]:
    """List the listening sockets of a node with their owners, as they are now."""
    sockets = parse_ss(node.run(["ss", "-H", "-l", "-n", "-t", "-u", "-p"]).stdout, node.name)
    pids = sorted({listener.pid for listener in sockets if listener.pid})
    if not pids:
        return sockets
    files = [f"/proc/{pid}/cgroup" for pid in pids]
    # A process may be gone by now, so the exit code says nothing.
    owners = parse_cgroups(node.run(["grep", "-H", ".", *files], check=False).stdout)
    return [replace(one, pod_uid=owners.get(one.pid, "")) for one in sockets]


def on_port(listeners: Iterable[Listener], port: int, protocol: str = "tcp") -> list[Listener]:
    """Return the listeners of one port."""
    return [one for one in listeners if one.port == port and one.protocol == protocol]


def owner_name(listener: Listener, pods: Callable[[], Iterable[Obj]]) -> str:
    """Name the owner: ``namespace/pod``, or the node's own process."""
    if listener.pod_uid:
        for pod in pods():
            if uid_of(pod) == listener.pod_uid:
                return f"pod {namespace_of(pod)}/{name_of(pod)}"
        return f"an unknown pod (uid {listener.pod_uid})"
    if not listener.pid:
        return "an owner that cannot be seen from this node"
    return "a process of the node itself, not of a pod"
