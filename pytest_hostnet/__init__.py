"""pytest-hostnet: tests hostNetwork pods on ephemeral kind clusters.

The assertion helpers are plain functions; they load what they need on first use, so that a
pytest run that uses none of them pays nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_hostnet.assertions import (
        assert_crash_loops,
        assert_duplicate_endpoint,
        assert_one_per_node,
        assert_pod_ip_is_node_ip,
        assert_port_held,
        assert_reachable,
        assert_ready_count,
        assert_sees_host_interfaces,
        assert_service_outage,
        assert_service_reachable,
        assert_unreachable,
        assert_unschedulable,
    )
    from pytest_hostnet.cluster.kind import HostnetCluster
    from pytest_hostnet.cluster.namespace import Namespace, Pods
    from pytest_hostnet.cluster.topology import Topology
    from pytest_hostnet.system.errors import HostnetError

__all__ = [
    "HostnetCluster",
    "HostnetError",
    "Namespace",
    "Pods",
    "Topology",
    "assert_crash_loops",
    "assert_duplicate_endpoint",
    "assert_one_per_node",
    "assert_pod_ip_is_node_ip",
    "assert_port_held",
    "assert_reachable",
    "assert_ready_count",
    "assert_sees_host_interfaces",
    "assert_service_outage",
    "assert_service_reachable",
    "assert_unreachable",
    "assert_unschedulable",
]

_HOMES = {
    "HostnetCluster": "pytest_hostnet.cluster.kind",
    "HostnetError": "pytest_hostnet.system.errors",
    "Namespace": "pytest_hostnet.cluster.namespace",
    "Pods": "pytest_hostnet.cluster.namespace",
    "Topology": "pytest_hostnet.cluster.topology",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "pytest_hostnet.assertions")), name)
