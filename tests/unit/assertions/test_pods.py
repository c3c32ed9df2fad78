"""Assertion helpers on scripted pods: what holds, what fails at once, and the story told."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes.api_server import ApiServer, Reply, WatchScript
from fakes.objects import Obj, container, event, exited, node, pod, running, waiting

import pytest_hostnet as hostnet
from pytest_hostnet.cluster.namespace import Namespace, Pods
from pytest_hostnet.cluster.node import Node
from pytest_hostnet.manifests.images import ImageMap
from pytest_hostnet.watching.kinds import EVENTS, NODES, PODS
from pytest_hostnet.watching.observer import Observer

LINE = "bind() to 0.0.0.0:80 failed (98: Address in use)"
Serve = Callable[..., WatchScript]


@pytest.fixture
def pods(observer: Observer, tmp_path: Path) -> Pods:
    def nodes(*, schedulable: bool = False) -> list[Node]:
        return [Node.from_object(node(name), tmp_path / "docker") for name in ("node-1", "node-2")]

    cluster = SimpleNamespace(observer=observer, path=tmp_path, nodes=nodes)
    return Namespace(cluster, "a", ImageMap(), []).pods("app=web")


@pytest.fixture
def serve(server: ApiServer) -> Serve:
    """Serve these pods and events; what else the pods do is told to the returned watch."""

    def go(*objects: Obj, events: tuple[Obj, ...] = ()) -> WatchScript:
        server.lists(PODS, *objects)
        server.lists(EVENTS, *events)
        server.watch(EVENTS)
        return server.watch(PODS)

    return go


def web(name: str = "web-1", **more: object) -> Obj:
    return pod(name, labels={"app": "web"}, **more)


def looping(name: str = "web-2") -> tuple[Obj, Obj]:
    status = container(state=exited(run="2"), last=exited(run="1"), restarts=1)
    one = web(name, containers=[status])
    return one, event(one, "BackOff", "Back-off restarting failed container nginx")


def serve_log(server: ApiServer, name: str, text: str, times: int = 1) -> None:
    for _ in range(times):
        server.expects("GET", f"/api/v1/namespaces/a/pods/{name}/log", Reply(body=text))


def story(call: Callable[[], object], *, seconds: float = 2) -> str:
    started = time.monotonic()
    with pytest.raises(AssertionError) as caught:
        call()
    assert time.monotonic() - started < seconds
    return str(caught.value)


def test_ready_pods_are_returned(pods: Pods, serve: Serve, server: ApiServer) -> None:
    server.lists(PODS, web(ready=True), web("web-2"))
    server.watch(PODS)
    found = hostnet.assert_ready_count(pods, 1, of=2)
    assert [one["metadata"]["name"] for one in found] == ["web-1"]


def test_too_few_ready_pods_are_told_with_timeline_and_log(
    pods: Pods, serve: Serve, server: ApiServer
) -> None:
    crashed = web(containers=[container(state=exited(run="1"))])
    serve(crashed, events=(event(crashed, "Failed", "the container died"),))
    serve_log(server, "web-1", "first line\nlast line\n")
    text = story(lambda: hostnet.assert_ready_count(pods, 1, within=0.2))
    assert text.startswith(
        "expected: 1 of 1 pods Ready (pods app=web in namespace a, within 0.2 s)\n"
        "last seen: 0 of 1 pods are Ready: web-1: Running, nginx exited 1 (Error)\n"
        "(gave up after 0.2 s)\n"
        "pods:\n  web-1 on node-1: Running, nginx exited 1 (Error)\n"
        "timeline (seconds since the namespace was made):\n  +"
    )
    assert "\nevents:\n  Warning Failed web-1: the container died\n" in text
    assert text.endswith("\nlog of web-1/nginx:\n  first line\n  last line")


@pytest.mark.parametrize(
    ("call", "asks"),
    [
        (lambda pods: hostnet.assert_ready_count(pods, 1, within=30), ()),
        (lambda pods: hostnet.assert_crash_loops(pods, within=30), ()),
        (lambda pods: hostnet.assert_pod_ip_is_node_ip(pods, within=30), (NODES,)),
        (lambda pods: hostnet.assert_one_per_node(pods, within=30), ()),
        (lambda pods: hostnet.assert_reachable(pods, 80, within=30), ()),
        (lambda pods: hostnet.assert_sees_host_interfaces(pods, within=30), ()),
    ],
    ids=["ready", "crash_loops", "pod_ip", "one_per_node", "reachable", "interfaces"],
)
def test_an_image_that_cannot_be_pulled_fails_at_once(
    pods: Pods, serve: Serve, server: ApiServer, call: Callable, asks: tuple
) -> None:
    serve(
        web(phase="Pending", containers=[container(state=waiting("ErrImagePull", "no such tag"))])
    )
    serve_log(server, "web-1", "")
    for kind in asks:
        server.lists(kind, node())
        server.watch(kind)
    text = story(lambda: call(pods))
    assert "ErrImagePull: the image cannot be pulled: no such tag" in text
    assert "s: it cannot come true)" in text


def test_a_state_that_does_not_hold_is_told(pods: Pods, serve: Serve) -> None:
    watch = serve(web(ready=True))
    pods.now()
    watch.sends("MODIFIED", web(version=2))
    text = story(lambda: hostnet.assert_ready_count(pods, 1, hold=30))
    assert "expected: 1 of 1 pods Ready" in text
    assert "0 of 1 pods are Ready" in text


def test_a_state_that_holds_is_watched_for_its_time(pods: Pods, server: ApiServer) -> None:
    server.lists(PODS, web(ready=True))
    server.watch(PODS)
    started = time.monotonic()
    hostnet.assert_ready_count(pods, 1, hold=0.3)
    assert time.monotonic() - started >= 0.3


def test_a_crash_loop_is_proven_and_reported(pods: Pods, serve: Serve, server: ApiServer) -> None:
    loser, back_off = looping()
    serve(web(ready=True, containers=[container(state=running())]), loser, events=(back_off,))
    serve_log(server, "web-2", f"{LINE}\n")
    (proof,) = hostnet.assert_crash_loops(pods, port=80)
    assert (proof.pod, proof.node, proof.failed_exits, proof.log_line) == (
        *("web-2", "node-1", 2),
        LINE,
    )
    (finding,) = pods.namespace.findings
    assert (finding.pod, finding.port, finding.state, finding.proof) == (
        *("web-2", "80", "crashed (2 exits)"),
        LINE,
    )


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        ("panic: no configuration\n", "last line: panic: no configuration"),
        ("bind() to 0.0.0.0:443 failed (98: Address in use)\n", "names no failed bind of port 80"),
    ],
)
def test_a_crash_for_another_reason_fails_at_once(
    pods: Pods, serve: Serve, server: ApiServer, log: str, cause: str
) -> None:
    loser, back_off = looping()
    serve(loser, events=(back_off,))
    serve_log(server, "web-2", log, times=3)
    pods.namespace.cluster.nodes = lambda **_: []
    assert cause in story(lambda: hostnet.assert_crash_loops(pods, port=80, within=30))


def test_more_crash_loops_than_expected_fail_at_once(
    pods: Pods, serve: Serve, server: ApiServer
) -> None:
    (one, first), (two, second) = looping("web-2"), looping("web-3")
    serve(one, two, events=(first, second))
    for name in ("web-2", "web-3"):
        serve_log(server, name, f"{LINE}\n", times=2)
    assert "2 pods crash-loop: web-2, web-3" in story(
        lambda: hostnet.assert_crash_loops(pods, count=1, within=30)
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda pods: hostnet.assert_crash_loops(pods, within=0.1),
        lambda pods: hostnet.assert_unschedulable(pods, within=0.1),
        lambda pods: hostnet.assert_reachable(pods, 80, within=0.1),
        lambda pods: hostnet.assert_unreachable(pods, 80, within=0.1),
        lambda pods: hostnet.assert_sees_host_interfaces(pods, within=0.1),
    ],
    ids=["crash_loops", "unschedulable", "reachable", "unreachable", "interfaces"],
)
def test_no_pod_at_all_never_passes(pods: Pods, serve: Serve, call: Callable) -> None:
    serve(pod("another", labels={"app": "db"}))
    pods.namespace.cluster.nodes = lambda **_: []
    assert "there is no such pod" in story(lambda: call(pods))


def unplaced(why: str) -> Obj:
    said = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": why}
    return web(phase="Pending", conditions=[said])


def test_pending_for_another_reason_does_not_count(pods: Pods, serve: Serve) -> None:
    serve(unplaced("0/1 nodes are available: 1 Insufficient cpu."))
    text = story(lambda: hostnet.assert_unschedulable(pods, within=0.1))
    assert "0 of 1 unschedulable so; web-1: 0/1 nodes are available: 1 Insufficient cpu." in text


def test_pending_for_the_port_counts(pods: Pods, server: ApiServer) -> None:
    server.lists(PODS, unplaced("1 node(s) didn't have free ports for the requested pod ports"))
    server.watch(PODS)
    assert len(hostnet.assert_unschedulable(pods)) == 1


def test_two_on_one_node_fail_at_once(pods: Pods, serve: Serve) -> None:
    serve(web("web-1", ready=True), web("web-2"))
    text = story(lambda: hostnet.assert_one_per_node(pods, within=30))
    assert "more than one pod on node-1: {'web-1': 'node-1', 'web-2': 'node-1'}" in text


def test_one_on_each_node_is_returned_by_node(pods: Pods, server: ApiServer) -> None:
    server.lists(PODS, web("web-1", ready=True), web("web-2", ready=True, node="node-2"))
    server.watch(PODS)
    assert hostnet.assert_one_per_node(pods) == {"node-1": "web-1", "node-2": "web-2"}


@pytest.mark.parametrize(("own", "holds"), [("127.0.0.1", True), ("10.244.0.5", False)])
def test_the_pods_ip_is_compared_with_the_nodes(
    pods: Pods, serve: Serve, server: ApiServer, own: str, holds: bool
) -> None:
    addresses = {"podIP": own, "podIPs": [{"ip": own}], "hostIPs": [{"ip": "127.0.0.1"}]}
    server.lists(PODS, web(ready=True, **addresses))
    server.watch(PODS)
    server.lists(NODES, node())
    server.watch(NODES)
    if holds:
        assert len(hostnet.assert_pod_ip_is_node_ip(pods, count=1)) == 1
        return
    server.lists(EVENTS)
    server.watch(EVENTS)
    text = story(lambda: hostnet.assert_pod_ip_is_node_ip(pods, within=30))
    assert (
        "web-1: podIPs ['10.244.0.5'], hostIPs ['127.0.0.1'], InternalIPs of node node-1 "
        "['127.0.0.1'] (spec.hostNetwork is false)"
    ) in text
