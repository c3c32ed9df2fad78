"""The life of a cluster, on stub programs and a fake API server."""

from __future__ import annotations

import json
import stat
import tempfile
from pathlib import Path

import pytest
from fakes.api_server import ApiServer, Reply
from fakes.kubeconfig import write_kubeconfig
from fakes.objects import node, service_account
from fakes.programs import Programs

from pytest_hostnet.cluster.kind import HostnetCluster
from pytest_hostnet.cluster.settings import ClusterSettings
from pytest_hostnet.cluster.topology import Topology
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import NODES, SERVICE_ACCOUNTS

FAILING = """\
Creating cluster "hostnet-x" ...
 • Preparing nodes 📦   ...
 ✓ Preparing nodes 📦
 • Starting control-plane 🕹️  ...
 ✗ Starting control-plane 🕹️
ERROR: failed to create cluster: could not find a log line that matches "Reached target"
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def kubeconfig(server: ApiServer, tmp_path: Path) -> str:
    return write_kubeconfig(tmp_path / "template", server.url, name="NAME").read_text()


def cluster(workers: int = 0, **settings: object) -> HostnetCluster:
    values = {"image": "node-image", "ready_seconds": 0.4, **settings}
    return HostnetCluster("hostnet-x", Topology(workers), ClusterSettings(**values))


def serve_ready(server: ApiServer, *nodes: dict) -> None:
    server.lists(NODES, *nodes)
    server.watch(NODES)
    server.lists(SERVICE_ACCOUNTS, service_account())
    server.watch(SERVICE_ACCOUNTS)


def deleted(programs: Programs) -> bool:
    calls = programs.calls("kind delete cluster")
    return len(calls) == 1 and "--name=hostnet-x" in calls[0]


def test_a_cluster_is_made_used_and_deleted(
    server: ApiServer, programs: Programs, temporary: Path, kubeconfig: str
) -> None:
    programs.docker()
    programs.kind(kubeconfig)
    taint = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
    serve_ready(server, node("hostnet-x-control-plane", taints=[taint]), node("hostnet-x-worker"))
    for _ in range(2):
        server.expects("GET", "/version", Reply(body={"gitVersion": "v1.37.2"}))
    made, lines = cluster(1), []
    made.create(progress=lines.append)
    assert made.version == "v1.37.2"
    assert [one.name for one in made.nodes(schedulable=True)] == ["hostnet-x-worker"]
    assert len(made.nodes()) == 2
    assert lines[0].startswith("Nodes Ready, default ServiceAccount: ")
    assert lines[1].startswith("hostnet-x is ready after ")
    (create,) = programs.calls("kind create")
    config = json.loads((made.path / "kind.json").read_text())
    assert len(config["nodes"]) == 2
    assert create == (
        f"kind create cluster --name=hostnet-x --config={made.path}/kind.json "
        f"--kubeconfig={made.kubeconfig_path} --image=node-image"
    )
    assert stat.S_IMODE(made.kubeconfig_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o700
    made.delete()
    made.delete()
    assert deleted(programs)
    assert list(temporary.iterdir()) == []


def test_a_creation_that_fails_names_its_phase_and_is_deleted(
    programs: Programs, temporary: Path
) -> None:
    programs.docker()
    programs.kind()
    programs.add("kind create cluster", output=FAILING, code=1)
    made = cluster()
    with pytest.raises(HostnetError) as caught:
        made.create()
    text = str(caught.value)
    assert text.startswith(
        "kind could not create cluster hostnet-x, phase “Starting control-plane”:\n"
    )
    assert 'could not find a log line that matches "Reached target"' in text
    assert text.endswith(
        "  next:     the last lines above are kind's own; `docker info` and free disk space are "
        "the usual suspects"
    )
    assert deleted(programs)
    assert list(temporary.iterdir()) == []


def test_a_creation_that_says_nothing_failed_at_the_start(
    programs: Programs, temporary: Path
) -> None:
    programs.docker()
    programs.kind()
    programs.add("kind create cluster", error="ERROR: no such file", code=1)
    with pytest.raises(HostnetError, match="phase “start”:"):
        cluster().create()


def test_a_clean_up_that_fails_too_does_not_hide_the_cause(
    programs: Programs, temporary: Path
) -> None:
    programs.docker()
    programs.kind()
    programs.add("kind create cluster", output=FAILING, code=1)
    programs.add("kind delete cluster", error="ERROR: failed to delete nodes", code=1)
    with pytest.raises(HostnetError) as caught:
        cluster().create()
    text = str(caught.value)
    assert "phase “Starting control-plane”" in text
    assert "ERROR: failed to delete nodes" in text
    assert "kind delete cluster --name hostnet-x" in text


def test_nodes_that_are_not_ready_are_detected_though_kind_exits_with_0(
    server: ApiServer, programs: Programs, temporary: Path, kubeconfig: str
) -> None:
    programs.docker()
    programs.kind(kubeconfig)
    unready = node("hostnet-x-worker", ready=False, message="cni plugin not initialized")
    serve_ready(server, node("hostnet-x-control-plane"), unready)
    with pytest.raises(HostnetError) as caught:
        cluster(1).create()
    assert str(caught.value).startswith(
        "the cluster is not ready after 0.4 s: "
        "node hostnet-x-worker: KubeletNotReady: cni plugin not initialized\n"
    )
    assert deleted(programs)
    assert list(temporary.iterdir()) == []


def test_without_an_engine_kind_is_never_called(programs: Programs, temporary: Path) -> None:
    programs.add("docker version", error="Cannot connect to the Docker daemon\n", code=1)
    programs.kind()
    with pytest.raises(HostnetError, match="the Docker engine does not answer"):
        cluster().create()
    assert programs.calls("kind") == []
    assert list(temporary.iterdir()) == []


def test_an_image_that_is_no_node_image_starts_nothing(programs: Programs, temporary: Path) -> None:
    programs.docker()
    programs.kind()
    programs.has_image("nginx:alpine", '["/docker-entrypoint.sh"]')
    with pytest.raises(HostnetError, match="nginx:alpine is not a kind node image"):
        cluster(image="nginx:alpine").create()
    assert programs.calls("kind create") == programs.calls("kind delete") == []


def test_a_cluster_that_was_there_before_is_used_and_never_deleted(
    server: ApiServer, programs: Programs, temporary: Path, kubeconfig: str
) -> None:
    programs.docker()
    programs.kind()
    programs.add("kind get clusters", output="other\nhostnet-x\n")
    programs.add("kind get nodes --name=hostnet-x", output="hostnet-x-control-plane\n")
    programs.add("kind export kubeconfig", kubeconfig=kubeconfig)
    serve_ready(server, node("hostnet-x-control-plane"))
    server.expects("GET", "/version", Reply(body={"gitVersion": "v1.37.2"}))
    made = cluster()
    made.create()
    made.delete()
    assert programs.calls("kind create") == programs.calls("kind delete") == []


def test_a_cluster_of_another_shape_is_refused_and_stays(
    programs: Programs, temporary: Path
) -> None:
    programs.docker()
    programs.kind()
    programs.add("kind get clusters", output="hostnet-x\n")
    programs.add("kind get nodes", output="hostnet-x-control-plane\n")
    with pytest.raises(HostnetError) as caught:
        cluster(2).create()
    assert str(caught.value) == (
        "cluster hostnet-x is there already, with 1 nodes\n"
        "  expected: 1 control plane + 2 workers, iptables, ipv4\n"
        "  next:     give another --cluster-name, or delete it: "
        "kind delete cluster --name hostnet-x"
    )
    assert programs.calls("kind delete") == []


def test_a_kept_cluster_is_not_deleted(
    server: ApiServer, programs: Programs, temporary: Path, kubeconfig: str
) -> None:
    programs.docker()
    programs.kind(kubeconfig)
    serve_ready(server, node("hostnet-x-control-plane"))
    server.expects("GET", "/version", Reply(body={"gitVersion": "v1.37.2"}))
    made = cluster(keep=True)
    made.create()
    made.delete()
    assert programs.calls("kind delete") == []
    assert made.kubeconfig_path.is_file()


def test_a_cluster_that_was_not_created_has_no_observer(
    programs: Programs, temporary: Path
) -> None:
    programs.docker()
    programs.kind()
    made = cluster()
    with pytest.raises(HostnetError, match="cluster hostnet-x has not been created"):
        _ = made.observer
    made.delete()
