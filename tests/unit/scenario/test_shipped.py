"""The shipped scenarios: the behaviours that are claimed, and the schema for editors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_hostnet.glue.collection import shipped_scenarios
from pytest_hostnet.scenario.model import load_scenario
from pytest_hostnet.scenario.schema import schema

FOLDER = shipped_scenarios()
CLAIMS = {
    "firewall-blocks-node-port": ("unreachable", "drop_port"),
    "one-replica-per-node": ("one_per_node", "unschedulable"),
    "over-replication-crash-loops": ("crash_loops", "scale"),
    "pod-ip-is-node-ip": ("pod_ip_is_node_ip",),
    "port-is-occupied": ("port_held",),
    "reachable-through-node-port": ("reachable",),
    "sees-host-interfaces": ("sees_host_interfaces",),
    "service-fails-with-two-on-one-node": ("duplicate_endpoint", "service_outage"),
}


def test_every_claimed_behaviour_is_shipped() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/scenario.yaml")} == set(CLAIMS)


@pytest.mark.parametrize(("name", "verbs"), CLAIMS.items(), ids=CLAIMS)
def test_a_claim_is_asserted_by_its_own_verbs(name: str, verbs: tuple[str, ...]) -> None:
    scenario = load_scenario(FOLDER / name / "scenario.yaml")
    assert scenario.name == name
    assert set(verbs) <= {step.name for step in scenario.steps}
    assert scenario.source.startswith("Rede host")
    assert scenario.ports


@pytest.mark.parametrize("name", CLAIMS)
def test_every_file_of_a_scenario_is_used_by_it(name: str) -> None:
    steps = load_scenario(FOLDER / name / "scenario.yaml").steps
    applied = {step.verb.manifest for step in steps if step.name == "apply"}
    files = {path.name for path in (FOLDER / name).iterdir()}
    assert files == applied | {"scenario.yaml"}


def ports_used(step: object) -> set[int]:
    port = getattr(step.verb, "port", None)
    return {port} if port else set()


@pytest.mark.parametrize("name", CLAIMS)
def test_every_port_of_a_step_is_declared(name: str) -> None:
    scenario = load_scenario(FOLDER / name / "scenario.yaml")
    assert set().union(*map(ports_used, scenario.steps)) <= set(scenario.ports)


@pytest.mark.parametrize("name", CLAIMS)
def test_an_editor_finds_the_schema(name: str) -> None:
    first = (FOLDER / name / "scenario.yaml").read_text().splitlines()[0]
    marker = "# yaml-language-server: $schema="
    assert first.startswith(marker)
    assert Path(FOLDER / name / first.removeprefix(marker)).resolve() == FOLDER / "schema.json"


def test_the_schema_is_current() -> None:
    text = (FOLDER / "schema.json").read_text()
    assert json.loads(text) == schema()
    assert text == json.dumps(schema(), indent=1) + "\n"
