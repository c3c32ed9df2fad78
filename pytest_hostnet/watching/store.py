"""The last known state of everything watched, by namespace, with each pod's history."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from pytest_hostnet.watching.history import Change, PodHistory
from pytest_hostnet.watching.kinds import EVENTS, PODS, Kind, Obj, name_of, namespace_of, uid_of
from pytest_hostnet.watching.selectors import Selector


class Store:
    """Thread-safe; objects are replaced, never changed, so readers may keep what they got."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` stamps the histories (monotonic seconds)."""
        self._clock = clock
        self._lock = threading.Lock()
        self._objects: dict[str, dict[str, dict[str, Obj]]] = {}
        self._histories: dict[str, PodHistory] = {}
        self._events: dict[str, dict[str, Obj]] = {}

    def replace(self, kind: Kind, objects: list[Obj]) -> set[str]:
        """Take a whole collection; return the namespaces in which something may have changed."""
        fresh: dict[str, dict[str, Obj]] = {}
        for obj in objects:
            fresh.setdefault(namespace_of(obj), {})[name_of(obj)] = obj
        with self._lock:
            old = self._objects.get(kind.name, {})
            for namespace, by_name in old.items():
                for name, obj in by_name.items():
                    now = fresh.get(namespace, {}).get(name)
                    if now is None or uid_of(now) != uid_of(obj):
                        self._forget(kind, obj)
            self._objects[kind.name] = fresh
            for obj in objects:
                self._note(kind, obj)
        return {*old, *fresh}

    def put(self, kind: Kind, obj: Obj) -> str:
        """Take one object; return its namespace."""
        namespace = namespace_of(obj)
        with self._lock:
            by_namespace = self._objects.setdefault(kind.name, {})
            by_namespace.setdefault(namespace, {})[name_of(obj)] = obj
            self._note(kind, obj)
        return namespace

    def remove(self, kind: Kind, obj: Obj) -> str:
        """Drop one object; return its namespace."""
        namespace = namespace_of(obj)
        with self._lock:
            self._objects.get(kind.name, {}).get(namespace, {}).pop(name_of(obj), None)
            self._forget(kind, obj)
        return namespace

    def select(self, kind: Kind, namespace: str | None, selector: Selector) -> list[Obj]:
        """Return the matching objects, by name; ``namespace`` None means all."""
        with self._lock:
            by_namespace = self._objects.get(kind.name, {})
            spaces: Iterable[dict[str, Obj]] = (
                by_namespace.values() if namespace is None else [by_namespace.get(namespace, {})]
            )
            found = [obj for space in spaces for obj in space.values() if selector.matches(obj)]
        return sorted(found, key=lambda obj: (namespace_of(obj), name_of(obj)))

    def pod_history(self, pod: Obj) -> PodHistory:
        """Return what was seen of this pod so far (empty when nothing was)."""
        with self._lock:
            return self._histories.get(uid_of(pod)) or PodHistory(namespace_of(pod), name_of(pod))

    def timeline(self, namespace: str) -> list[tuple[str, Change]]:
        """Return every pod's changes in a namespace in the order seen, gone pods included."""
        with self._lock:
            rows = [
                (history.name, change)
                for history in self._histories.values()
                if history.namespace == namespace
                for change in history.changes
            ]
        return sorted(rows, key=lambda row: row[1].at)

    def events_about(self, obj: Obj) -> list[Obj]:
        """Return the Events whose involvedObject is ``obj``, oldest first."""
        with self._lock:
            found = list(self._events.get(uid_of(obj), {}).values())
        return sorted(found, key=_event_time)

    def _note(self, kind: Kind, obj: Obj) -> None:
        if kind is PODS:
            fresh = PodHistory(namespace_of(obj), name_of(obj))
            self._histories.setdefault(uid_of(obj), fresh).observe(obj, self._clock())
        elif kind is EVENTS:
            about = str(obj.get("involvedObject", {}).get("uid", ""))
            self._events.setdefault(about, {})[name_of(obj)] = obj

    def _forget(self, kind: Kind, obj: Obj) -> None:
        if kind is PODS and (history := self._histories.get(uid_of(obj))):
            history.observe_deletion(self._clock())


def _event_time(event: Obj) -> str:
    return str(
        event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
        or ""
    )
