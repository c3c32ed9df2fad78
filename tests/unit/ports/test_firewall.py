"""The rule that stands for a security group."""

from __future__ import annotations

import pytest
from fakes.programs import Programs

from pytest_hostnet.cluster.node import Node
from pytest_hostnet.ports.firewall import allow, drop
from pytest_hostnet.system.command import CommandError

RULE = "INPUT ! -i lo -p tcp --dport 80 -m comment --comment mine -j DROP"


def node(programs: Programs, address: str = "172.18.0.2") -> Node:
    return Node("node-1", address, schedulable=True, docker=programs.bin / "docker")


def test_a_drop_spares_the_loopback(programs: Programs) -> None:
    programs.add("docker exec node-1 iptables")
    drop(node(programs), 80, "mine")
    assert programs.calls() == [f"docker exec node-1 iptables -w -I {RULE}"]


def test_an_ipv6_node_has_its_own_tables(programs: Programs) -> None:
    programs.add("docker exec node-1 ip6tables")
    drop(node(programs, "fc00::2"), 80, "mine")
    assert programs.calls() == [f"docker exec node-1 ip6tables -w -I {RULE}"]


def test_a_rule_that_is_there_is_taken_away(programs: Programs) -> None:
    programs.add("docker exec node-1 iptables")
    allow(node(programs), 80, "mine")
    assert programs.calls() == [
        f"docker exec node-1 iptables -w -C {RULE}",
        f"docker exec node-1 iptables -w -D {RULE}",
    ]


def test_a_rule_that_is_not_there_is_no_error(programs: Programs) -> None:
    programs.add("docker exec node-1 iptables -w -C", code=1)
    allow(node(programs), 80, "mine")


def test_a_rule_that_cannot_be_made_is_an_error(programs: Programs) -> None:
    programs.add("docker exec node-1 iptables -w -I", error="iptables: no chain", code=3)
    with pytest.raises(CommandError, match="exited with 3:\niptables: no chain"):
        drop(node(programs), 80, "mine")
