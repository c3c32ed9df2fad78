"""When a cluster is ready: every node Ready, and the default ServiceAccount there.

`kind create --wait` watches control-plane nodes only and exits 0 when its time is up; a pod
created before the default ServiceAccount exists is refused.
"""

from __future__ import annotations

from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import NODES, SERVICE_ACCOUNTS, Obj, name_of
from pytest_hostnet.watching.observer import Decided, Observer, Pending
from pytest_hostnet.watching.selectors import EVERYTHING


def wait_until_ready(observer: Observer, *, nodes: int, seconds: float) -> None:
    """Wait for ``nodes`` Ready nodes and the ServiceAccount ``default/default``.

    Raises HostnetError after ``seconds``, naming what is missing and what the node says.
    """

    def decide() -> Decided[None] | Pending:
        missing = []
        found = observer.store.select(NODES, None, EVERYTHING)
        if len(found) < nodes:
            missing.append(f"{nodes - len(found)} of {nodes} nodes have not joined")
        missing += [why for node in found if (why := _not_ready(node))]
        accounts = observer.store.select(SERVICE_ACCOUNTS, "default", EVERYTHING)
        if "default" not in map(name_of, accounts):
            missing.append("the ServiceAccount default/default does not exist")
        return Pending("; ".join(missing)) if missing else Decided(None)

    deadline = Deadline(seconds, clock=observer.clock)
    answer = observer.wait(decide, deadline=deadline, kinds=(NODES, SERVICE_ACCOUNTS))
    if isinstance(answer, Pending):
        raise HostnetError(
            f"the cluster is not ready after {seconds:g} s: {answer.mismatch}",
            expected="every node Ready and the ServiceAccount default/default there",
            next_step="`docker exec NODE journalctl -u kubelet` shows the kubelet's own reason; "
            "give --hostnet-ready-timeout more seconds on a slow machine",
        )


def _not_ready(node: Obj) -> str:
    for condition in node.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready":
            if condition["status"] == "True":
                return ""
            return f"node {name_of(node)}: {condition.get('reason')}: {condition.get('message')}"
    return f"node {name_of(node)} has not reported yet"
