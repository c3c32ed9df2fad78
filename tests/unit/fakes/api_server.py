"""An API server on loopback that answers what a test scripted, and reports everything else."""

from __future__ import annotations

import json
import queue
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from pytest_hostnet.watching.kinds import Kind

_CUT, _END = object(), object()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    at: float

    @property
    def is_watch(self) -> bool:
        return "watch" in self.query

    def __str__(self) -> str:
        return f"{'WATCH' if self.is_watch else self.method} {self.path} {self.query}"


@dataclass
class Reply:
    """One answer; with ``stall`` it only comes once the server closes. ``then`` is called after."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    stall: bool = False
    query: dict[str, str] | None = None
    then: Callable[[], object] = lambda: None

    def accepts(self, request: Request) -> bool:
        return self.query is None or self.query == request.query

    def send(self, handler: Handler) -> None:
        if self.stall:
            handler.api.closing.wait()
            handler.close_connection = True
            return
        text = isinstance(self.body, str)
        data = self.body.encode() if text else json.dumps(self.body).encode()
        handler.send_response(self.status)
        handler.send_header("Content-Type", "text/plain" if text else "application/json")
        handler.send_header("Content-Length", str(len(data)))
        for key, value in self.headers.items():
            handler.send_header(key, value)
        handler.end_headers()
        handler.wfile.write(data)
        self.then()


class WatchScript:
    """One expected watch, open until it is told to end; events may be sent at any time."""

    def __init__(self, after: str) -> None:
        self.after = after
        self.opened = threading.Event()
        self._parts: queue.Queue[Any] = queue.Queue()

    def sends(self, kind_of_event: str, obj: dict[str, Any]) -> Self:
        return self.sends_line(json.dumps({"type": kind_of_event, "object": obj}))

    def sends_line(self, line: str) -> Self:
        return self.sends_part(line + "\n")

    def sends_part(self, text: str) -> Self:
        self._parts.put(text.encode())
        return self

    def ends(self) -> Self:
        self._parts.put(_END)
        return self

    def cuts(self) -> Self:
        """End without the closing chunk, as a dying server does."""
        self._parts.put(_CUT)
        return self

    def accepts(self, request: Request) -> bool:
        expected = {
            "watch": "true",
            "resourceVersion": self.after,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": "300",
        }
        return request.query == expected

    def send(self, handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.flush()
        self.opened.set()
        while (part := self._parts.get()) not in (_CUT, _END):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        if part is _END:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.close_connection = True


class Handler(BaseHTTPRequestHandler):
    api: ApiServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        request = Request(
            self.command,
            url.path,
            dict(parse_qsl(url.query)),
            json.loads(raw) if raw else None,
            time.monotonic(),
        )
        try:
            self.api.answer_to(request).send(self)
        except OSError:  # the client went away, as clients may
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    api: ApiServer

    def get_request(self) -> Any:
        self.api.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class ApiServer:
    """Scripted answers by method and path, each used once, in order."""

    def __init__(self, identity: Path | None = None) -> None:
        """``identity``: a PEM file with key and certificate, to serve HTTPS."""
        self.requests: list[Request] = []
        self.unexpected: list[str] = []
        self.connections = 0
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._scripts: dict[tuple[str, str], deque[Reply | WatchScript]] = {}
        self._watches: list[WatchScript] = []
        self._server = _Server(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"api": self}))
        self._server.api = self
        if identity:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(identity)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if identity else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    # --- what a test says ---

    def expects(self, method: str, path: str, reply: Reply | WatchScript) -> None:
        with self._lock:
            self._scripts.setdefault((method, path), deque()).append(reply)

    def lists(self, kind: Kind, *objects: dict[str, Any], version: int = 1) -> None:
        body = {"metadata": {"resourceVersion": str(version)}, "items": list(objects)}
        self.expects("GET", kind.path, Reply(body=body, query={}))

    def refuses(
        self, kind: Kind, status: int, message: str, *, watch: bool = False, **headers: str
    ) -> None:
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        reply = Reply(status, {"kind": "Status", "message": message, "code": status}, sent)
        self.expects("WATCH" if watch else "GET", kind.path, reply)

    def watch(self, kind: Kind, *, after: int = 1) -> WatchScript:
        script = WatchScript(str(after))
        self._watches.append(script)
        self.expects("WATCH", kind.path, script)
        return script

    # --- what a test asks ---

    def count(self, kind: Kind, *, watch: bool = False) -> int:
        return sum(one.path == kind.path and one.is_watch == watch for one in self.requests)

    def unused(self) -> list[str]:
        return [f"{method} {path}" for (method, path), left in self._scripts.items() if left]

    def close(self) -> None:
        self.closing.set()
        for script in self._watches:
            script.cuts()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- what the handler asks ---

    def answer_to(self, request: Request) -> Reply | WatchScript:
        method = "WATCH" if request.is_watch else request.method
        with self._lock:
            self.requests.append(request)
            scripts = self._scripts.get((method, request.path))
            if scripts and scripts[0].accepts(request):
                return scripts.popleft()
            if not self.closing.is_set():
                self.unexpected.append(str(request))
        return Reply(418, {"message": f"not expected: {request}"})
