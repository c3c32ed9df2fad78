"""What an API server may do to a list and its watch, and how the stream goes on."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from fakes.api_server import ApiServer, Reply, Request
from fakes.objects import pod

from pytest_hostnet.system.deadline import Deadline
from pytest_hostnet.watching.kinds import PODS, name_of
from pytest_hostnet.watching.observer import Decided, Observer, Pending
from pytest_hostnet.watching.selectors import EVERYTHING
from pytest_hostnet.watching.transport import RefusedError

Until = Callable[[str], None]


def names(observer: Observer) -> str:
    return " ".join(map(name_of, observer.store.select(PODS, "a", EVERYTHING)))


@pytest.fixture
def until(observer: Observer) -> Until:
    """Wait until exactly these pods are known, by watching alone."""

    def wait(wanted: str) -> None:
        def decide() -> Decided[None] | Pending:
            found = names(observer)
            return Decided(None) if found == wanted else Pending(found)

        answer = observer.wait(decide, deadline=Deadline(5), kinds=(PODS,), namespace="a")
        assert answer == Decided(None)

    return wait


def gap(before: Request, after: Request) -> float:
    return after.at - before.at


def test_a_list_and_the_watch_after_it_are_delivered(server: ApiServer, until: Until) -> None:
    server.lists(PODS, pod("one"), version=7)
    watch = server.watch(PODS, after=7)
    until("one")
    watch.sends("ADDED", pod("two", version=8))
    until("one two")
    watch.sends("DELETED", pod("one", version=9))
    until("two")


def test_a_watch_that_ends_goes_on_from_its_last_version(server: ApiServer, until: Until) -> None:
    server.lists(PODS, version=7)
    server.watch(PODS, after=7).sends("ADDED", pod("one", version=8)).ends()
    server.watch(PODS, after=8).sends("ADDED", pod("two", version=9))
    until("one two")
    assert server.count(PODS) == 1


def test_a_bookmark_moves_the_version_and_nothing_else(server: ApiServer, until: Until) -> None:
    server.lists(PODS, version=7)
    bookmark = {"kind": "Pod", "metadata": {"resourceVersion": "50"}}
    server.watch(PODS, after=7).sends("BOOKMARK", bookmark).ends()
    server.watch(PODS, after=50).sends("ADDED", pod("one", version=51))
    until("one")


def test_a_watch_that_ends_empty_is_not_asked_for_at_once(server: ApiServer, until: Until) -> None:
    server.lists(PODS)
    server.watch(PODS).ends()
    server.watch(PODS).sends("ADDED", pod("one"))
    until("one")
    _, first, second = server.requests
    assert gap(first, second) >= 0.1


def test_gone_as_an_http_status_lists_again(server: ApiServer, until: Until) -> None:
    server.lists(PODS, pod("old"), version=7)
    server.refuses(PODS, 410, "too old resource version", watch=True)
    server.lists(PODS, pod("new"), version=90)
    server.watch(PODS, after=90)
    until("new")


def test_gone_as_an_event_in_the_body_lists_again(server: ApiServer, until: Until) -> None:
    server.lists(PODS, pod("old"), version=7)
    gone = {"kind": "Status", "code": 410, "message": "too old resource version"}
    server.watch(PODS, after=7).sends("ERROR", gone)
    server.lists(PODS, pod("new"), version=90)
    server.watch(PODS, after=90)
    until("new")


def test_another_error_event_is_retried_from_the_same_version(
    server: ApiServer, until: Until
) -> None:
    server.lists(PODS, version=7)
    server.watch(PODS, after=7).sends("ERROR", {"code": 500, "message": "etcd is away"})
    server.watch(PODS, after=7).sends("ADDED", pod("one", version=8))
    until("one")


def test_retry_after_of_a_list_is_honoured(server: ApiServer, until: Until) -> None:
    server.refuses(PODS, 429, "too many requests", retry_after="0.4")
    server.lists(PODS, pod("one"))
    server.watch(PODS)
    until("one")
    assert gap(*server.requests[:2]) >= 0.4


def test_retry_after_of_a_watch_is_honoured_without_a_new_list(
    server: ApiServer, until: Until
) -> None:
    server.lists(PODS, version=7)
    server.refuses(PODS, 429, "too many requests", watch=True, retry_after="0.4")
    server.watch(PODS, after=7).sends("ADDED", pod("one", version=8))
    until("one")
    _, refused, again = server.requests
    assert gap(refused, again) >= 0.4
    assert server.count(PODS) == 1


def test_pauses_between_failures_grow(server: ApiServer, until: Until) -> None:
    for _ in range(3):
        server.refuses(PODS, 503, "starting")
    server.lists(PODS, pod("one"))
    server.watch(PODS)
    until("one")
    first, second, third, fourth = server.requests[:4]
    assert gap(first, second) >= 0.1
    assert gap(second, third) >= 0.2
    assert gap(third, fourth) >= 0.4


@pytest.mark.parametrize("line", ["{{{ not JSON", '"text"', "[]", '{"type": "ADDED"}'])
def test_a_garbled_line_lists_again(server: ApiServer, until: Until, line: str) -> None:
    server.lists(PODS, pod("old"), version=7)
    server.watch(PODS, after=7).sends_line(line)
    server.lists(PODS, pod("new"), version=90)
    server.watch(PODS, after=90)
    until("new")


def test_a_cut_connection_lists_again(server: ApiServer, until: Until) -> None:
    server.lists(PODS, pod("old"), version=7)
    server.watch(PODS, after=7).cuts()
    server.lists(PODS, pod("new"), version=90)
    server.watch(PODS, after=90)
    until("new")


def test_an_event_split_over_two_chunks_is_one_event(server: ApiServer, until: Until) -> None:
    server.lists(PODS)
    line = json.dumps({"type": "ADDED", "object": pod("one", version=2)})
    server.watch(PODS).sends_part(line[:40]).sends_part(line[40:] + "\n")
    until("one")


def test_a_list_that_is_none_is_asked_for_again(server: ApiServer, until: Until) -> None:
    server.expects("GET", PODS.path, Reply(body={"kind": "PodList"}))
    server.lists(PODS, pod("one"))
    server.watch(PODS)
    until("one")


def test_a_thread_that_dies_is_heard_by_who_waits(server: ApiServer, until: Until) -> None:
    server.lists(PODS)
    server.watch(PODS).sends("ADDED", {"status": {}})
    with pytest.raises(RefusedError, match=r"watch of Pod failed: KeyError\('metadata'\)"):
        until("one")
