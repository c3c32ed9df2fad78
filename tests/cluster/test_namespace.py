"""What a namespace may touch: nothing that was there before, and nothing outlives it."""

from __future__ import annotations

import json

import pytest

from pytest_hostnet import HostnetCluster, HostnetError, assert_ready_count
from pytest_hostnet.manifests.apply import ApplyError

ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hostnet-test-role}
rules: []
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  hostNetwork: true
  containers: [{name: web, image: nginx:alpine}]
"""


def roles(cluster: HostnetCluster) -> list[str]:
    found = json.loads(cluster.kubectl("get", "clusterroles", "-o", "json"))
    return [one["metadata"]["name"] for one in found["items"]]


def test_a_cluster_scoped_object_goes_with_the_namespace(hostnet_cluster: HostnetCluster) -> None:
    with hostnet_cluster.namespace("role") as namespace:
        namespace.apply(ROLE)
        assert "hostnet-test-role" in roles(hostnet_cluster)
    assert "hostnet-test-role" not in roles(hostnet_cluster)


def test_a_cluster_scoped_object_that_was_there_is_refused_and_stays(
    hostnet_cluster: HostnetCluster,
) -> None:
    hostnet_cluster.kubectl("create", "clusterrole", "theirs", "--verb=get", "--resource=pods")
    try:
        with (
            hostnet_cluster.namespace("theirs") as namespace,
            pytest.raises(HostnetError, match="ClusterRole/theirs exists already"),
        ):
            namespace.apply(POD + "---" + ROLE.replace("hostnet-test-role", "theirs"))
        assert "theirs" in roles(hostnet_cluster)
        assert namespace.pods().now() == []
    finally:
        hostnet_cluster.kubectl("delete", "clusterrole", "theirs")


def test_another_namespace_is_refused_before_anything_is_applied(
    hostnet_cluster: HostnetCluster,
) -> None:
    elsewhere = POD.replace("name: web, l", "name: other, namespace: default, l")
    with hostnet_cluster.namespace("elsewhere") as namespace:
        with pytest.raises(HostnetError, match="names namespace 'default'"):
            namespace.apply(POD + "---" + elsewhere)
        assert namespace.pods().now() == []


def test_the_api_servers_refusal_is_told_in_its_own_words(hostnet_cluster: HostnetCluster) -> None:
    two_ports = POD.replace(
        "image: nginx:alpine", "image: nginx:alpine, ports: [{containerPort: 80, hostPort: 81}]"
    )
    with hostnet_cluster.namespace("refused") as namespace:
        with pytest.raises(ApplyError, match=r"must match `containerPort`") as refused:
            namespace.apply(two_ports)
        assert refused.value.status == 422
        with pytest.raises(
            ApplyError, match=r"404: the API server knows no Gizmo in example.org/v1"
        ):
            namespace.apply(
                {"apiVersion": "example.org/v1", "kind": "Gizmo", "metadata": {"name": "x"}}
            )


def test_a_deleted_pod_is_no_longer_judged_as_ready(hostnet_cluster: HostnetCluster) -> None:
    with hostnet_cluster.namespace("deleted") as namespace:
        pods = namespace.apply(POD).pods("app=web")
        assert_ready_count(pods, 1)
        namespace.delete_pod("web")
        with pytest.raises(AssertionError, match="0 of"):
            assert_ready_count(pods, 1, within=0.2)
