"""What was observed of each pod, change by change: the timeline that every verdict keeps."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from pytest_hostnet.watching.kinds import Obj

_KEPT_CHANGES = 200


@dataclass(frozen=True, slots=True)
class FailedExit:
    """A container run that ended with a non-zero exit code."""

    container: str
    container_id: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class Change:
    """One observed change of state; ``at`` is in monotonic seconds."""

    at: float
    state: str


@dataclass(slots=True)
class PodHistory:
    """Everything the stream showed of one pod (by uid)."""

    namespace: str
    name: str
    changes: deque[Change] = field(default_factory=lambda: deque(maxlen=_KEPT_CHANGES))
    failed_exits: dict[str, FailedExit] = field(default_factory=dict)
    """By container ID, so that an exit seen in many updates counts once."""

    def observe(self, pod: Obj, at: float) -> None:
        """Take in one update of the pod."""
        state = describe(pod)
        if not self.changes or self.changes[-1].state != state:
            self.changes.append(Change(at, state))
        for status in container_statuses(pod):
            for part in (status.get("state"), status.get("lastState")):
                ended = (part or {}).get("terminated")
                if ended and ended.get("exitCode"):
                    key = str(ended.get("containerID") or ended.get("finishedAt"))
                    self.failed_exits[key] = FailedExit(
                        status["name"], key.rpartition("//")[2], ended["exitCode"]
                    )

    def observe_deletion(self, at: float) -> None:
        """Note that the pod is gone."""
        self.changes.append(Change(at, "deleted"))


def container_statuses(pod: Obj) -> list[dict[str, Any]]:
    """Return the statuses of init, sidecar and main containers, in that order."""
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]


def is_ready(pod: Obj) -> bool:
    """Whether the pod's Ready condition is True and it is not being deleted."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def describe(pod: Obj) -> str:
    """Say in one line where the pod stands, much as `kubectl get pods` would."""
    status = pod.get("status", {})
    phase = status.get("phase", "Unknown")
    parts = [f"{phase}/{status['reason']}" if status.get("reason") else phase]
    if pod["metadata"].get("deletionTimestamp"):
        parts.append("Terminating")
    for container in container_statuses(pod):
        parts.append(_describe_container(container))
    for condition in status.get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            parts.append(f"{condition.get('reason')}: {condition.get('message')}")
    if is_ready(pod):
        parts.append("Ready")
    return ", ".join(parts)


def _describe_container(status: dict[str, Any]) -> str:
    name, state = status["name"], status.get("state") or {}
    restarts = status.get("restartCount", 0)
    again = f", {restarts} restarts" if restarts else ""
    if waiting := state.get("waiting"):
        return f"{name} waiting: {waiting.get('reason', '?')}{again}"
    if ended := state.get("terminated"):
        return f"{name} exited {ended.get('exitCode')} ({ended.get('reason', '?')}){again}"
    if "running" in state:
        return f"{name} running{again}"
    return f"{name} not started"
