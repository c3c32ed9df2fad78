"""What keeps a pod from ever running as it is: reasons to end a wait early."""

from __future__ import annotations

from typing import Any

from pytest_hostnet.watching.history import container_statuses
from pytest_hostnet.watching.kinds import Obj, name_of

_HOPELESS = {
    "ErrImagePull": "the image cannot be pulled",
    "ImagePullBackOff": "the image cannot be pulled",
    "ErrImageNeverPull": "the image is not on the node, and the pull policy is Never",
    "InvalidImageName": "the image name is not valid",
}


def obstacle(pod: Obj) -> str | None:
    """Return why this pod will not run, or None; a crash loop is not an obstacle."""
    status = pod.get("status", {})
    if status.get("phase") == "Failed":
        return f"pod {name_of(pod)} is Failed: {status.get('reason')}: {status.get('message')}"
    for container in container_statuses(pod):
        if why := _waits_in_vain(container):
            return f"pod {name_of(pod)}: {why}"
    return None


def _waits_in_vain(status: dict[str, Any]) -> str | None:
    waiting = (status.get("state") or {}).get("waiting") or {}
    reason = str(waiting.get("reason"))
    if reason not in _HOPELESS:
        return None
    hint = (
        "; where no registry is reachable, put a local image in its place: "
        "--hostnet-image IMAGE=STAND-IN"
        if "pull" in _HOPELESS[reason]
        else ""
    )
    return (
        f"container {status['name']} (image {status.get('image')}): {reason}: "
        f"{_HOPELESS[reason]}: {waiting.get('message', '')}{hint}"
    )


def unschedulable(pod: Obj) -> str | None:
    """Return the scheduler's message for a pod it could not place, or None."""
    for condition in pod.get("status", {}).get("conditions", []):
        if (
            condition["type"] == "PodScheduled"
            and condition["status"] == "False"
            and condition.get("reason") == "Unschedulable"
        ):
            return str(condition.get("message", ""))
    return None
