"""HTTP and TCP, from this host and from inside nodes, on a server that is and one that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_hostnet import (
    HostnetCluster,
    Topology,
    assert_reachable,
    assert_ready_count,
    assert_unreachable,
)

TWO_WORKERS = Topology(workers=2)


@pytest.mark.hostnet_topology(workers=2)
def test_every_protocol_from_every_vantage(
    hostnet_clusters: Callable[[Topology], HostnetCluster], shipped: Path
) -> None:
    cluster = hostnet_clusters(TWO_WORKERS)
    with cluster.namespace("vantages") as namespace:
        pods = namespace.apply(shipped / "one-replica-per-node" / "nginx.yaml").pods("app=nginx")
        assert_ready_count(pods, 2)
        for protocol in ("http", "tcp"):
            for vantage in ("host", "node", "other-node"):
                found = assert_reachable(pods, 80, protocol=protocol, vantage=vantage)
                assert [one.outcome for one in found] == ["answered", "answered"]
                found = assert_unreachable(
                    pods, 81, protocol=protocol, vantage=vantage, because="refused", hold=0.5
                )
                assert {one.outcome for one in found} == {"refused"}


@pytest.mark.hostnet_topology(workers=2)
def test_a_wrong_status_is_no_answer(
    hostnet_clusters: Callable[[Topology], HostnetCluster], shipped: Path
) -> None:
    cluster = hostnet_clusters(TWO_WORKERS)
    with cluster.namespace("status") as namespace:
        pods = namespace.apply(shipped / "one-replica-per-node" / "nginx.yaml").pods("app=nginx")
        assert_reachable(pods, 80, path="/none", status=404)
        with pytest.raises(AssertionError, match=r"answered \(404"):
            assert_reachable(pods, 80, path="/none", within=1)
