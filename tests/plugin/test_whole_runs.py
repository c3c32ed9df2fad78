"""Whole runs on stub programs and a fake API server: from the flag to the closing page."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fakes.api_server import ApiServer, Reply
from fakes.kubeconfig import write_kubeconfig
from fakes.objects import Obj, node, pod, service_account
from fakes.programs import Programs
from vocabulary import HEAD, AddScenario, Run

from pytest_hostnet.watching.kinds import EVENTS, NODES, PODS, SERVICE_ACCOUNTS

WHY = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports"
STEPS = f"{HEAD}steps:\n- unschedulable: {{pods: app=web, within: 0.3}}\n"


@pytest.fixture(autouse=True)
def _machine(
    programs: Programs, server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "template", server.url, name="NAME").read_text()
    programs.docker()
    programs.kind(kubeconfig)
    monkeypatch.setattr("secrets.token_hex", lambda _: "abc123")


def unplaced(namespace: str) -> Obj:
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": WHY,
    }
    labels = {"app": "web"}
    return pod("web", namespace, labels=labels, phase="Pending", conditions=[condition])


def serve_cluster(
    server: ApiServer, *pods: Obj, namespaces: tuple[str, ...] = (), workers: int = 0
) -> None:
    """Expect one cluster's life: it becomes ready, has these pods, and namespaces come and go."""
    server.lists(NODES, *(node(f"node-{n}") for n in range(1 + workers)))
    server.watch(NODES)
    server.lists(SERVICE_ACCOUNTS, service_account(), *map(service_account, namespaces))
    server.watch(SERVICE_ACCOUNTS)
    server.expects("GET", "/version", Reply(body={"gitVersion": "v1.37.2"}))
    if not namespaces:
        return
    server.lists(PODS, *pods)
    watch = server.watch(PODS)
    for name in namespaces:
        server.expects("POST", "/api/v1/namespaces", Reply())
        server.expects("DELETE", f"/api/v1/namespaces/{name}", Reply())
        gone = [one for one in pods if one["metadata"]["namespace"] == name]

        def leave(gone: list[Obj] = gone) -> None:
            for one in gone:
                watch.sends("DELETED", one)

        server.expects("DELETE", f"/api/v1/namespaces/{name}/pods", Reply(then=leave))


def one_version_per_item(server: ApiServer, items: int) -> None:
    for _ in range(items):
        server.expects("GET", "/version", Reply(body={"gitVersion": "v1.37.2"}))


def test_a_scenario_that_holds_is_proven_on_the_closing_page(
    run: Run,
    server: ApiServer,
    programs: Programs,
    add_scenario: AddScenario,
    temporary: Path,
    pytester: pytest.Pytester,
) -> None:
    add_scenario("mine", text=STEPS)
    serve_cluster(server, unplaced("hostnet-mine-abc123"), namespaces=("hostnet-mine-abc123",))
    one_version_per_item(server, 1)
    result = run("--hostnet-scenarios", "--kind-image=node-image", "--junitxml=x.xml", "own")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "hostnet: creating cluster hostnet-abc123: 1 node, iptables, ipv4",
            "hostnet: hostnet-abc123 is ready after * s (v1.37.2)",
            "hostnet: deleted cluster hostnet-abc123",
            "*- hostnet: which pod holds which port, and what proves it -*",
            "mine, * s",
            "  node  pod  port  state    proof",
            f"        web        Pending  {WHY}",
        ]
    )
    assert len(programs.calls("kind create")) == len(programs.calls("kind delete")) == 1
    assert list(temporary.iterdir()) == []
    properties = {
        one.get("name"): one.get("value")
        for one in ET.parse(pytester.path / "x.xml").findall(".//property")
    }
    assert properties == {"kubernetes": "v1.37.2", "topology": "1 node, iptables, ipv4"}


def test_a_scenario_that_does_not_hold_tells_its_story_without_a_traceback(
    run: Run, server: ApiServer, programs: Programs, add_scenario: AddScenario, temporary: Path
) -> None:
    file = add_scenario("mine", text=STEPS) / "mine" / "scenario.yaml"
    serve_cluster(server, namespaces=("hostnet-mine-abc123",))
    one_version_per_item(server, 1)
    server.lists(EVENTS)
    server.watch(EVENTS)
    result = run("--hostnet-scenarios", "--kind-image=node-image", "own")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ scenario mine _*",
            f"{file}:5: step 1 of 1, unschedulable, failed",
            (
                "expected: 1 unschedulable because “didn't have free ports *” (pods app=web in "
                "namespace hostnet-mine-abc123, within 0.3 s)"
            ),
            "last seen: 0 of 1 unschedulable so; there is no such pod",
            "(gave up after 0.3 s)",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert len(programs.calls("kind delete")) == 1
    assert list(temporary.iterdir()) == []


