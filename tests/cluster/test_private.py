"""A cluster is this user's alone: kubeconfig, API server, and nothing in the working directory."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pytest_hostnet import HostnetCluster


def test_the_kubeconfig_is_private(hostnet_cluster: HostnetCluster) -> None:
    path = hostnet_cluster.kubeconfig_path
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_api_server_listens_on_loopback_only(hostnet_cluster: HostnetCluster) -> None:
    name = f"{hostnet_cluster.name}-control-plane"
    done = subprocess.run(["docker", "port", name], check=True, capture_output=True, text=True)
    addresses = {line.split(" -> ")[1].rpartition(":")[0] for line in done.stdout.splitlines()}
    assert addresses == {"127.0.0.1"}


def test_it_is_pytest_kinds_cluster(hostnet_cluster: HostnetCluster) -> None:
    from pytest_kind import KindCluster

    assert isinstance(hostnet_cluster, KindCluster)
    assert hostnet_cluster.name in hostnet_cluster.kubectl("get", "nodes", "-o", "name")
    assert not Path(".pytest-kind").exists()
