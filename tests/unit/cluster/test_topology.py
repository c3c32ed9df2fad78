"""Topologies and the kind configuration that makes them."""

from __future__ import annotations

import json

import pytest

from pytest_hostnet.cluster.topology import Topology
from pytest_hostnet.system.errors import HostnetError


@pytest.mark.parametrize(
    ("topology", "nodes", "slug", "text"),
    [
        (Topology(), 1, "", "1 node, iptables, ipv4"),
        (Topology(1), 1, "1w", "1 control plane + 1 workers, iptables, ipv4"),
        (Topology(3, "nftables"), 3, "3w-nftables", "1 control plane + 3 workers, nftables, ipv4"),
        (Topology(ip_family="dual"), 1, "dual", "1 node, iptables, dual"),
        (Topology(labels=(("a", "b"),)), 1, "l514d", "1 node, iptables, ipv4"),
    ],
)
def test_a_topology_counts_and_names_itself(
    topology: Topology, nodes: int, slug: str, text: str
) -> None:
    assert (topology.schedulable_nodes, topology.slug, str(topology)) == (nodes, slug, text)


def test_equal_topologies_are_one() -> None:
    assert len({Topology(2), Topology(2), Topology(2, "ipvs")}) == 2


def test_the_api_server_listens_on_loopback_on_a_port_of_dockers_choice() -> None:
    networking = json.loads(Topology(0, "nftables", "ipv6").kind_config())["networking"]
    assert networking == {
        "apiServerAddress": "127.0.0.1",
        "kubeProxyMode": "nftables",
        "ipFamily": "ipv6",
    }


def test_labels_are_on_every_schedulable_node_only() -> None:
    labels = (("tier", "edge"),)
    edge = {"tier": "edge"}
    alone = json.loads(Topology(0, labels=labels).kind_config())
    assert alone["nodes"] == [{"role": "control-plane", "labels": edge}]
    three = json.loads(Topology(2, labels=labels).kind_config())
    worker = {"role": "worker", "labels": edge}
    assert three["nodes"] == [{"role": "control-plane"}, worker, worker]
    assert (three["kind"], three["apiVersion"]) == ("Cluster", "kind.x-k8s.io/v1alpha4")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"workers": -1}, "workers: -1\n  expected: a number from 0 to 20"),
        ({"workers": 21}, "workers: 21\n  expected: a number from 0 to 20"),
        (
            {"kube_proxy_mode": "userspace"},
            "'userspace'\n  expected: one of iptables, nftables, ipvs, none",
        ),
        ({"ip_family": "ipv5"}, "'ipv5'\n  expected: one of ipv4, ipv6, dual"),
    ],
)
def test_what_kind_would_refuse_late_is_refused_at_once(given: dict, text: str) -> None:
    with pytest.raises(HostnetError) as caught:
        Topology(**given)
    assert str(caught.value) == text
