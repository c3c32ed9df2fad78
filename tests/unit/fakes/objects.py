"""Kubernetes objects as the API would send them, reduced to what is read."""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]


def pod(
    name: str,
    namespace: str = "a",
    *,
    uid: str = "",
    version: int = 1,
    labels: dict[str, str] | None = None,
    phase: str = "Running",
    ready: bool = False,
    node: str = "node-1",
    containers: list[Obj] | None = None,
    **status: Any,
) -> Obj:
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid or f"uid-of-{namespace}-{name}",
            "resourceVersion": str(version),
            "labels": labels or {},
        },
        "spec": {"nodeName": node},
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": containers or [],
            **status,
        },
    }


def container(
    name: str = "nginx", state: Obj | None = None, last: Obj | None = None, restarts: int = 0
) -> Obj:
    return {
        "name": name,
        "image": "nginx:alpine",
        "state": state or {},
        "lastState": last or {},
        "restartCount": restarts,
    }


def running() -> Obj:
    return {"running": {"startedAt": "2024-01-01T00:00:00Z"}}


def waiting(reason: str, message: str = "") -> Obj:
    return {"waiting": {"reason": reason, "message": message}}


def exited(code: int = 1, run: str = "1") -> Obj:
    return {
        "terminated": {
            "exitCode": code,
            "reason": "Error" if code else "Completed",
            "containerID": f"containerd://{run}",
            "finishedAt": "2024-01-01T00:00:04Z",
        }
    }


def event(
    about: Obj, reason: str, message: str, *, path: str = "spec.containers{nginx}", version: int = 1
) -> Obj:
    owner = about["metadata"]
    return {
        "kind": "Event",
        "metadata": {
            "name": f"{owner['name']}.{reason}.{version}",
            "namespace": owner.get("namespace", "default"),
            "uid": f"event-{version}",
            "resourceVersion": str(version),
        },
        "involvedObject": {"uid": owner["uid"], "fieldPath": path},
        "reason": reason,
        "message": message,
        "type": "Warning",
        "lastTimestamp": f"2024-01-01T00:00:{version:02}Z",
    }


def node(
    name: str = "node-1", *, ready: bool = True, message: str = "", taints: list[Obj] | None = None
) -> Obj:
    return {
        "kind": "Node",
        "metadata": {"name": name, "uid": f"uid-of-{name}", "resourceVersion": "1"},
        "spec": {"taints": taints or []},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True" if ready else "False",
                    "reason": "KubeletReady" if ready else "KubeletNotReady",
                    "message": message,
                }
            ],
        },
    }


def service_account(namespace: str = "default", name: str = "default") -> Obj:
    return {
        "kind": "ServiceAccount",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-of-sa-{namespace}",
            "resourceVersion": "1",
        },
    }
