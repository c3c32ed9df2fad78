"""Mistakes in scenario files: each text whole, with file:line and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_hostnet.cluster.topology import Topology
from pytest_hostnet.manifests.yaml_source import SourceError
from pytest_hostnet.scenario.model import VERBS, load_scenario

HEAD = "title: t\nsource: s\nexplain: e\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
VERB_NAMES = ", ".join(VERBS)
KEYS = "title, source, explain, topology, ports, steps"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "behaviour"
    folder.mkdir()
    (folder / "pod.yaml").write_text(POD)
    return folder / "scenario.yaml"


def refusal(path: Path, text: str) -> str:
    """Return the error of a scenario with this text, FILE for the file's own path."""
    path.write_text(text)
    with pytest.raises(SourceError) as caught:
        load_scenario(path)
    return str(caught.value).replace(str(path), "FILE").replace(str(path.parent), "FOLDER")


def steps(text: str) -> str:
    return f"{HEAD}steps:\n{text}\n"


def test_a_scenario_is_read_whole(path: Path) -> None:
    path.write_text(
        f"{HEAD}topology: {{workers: 2, kube_proxy_mode: nftables}}\nports: [80]\n"
        "steps:\n- apply: pod.yaml\n- ready_count: {pods: app=web, ready: 1, within: 5}\n"
    )
    scenario = load_scenario(path)
    assert (scenario.name, scenario.title, scenario.ports) == ("behaviour", "t", (80,))
    assert scenario.topology == Topology(2, "nftables")
    assert [(step.name, step.line) for step in scenario.steps] == [("apply", 7), ("ready_count", 8)]
    assert scenario.steps[1].verb.given() == {"pods": "app=web", "ready": 1, "within": 5.0}


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("apply: pod.yaml", "apply: {manifest: pod.yaml}"),
        ("drop_port: 80", "drop_port: {port: 80}"),
        ("one_per_node: app=web", "one_per_node: {pods: app=web}"),
        ("service_reachable: web", "service_reachable: {service: web}"),
    ],
)
def test_a_bare_value_is_short_for_the_main_key(path: Path, short: str, long: str) -> None:
    path.write_text(steps(f"- {short}\n- {long}"))
    first, second = load_scenario(path).steps
    assert first.verb == second.verb


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"{HEAD}stepps: []\nsteps: [{{apply: pod.yaml}}]\n",
            f"FILE:4: unknown key 'stepps' (did you mean 'steps'?); allowed: {KEYS}",
        ),
        (
            f"{HEAD}colour: red\nsteps: [{{apply: pod.yaml}}]\n",
            f"FILE:4: unknown key 'colour'; allowed: {KEYS}",
        ),
        (
            f"{HEAD}topology:\n  worker: 2\nsteps: [{{apply: pod.yaml}}]\n",
            (
                "FILE:5: unknown key 'worker' (did you mean 'workers'?); "
                "allowed: workers, kube_proxy_mode, ip_family"
            ),
        ),
        (
            "title: t\nsource: s\nsteps: [{apply: pod.yaml}]\n",
            f"FILE:1: the key 'explain' is missing; allowed: {KEYS}",
        ),
        (HEAD, f"FILE:1: the key 'steps' is missing; allowed: {KEYS}"),
        (
            f"{HEAD}steps: []\n",
            "FILE:4: steps: List should have at least 1 item after validation, not 0, found []",
        ),
        (
            f"{HEAD}ports:\n- 80\n- eighty\nsteps: [{{apply: pod.yaml}}]\n",
            "FILE:6: ports.1: Input should be a valid integer, found 'eighty'",
        ),
        (
            f"{HEAD}ports: [70000]\nsteps: [{{apply: pod.yaml}}]\n",
            "FILE:4: ports.0: Input should be less than or equal to 65535, found 70000",
        ),
        (
            f"{HEAD}topology: {{ip_family: ipv5}}\nsteps: [{{apply: pod.yaml}}]\n",
            "FILE:4: topology.ip_family: Input should be 'ipv4', 'ipv6' or 'dual', found 'ipv5'",
        ),
        (
            f"{HEAD}topology: {{workers: true}}\nsteps: [{{apply: pod.yaml}}]\n",
            "FILE:4: topology.workers: Input should be a valid integer, found True",
        ),
        (
            "title: ''\nsource: 5\nexplain: e\nsteps: [{apply: pod.yaml}]\n",
            (
                "FILE:1: title: String should have at least 1 character, found ''\n"
                "FILE:2: source: Input should be a valid string, found 5"
            ),
        ),
        (
            steps("- apply"),
            "FILE:5: steps.0: Input should be a valid dictionary, found 'apply'",
        ),
        (
            "- a\n- b\n",
            f"FILE:1: the file: keys and values must be given (allowed: {KEYS}), found ['a', 'b']",
        ),
        ("", "FILE: 0 documents\n  expected: one scenario"),
        (f"{steps('- apply: pod.yaml')}---\na: 1\n", "FILE: 2 documents\n  expected: one scenario"),
        (
            f"{HEAD}title: again\n",
            "FILE:4: the key 'title' is there twice",
        ),
        (
            f"{HEAD}steps: [\n",
            (
                "FILE:5: not valid YAML: did not find expected node content (while parsing a flow "
                "node)\n  next:     check the indentation and quoting at that line"
            ),
        ),
    ],
)
def test_a_mistake_in_the_file_is_named(path: Path, text: str, said: str) -> None:
    assert refusal(path, text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "- apply: pod.yaml\n- crash_loop: {pods: app=web}",
            (
                f"FILE:6: unknown verb 'crash_loop' (did you mean 'crash_loops'?)\n"
                f"  expected: one of {VERB_NAMES}"
            ),
        ),
        (
            "- exec: ls",
            f"FILE:5: unknown verb 'exec'\n  expected: one of {VERB_NAMES}",
        ),
        (
            "- apply: pod.yaml\n  scale: {workload: deployment/web, replicas: 1}",
            f"FILE:5: 2 verbs in one step\n  expected: one of {VERB_NAMES}",
        ),
        ("- {}", f"FILE:5: 0 verbs in one step\n  expected: one of {VERB_NAMES}"),
        (
            "- ready_count:\n    pods: app=web\n    redy: 1\n    ready: 1",
            (
                "FILE:7: unknown key 'redy' (did you mean 'ready'?); "
                "allowed: pods, within, ready, of, hold"
            ),
        ),
        (
            "- ready_count: {pods: app=web}",
            "FILE:5: the key 'ready' is missing; allowed: pods, within, ready, of, hold",
        ),
        (
            "- ready_count: {pods: app=web, ready: '1'}",
            "FILE:5: ready: Input should be a valid integer, found '1'",
        ),
        (
            "- scale: deployment/web",
            (
                "FILE:5: scale: keys and values must be given (allowed: workload, replicas), "
                "found 'deployment/web'"
            ),
        ),
        (
            "- crash_loops:\n    pods: app=web\n    within: -1\n    port: 0",
            (
                "FILE:7: within: Input should be greater than or equal to 0, found -1\n"
                "FILE:8: port: Input should be greater than or equal to 1, found 0"
            ),
        ),
        (
            "- port_held: {pods: 'app=', port: 80, protocol: sctp}",
            "FILE:5: protocol: Input should be 'tcp' or 'udp', found 'sctp'",
        ),
        (
            "- one_per_node: app>1",
            "FILE:5: pods: cannot read label selector 'app>1' at 'app>1', found 'app>1'",
        ),
        (
            "- unschedulable: {pods: app=web, because: '('}",
            (
                "FILE:5: because: not a regular expression: missing ), unterminated "
                "subpattern at position 0, found '('"
            ),
        ),
        ("- drop_port: http", "FILE:5: port: Input should be a valid integer, found 'http'"),
    ],
)
def test_a_mistake_in_a_step_is_named(path: Path, text: str, said: str) -> None:
    assert refusal(path, steps(text)) == said