def test_a_cluster_goes_before_the_next_topology_is_made(
    run: Run, server: ApiServer, programs: Programs, add_scenario: AddScenario
) -> None:
    text = f"{HEAD}topology: {{workers: N}}\nsteps: [{{ready_count: {{pods: app=x, ready: 0}}}}]\n"
    for name, workers in (("a", "0"), ("b", "1"), ("c", "0")):
        add_scenario(name, text=text.replace("N", workers))
    serve_cluster(server, namespaces=("hostnet-a-abc123", "hostnet-c-abc123"))
    one_version_per_item(server, 2)
    serve_cluster(server, namespaces=("hostnet-b-abc123",), workers=1)
    one_version_per_item(server, 1)
    result = run("--hostnet-scenarios", "--kind-image=node-image", "own")
    result.assert_outcomes(passed=3)
    calls = [call.split()[1:4:2] for call in programs.calls("kind") if "get" not in call]
    assert calls == [
        ["create", "--name=hostnet-abc123"],
        ["delete", "--name=hostnet-abc123"],
        ["create", "--name=hostnet-1w-abc123"],
        ["delete", "--name=hostnet-1w-abc123"],
    ]


def test_the_fixture_gives_a_cluster_that_is_deleted_at_the_end(
    run: Run, server: ApiServer, programs: Programs, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile("""
        def test_one(hostnet_cluster):
            assert [node.name for node in hostnet_cluster.nodes()] == ["node-0"]

        def test_two(hostnet_namespace):
            assert hostnet_namespace.name == "hostnet-test-two-abc123"
    """)
    serve_cluster(server, namespaces=("hostnet-test-two-abc123",))
    run("--kind-image=node-image").assert_outcomes(passed=2)
    assert len(programs.calls("kind create")) == len(programs.calls("kind delete")) == 1


def test_a_kept_cluster_says_how_to_use_it_again(
    run: Run, server: ApiServer, programs: Programs, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile("def test_it(hostnet_cluster): pass")
    serve_cluster(server)
    result = run("--kind-image=node-image", "--keep-cluster")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            (
                "hostnet: kept cluster hostnet-abc123; use it again with "
                "--cluster-name=hostnet-abc123 --keep-cluster, or: export KUBECONFIG=*; delete it "
                "with: kind delete cluster --name hostnet-abc123"
            )
        ]
    )
    assert programs.calls("kind delete") == []


def test_a_cluster_that_cannot_be_deleted_fails_the_run_and_is_named(
    run: Run, server: ApiServer, programs: Programs, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile("def test_it(hostnet_cluster): pass")
    programs.add("kind delete cluster", error="ERROR: failed to delete nodes\n", code=1)
    serve_cluster(server)
    result = run("--kind-image=node-image")
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "hostnet: cluster hostnet-abc123 could not be deleted: *",
            "ERROR: failed to delete nodes",
            "  next:     kind delete cluster --name hostnet-abc123",
        ]
    )


def test_a_session_fixture_keeps_its_cluster_to_the_end(
    run: Run, server: ApiServer, programs: Programs, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def deployed(hostnet_cluster):
            yield
            assert hostnet_cluster.version == "v1.37.2"

        def test_first(deployed): pass
        def test_of_something_else(): pass
        """
    )
    serve_cluster(server)
    one_version_per_item(server, 1)
    run("--kind-image=node-image").assert_outcomes(passed=2)
    assert len(programs.calls("kind delete")) == 1


def test_an_interrupted_tear_down_still_deletes_the_cluster(
    server: ApiServer, programs: Programs, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def impatient(hostnet_cluster):
            yield
            raise KeyboardInterrupt

        def test_interrupted(impatient): raise KeyboardInterrupt
        """
    )
    serve_cluster(server)
    result = pytester.runpytest_subprocess("--noconftest", "--kind-image=node-image")
    assert result.ret != pytest.ExitCode.OK
    assert len(programs.calls("kind create")) == len(programs.calls("kind delete")) == 1
