"""A namespace of a test: made usable, used, and gone with its pods."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from fakes.api_server import ApiServer, Reply
from fakes.objects import pod, service_account

from pytest_hostnet.cluster import namespace as module
from pytest_hostnet.cluster.namespace import Namespace
from pytest_hostnet.manifests.images import ImageMap
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import PODS, SERVICE_ACCOUNTS
from pytest_hostnet.watching.observer import Observer
from pytest_hostnet.watching.transport import ApiError

PATH = "/api/v1/namespaces/a"


@pytest.fixture
def cluster(observer: Observer, tmp_path: Path) -> SimpleNamespace:
    return SimpleNamespace(observer=observer, path=tmp_path)


@pytest.fixture
def namespace(cluster: SimpleNamespace) -> Namespace:
    return Namespace(cluster, "a", ImageMap(), [])


def create(cluster: SimpleNamespace) -> Namespace:
    return Namespace.create(cluster, "a", ImageMap(), [])


def serve(server: ApiServer, *pods: dict):
    server.lists(PODS, *pods)
    server.lists(SERVICE_ACCOUNTS)
    return server.watch(PODS), server.watch(SERVICE_ACCOUNTS)


def test_it_is_usable_once_its_service_account_is_there(
    server: ApiServer, cluster: SimpleNamespace
) -> None:
    _, accounts = serve(server)
    account = service_account("a")
    server.expects("POST", PATH[:-2], Reply(then=lambda: accounts.sends("ADDED", account)))
    assert create(cluster).name == "a"
    (post,) = [one for one in server.requests if one.method == "POST"]
    assert post.body["metadata"] == {"name": "a"}


def test_it_is_removed_when_it_never_becomes_usable(
    server: ApiServer, cluster: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_USABLE_SECONDS", 0.2)
    serve(server)
    server.expects("POST", PATH[:-2], Reply())
    server.expects("DELETE", PATH, Reply())
    server.expects("DELETE", f"{PATH}/pods", Reply())
    with pytest.raises(HostnetError, match="namespace a is not usable after"):
        create(cluster)


def test_a_refused_namespace_is_told_in_the_servers_words(
    server: ApiServer, cluster: SimpleNamespace
) -> None:
    serve(server)
    server.expects("POST", PATH[:-2], Reply(403, {"message": "cannot create namespaces"}))
    with pytest.raises(ApiError, match="403: cannot create namespaces"):
        create(cluster)


def test_closing_waits_until_its_pods_are_gone(server: ApiServer, namespace: Namespace) -> None:
    server.lists(PODS, pod("web"), pod("other", "b"))
    watch = server.watch(PODS)
    server.expects("DELETE", PATH, Reply())
    server.expects("DELETE", f"{PATH}/pods", Reply(then=lambda: watch.sends("DELETED", pod("web"))))
    undone = []
    namespace.cleanup.callback(undone.append, "the firewall rule")
    namespace.close()
    assert [one.path for one in server.requests if one.method == "DELETE"] == [
        PATH,
        f"{PATH}/pods",
    ]
    assert undone == ["the firewall rule"]


def test_a_pod_that_stays_is_named_with_its_finalizer(
    server: ApiServer, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PODS_GONE_SECONDS", 0.2)
    stuck = pod("web")
    stuck["metadata"]["finalizers"] = ["example.com/never"]
    server.lists(PODS, stuck)
    server.watch(PODS)
    server.expects("DELETE", PATH, Reply())
    server.expects("DELETE", f"{PATH}/pods", Reply())
    undone = []
    namespace.cleanup.callback(undone.append, "the firewall rule")
    with pytest.raises(HostnetError) as caught:
        namespace.close()
    assert str(caught.value) == (
        "pods of namespace a are still there after 0.2 s: "
        "web (finalizers ['example.com/never'])\n"
        "  expected: every pod gone, and with it its host ports"
    )
    assert undone == ["the firewall rule"]


def test_a_namespace_that_somebody_else_deleted_is_no_error(
    server: ApiServer, namespace: Namespace
) -> None:
    server.lists(PODS)
    server.watch(PODS)
    server.expects("DELETE", PATH, Reply(404, {"message": "not found"}))
    namespace.close()


def test_a_workload_is_scaled_through_its_scale(server: ApiServer, namespace: Namespace) -> None:
    path = "/apis/apps/v1/namespaces/a/deployments/web/scale"
    server.expects("PATCH", path, Reply())
    namespace.scale("deployment/web", 3)
    assert server.requests[0].body == {"spec": {"replicas": 3}}


@pytest.mark.parametrize("workload", ["web", "pod/web", "daemonset/web"])
def test_what_cannot_be_scaled_is_refused(namespace: Namespace, workload: str) -> None:
    with pytest.raises(HostnetError) as caught:
        namespace.scale(workload, 3)
    assert str(caught.value) == (
        f"cannot scale {workload!r}\n"
        "  expected: deployment/NAME, replicaset/NAME or statefulset/NAME"
    )
