"""Waits: who is woken, what ends them, and what they cost the API server."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fakes.api_server import ApiServer, Reply
from fakes.objects import node, pod

from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.watching.kinds import NODES, PODS, name_of
from pytest_hostnet.watching.observer import Decided, Impossible, Observer, Pending
from pytest_hostnet.watching.selectors import EVERYTHING
from pytest_hostnet.watching.transport import ApiError

Answer = Decided[str] | Pending | Impossible


class Look:
    """A decision that counts how often it is asked."""

    def __init__(self, observer: Observer, wanted: str = "never", namespace: str = "a") -> None:
        self.observer, self.wanted, self.namespace, self.times = observer, wanted, namespace, 0

    def __call__(self) -> Answer:
        self.times += 1
        found = map(name_of, self.observer.store.select(PODS, self.namespace, EVERYTHING))
        return Decided(self.wanted) if self.wanted in found else Pending(f"no {self.wanted}")

    def wait(self, seconds: float = 5) -> Answer:
        return self.observer.wait(
            self, deadline=Deadline(seconds), kinds=(PODS,), namespace=self.namespace
        )


def test_a_refusal_ends_the_wait_at_once_with_the_servers_words(
    server: ApiServer, observer: Observer
) -> None:
    server.refuses(PODS, 403, 'pods is forbidden: User "joe" cannot list resource "pods"')
    started = time.monotonic()
    for _ in range(2):
        with pytest.raises(ApiError) as caught:
            Look(observer).wait(30)
        assert str(caught.value) == (
            'GET /api/v1/pods: 403: pods is forbidden: User "joe" cannot list resource "pods"'
        )
    assert time.monotonic() - started < 2
    assert len(server.requests) == 1


def test_a_refusal_of_the_watch_reaches_a_wait_under_way(
    server: ApiServer, observer: Observer
) -> None:
    server.lists(PODS)
    server.refuses(PODS, 403, "no watch for you", watch=True)
    with pytest.raises(ApiError, match="403: no watch for you"):
        Look(observer).wait(30)


def test_a_silent_watch_does_not_move_the_deadline(server: ApiServer, observer: Observer) -> None:
    server.lists(PODS)
    server.watch(PODS)
    started = time.monotonic()
    assert Look(observer).wait(0.3) == Pending("no never")
    assert 0.3 <= time.monotonic() - started < 1


def test_a_silent_list_does_not_move_the_deadline(server: ApiServer, observer: Observer) -> None:
    server.expects("GET", PODS.path, Reply(stall=True))
    started = time.monotonic()
    with pytest.raises(ApiError, match=r"no list of Pod objects within 1 s"):
        Look(observer).wait(1)
    assert time.monotonic() - started < 2
    server.closing.set()


def test_what_interrupted_the_stream_stands_in_the_last_answer(
    server: ApiServer, observer: Observer
) -> None:
    server.lists(PODS, version=7)
    server.refuses(PODS, 429, "slow down", watch=True, retry_after="20")
    assert Look(observer).wait(0.5) == Pending(
        "no never\nobservation was interrupted: GET /api/v1/pods: 429: slow down"
    )


def test_an_error_that_is_over_is_not_told(server: ApiServer, observer: Observer) -> None:
    server.refuses(PODS, 503, "starting")
    server.lists(PODS)
    server.watch(PODS)
    assert Look(observer).wait(0.5) == Pending("no never")


def test_nothing_is_decided_on_what_may_be_out_of_date(
    server: ApiServer, observer: Observer
) -> None:
    server.lists(PODS, pod("here", namespace="a"))
    watch = server.watch(PODS)
    observer.watch(PODS)
    assert watch.opened.wait(5)
    time.sleep(0.2)  # the stream has said that it works
    observer.trouble(PODS, ApiError("API server down"), final=False)
    held_back = Look(observer, "here").wait(0.3)
    assert isinstance(held_back, Pending)
    assert "observation was interrupted: API server down" in held_back.mismatch
    threading.Timer(0.2, observer.trouble, [PODS, None], {"final": False}).start()
    started = time.monotonic()
    assert Look(observer, "here").wait(30) == Decided("here")
    assert time.monotonic() - started < 5


def test_impossible_ends_the_wait_at_once(server: ApiServer, observer: Observer) -> None:
    server.lists(PODS)
    server.watch(PODS)
    started = time.monotonic()
    answer = observer.wait(
        lambda: Impossible("the image cannot be pulled"), deadline=Deadline(30), kinds=(PODS,)
    )
    assert answer == Impossible("the image cannot be pulled")
    assert time.monotonic() - started < 1


def test_many_waiters_cost_one_list_and_one_watch(server: ApiServer, observer: Observer) -> None:
    server.lists(PODS)
    watch = server.watch(PODS)
    together = threading.Barrier(51)
    looks = [Look(observer, "wanted") for _ in range(50)]

    def wait(look: Look) -> Answer:
        together.wait()
        return look.wait()

    with ThreadPoolExecutor(50) as pool:
        answers = pool.map(wait, looks)
        together.wait()
        watch.sends("ADDED", pod("wanted"))
        assert list(answers) == [Decided("wanted")] * 50
    assert len(server.requests) == 2


def test_a_change_elsewhere_does_not_wake_a_wait(server: ApiServer, observer: Observer) -> None:
    server.lists(PODS)
    watch = server.watch(PODS)
    here, there = Look(observer, namespace="a"), Look(observer, "last", namespace="b")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(here.wait, 1)
        for n in range(20):
            watch.sends("ADDED", pod(f"p{n}", "b"))
        watch.sends("ADDED", pod("last", "b"))
        assert there.wait() == Decided("last")
        waiting.result()
    assert here.times <= 3


def test_a_change_here_wakes_a_wait(server: ApiServer, observer: Observer) -> None:
    server.lists(PODS)
    watch = server.watch(PODS)
    look = Look(observer, "wanted")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(look.wait, 30)
        assert watch.opened.wait(5)
        watch.sends("ADDED", pod("wanted"))
        assert waiting.result(5) == Decided("wanted")


def test_a_node_concerns_every_namespace(server: ApiServer, observer: Observer) -> None:
    server.lists(NODES)
    watch = server.watch(NODES)

    def decide() -> Answer:
        found = observer.store.select(NODES, None, EVERYTHING)
        return Decided(name_of(found[0])) if found else Pending("no node")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            observer.wait, decide, deadline=Deadline(30), kinds=(NODES,), namespace="a"
        )
        assert watch.opened.wait(5)
        watch.sends("ADDED", node("late"))
        assert waiting.result(5) == Decided("late")


def test_recheck_looks_again_though_nothing_changes(server: ApiServer, observer: Observer) -> None:
    server.lists(PODS)
    server.watch(PODS)
    looks = 0

    def decide() -> Answer:
        nonlocal looks
        looks += 1
        return Decided("the log") if looks == 4 else Pending("no log yet", recheck=0.05)

    started = time.monotonic()
    answer = observer.wait(decide, deadline=Deadline(30), kinds=(PODS,))
    assert answer == Decided("the log")
    assert time.monotonic() - started < 2


def test_a_deletion_in_the_gap_before_a_new_list_is_noticed(
    server: ApiServer, observer: Observer
) -> None:
    server.lists(PODS, pod("gone"), pod("kept"), version=7)
    server.refuses(PODS, 410, "too old", watch=True)
    server.lists(PODS, pod("kept"), pod("new"), version=90)
    server.watch(PODS, after=90)
    assert Look(observer, "new").wait() == Decided("new")
    timeline = [(name, change.state) for name, change in observer.store.timeline("a")]
    assert ("gone", "deleted") in timeline
    assert ("kept", "deleted") not in timeline


def test_close_ends_a_read_under_way_promptly(server: ApiServer, observer: Observer) -> None:
    for kind in (PODS, NODES):
        server.lists(kind)
    watches = [server.watch(PODS), server.watch(NODES)]
    others = set(threading.enumerate())
    observer.watch(PODS, NODES)
    assert all(one.opened.wait(5) for one in watches)
    threads = [one for one in threading.enumerate() if one.name.startswith("watch-")]
    threads = [one for one in threads if one not in others]
    assert len(threads) == 2
    started = time.monotonic()
    observer.close()
    assert time.monotonic() - started < 1
    assert not any(one.is_alive() for one in threads)
