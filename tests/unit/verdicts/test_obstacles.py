"""What ends a wait early, and what must not."""

from __future__ import annotations

import pytest
from fakes.objects import container, exited, pod, running, waiting

from pytest_hostnet.verdicts.obstacles import obstacle, unschedulable

HINT = (
    "; where no registry is reachable, put a local image in its place: "
    "--hostnet-image IMAGE=STAND-IN"
)


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("ErrImagePull", f"the image cannot be pulled: said so{HINT}"),
        ("ImagePullBackOff", f"the image cannot be pulled: said so{HINT}"),
        (
            "ErrImageNeverPull",
            f"the image is not on the node, and the pull policy is Never: said so{HINT}",
        ),
        ("InvalidImageName", "the image name is not valid: said so"),
    ],
)
def test_a_container_that_waits_in_vain_is_named(reason: str, why: str) -> None:
    stuck = pod("one", phase="Pending", containers=[container(state=waiting(reason, "said so"))])
    assert obstacle(stuck) == f"pod one: container nginx (image nginx:alpine): {reason}: {why}"


def test_an_init_container_counts_too() -> None:
    init = container("setup", waiting("ErrImagePull", "no such tag"))
    stuck = pod("one", phase="Pending", initContainerStatuses=[init])
    assert "container setup (image nginx:alpine): ErrImagePull" in (obstacle(stuck) or "")


def test_a_pod_rejected_by_the_kubelet_is_an_obstacle() -> None:
    message = "Pod was rejected: Predicate NodePorts failed"
    rejected = pod("one", phase="Failed", reason="NodePorts", message=message)
    assert obstacle(rejected) == f"pod one is Failed: NodePorts: {message}"


@pytest.mark.parametrize(
    "state",
    [
        running(),
        exited(1),
        waiting("CrashLoopBackOff"),
        waiting("ContainerCreating"),
        waiting("CreateContainerConfigError"),  # its ConfigMap may come a moment later
        {},
    ],
    ids=["running", "exited", "looping", "creating", "no-config-yet", "nothing"],
)
def test_a_crash_loop_or_a_start_is_no_obstacle(state: dict) -> None:
    assert obstacle(pod("one", containers=[container(state=state)])) is None


def placed(status: str, reason: str) -> dict:
    condition = {"type": "PodScheduled", "status": status, "reason": reason, "message": "0/1 nodes"}
    return pod("one", phase="Pending", conditions=[condition])


def test_the_schedulers_words_are_those_of_an_unschedulable_pod_only() -> None:
    assert unschedulable(placed("False", "Unschedulable")) == "0/1 nodes"
    assert unschedulable(placed("False", "SchedulingGated")) is None
    assert unschedulable(placed("True", "")) is None
    assert unschedulable(pod("one")) is None
