"""The census of a node's listeners, and their owners."""

from __future__ import annotations

import pytest
from fakes.objects import pod
from fakes.programs import Programs

from pytest_hostnet.cluster.node import Node
from pytest_hostnet.ports.listeners import (
    Listener,
    census,
    on_port,
    owner_name,
    parse_cgroups,
    parse_ss,
)

UID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SS = """\
tcp   LISTEN 0      511          0.0.0.0:80         0.0.0.0:*    users:(("nginx",pid=1234,fd=6),("nginx",pid=1230,fd=6))
tcp   LISTEN 0      511             [::]:80            [::]:*    users:(("nginx",pid=1234,fd=7))
tcp   LISTEN 0      4096               *:10250            *:*    users:(("kubelet",pid=300,fd=12))
udp   UNCONN 0      0      127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=9,fd=13))
udp   UNCONN 0      0      [fe80::1]%eth0:546            [::]:*
tcp   LISTEN 0      4096      127.0.0.11:41415      0.0.0.0:*
"""
SYSTEMD = (
    "/proc/1234/cgroup:0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
    f"kubelet-kubepods-besteffort-pod{UID.replace('-', '_')}.slice/cri-containerd-abc.scope"
)
CGROUPFS = f"/proc/77/cgroup:11:memory:/kubepods/burstable/pod{UID}/abcdef"


def test_every_socket_is_read_once_under_its_first_process() -> None:
    found = [(o.protocol, o.address, o.port, o.process, o.pid) for o in parse_ss(SS, "node-1")]
    assert found == [
        ("tcp", "0.0.0.0", 80, "nginx", 1234),
        ("tcp", "[::]", 80, "nginx", 1234),
        ("tcp", "*", 10250, "kubelet", 300),
        ("udp", "127.0.0.53", 53, "systemd-resolve", 9),
        ("udp", "[fe80::1]", 546, "", 0),
        ("tcp", "127.0.0.11", 41415, "", 0),
    ]


@pytest.mark.parametrize(
    "line", ["", "State Recv-Q", "u_str LISTEN 0 1 /run/x 1 * 0", "tcp LISTEN"]
)
def test_other_lines_are_left_out(line: str) -> None:
    assert parse_ss(line, "node-1") == []


def test_a_port_is_of_one_protocol() -> None:
    listeners = parse_ss(SS, "node-1")
    assert len(on_port(listeners, 80)) == 2
    assert on_port(listeners, 53) == []
    assert len(on_port(listeners, 53, "udp")) == 1


def test_a_listener_is_told_with_its_process() -> None:
    with_process, *_, without = map(str, parse_ss(SS, "node-1"))
    assert with_process == "tcp 0.0.0.0:80 on node-1: nginx (pid 1234)"
    assert without == "tcp 127.0.0.11:41415 on node-1: a process not visible here"


def test_the_pod_is_read_from_the_cgroup_of_either_driver() -> None:
    node_process = "/proc/300/cgroup:0::/system.slice/kubelet.service"
    text = f"{SYSTEMD}\n{node_process}\n{CGROUPFS}\ngrep: /proc/5/cgroup: No such file"
    assert parse_cgroups(text) == {1234: UID, 77: UID}


def listener(uid: str) -> Listener:
    return Listener("node-1", "tcp", "0.0.0.0", 80, "nginx", 1234, uid)


def test_the_owner_is_named() -> None:
    def pods() -> list[dict]:
        return [pod("other"), pod("web", "shop", uid=UID)]

    assert owner_name(listener(UID), pods) == "pod shop/web"
    assert owner_name(listener("gone"), pods) == "an unknown pod (uid gone)"
    assert owner_name(listener(""), pods) == "a process of the node itself, not of a pod"


@pytest.fixture
def node(programs: Programs) -> Node:
    return Node("node-1", "172.18.0.2", schedulable=True, docker=programs.bin / "docker")


def test_the_census_joins_sockets_and_owners(node: Node, programs: Programs) -> None:
    programs.add("docker exec node-1 ss -H -l -n -t -u -p", output=SS)
    files = "/proc/9/cgroup /proc/300/cgroup /proc/1234/cgroup"
    programs.add(f"docker exec node-1 grep -H . {files}", output=SYSTEMD, code=2)
    owners = {one.port: one.pod_uid for one in census(node)}
    assert owners == {80: UID, 10250: "", 53: "", 546: "", 41415: ""}


def test_without_processes_no_cgroup_is_read(node: Node, programs: Programs) -> None:
    programs.add("docker exec node-1 ss", output=SS.splitlines()[-1])
    assert [one.port for one in census(node)] == [41415]
    assert programs.calls() == ["docker exec node-1 ss -H -l -n -t -u -p"]
