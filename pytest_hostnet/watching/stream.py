"""One list+watch of one kind, kept alive through everything an API server may do to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from urllib3.exceptions import HTTPError

from pytest_hostnet.watching.kinds import Kind, Obj
from pytest_hostnet.watching.transport import ApiError, RefusedError, Transport, Watch

SERVER_SECONDS = 300
"""The server is asked to end a watch after this time, so that no stream outlives its use."""
SILENCE_SECONDS = 90.0
"""Longest silence on a watch: bookmarks come each minute, so longer means a dead connection."""
_FIRST_PAUSE, _LONGEST_PAUSE, _LONGEST_RETRY_AFTER = 0.1, 2.0, 30.0


class Sink(Protocol):
    """Where a stream delivers."""

    def replace(self, kind: Kind, objects: list[Obj]) -> None:
        """Take the whole collection, as just listed."""

    def apply(self, kind: Kind, event_type: str, obj: Obj) -> None:
        """Take one ADDED, MODIFIED or DELETED event."""

    def trouble(self, kind: Kind, error: ApiError | None, *, final: bool) -> None:
        """Hear that the stream is broken (``final``: for good), or with None that it works."""


class _Restart(Exception):
    """The watch cannot go on from where it was; list again."""


class Stream(threading.Thread):
    """A daemon thread that lists a kind, then watches it, for as long as it is wanted."""

    def __init__(self, transport: Transport, kind: Kind, sink: Sink) -> None:
        """Prepare; ``start()`` begins."""
        super().__init__(name=f"watch-{kind.name}", daemon=True)
        self._transport = transport
        self._kind = kind
        self._sink = sink
        self._stopped = threading.Event()
        self._watch: Watch | None = None
        self._pause = _FIRST_PAUSE

    def stop(self) -> None:
        """End the thread, also in the middle of a read; returns once it has ended."""
        self._stopped.set()
        watch = self._watch  # the thread may set it to None at any time
        if watch is not None:
            watch.end()
        if self.is_alive() and threading.current_thread() is not self:
            self.join(timeout=5)

    def run(self) -> None:
        """List and watch until stopped or refused for good."""
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 - handed on whole, see below
            # A thread that died unheard would leave every wait to its timeout, with no cause.
            final = RefusedError(f"watch of {self._kind.name} failed: {error!r}")
            final.__cause__ = error
            self._sink.trouble(self._kind, final, final=True)

    def _run(self) -> None:
        version: str | None = None
        while not self._stopped.is_set():
            try:
                if version is None:
                    version = self._list()
                version = self._follow(version)
            except _Restart:
                version = None
                self._stopped.wait(_FIRST_PAUSE)
            except ApiError as error:
                if not error.transient:
                    self._sink.trouble(self._kind, error, final=True)
                    return
                if error.status == 410:  # the version is too old for a watch
                    version = None
                self._rest(error)
            except (HTTPError, OSError, ValueError) as error:
                # A cut connection or a garbled line: what was missed is unknown, so list again.
                version = None
                if not self._stopped.is_set():
                    self._rest(ApiError(f"watch of {self._kind.name} broke: {error!r}"))

    def _rest(self, error: ApiError) -> None:
        self._sink.trouble(self._kind, error, final=False)
        if error.retry_after is not None:
            self._stopped.wait(min(error.retry_after, _LONGEST_RETRY_AFTER))
            return
        self._stopped.wait(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _list(self) -> str:
        answer = self._transport.request("GET", self._kind.path)
        try:
            items, version = answer["items"] or [], str(answer["metadata"]["resourceVersion"])
        except (TypeError, KeyError) as error:
            raise ValueError(f"a list of {self._kind.name} without {error}") from error
        self._sink.replace(self._kind, items)
        return version

    def _follow(self, version: str) -> str:
        """Watch from ``version`` until the server ends the request; return the last version."""
        params = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(SERVER_SECONDS),
        }
        watch = self._transport.watch(self._kind.path, params, read_timeout=SILENCE_SECONDS)
        self._watch = watch
        received = False
        try:
            if self._stopped.is_set():
                return version
            self._sink.trouble(self._kind, None, final=False)
            for event in watch:
                version = self._take(event)
                received = True
                self._pause = _FIRST_PAUSE
        finally:
            self._watch = None
            watch.end()
        if not received:  # ended at once and empty-handed: do not turn that into a busy loop
            self._stopped.wait(_FIRST_PAUSE)
        return version

    def _take(self, event: Obj) -> str:
        kind_of_event, obj = event.get("type"), event.get("object")
        if not isinstance(obj, dict):
            raise ValueError(f"a watch event without an object: {str(event)[:200]}")
        if kind_of_event == "ERROR":
            if obj.get("code") == 410:  # HTTP 410 Gone, as a status in the body
                raise _Restart
            raise ApiError(
                f"watch of {self._kind.name}: {obj.get('code')}: {obj.get('message')}",
                status=int(obj.get("code") or 0),
            )
        version = str(obj["metadata"]["resourceVersion"])
        if kind_of_event != "BOOKMARK":
            self._sink.apply(self._kind, str(kind_of_event), obj)
        return version


StreamFactory = Callable[[Transport, Kind, Sink], Stream]
