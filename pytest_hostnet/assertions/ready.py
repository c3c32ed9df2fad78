"""How many pods are ready, of how many."""

from __future__ import annotations

from pytest_hostnet.assertions.judge import decide_on_pods, fail
from pytest_hostnet.cluster.namespace import Pods
from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.verdicts.obstacles import obstacle
from pytest_hostnet.watching.history import describe, is_ready
from pytest_hostnet.watching.kinds import PODS, Obj, name_of
from pytest_hostnet.watching.observer import Decided, Impossible, Pending


def assert_ready_count(
    pods: Pods, ready: int, *, of: int | None = None, hold: float = 0.0, within: float = 60.0
) -> list[Obj]:
    """Assert that exactly ``ready`` pods are Ready, of ``of`` pods in all (default: the same).

    ``hold`` asks that it then stays so for that many seconds: nginx retries a taken port for
    2.5 s and counts as Ready meanwhile, so a single look can be fooled.

    Returns the Ready pods. Raises AssertionError with the story, at once when a pod can never
    run (image not pullable, rejected by the kubelet).
    """
    total = ready if of is None else of

    def now() -> tuple[list[Obj], str]:
        found = pods.now()
        good = [pod for pod in found if is_ready(pod)]
        seen = f"{len(good)} of {len(found)} pods are Ready"
        rest = "; ".join(f"{name_of(p)}: {describe(p)}" for p in found if p not in good)
        return good, f"{seen}: {rest}" if rest else seen

    def decide() -> Decided[list[Obj]] | Pending | Impossible:
        good, seen = now()
        if len(good) == ready and len(pods.now()) == total:
            return Decided(good)
        for pod in pods.now():
            if (why := obstacle(pod)) and len(good) < ready:
                return Impossible(why)
        return Pending(seen)

    expected = f"{ready} of {total} pods Ready"
    found = decide_on_pods(pods, decide, expected=expected, within=within)
    if hold:
        _hold(pods, ready, total, hold)
    return found


def _hold(pods: Pods, ready: int, total: int, seconds: float) -> None:
    observer = pods.namespace.observer

    def still() -> Decided[None] | Impossible | Pending:
        found = pods.now()
        good = sum(map(is_ready, found))
        if (good, len(found)) != (ready, total):
            return Impossible(f"{good} of {len(found)} pods are Ready")
        return Pending("as expected")

    deadline = Deadline(seconds, clock=observer.clock)
    answer = observer.wait(still, deadline=deadline, kinds=(PODS,), namespace=pods.namespace.name)
    why = answer.reason if isinstance(answer, Impossible) else observer.interrupted((PODS,))
    if why:
        fail(
            pods.namespace,
            f"{ready} of {total} pods Ready, staying so for {seconds:g} s ({pods})",
            f"{why} after {deadline.elapsed:.1f} s",
            pods=pods,
        )
