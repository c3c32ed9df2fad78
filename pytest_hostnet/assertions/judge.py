"""The one loop behind every helper: decide on each change, else raise with the story."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from pytest_hostnet.assertions.story import tell
from pytest_hostnet.cluster.namespace import Namespace, Pods
from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import PODS, Kind
from pytest_hostnet.watching.observer import Decided, Impossible, Pending

T = TypeVar("T")


def decide_on_pods(
    pods: Pods,
    decide: Callable[[], Decided[T] | Pending | Impossible],
    *,
    expected: str,
    within: float,
    port: int | None = None,
    kinds: tuple[Kind, ...] = (PODS,),
) -> T:
    """Return what ``decide`` finds within ``within`` seconds, else raise AssertionError."""
    observer = pods.namespace.observer
    deadline = Deadline(within, clock=observer.clock)
    answer = observer.wait(decide, deadline=deadline, kinds=kinds, namespace=pods.namespace.name)
    if isinstance(answer, Decided):
        return answer.value
    if isinstance(answer, Impossible):
        last = f"{answer.reason}\n(decided after {deadline.elapsed:.1f} s: it cannot come true)"
    else:
        last = f"{answer.mismatch}\n(gave up after {within:g} s)"
    expected = f"{expected} ({pods}, within {within:g} s)"
    return fail(pods.namespace, expected, last, pods=pods, port=port)


def at_least_one(count: int) -> None:
    """Refuse a count of 0: that nothing happens cannot be seen at the first look."""
    if count < 1:
        raise HostnetError(
            f"count: {count}",
            expected="1 or more",
            next_step="to show that no pod fails, use assert_ready_count with hold=SECONDS",
        )


def fail(
    namespace: Namespace,
    expected: str,
    last: str,
    *,
    pods: Pods | None = None,
    port: int | None = None,
) -> NoReturn:
    """Raise AssertionError with the story."""
    raise AssertionError(tell(namespace, expected, last, pods=pods, port=port))
