"""Shared observation of one cluster, and the wait that every verdict is built on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from pytest_hostnet.system.deadline import Clock, Deadline
from pytest_hostnet.watching.kinds import Kind, Obj
from pytest_hostnet.watching.store import Store
from pytest_hostnet.watching.stream import Stream, StreamFactory
from pytest_hostnet.watching.transport import ApiError, Transport

T = TypeVar("T")
SYNC_SECONDS = 30.0
_LEAST_SYNC_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Decided(Generic[T]):
    """The wait is over: this is the finding."""

    value: T


@dataclass(frozen=True, slots=True)
class Pending:
    """Not yet; ``mismatch`` says what is still missing.

    ``recheck`` (seconds) asks for another look even if no object changes meanwhile, for
    decisions that rest on something no watch streams, such as a log.
    """

    mismatch: str
    recheck: float | None = None


@dataclass(frozen=True, slots=True)
class Impossible:
    """It can no longer come true, so waiting on would only hide the cause."""

    reason: str


class Observer:
    """One stream per kind for the whole cluster, started on first use and shared by all waits.

    Safe to use from many threads; the number of API requests does not depend on how many wait.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        clock: Clock = time.monotonic,
        stream_factory: StreamFactory = Stream,
    ) -> None:
        """Nothing is requested before a kind is first watched."""
        self.transport = transport
        self.clock = clock
        self.store = Store(clock)
        self._stream_factory = stream_factory
        self._lock = threading.Lock()
        self._streams: dict[str, Stream] = {}
        self._synced: dict[str, threading.Event] = {}
        self._troubles: dict[str, tuple[ApiError, bool]] = {}
        self._waiters: dict[str | None, set[threading.Event]] = {}

    def watch(self, *kinds: Kind, deadline: Deadline | None = None) -> None:
        """Make sure these kinds are streamed and were listed at least once.

        Raises ApiError when the server refuses, or does not answer within SYNC_SECONDS or the
        deadline, whichever is earlier.
        """
        for kind in kinds:
            with self._lock:
                if kind.name not in self._streams:
                    self._synced[kind.name] = threading.Event()
                    self._streams[kind.name] = self._stream_factory(self.transport, kind, self)
                    self._streams[kind.name].start()
                synced = self._synced[kind.name]
            patience = SYNC_SECONDS
            if deadline is not None:  # a first list needs a moment, also when time is up
                patience = min(patience, max(deadline.remaining, _LEAST_SYNC_SECONDS))
            answered = synced.wait(patience)
            self._raise_final(kind)
            if not answered:
                trouble = self._troubles.get(kind.name)
                raise (
                    trouble[0]
                    if trouble
                    else ApiError(f"no list of {kind.name} objects within {patience:.3g} s")
                )

    def wait(
        self,
        decide: Callable[[], Decided[T] | Pending | Impossible],
        *,
        deadline: Deadline,
        kinds: tuple[Kind, ...],
        namespace: str | None = None,
    ) -> Decided[T] | Pending | Impossible:
        """Call ``decide`` on every change in ``namespace`` until it is decided or time is up.

        Returns the last answer; a Pending one means that the deadline passed. Never turns an
        error into "not yet": a stream refused for good raises its ApiError here.
        """
        self.watch(*kinds, deadline=deadline)
        with self._waiting(namespace) as changed:
            while True:
                changed.clear()
                for kind in kinds:
                    self._raise_final(kind)
                answer = decide()
                if not isinstance(answer, Pending) and self.interrupted(kinds):
                    answer = Pending("what was last observed may be out of date")
                if not isinstance(answer, Pending):
                    return answer
                if deadline.expired:
                    return self._explain(answer, kinds)
                pause = deadline.remaining
                if answer.recheck is not None:
                    pause = min(pause, answer.recheck)
                changed.wait(pause)

    def close(self) -> None:
        """End every stream."""
        with self._lock:
            streams, self._streams = list(self._streams.values()), {}
        for stream in streams:
            stream.stop()

    # --- what the streams call ---------------------------------------------------

    def replace(self, kind: Kind, objects: list[Obj]) -> None:
        """Take a listed collection and wake whoever it concerns."""
        touched = self.store.replace(kind, objects)
        self._synced[kind.name].set()
        self._wake(*touched)

    def apply(self, kind: Kind, event_type: str, obj: Obj) -> None:
        """Take one watch event and wake whoever it concerns."""
        change = self.store.remove if event_type == "DELETED" else self.store.put
        self._wake(change(kind, obj))

    def trouble(self, kind: Kind, error: ApiError | None, *, final: bool) -> None:
        """Remember why a stream is silent, so that a timeout can say it."""
        with self._lock:
            before = self._troubles.pop(kind.name, None)
            if error is not None:
                self._troubles[kind.name] = (error, final)
            waiters = {event for events in self._waiters.values() for event in events}
        if final:
            self._synced[kind.name].set()
        if final or (before and error is None):  # what was held back may be decided now
            for event in waiters:
                event.set()

    def interrupted(self, kinds: tuple[Kind, ...]) -> str:
        """Say why these kinds may be out of date at the moment; empty when they are not."""
        with self._lock:
            return "; ".join(
                str(self._troubles[k.name][0]) for k in kinds if k.name in self._troubles
            )

    # --- inside ------------------------------------------------------------------

    @contextmanager
    def _waiting(self, namespace: str | None) -> Iterator[threading.Event]:
        changed = threading.Event()
        with self._lock:
            self._waiters.setdefault(namespace, set()).add(changed)
        try:
            yield changed
        finally:
            with self._lock:
                self._waiters[namespace].discard(changed)
                if not self._waiters[namespace]:
                    del self._waiters[namespace]

    def _wake(self, *namespaces: str) -> None:
        # Cluster-scoped objects (namespace "") concern everybody: a node may hold any pod.
        with self._lock:
            names: set[str | None] = {None, *namespaces}
            groups = self._waiters if "" in names else names
            events = [event for name in groups for event in self._waiters.get(name, ())]
        for event in events:
            event.set()

    def _raise_final(self, kind: Kind) -> None:
        trouble = self._troubles.get(kind.name)
        if trouble and trouble[1]:
            raise trouble[0]

    def _explain(self, answer: Pending, kinds: tuple[Kind, ...]) -> Pending:
        why = self.interrupted(kinds)
        return Pending(f"{answer.mismatch}\nobservation was interrupted: {why}") if why else answer
