"""The verdict on a losing replica, second by second, and on pods that only look like one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fakes.clock import Clock
from fakes.objects import Obj, container, event, exited, pod, running, waiting

from pytest_hostnet.verdicts.crash_loop import CrashLoop, NotLooping, OtherCrash, Verdict, judge
from pytest_hostnet.watching.kinds import EVENTS, PODS
from pytest_hostnet.watching.store import Store

LINE = "2024/05/01 12:34:56 [emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address in use)"
RESTARTING = "Back-off restarting failed container nginx in pod loser_a(uid)"
Logs = dict[bool, str | None]


class Watched:
    """A pod as the stream showed it so far."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.store = clock, Store(clock)
        self.pod: Obj = pod("loser", phase="Pending")
        self.logs: Logs = {False: LINE, True: LINE}
        self.logs_read = 0

    def becomes(self, at: float, *, ready: bool = False, **status: object) -> Verdict:
        self.clock.now = 1000 + at
        self.pod = pod("loser", ready=ready, containers=[container(**status)])
        self.store.put(PODS, self.pod)
        return self.verdict()

    def has_event(self, message: str, path: str = "spec.containers{nginx}") -> Verdict:
        self.store.put(EVENTS, event(self.pod, "BackOff", message, path=path))
        return self.verdict()

    def read_log(self, name: str, previous: bool) -> str | None:
        assert name == "nginx"
        self.logs_read += 1
        return self.logs[previous]

    def verdict(self, port: int | None = 80) -> Verdict:
        history = self.store.pod_history(self.pod)
        events = self.store.events_about(self.pod)
        return judge(self.pod, history, events, self.read_log, port=port)


@pytest.fixture
def watched(clock: Clock) -> Watched:
    return Watched(clock)


def lacks(exits: int, back_off: str) -> NotLooping:
    return NotLooping("loser", f"loser: {exits} failed exits of 2, {back_off}")


def test_the_life_of_a_loser_that_shows_an_event_only(watched: Watched) -> None:
    first, second = exited(run="1"), exited(run="2")
    nothing = NotLooping("loser", "loser: no container has failed")
    assert watched.becomes(0.9, ready=True, state=running()) == nothing
    assert watched.becomes(4.3, state=first) == lacks(1, "no BackOff yet")
    once = watched.becomes(4.6, ready=True, state=running(), last=first, restarts=1)
    assert once == lacks(1, "no BackOff yet")
    twice = watched.becomes(7.3, state=second, last=first, restarts=1)
    assert twice == lacks(2, "no BackOff yet")
    assert watched.logs_read == 0
    proven = watched.has_event(RESTARTING)
    assert proven == CrashLoop("loser", "node-1", "nginx", 2, f"BackOff: {RESTARTING}", LINE)


def test_the_life_of_a_loser_that_shows_a_waiting_reason(watched: Watched) -> None:
    first, second = exited(run="1"), exited(run="2")
    watched.becomes(4.3, state=first)
    back_off = waiting("CrashLoopBackOff")
    assert watched.becomes(5.0, state=back_off, last=first) == lacks(1, "BackOff seen")
    watched.becomes(6.0, state=running(), last=first, restarts=1)
    watched.becomes(8.6, state=second, last=first, restarts=1)
    assert watched.becomes(8.7, state=back_off, last=second, restarts=1) == CrashLoop(
        "loser", "node-1", "nginx", 2, "CrashLoopBackOff", LINE
    )


def runs_again(watched: Watched) -> Verdict:
    watched.becomes(4, state=exited(run="1"))
    watched.becomes(7, state=exited(run="2"), last=exited(run="1"), restarts=1)
    watched.has_event(RESTARTING)
    return watched.becomes(20, ready=True, state=running(), last=exited(run="2"), restarts=2)


def test_the_verdict_stands_while_the_loser_tries_again(watched: Watched) -> None:
    watched.logs = {False: LINE, True: LINE}
    assert isinstance(runs_again(watched), CrashLoop)


def test_a_pod_that_got_the_port_in_the_end_is_not_crash_looping(watched: Watched) -> None:
    watched.logs = {False: "start worker processes\n", True: LINE}
    recovered = runs_again(watched)
    assert isinstance(recovered, NotLooping)
    assert "it runs, with no failed bind so far" in recovered.lacks


def looping(watched: Watched) -> Callable[[], Verdict]:
    watched.becomes(4, state=exited(run="1"))
    watched.becomes(7, state=exited(run="2"), last=exited(run="1"), restarts=1)
    watched.store.put(EVENTS, event(watched.pod, "BackOff", RESTARTING))
    return watched.verdict


