"""Every shipped scenario, broken on purpose: it must turn red, and tell the right story."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pytest_hostnet.cluster.kind import HostnetCluster
from pytest_hostnet.cluster.topology import Topology
from pytest_hostnet.scenario.model import Scenario, Step, load_scenario
from pytest_hostnet.scenario.run import Record, StepFailed, run
from tests.cluster.conftest import host_process_on

PATIENCE = 6.0
"""Seconds for what never comes true; longer would only make the tests slower."""
CRASH_PATIENCE = 15.0
"""The same for crash loops, which take 7 s when they do come true."""


@dataclass(frozen=True)
class Mutant:
    scenario: str
    name: str
    file: str
    old: str
    new: str
    story: str
    """Regular expressions, one a line, that the failure must match."""

    def __str__(self) -> str:
        return f"{self.scenario}: {self.name}"


OFF = ("nginx.yaml", "hostNetwork: true", "hostNetwork: false")
OTHER_CRASH = (
    "nginx.yaml",
    "        name: nginx\n",
    (
        "        name: nginx\n        command: [sh, -c, "
        "\"nginx -g 'daemon off;' 2>/dev/null || { echo no licence found; exit 3; }\"]\n"
    ),
)

MUTANTS = [
    Mutant(
        "sees-host-interfaces", "hostNetwork off", *OFF,
        "sees_host_interfaces, failed\nanother network namespace .spec.hostNetwork is false.",
    ),
    Mutant(
        "sees-host-interfaces", "no contrast", "ordinary.yaml", "spec:\n",
        "spec:\n  hostNetwork: true\n",
        "does not see the interfaces of\nthe same network namespace .spec.hostNetwork is true.",
    ),
    Mutant(
        "pod-ip-is-node-ip", "hostNetwork off", *OFF,
        r"pod_ip_is_node_ip, failed"
        "\npodIPs \\['10\\.\nspec.hostNetwork is false\nit cannot come true",
    ),
    Mutant(
        "pod-ip-is-node-ip", "zero pods", "nginx.yaml", "replicas: 1", "replicas: 0",
        "ready_count, failed\nlast seen: 0 of 0 pods are Ready",
    ),
    Mutant(
        "port-is-occupied", "hostNetwork off", *OFF,
        "port_held, failed\nnothing listens on port 80",
    ),
    Mutant(
        "reachable-through-node-port", "hostNetwork off", *OFF,
        "reachable, failed\nrefused\nis the pod on the host network",
    ),
    Mutant(
        "firewall-blocks-node-port", "hostNetwork off", *OFF,
        "reachable, failed\nrefused",
    ),
    Mutant(
        "firewall-blocks-node-port", "no firewall rule", "scenario.yaml", "- drop_port: 80\n", "",
        "unreachable, failed\nlast seen: http://.* from host: answered .200",
    ),
    Mutant(
        "firewall-blocks-node-port", "the rule stays", "scenario.yaml", "- allow_port: 80\n", "",
        "step 8 of 8, reachable, failed\ntimed out\na firewall that drops packets",
    ),
    Mutant(
        "over-replication-crash-loops", "hostNetwork off", *OFF,
        "crash_loops, failed\n0 of 1 proven\nno container has failed",
    ),
    Mutant(
        "over-replication-crash-loops", "another reason", *OTHER_CRASH,
        "crash_loops, failed\nbut its log names no failed bind of port 80\nno licence found\n"
        "it cannot come true",
    ),
    Mutant(
        "over-replication-crash-loops", "never scaled", "scenario.yaml",
        "- scale: {workload: deployment/nginx, replicas: 2}\n", "",
        "crash_loops, failed\n0 of 1 proven",
    ),
    Mutant(
        "over-replication-crash-loops", "no such image", "nginx.yaml", "nginx:alpine",
        "hostnet.invalid/none:1",
        "ready_count, failed\nErrImagePull|ImagePullBackOff\n--hostnet-image",
    ),
    Mutant(
        "one-replica-per-node", "hostNetwork off", *OFF,
        "(one_per_node|port_held), failed\n(more than one pod|nothing listens on port 80)",
    ),
    Mutant(
        "one-replica-per-node", "port not declared", "nginx.yaml",
        "        ports:\n        - containerPort: 80\n", "",
        "(one_per_node|unschedulable), failed\n(more than one pod on|0 of 1 unschedulable)",
    ),
    Mutant(
        "service-fails-with-two-on-one-node", "hostNetwork off", *OFF,
        "crash_loops, failed\n0 of 1 proven",
    ),
    Mutant(
        "service-fails-with-two-on-one-node", "no second replica", "scenario.yaml",
        "- scale: {workload: deployment/nginx, replicas: 2}\n"
        "- crash_loops: {pods: app=nginx, count: 1, port: 80}\n", "",
        "duplicate_endpoint, failed\nendpoints .ready by address.: ",
    ),
    Mutant(
        "service-fails-with-two-on-one-node", "no outage", "scenario.yaml",
        "- scale: {workload: deployment/nginx, replicas: 2}\n"
        "- crash_loops: {pods: app=nginx, count: 1, port: 80}\n"
        "- duplicate_endpoint: nginx\n", "",
        "service_outage, failed\nit never failed twice running",
    ),
    Mutant(
        "service-fails-with-two-on-one-node", "nobody serves", "scenario.yaml",
        "- scale: {workload: deployment/nginx, replicas: 2}\n"
        "- crash_loops: {pods: app=nginx, count: 1, port: 80}\n"
        "- duplicate_endpoint: nginx\n",
        "- scale: {workload: deployment/nginx, replicas: 0}\n"
        "- ready_count: {pods: app=nginx, ready: 0}\n",
        "service_outage, failed\nno ready endpoint answered by itself",
    ),
    Mutant(
        "service-fails-with-two-on-one-node", "the loser stays", "scenario.yaml",
        "- scale: {workload: deployment/nginx, replicas: 1}\n"
        "- ready_count: {pods: app=nginx, ready: 1, of: 1}\n"
        "- service_reachable: nginx\n",
        "- service_reachable: {service: nginx, within: 6, hold: 6}\n",
        "service_reachable, failed\nx",
    ),
]  # fmt: skip

TWO_WORKERS = "one-replica-per-node"


def mutated(mutant: Mutant, shipped: Path, folder: Path) -> Scenario:
    copy = folder / mutant.scenario
    shutil.copytree(shipped / mutant.scenario, copy)
    text = (copy / mutant.file).read_text()
    assert mutant.old in text, "the mutant no longer changes anything"
    (copy / mutant.file).write_text(text.replace(mutant.old, mutant.new))
    return impatient(load_scenario(copy / "scenario.yaml"))


def impatient(scenario: Scenario) -> Scenario:
    steps = tuple(
        replace(step, verb=step.verb.model_copy(update={"within": patience(step)}))
        if "within" in type(step.verb).model_fields
        else step
        for step in scenario.steps
    )
    return replace(scenario, steps=steps)


def patience(step: Step) -> float:
    return CRASH_PATIENCE if step.name == "crash_loops" else PATIENCE


def params(*, workers: int) -> list[object]:
    here = [m for m in MUTANTS if (m.scenario == TWO_WORKERS) == bool(workers)]
    return [pytest.param(mutant, id=str(mutant)) for mutant in here]


def assert_red(mutant: Mutant, cluster: HostnetCluster, shipped: Path, folder: Path) -> None:
    scenario = mutated(mutant, shipped, folder)
    with pytest.raises(StepFailed) as failure:
        run(scenario, cluster, Record(scenario.name))
    story = str(failure.value)
    for part in mutant.story.splitlines():
        assert re.search(part, story), f"{part!r} is not in the story:\n{story}"
    assert "expected: " in story
    assert "timeline" in story or "zero pods" in mutant.name


@pytest.mark.parametrize("mutant", params(workers=0))
def test_broken_scenario_turns_red_with_its_story(
    mutant: Mutant, hostnet_cluster: HostnetCluster, shipped: Path, tmp_path: Path
) -> None:
    assert_red(mutant, hostnet_cluster, shipped, tmp_path)


@pytest.mark.hostnet_topology(workers=2)
@pytest.mark.parametrize("mutant", params(workers=2))
def test_broken_scenario_on_two_workers_turns_red(
    mutant: Mutant,
    hostnet_clusters: Callable[[Topology], HostnetCluster],
    shipped: Path,
    tmp_path: Path,
) -> None:
    assert_red(mutant, hostnet_clusters(Topology(workers=2)), shipped, tmp_path)


def test_every_shipped_scenario_has_a_mutant(shipped: Path) -> None:
    assert {m.scenario for m in MUTANTS} == {p.parent.name for p in shipped.glob("*/scenario.yaml")}


SLEEP = "        name: nginx\n        command: [sleep, infinity]\n"


@pytest.mark.parametrize(
    ("name", "step"),
    [("reachable-through-node-port", "reachable"), ("port-is-occupied", "port_held")],
)
def test_a_port_served_by_the_node_itself_is_not_the_pods(
    name: str, step: str, hostnet_cluster: HostnetCluster, shipped: Path, tmp_path: Path
) -> None:
    mutant = Mutant(name, "intruder", "nginx.yaml", "        name: nginx\n", SLEEP, "")
    scenario = replace(mutated(mutant, shipped, tmp_path), ports=())
    node = hostnet_cluster.nodes()[0]
    with host_process_on(node, 80), pytest.raises(StepFailed) as failure:
        run(scenario, hostnet_cluster, Record(name))
    story = str(failure.value)
    assert f"{step}, failed" in story
    assert "systemd-socket" in story
    assert "a process of the node itself, not of a pod" in story


def test_a_port_served_by_another_pod_is_not_the_pods(
    hostnet_cluster: HostnetCluster, shipped: Path, tmp_path: Path
) -> None:
    name = "reachable-through-node-port"
    mutant = Mutant(name, "intruder", "nginx.yaml", "        name: nginx\n", SLEEP, "")
    scenario = replace(mutated(mutant, shipped, tmp_path), ports=())
    with hostnet_cluster.namespace("intruder") as intruder:
        intruder.apply(shipped / name / "nginx.yaml")
        with pytest.raises(StepFailed) as failure:
            run(scenario, hostnet_cluster, Record(name))
    assert "but the answer is not the pod's" in str(failure.value)
    assert f"pod {intruder.name}/nginx-" in str(failure.value)


def test_an_occupied_port_is_refused_before_the_scenario_starts(
    hostnet_cluster: HostnetCluster, shipped: Path
) -> None:
    from pytest_hostnet import HostnetError

    scenario = load_scenario(shipped / "pod-ip-is-node-ip" / "scenario.yaml")
    with (
        host_process_on(hostnet_cluster.nodes()[0], 80),
        pytest.raises(HostnetError, match=r"port 80 is not free: .*systemd-socket"),
    ):
        run(scenario, hostnet_cluster, Record(scenario.name))
