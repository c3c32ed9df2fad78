"""The clusters of one pytest run, by topology: made when first needed, deleted when last used."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pytest_hostnet.glue import options
from pytest_hostnet.glue.progress import progress_to
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.system.signals import interrupt_on_sigterm

if TYPE_CHECKING:
    from pytest_hostnet.cluster.kind import HostnetCluster
    from pytest_hostnet.cluster.topology import Topology
    from pytest_hostnet.scenario.run import Record

POOL: pytest.StashKey[ClusterPool] = pytest.StashKey()
RECORD: pytest.StashKey[Record] = pytest.StashKey()
"""What a scenario item's run left for the report."""


class ClusterPool:
    """One cluster per topology. A topology that could not be made fails once, not per test."""

    def __init__(self, config: pytest.Config) -> None:
        """Read nothing yet: options are only looked at when a cluster is needed."""
        self._config = config
        self._clusters: dict[Topology, HostnetCluster] = {}
        self._failures: dict[Topology, HostnetError] = {}
        self._uses: Counter[Topology] = Counter()
        self._pinned: set[Topology] = set()
        self.leftovers: list[str] = []
        """Clusters that could not be deleted, and why."""

    def get(self, topology: Topology) -> HostnetCluster:
        """Return the ready cluster of a topology. Raises HostnetError when it cannot be made."""
        if topology in self._clusters:
            return self._clusters[topology]
        if topology in self._failures:
            raise HostnetError(f"as before: {self._failures[topology]}")
        interrupt_on_sigterm()
        report = progress_to(self._config)
        try:
            cluster = self._new(topology)
            report(f"creating cluster {cluster.name}: {topology}")
            self._clusters[topology] = cluster  # so that an interruption finds it
            cluster.create(progress=report)
        except HostnetError as error:
            self._clusters.pop(topology, None)
            self._failures[topology] = error
            raise
        return cluster

    def _new(self, topology: Topology) -> HostnetCluster:
        from pytest_hostnet.cluster.kind import HostnetCluster
        from pytest_hostnet.cluster.names import unique

        given = options.cluster_name(self._config)
        default = options.default_topology(self._config)
        if given is None:
            name = unique(topology.slug)
        else:
            name = given if topology == default else f"{given}-{topology.slug or 'single'}"
        return HostnetCluster(name, topology, options.cluster_settings(self._config))

    def expect(self, topology: Topology) -> None:
        """Count one item that will need this topology."""
        self._uses[topology] += 1

    def done(self, topology: Topology) -> None:
        """Count one item off; the cluster goes when none is left that needs it."""
        self._uses[topology] -= 1
        unused = self._uses[topology] <= 0 and topology not in self._pinned
        if unused and topology in self._clusters:
            self._try_delete(self._clusters.pop(topology))

    def pin(self, topology: Topology) -> None:
        """Keep this topology's cluster to the end of the run: a session fixture handed it out."""
        self._pinned.add(topology)

    def clusters(self) -> list[HostnetCluster]:
        """Return the clusters that are up."""
        return list(self._clusters.values())

    def close(self) -> None:
        """Delete every cluster; what could not be deleted is named in ``leftovers``."""
        while self._clusters:
            self._try_delete(self._clusters.popitem()[1])

    def _try_delete(self, cluster: HostnetCluster) -> None:
        try:
            self._delete(cluster)
        except HostnetError as error:
            self.leftovers.append(
                f"cluster {cluster.name} could not be deleted: {error}\n"
                f"  next:     kind delete cluster --name {cluster.name}"
            )

    def _delete(self, cluster: HostnetCluster) -> None:
        report = progress_to(self._config)
        created = cluster.created
        cluster.delete()
        if cluster.adopted:
            report(f"left cluster {cluster.name} as it was found")
        elif created and cluster.settings.keep:
            report(
                f"kept cluster {cluster.name}; use it again with --cluster-name={cluster.name} "
                f"--keep-cluster, or: export KUBECONFIG={cluster.kubeconfig_path}; delete it with: "
                f"kind delete cluster --name {cluster.name}"
            )
        elif created:
            report(f"deleted cluster {cluster.name}")


def pool_of(config: pytest.Config) -> ClusterPool:
    """Return the run's pool, made on first use."""
    if POOL not in config.stash:
        config.stash[POOL] = ClusterPool(config)
        config.add_cleanup(config.stash[POOL].close)  # the net below pytest_sessionfinish
    return config.stash[POOL]
