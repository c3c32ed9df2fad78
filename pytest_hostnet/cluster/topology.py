"""What a cluster looks like, and the kind configuration that makes it so."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal, get_args

from pytest_hostnet.system.errors import HostnetError

KubeProxyMode = Literal["iptables", "nftables", "ipvs", "none"]
IPFamily = Literal["ipv4", "ipv6", "dual"]
_MOST_WORKERS = 20


@dataclass(frozen=True, slots=True)
class Topology:
    """One control-plane node and ``workers`` workers. Equal topologies can share a cluster.

    Without workers the control-plane node is schedulable (kind removes its taint); with
    workers it is not, so a cluster has ``max(1, workers)`` schedulable nodes.
    """

    workers: int = 0
    kube_proxy_mode: KubeProxyMode = "iptables"
    ip_family: IPFamily = "ipv4"
    labels: tuple[tuple[str, str], ...] = ()
    """Labels on every schedulable node."""

    def __post_init__(self) -> None:
        """Refuse what kind would refuse only after a minute."""
        if not 0 <= self.workers <= _MOST_WORKERS:
            raise HostnetError(
                f"workers: {self.workers}", expected=f"a number from 0 to {_MOST_WORKERS}"
            )
        for value, known in ((self.kube_proxy_mode, KubeProxyMode), (self.ip_family, IPFamily)):
            if value not in get_args(known):
                raise HostnetError(f"{value!r}", expected="one of " + ", ".join(get_args(known)))

    @property
    def schedulable_nodes(self) -> int:
        """How many nodes take ordinary pods."""
        return max(1, self.workers)

    @property
    def slug(self) -> str:
        """A short text for names, empty for the default."""
        parts = [f"{self.workers}w"] if self.workers else []
        parts += [self.kube_proxy_mode] if self.kube_proxy_mode != "iptables" else []
        parts += [self.ip_family] if self.ip_family != "ipv4" else []
        digest = hashlib.sha256(repr(self.labels).encode()).hexdigest()[:4]
        parts += [f"l{digest}"] if self.labels else []
        return "-".join(parts)

    def __str__(self) -> str:
        """Describe the cluster in words."""
        nodes = "1 node" if not self.workers else f"1 control plane + {self.workers} workers"
        return f"{nodes}, {self.kube_proxy_mode}, {self.ip_family}"

    def kind_config(self) -> str:
        """Return the kind configuration, as JSON (which is YAML).

        The API server listens on loopback only, on a port left to Docker: a port chosen here
        could be taken by the time it is used.
        """
        labels = dict(self.labels)
        control_plane = {"role": "control-plane", **({} if self.workers else {"labels": labels})}
        config = {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "networking": {
                "apiServerAddress": "127.0.0.1",
                "kubeProxyMode": self.kube_proxy_mode,
                "ipFamily": self.ip_family,
            },
            "nodes": [
                control_plane,
                *({"role": "worker", "labels": labels} for _ in range(self.workers)),
            ],
        }
        return json.dumps(config, indent=1)
