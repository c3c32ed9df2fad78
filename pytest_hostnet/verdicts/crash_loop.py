"""Judges whether a pod is crash-looping, and whether the port is the reason.

The evidence rule: two or more failed exits, BackOff (as an event or a waiting reason), and
errno 98 in the container's own log. On Kubernetes 1.37 the waiting reason CrashLoopBackOff
stands in the status for a fraction of a second per cycle, so the BackOff event counts as well
(pkg/kubelet/kuberuntime/kuberuntime_manager.go, doBackOff).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_hostnet.verdicts.bind_failure import bind_failure
from pytest_hostnet.watching.history import PodHistory, container_statuses
from pytest_hostnet.watching.kinds import Obj, name_of

FAILED_EXITS = 2
ReadLog = Callable[[str, bool], str | None]
"""(container, previous) to the log text; None when the kubelet cannot give it."""


@dataclass(frozen=True, slots=True)
class CrashLoop:
    """A pod proven to crash-loop because of the port."""

    pod: str
    node: str
    container: str
    failed_exits: int
    back_off: str
    """The BackOff event's message, or ``CrashLoopBackOff`` for the waiting reason."""
    log_line: str
    """The line of the container's log with errno 98."""


@dataclass(frozen=True, slots=True)
class OtherCrash:
    """A pod that crash-loops for another reason than the port."""

    pod: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotLooping:
    """No crash loop so far; ``lacks`` says what is missing to call it one."""

    pod: str
    lacks: str
    recheck: float | None = None


Verdict = CrashLoop | OtherCrash | NotLooping


def judge(
    pod: Obj,
    history: PodHistory,
    events: Sequence[Obj],
    read_log: ReadLog,
    *,
    port: int | None = None,
) -> Verdict:
    """Judge one pod; logs are read only once exits and BackOff are there."""
    name = name_of(pod)
    best = f"{name}: no container has failed"
    for status in container_statuses(pod):
        container = str(status["name"])
        exits = failed_exits(status, history)
        back_off = _back_off(status, events)
        if exits < FAILED_EXITS or not back_off:
            if exits or back_off:
                best = f"{name}: {exits} failed exits of {FAILED_EXITS}, " + (
                    "BackOff seen" if back_off else "no BackOff yet"
                )
            continue
        running = "running" in (status.get("state") or {})
        return _cause(pod, container, exits, back_off, read_log, running=running, port=port)
    return NotLooping(name, best)


def failed_exits(status: dict[str, Any], history: PodHistory) -> int:
    """Count the failed runs of a container: those watched, or those its counters prove.

    The counters matter for a pod that crashed before the watch began.
    """
    seen = sum(one.container == status["name"] for one in history.failed_exits.values())
    last = ((status.get("lastState") or {}).get("terminated") or {}).get("exitCode")
    state = status.get("state") or {}
    now = (state.get("terminated") or {}).get("exitCode")
    restarts = int(status.get("restartCount") or 0)
    counted = 0
    if now:
        counted = 1 + (restarts if last else 0)
    elif last:
        counted = restarts + (1 if "waiting" in state else 0)
    return int(max(seen, counted))


def _back_off(status: dict[str, Any], events: Sequence[Obj]) -> str:
    waiting = (status.get("state") or {}).get("waiting") or {}
    if waiting.get("reason") == "CrashLoopBackOff":
        return "CrashLoopBackOff"
    path = f"{{{status['name']}}}"
    for event in events:
        field_path = str(event.get("involvedObject", {}).get("fieldPath") or path)
        # The same reason stands for image pulls: "Back-off pulling image ...".
        if (
            event.get("reason") == "BackOff"
            and "restarting failed container" in str(event.get("message"))
            and field_path.endswith(path)
        ):
            return f"BackOff: {event['message']}"
    return ""


def _cause(
    pod: Obj,
    container: str,
    exits: int,
    back_off: str,
    read_log: ReadLog,
    *,
    running: bool,
    port: int | None,
) -> Verdict:
    name = name_of(pod)
    current = read_log(container, False)
    if line := bind_failure(current or "", port):
        node = str(pod["spec"].get("nodeName", ""))
        return CrashLoop(name, node, container, exits, back_off, line)
    if running:
        # What an earlier run said does not count: this one may have got the port by now.
        lacks = f"{name}: {exits} failed exits and BackOff, but it runs, with no failed bind so far"
        return NotLooping(name, lacks, recheck=0.5)
    previous = read_log(container, True)
    if line := bind_failure(previous or "", port):
        node = str(pod["spec"].get("nodeName", ""))
        return CrashLoop(name, node, container, exits, back_off, line)
    ended = current or previous
    if not ended:
        lacks = f"{name}: {exits} failed exits and BackOff; its log is empty or cannot be read yet"
        return NotLooping(name, lacks, recheck=0.5)
    last_line = (ended.strip().splitlines() or ["(an empty line)"])[-1][:300]
    asked = f"port {port}" if port else "a port"
    return OtherCrash(
        name,
        f"container {container} crash-loops ({exits} failed exits), but its log names no failed "
        f"bind of {asked} (errno 98); last line: {last_line}",
    )
