"""The fixtures that other repositories use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_hostnet.glue import options
from pytest_hostnet.glue.pool import pool_of
from pytest_hostnet.system.errors import HostnetError

if TYPE_CHECKING:
    from pytest_hostnet.cluster.kind import HostnetCluster
    from pytest_hostnet.cluster.namespace import Namespace
    from pytest_hostnet.cluster.topology import Topology


@pytest.fixture(scope="session")
def hostnet_cluster(request: pytest.FixtureRequest) -> HostnetCluster:
    """Provide an ephemeral kind cluster for the whole run, with every node Ready.

    It is pytest-kind's ``KindCluster`` with shared observation; ``namespace()`` gives a fresh
    namespace. Options: pytest-kind's own, and --hostnet-workers, --hostnet-ip-family,
    --hostnet-kube-proxy-mode, --hostnet-node-label. Deleted at the end, also after Ctrl-C.
    """
    pool, topology = pool_of(request.config), options.default_topology(request.config)
    pool.pin(topology)
    try:
        return pool.get(topology)
    except HostnetError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def hostnet_clusters(request: pytest.FixtureRequest) -> Callable[[Topology], HostnetCluster]:
    """Provide a function that returns the run's ready cluster of a topology.

    Mark the test with ``@pytest.mark.hostnet_topology(workers=2)`` as well: tests of one
    topology then run together, and its cluster goes when the last of them is done.
    """

    def cluster(topology: Topology) -> HostnetCluster:
        try:
            return pool_of(request.config).get(topology)
        except HostnetError as error:
            pytest.fail(str(error), pytrace=False)

    return cluster


@pytest.fixture
def hostnet_namespace(
    request: pytest.FixtureRequest, hostnet_cluster: HostnetCluster
) -> Iterator[Namespace]:
    """Provide a fresh namespace for one test; afterwards its host ports are free again."""
    with hostnet_cluster.namespace(request.node.name) as namespace:
        yield namespace
