"""What a failed assertion tells: expectation, last observation, timeline, events, logs, ports."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_hostnet.cluster.namespace import Namespace, Pods
from pytest_hostnet.ports.listeners import census, on_port, owner_name
from pytest_hostnet.system.command import CommandError
from pytest_hostnet.watching.history import describe
from pytest_hostnet.watching.kinds import EVENTS, PODS, Obj, name_of
from pytest_hostnet.watching.selectors import EVERYTHING
from pytest_hostnet.watching.transport import ApiError

_LOG_LINES = 15
_TIMELINE_ROWS = 40
_LOG_PODS = 4


def tell(
    namespace: Namespace,
    expected: str,
    last: str,
    *,
    pods: Pods | None = None,
    port: int | None = None,
) -> str:
    """Compose the story. Whatever of it cannot be had is said in its place, never raised."""
    selected = pods.now() if pods else []
    parts = [
        f"expected: {expected}",
        f"last seen: {last}",
        *_section("pods", (f"{name_of(p)} on {_node(p)}: {describe(p)}" for p in selected)),
        *_section("timeline (seconds since the namespace was made)", _timeline(namespace)),
        *_section("events", _events(namespace, selected)),
        *_logs(namespace, selected),
    ]
    if port is not None:
        parts += _section(f"listeners on port {port}", _listeners(namespace, port))
    return "\n".join(parts)


def read_log(namespace: Namespace, pod: Obj, container: str, *, previous: bool) -> str | None:
    """Return the last lines of a container's log, or None when the kubelet cannot give it."""
    params = {"container": container, "tailLines": "100", "limitBytes": "100000"}
    if previous:
        params["previous"] = "true"
    path = f"/api/v1/namespaces/{namespace.name}/pods/{name_of(pod)}/log"
    try:
        text = str(namespace.observer.transport.request("GET", path, params=params, timeout=10))
    except ApiError as error:
        # No such run (yet), its log is gone, or the kubelet is busy: asked again, never a verdict.
        if error.transient or error.status in (400, 404):
            return None
        raise
    return None if "unable to retrieve container logs" in text else text


def _node(pod: Obj) -> str:
    return str(pod["spec"].get("nodeName") or "no node")


def _section(title: str, rows: Iterable[str]) -> list[str]:
    lines = [f"  {row}" for row in rows]
    return [f"{title}:", *lines] if lines else []


def _timeline(namespace: Namespace) -> list[str]:
    rows = [
        f"+{change.at - namespace.started:5.1f}  {pod}  {change.state}"
        for pod, change in namespace.observer.store.timeline(namespace.name)
    ]
    hidden = len(rows) - _TIMELINE_ROWS
    return rows if hidden <= 0 else [f"({hidden} earlier changes left out)", *rows[hidden:]]


def _events(namespace: Namespace, pods: list[Obj]) -> list[str]:
    try:
        namespace.observer.watch(EVENTS)
    except ApiError as error:
        return [f"cannot be read: {error}"]
    return [
        f"{event.get('type')} {event.get('reason')} {name_of(pod)}: {event.get('message')}"
        for pod in pods
        for event in namespace.observer.store.events_about(pod)
        if event.get("type") != "Normal" or event.get("reason") in ("Killing", "Preempted")
    ]


def _logs(namespace: Namespace, pods: list[Obj]) -> list[str]:
    sections: list[str] = []
    for pod in sorted(pods, key=lambda p: describe(p).endswith("Ready"))[:_LOG_PODS]:
        for status in pod.get("status", {}).get("containerStatuses", []):
            name, log = status["name"], None
            try:
                log = read_log(namespace, pod, name, previous=False)
                if not log and status.get("restartCount"):
                    log = read_log(namespace, pod, name, previous=True)
            except ApiError as error:
                log = f"cannot be read: {error}"
            if log:
                sections += _section(
                    f"log of {name_of(pod)}/{name}", log.strip().splitlines()[-_LOG_LINES:]
                )
    return sections


def _listeners(namespace: Namespace, port: int) -> list[str]:
    def all_pods() -> list[Obj]:
        return namespace.observer.store.select(PODS, None, EVERYTHING)

    rows = []
    for node in namespace.cluster.nodes():
        try:
            found = on_port(census(node), port)
        except CommandError as error:
            rows.append(f"{node.name}: cannot be read: {error}")
            continue
        rows += [f"{one}, {owner_name(one, all_pods)}" for one in found]
    return rows or ["none on any node"]
