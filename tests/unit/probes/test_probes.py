"""Single tries from this host and from a node, and trying again under one deadline."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from fakes.clock import Clock
from fakes.programs import Programs

from pytest_hostnet.cluster.node import Node
from pytest_hostnet.probes import from_host, from_node
from pytest_hostnet.probes.attempt import Attempt, retry_until
from pytest_hostnet.system.deadline import Deadline


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response({"/": 200, "/away": 302}.get(self.path, 404))
        self.send_header("Location", "/")
        self.end_headers()
        self.wfile.write(b"Welcome\nmore\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    site = HTTPServer(("127.0.0.1", 0), _Site)
    thread = Thread(target=site.serve_forever, args=(0.02,))
    thread.start()
    yield site.server_address[1]
    site.shutdown()
    thread.join()
    site.server_close()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/none", 404), ("/away", 302)], ids=["ok", "missing", "moved"]
)
def test_http_tells_status_and_first_line_and_follows_nothing(
    port: int, path: str, status: int
) -> None:
    found = from_host.http("127.0.0.1", port, path)
    assert (found.outcome, found.status, found.detail) == (
        *("answered", status),
        f"{status} Welcome",
    )
    assert str(found) == (f"http://127.0.0.1:{port}{path} from host: answered ({status} Welcome)")


def test_a_proxy_is_passed_by(port: int, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    assert from_host.http("127.0.0.1", port).status == 200


def test_nobody_there_is_refused(closed_port: int) -> None:
    for probe in (from_host.http, from_host.tcp):
        found = probe("127.0.0.1", closed_port)
        assert (found.outcome, found.answered, found.status) == ("refused", False, 0)


def test_silence_is_timed_out(silent_port: int) -> None:
    found = from_host.http("127.0.0.1", silent_port, seconds=0.2)
    assert found.outcome == "timed out"
    assert found.detail.startswith("nothing within 0.2 s")


def test_tcp_needs_no_words(silent_port: int) -> None:
    assert from_host.tcp("127.0.0.1", silent_port).answered


def test_an_ipv6_address_is_put_in_brackets() -> None:
    assert from_host.bracketed("fc00::2") == "[fc00::2]"
    assert from_host.bracketed("10.0.0.1") == "10.0.0.1"


@pytest.fixture
def node(programs: Programs) -> Node:
    return Node("node-1", "172.18.0.2", schedulable=True, docker=programs.bin / "docker")


CURL = "docker exec node-1 curl -sS --noproxy * --max-time 2"


def test_curl_in_the_node_tells_status_and_first_line(node: Node, programs: Programs) -> None:
    programs.add(CURL, output="\nWelcome\nmore\n200")
    found = from_node.http(node, "10.96.0.1", 80)
    assert found == Attempt(
        "node node-1", "http://10.96.0.1:80/", "answered", "200 Welcome", status=200
    )


@pytest.mark.parametrize(("code", "outcome"), [(7, "refused"), (28, "timed out"), (6, "failed")])
@pytest.mark.parametrize("probe", [from_node.http, from_node.tcp])
def test_curls_exit_code_is_the_outcome(
    node: Node, programs: Programs, probe, code: int, outcome: str
) -> None:
    programs.add(CURL, output="0.000000", error="curl: why\n", code=code)
    found = probe(node, "10.96.0.1", 80)
    assert (found.outcome, found.detail) == (outcome, "curl: why")


def test_tcp_is_open_though_the_server_speaks_no_http(node: Node, programs: Programs) -> None:
    programs.add(CURL, output="0.000123", error="curl: (1) not HTTP\n", code=1)
    assert from_node.tcp(node, "10.96.0.1", 22).answered


def test_trying_ends_with_the_first_wanted_attempt() -> None:
    outcomes = iter(["refused", "refused", "answered", "refused"])
    found = retry_until(
        lambda: Attempt("host", "x", next(outcomes), ""), lambda a: a.answered, Deadline(30)
    )
    assert found.answered
    assert next(outcomes) == "refused"


def test_trying_ends_with_the_deadline_and_its_last_attempt(clock: Clock) -> None:
    tries = 0

    def attempt() -> Attempt:
        nonlocal tries
        tries += 1
        clock.advance(4)
        return Attempt("host", "x", "refused", str(tries))

    found = retry_until(attempt, lambda a: a.answered, Deadline(10, clock=clock))
    assert (found.detail, tries) == ("3", 3)
