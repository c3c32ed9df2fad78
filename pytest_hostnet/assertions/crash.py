"""Crash loops because of a taken port."""

from __future__ import annotations

from functools import partial

from pytest_hostnet.assertions.judge import at_least_one, decide_on_pods
from pytest_hostnet.assertions.story import read_log
from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.cluster.namespace import Pods
from pytest_hostnet.verdicts.crash_loop import CrashLoop, NotLooping, OtherCrash, judge
from pytest_hostnet.verdicts.obstacles import obstacle
from pytest_hostnet.watching.kinds import EVENTS, PODS, Obj
from pytest_hostnet.watching.observer import Decided, Impossible, Pending


def assert_crash_loops(
    pods: Pods, *, count: int = 1, port: int | None = None, within: float = 60.0
) -> list[CrashLoop]:
    """Assert that ``count`` of the pods crash-loop because ``port`` is taken on their node.

    Proof for each: two or more failed exits, BackOff (event or waiting reason) and errno 98 in
    the container's own log. A crash for any other cause fails at once, and so does an image
    that cannot be pulled. Decided by watching, in about 7 seconds after the pod started.

    Returns one CrashLoop each, with the log line. Raises AssertionError with the story.
    """
    at_least_one(count)
    namespace = pods.namespace
    observer = namespace.observer

    def log_of(pod: Obj, container: str, previous: bool) -> str | None:
        return read_log(namespace, pod, container, previous=previous)

    def decide() -> Decided[list[CrashLoop]] | Pending | Impossible:
        proven, lacking, recheck = [], [], None
        for pod in pods.now():
            if why := obstacle(pod):
                return Impossible(why)
            verdict = judge(
                pod,
                observer.store.pod_history(pod),
                observer.store.events_about(pod),
                partial(log_of, pod),
                port=port,
            )
            if isinstance(verdict, OtherCrash):
                return Impossible(f"{verdict.pod}: {verdict.reason}")
            if isinstance(verdict, NotLooping):
                lacking.append(verdict.lacks)
                recheck = verdict.recheck or recheck
            else:
                proven.append(verdict)
        if len(proven) > count:
            return Impossible(f"{len(proven)} pods crash-loop: {', '.join(p.pod for p in proven)}")
        if len(proven) == count:
            return Decided(proven)
        lacking = lacking or ["there is no such pod"]
        return Pending(f"{len(proven)} of {count} proven; " + "; ".join(lacking), recheck)

    found = decide_on_pods(
        pods,
        decide,
        expected=f"{count} in a crash loop because {f'port {port}' if port else 'a port'} is taken",
        within=within,
        port=port,
        kinds=(PODS, EVENTS),
    )
    namespace.findings += [
        Finding(
            one.node, one.pod, str(port or ""), f"crashed ({one.failed_exits} exits)", one.log_line
        )
        for one in found
    ]
    return found
