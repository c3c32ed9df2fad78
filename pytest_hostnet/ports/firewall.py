"""The node's firewall: kind has no security groups, so iptables in the node stands for one."""

from __future__ import annotations

import ipaddress

from pytest_hostnet.cluster.node import Node


def _rule(action: str, port: int, comment: str) -> list[str]:
    # "! -i lo": a security group filters what arrives at the node; the kubelet's probes of a
    # hostNetwork pod go to the node's own address and so travel over lo.
    rule = ["-w", action, "INPUT", "!", "-i", "lo", "-p", "tcp", "--dport", str(port)]
    return [*rule, "-m", "comment", "--comment", comment, "-j", "DROP"]


def drop(node: Node, port: int, comment: str) -> None:
    """Drop what reaches the node's TCP ``port`` from outside, until ``allow``."""
    node.run([_command(node), *_rule("-I", port, comment)])


def allow(node: Node, port: int, comment: str) -> None:
    """Take the rule of ``drop`` back; no error when it is not there."""
    if node.run([_command(node), *_rule("-C", port, comment)], check=False).ok:
        node.run([_command(node), *_rule("-D", port, comment)])


def _command(node: Node) -> str:
    return "ip6tables" if ipaddress.ip_address(node.address).version == 6 else "iptables"
