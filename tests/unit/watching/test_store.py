"""Objects by namespace, and the history that outlives them."""

from __future__ import annotations

import pytest
from fakes.clock import Clock
from fakes.objects import container, event, exited, pod, running, waiting

from pytest_hostnet.watching.history import describe, is_ready
from pytest_hostnet.watching.kinds import EVENTS, PODS
from pytest_hostnet.watching.selectors import EVERYTHING, Selector
from pytest_hostnet.watching.store import Store


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(clock)


def test_objects_are_selected_by_namespace_and_label(store: Store) -> None:
    web, db = pod("web", labels={"app": "web"}), pod("db", labels={"app": "db"})
    other = pod("web", "b", labels={"app": "web"})
    store.replace(PODS, [web, db, other])
    web_only = Selector.parse("app=web")
    assert store.select(PODS, "a", web_only) == [web]
    assert store.select(PODS, None, web_only) == [web, other]
    assert store.select(PODS, "a", EVERYTHING) == [db, web]


def test_a_new_list_tells_the_namespaces_that_it_emptied(store: Store) -> None:
    store.replace(PODS, [pod("one", "a")])
    assert store.replace(PODS, [pod("two", "b")]) == {"a", "b"}


def test_the_timeline_has_one_row_per_change_of_state(store: Store, clock: Clock) -> None:
    store.put(PODS, pod("one", phase="Pending"))
    clock.advance(1)
    store.put(PODS, pod("one", phase="Pending", version=2))
    clock.advance(1)
    store.put(PODS, pod("one", ready=True, containers=[container(state=running())]))
    clock.advance(1)
    store.remove(PODS, pod("one"))
    assert [(change.at, change.state) for _, change in store.timeline("a")] == [
        (1000, "Pending"),
        (1002, "Running, nginx running, Ready"),
        (1003, "deleted"),
    ]


def test_the_timeline_of_a_namespace_has_its_pods_only_in_order(store: Store, clock: Clock) -> None:
    for name, namespace in (("late", "b"), ("first", "a"), ("second", "a")):
        clock.advance(1)
        store.put(PODS, pod(name, namespace))
    assert [name for name, _ in store.timeline("a")] == ["first", "second"]


def test_a_pod_of_the_same_name_has_a_history_of_its_own(store: Store) -> None:
    store.replace(PODS, [pod("web-0", uid="old", containers=[container(state=exited(1, "x"))])])
    store.replace(PODS, [pod("web-0", uid="new", phase="Pending")])
    assert store.pod_history(pod("web-0", uid="new")).failed_exits == {}
    assert len(store.pod_history(pod("web-0", uid="old")).failed_exits) == 1
    assert [c.state for _, c in store.timeline("a")][-2:] == ["deleted", "Pending"]


def test_an_exit_seen_in_many_updates_counts_once(store: Store) -> None:
    first, second = exited(1, "run-1"), exited(1, "run-2")
    for status in (
        container(state=first),
        container(state=running(), last=first, restarts=1),
        container(state=second, last=first, restarts=1),
        container(state=waiting("CrashLoopBackOff"), last=second, restarts=1),
    ):
        store.put(PODS, pod("one", containers=[status]))
    exits = store.pod_history(pod("one")).failed_exits.values()
    assert [(one.container, one.container_id) for one in exits] == [
        ("nginx", "run-1"),
        ("nginx", "run-2"),
    ]


def test_an_exit_with_0_is_no_failure(store: Store) -> None:
    store.put(PODS, pod("one", containers=[container(state=exited(0))]))
    assert store.pod_history(pod("one")).failed_exits == {}


def test_events_are_found_by_the_pod_they_are_about_oldest_first(store: Store) -> None:
    one, two = pod("one"), pod("two")
    store.put(EVENTS, event(one, "BackOff", "later", version=9))
    store.put(EVENTS, event(one, "Pulled", "earlier", version=3))
    store.put(EVENTS, event(two, "BackOff", "another's", version=5))
    assert [found["message"] for found in store.events_about(one)] == ["earlier", "later"]


def test_ready_needs_the_condition_and_no_deletion() -> None:
    assert is_ready(pod("one", ready=True))
    assert not is_ready(pod("one"))
    leaving = pod("one", ready=True)
    leaving["metadata"]["deletionTimestamp"] = "2024-01-01T00:00:00Z"
    assert not is_ready(leaving)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (running(), "nginx running, 2 restarts"),
        (waiting("CrashLoopBackOff"), "nginx waiting: CrashLoopBackOff, 2 restarts"),
        (exited(1), "nginx exited 1 (Error), 2 restarts"),
        ({}, "nginx not started"),
    ],
)
def test_a_pod_is_described_with_its_containers(state: dict, text: str) -> None:
    assert describe(pod("one", containers=[container(state=state, restarts=2)])) == (
        f"Running, {text}"
    )


def test_an_unscheduled_and_a_rejected_pod_are_described_with_their_reason() -> None:
    unplaced = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/2 nodes are available",
    }
    pending = pod("one", phase="Pending", conditions=[unplaced])
    assert describe(pending) == "Pending, Unschedulable: 0/2 nodes are available"
    assert describe(pod("one", phase="Failed", reason="NodePorts")) == "Failed/NodePorts"
