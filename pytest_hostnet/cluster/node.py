"""A node of a kind cluster: a container in which the node's own tools run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_hostnet.system.command import Completed, run
from pytest_hostnet.watching.kinds import Obj, name_of

_NODE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Node:
    """One node, by its name, which is also its container's name."""

    name: str
    address: str
    """InternalIP of the node, the first one where there are two families."""
    schedulable: bool
    docker: Path

    @classmethod
    def from_object(cls, obj: Obj, docker: Path) -> Node:
        """Read name, InternalIP and taints from a Node object."""
        addresses = [a["address"] for a in obj["status"]["addresses"] if a["type"] == "InternalIP"]
        spec = obj.get("spec", {})
        blocked = spec.get("unschedulable") or any(
            taint["effect"] in ("NoSchedule", "NoExecute")
            # Those of a node's life come and go by themselves, some seconds behind its condition.
            and not taint["key"].startswith("node.kubernetes.io/")
            for taint in spec.get("taints", [])
        )
        return cls(name_of(obj), addresses[0] if addresses else "", not blocked, docker)

    def run(
        self, argv: Sequence[str], *, check: bool = True, timeout: float = _NODE_SECONDS
    ) -> Completed:
        """Run a command in the node: curl, ss, ip, iptables, ctr and the like are there."""
        return run([str(self.docker), "exec", self.name, *argv], check=check, timeout=timeout)
