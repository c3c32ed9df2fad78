"""Runs one scenario on one cluster; knows nothing of pytest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.cluster.kind import HostnetCluster
from pytest_hostnet.ports.listeners import census, on_port, owner_name
from pytest_hostnet.scenario.model import Scenario, Step
from pytest_hostnet.scenario.verb import Stage
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import PODS, Obj
from pytest_hostnet.watching.selectors import EVERYTHING


class StepFailed(AssertionError):
    """A step's expectation did not hold; ``str()`` is the story, ``place`` the file:line."""

    def __init__(self, scenario: Scenario, step: Step, cause: AssertionError) -> None:
        """Keep which step it was."""
        number = scenario.steps.index(step) + 1
        self.place = f"{scenario.path}:{step.line}"
        super().__init__(
            f"{self.place}: step {number} of {len(scenario.steps)}, {step.name}, failed\n{cause}"
        )


@dataclass(slots=True)
class Record:
    """What a run leaves for the report."""

    scenario: str
    findings: list[Finding] = field(default_factory=list)
    steps: list[tuple[str, float]] = field(default_factory=list)
    """Each step's name and its duration in seconds."""


def run(
    scenario: Scenario,
    cluster: HostnetCluster,
    record: Record,
    *,
    on_step: Callable[[Step], None] = lambda _: None,
) -> None:
    """Run every step in a namespace of the scenario's own, and remove it, whatever happens.

    Raises StepFailed with the story, or HostnetError when the scenario could not be run.
    """
    _require_free_ports(scenario, cluster)
    with cluster.namespace(scenario.name, findings=record.findings) as namespace:
        stage = Stage(scenario.path.parent, namespace)
        for step in scenario.steps:
            on_step(step)
            started = monotonic()
            try:
                step.verb.run(stage)
            except AssertionError as error:
                raise StepFailed(scenario, step, error) from error
            finally:
                record.steps.append((step.name, monotonic() - started))


def _require_free_ports(scenario: Scenario, cluster: HostnetCluster) -> None:
    """Refuse to start on an occupied port: whatever then failed would blame the wrong thing."""
    if not scenario.ports:
        return

    def all_pods() -> list[Obj]:
        cluster.observer.watch(PODS)
        return cluster.observer.store.select(PODS, None, EVERYTHING)

    for node in cluster.nodes(schedulable=True):
        listeners = census(node)
        for port in scenario.ports:
            for one in on_port(listeners, port):
                raise HostnetError(
                    f"port {port} is not free: {one}, {owner_name(one, all_pods)}",
                    expected=f"a free port {port} on every node before “{scenario.name}” starts",
                    next_step="remove what holds it, or use a fresh cluster",
                )
