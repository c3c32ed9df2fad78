"""What a cluster still lacks, by name."""

from __future__ import annotations

import pytest
from fakes.api_server import ApiServer
from fakes.objects import node, service_account

from pytest_hostnet.cluster.readiness import wait_until_ready
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import NODES, SERVICE_ACCOUNTS
from pytest_hostnet.watching.observer import Observer

ACCOUNT = service_account()
ELSEWHERE = service_account("kube-system")
SILENT = {"metadata": {"name": "node-2", "uid": "2", "resourceVersion": "1"}}


def serve(server: ApiServer, nodes: list[dict], accounts: list[dict]) -> None:
    server.lists(NODES, *nodes)
    server.watch(NODES)
    server.lists(SERVICE_ACCOUNTS, *accounts)
    server.watch(SERVICE_ACCOUNTS)


@pytest.mark.parametrize(
    ("nodes", "accounts", "missing"),
    [
        ([node("node-1")], [ACCOUNT], "1 of 2 nodes have not joined"),
        (
            [node("node-1"), node("node-2", ready=False, message="PLEG is not healthy")],
            [ACCOUNT],
            "node node-2: KubeletNotReady: PLEG is not healthy",
        ),
        ([node("node-1"), SILENT], [ACCOUNT], "node node-2 has not reported yet"),
        (
            [node("node-1"), node("node-2")],
            [ELSEWHERE],
            "the ServiceAccount default/default does not exist",
        ),
        (
            [],
            [],
            "2 of 2 nodes have not joined; the ServiceAccount default/default does not exist",
        ),
    ],
)
def test_what_is_missing_is_named(
    server: ApiServer, observer: Observer, nodes: list, accounts: list, missing: str
) -> None:
    serve(server, nodes, accounts)
    with pytest.raises(HostnetError) as caught:
        wait_until_ready(observer, nodes=2, seconds=0.2)
    assert str(caught.value) == (
        f"the cluster is not ready after 0.2 s: {missing}\n"
        "  expected: every node Ready and the ServiceAccount default/default there\n"
        "  next:     `docker exec NODE journalctl -u kubelet` shows the kubelet's own reason; "
        "give --hostnet-ready-timeout more seconds on a slow machine"
    )


def test_the_wait_ends_with_the_last_node(server: ApiServer, observer: Observer) -> None:
    server.lists(NODES, node("node-1"), node("node-2", ready=False))
    server.watch(NODES).sends("MODIFIED", node("node-2"))
    server.lists(SERVICE_ACCOUNTS)
    server.watch(SERVICE_ACCOUNTS).sends("ADDED", ACCOUNT)
    wait_until_ready(observer, nodes=2, seconds=30)
