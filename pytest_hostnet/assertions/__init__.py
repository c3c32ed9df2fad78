"""Assertion helpers: each waits by watching and raises AssertionError with the whole story."""

from pytest_hostnet.assertions.crash import assert_crash_loops
from pytest_hostnet.assertions.endpoints import (
    assert_duplicate_endpoint,
    assert_service_outage,
    assert_service_reachable,
)
from pytest_hostnet.assertions.identity import (
    assert_pod_ip_is_node_ip,
    assert_sees_host_interfaces,
)
from pytest_hostnet.assertions.placement import assert_one_per_node, assert_unschedulable
from pytest_hostnet.assertions.port import assert_port_held
from pytest_hostnet.assertions.reach import assert_reachable, assert_unreachable
from pytest_hostnet.assertions.ready import assert_ready_count

__all__ = [
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