def test_a_missing_manifest_is_named_with_its_step(path: Path) -> None:
    assert refusal(path, steps("- apply: pod.yaml\n- apply: none.yaml")) == (
        "FILE:6: apply: FOLDER/none.yaml: No such file or directory\n  expected: a YAML file"
    )


@pytest.mark.parametrize("name", ["../outside.yaml", "link.yaml", "/etc/passwd", "linked/a.yaml"])
def test_a_manifest_outside_of_the_folder_is_refused(path: Path, name: str) -> None:
    outside = path.parent.parent / "outside.yaml"
    outside.write_text(POD)
    (path.parent / "link.yaml").symlink_to(outside)
    (path.parent / "linked").symlink_to(path.parent.parent)
    assert refusal(path, steps(f"- apply: {name}")) == (
        f"FILE:5: apply: manifest {name!r} lies outside of the scenario's folder\n"
        "  expected: a file in FOLDER"
    )


def test_a_manifest_deeper_in_the_folder_is_fine(path: Path) -> None:
    (path.parent / "more").mkdir()
    (path.parent / "more" / "pod.yaml").write_text(POD)
    path.write_text(steps("- apply: more/../more/pod.yaml"))
    assert len(load_scenario(path).steps) == 1


def test_a_broken_manifest_is_named_with_its_line_and_its_step(path: Path) -> None:
    (path.parent / "pod.yaml").write_text(POD.replace("web", "no"))
    assert refusal(path, steps("- apply:\n    manifest: pod.yaml")) == (
        "FILE:6: apply: FOLDER/pod.yaml:3: name is False, a boolean in YAML 1.1\n"
        "  expected: text\n  next:     put the value in quotes"
    )


def test_a_scenario_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file or directory"):
        load_scenario(tmp_path / "scenario.yaml")