def test_a_crash_for_another_reason_is_told_apart(watched: Watched) -> None:
    watched.logs = {False: "starting\npanic: no configuration\n", True: None}
    assert looping(watched)() == OtherCrash(
        "loser",
        "container nginx crash-loops (2 failed exits), but its log names no failed bind of "
        "port 80 (errno 98); last line: panic: no configuration",
    )


def test_another_port_that_is_taken_is_another_reason(watched: Watched) -> None:
    other = LINE.replace(":80 ", ":443 ")
    watched.logs = {False: other, True: other}
    assert isinstance(looping(watched)(), OtherCrash)
    assert isinstance(watched.verdict(port=443), CrashLoop)
    assert isinstance(watched.verdict(port=None), CrashLoop)


def test_the_previous_runs_log_proves_as_well(watched: Watched) -> None:
    watched.logs = {False: None, True: LINE}
    assert isinstance(looping(watched)(), CrashLoop)


@pytest.mark.parametrize("log", ["", None], ids=["empty", "not readable"])
def test_a_log_that_says_nothing_is_asked_for_again(watched: Watched, log: str | None) -> None:
    watched.logs = {False: log, True: None}
    lacks = "loser: 2 failed exits and BackOff; its log is empty or cannot be read yet"
    assert looping(watched)() == NotLooping("loser", lacks, recheck=0.5)


def test_a_fresh_run_without_its_predecessors_log_is_no_other_crash(watched: Watched) -> None:
    looping(watched)
    watched.logs = {False: "starting\n", True: None}
    verdict = watched.becomes(8, state=running(), last=exited(run="2"), restarts=2)
    assert isinstance(verdict, NotLooping)
    assert verdict.recheck == 0.5


def test_a_back_off_of_an_image_pull_never_counts(watched: Watched) -> None:
    watched.becomes(4, state=exited(run="1"))
    watched.becomes(7, state=exited(run="2"), last=exited(run="1"), restarts=1)
    verdict = watched.has_event('Back-off pulling image "nginx:alpine"')
    assert verdict == lacks(2, "no BackOff yet")


def test_a_back_off_of_another_container_never_counts(watched: Watched) -> None:
    watched.becomes(4, state=exited(run="1"))
    watched.becomes(7, state=exited(run="2"), last=exited(run="1"), restarts=1)
    verdict = watched.has_event(RESTARTING, path="spec.containers{sidecar}")
    assert verdict == lacks(2, "no BackOff yet")


def test_one_exit_is_no_loop(watched: Watched) -> None:
    watched.becomes(4, state=exited(run="1"))
    assert watched.has_event(RESTARTING) == lacks(1, "BackOff seen")


def test_exits_with_0_are_no_failure(watched: Watched) -> None:
    watched.becomes(4, state=exited(0, run="1"))
    watched.becomes(7, state=exited(0, run="2"), last=exited(0, run="1"), restarts=1)
    assert isinstance(watched.has_event(RESTARTING), NotLooping)


@pytest.mark.parametrize(
    ("status", "exits"),
    [
        ({"state": exited(run="9"), "last": exited(run="8"), "restarts": 4}, 5),
        ({"state": waiting("CrashLoopBackOff"), "last": exited(run="8"), "restarts": 4}, 5),
        ({"state": running(), "last": exited(run="8"), "restarts": 4}, 4),
    ],
    ids=["exited", "waiting", "running"],
)
def test_counters_prove_what_happened_before_the_watch(
    watched: Watched, status: Obj, exits: int
) -> None:
    watched.becomes(60, **status)
    verdict = watched.has_event(RESTARTING)
    assert isinstance(verdict, CrashLoop)
    assert verdict.failed_exits == exits


def test_a_single_restart_before_the_watch_is_one_exit(watched: Watched) -> None:
    watched.becomes(60, state=running(), last=exited(run="1"), restarts=1)
    assert watched.has_event(RESTARTING) == lacks(1, "BackOff seen")


def test_the_second_of_two_containers_can_be_the_loser(clock: Clock) -> None:
    store = Store(clock)
    failed = container("beta", exited(run="2"), exited(run="1"), 1)
    both = pod("two", containers=[container("alpha", running()), failed])
    store.put(PODS, both)
    message = "Back-off restarting failed container beta in pod two_a(uid)"
    events = [event(both, "BackOff", message, path="spec.containers{beta}")]
    verdict = judge(both, store.pod_history(both), events, lambda *_: LINE, port=80)
    assert isinstance(verdict, CrashLoop)
    assert verdict.container == "beta"
