"""kind's own progress lines."""

from __future__ import annotations

import pytest
from fakes.clock import Clock

from pytest_hostnet.cluster.phases import Phases

LINES = """\
Creating cluster "hostnet-1" ...
 • Ensuring node image (kindest/node:v1.34.0) 🖼  ...
 ✓ Ensuring node image (kindest/node:v1.34.0) 🖼
 • Preparing nodes 📦 📦   ...
 ✓ Preparing nodes 📦 📦 \n\
 • Writing configuration 📜  ...
 ✓ Writing configuration 📜
 • Starting control-plane 🕹️  ...
 ✓ Starting control-plane 🕹️
 • Installing CNI 🔌  ...
 ✓ Installing CNI 🔌
 • Joining worker nodes 🚜  ...
 ✓ Joining worker nodes 🚜
Set kubectl context to "kind-hostnet-1"
You can now use your cluster with:

kubectl cluster-info --context kind-hostnet-1

Have a nice day! 👋
"""
PHASES = [
    "Ensuring node image (kindest/node:v1.34.0)",
    "Preparing nodes",
    "Writing configuration",
    "Starting control-plane",
    "Installing CNI",
    "Joining worker nodes",
]


@pytest.fixture
def reports() -> list[str]:
    return []


@pytest.fixture
def phases(clock: Clock, reports: list[str]) -> Phases:
    return Phases(reports.append, clock)


def test_each_finished_phase_is_reported_once(
    phases: Phases, clock: Clock, reports: list[str]
) -> None:
    for line in LINES.splitlines():
        phases.line(line)
        clock.advance(0.5)
    assert reports == [f"{phase}: 0.5 s" for phase in PHASES]
    assert list(phases.seconds) == PHASES


def test_a_failed_phase_stays_the_current_one(phases: Phases, reports: list[str]) -> None:
    for line in (
        " • Preparing nodes 📦   ...",
        " ✓ Preparing nodes 📦 ",
        " • Starting control-plane 🕹️  ...",
        " ✗ Starting control-plane 🕹️",
        "Deleted nodes: []",
        'ERROR: failed to create cluster: failed to init node with kubeadm: command "docker exec"',
    ):
        phases.line(line)
    assert phases.current == "Starting control-plane"
    assert reports == ["Preparing nodes: 0.0 s"]
    assert list(phases.seconds) == ["Preparing nodes"]


def test_before_the_first_phase_there_is_none(phases: Phases) -> None:
    phases.line('Creating cluster "x" ...')
    assert phases.current == ""


@pytest.mark.parametrize("line", ["• not indented but a phase ...", "   ", "W1118 warning ✓ done"])
def test_only_lines_that_begin_with_a_mark_count(phases: Phases, line: str) -> None:
    phases.line(line)
    assert phases.current == ("not indented but a phase" if line.startswith("•") else "")
