"""Errno 98 in the words of many servers."""

from __future__ import annotations

import pytest

from pytest_hostnet.verdicts.bind_failure import bind_failure, ports_in

NAMED = {
    "nginx-musl-ipv4": (
        80,
        "2024/05/01 12:34:56 [emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address in use)",
    ),
    "nginx-glibc-ipv4": (
        8080,
        "2024/05/01 12:34:56 [emerg] 1#1: bind() to 0.0.0.0:8080 failed (98: Address already in use)",
    ),
    "nginx-musl-ipv6": (80, "nginx: [emerg] bind() to [::]:80 failed (98: Address in use)"),
    "nginx-glibc-ipv6": (
        8443,
        "nginx: [emerg] bind() to [::]:8443 failed (98: Address already in use)",
    ),
    "go": (8080, "listen tcp :8080: bind: address already in use"),
    "go-ipv4": (9090, "listen tcp 0.0.0.0:9090: bind: address already in use"),
    "go-ipv6": (9090, "listen tcp [::1]:9090: bind: address already in use"),
    "go-log": (
        80,
        "2024/05/01 10:15:30 main.go:22: listen tcp 127.0.0.1:80: bind: address already in use",
    ),
    "python-asyncio": (
        8000,
        (
            "[Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): "
            "address already in use"
        ),
    ),
    "node": (3000, "Error: listen EADDRINUSE: address already in use :::3000"),
    "node-ipv4": (3000, "Error: listen EADDRINUSE: address already in use 127.0.0.1:3000"),
    "node-object": (3000, "{ code: 'EADDRINUSE', errno: -98, syscall: 'listen', port: 3000 }"),
    "java-netty": (
        8080,
        "java.net.BindException: Address already in use: bind to /0.0.0.0:8080",
    ),
    "envoy": (
        10000,
        "error adding listener '0.0.0.0:10000': cannot bind '0.0.0.0:10000': Address already in use",
    ),
    "haproxy": (
        80,
        (
            "[ALERT]    (1) : Starting frontend http: cannot bind socket (Address already in use) "
            "[0.0.0.0:80]"
        ),
    ),
    "coredns": (53, "Listen: listen tcp :53: bind: address already in use"),
    "apache": (
        80,
        "(98)Address in use: AH00072: make_sock: could not bind to address 0.0.0.0:80",
    ),
    "iso-time": (
        8080,
        "2024-05-01T12:34:56.789Z ERROR listen tcp 10.0.0.12:8080: bind: address already in use",
    ),
    "bracketed-time": (80, "[12:34:56] cannot listen on localhost:80: Address already in use"),
    "clf-time": (80, "[01/May/2024:12:34:56 +0000] *:80: Address already in use"),
}
UNNAMED = {
    "python": "OSError: [Errno 98] Address already in use",
    "rust": 'Os { code: 98, kind: AddrInUse, message: "Address already in use" }',
    "rust-display": "Error: Address already in use (os error 98)",
    "java": "java.net.BindException: Address already in use (Bind failed)",
    "time-of-day": "12:34:56 bind failed: Address already in use",
    "time-with-fraction": "2024-05-01 12:34:56,789 ERROR Address already in use",
    "short-time": "at 12:34 the bind failed: Address already in use",
}
INNOCENT = {
    "permission": "bind() to 0.0.0.0:80 failed (13: Permission denied)",
    "not-available": "bind() to 10.1.2.3:80 failed (99: Address not available)",
    "refused": "connect() failed (111: Connection refused) while connecting to 127.0.0.1:80",
    "retry": "still could not bind()",
    "other-98": "98 connections on port 80",
    "disk": "file is in use",
    "started": "listening on 0.0.0.0:80",
    "empty": "",
}


@pytest.mark.parametrize(("port", "line"), NAMED.values(), ids=NAMED)
def test_a_line_that_names_the_port_is_the_proof(port: int, line: str) -> None:
    assert bind_failure(f"starting\n  {line}\nbye\n", port) == line
    assert bind_failure(line) == line


@pytest.mark.parametrize(("port", "line"), NAMED.values(), ids=NAMED)
def test_a_line_that_names_another_port_is_no_proof(port: int, line: str) -> None:
    assert bind_failure(line, port + 1) is None


@pytest.mark.parametrize("line", UNNAMED.values(), ids=UNNAMED)
def test_a_line_that_names_no_port_counts_for_any(line: str) -> None:
    assert bind_failure(line, 80) == line
    assert ports_in(line) == set()


@pytest.mark.parametrize("line", INNOCENT.values(), ids=INNOCENT)
def test_other_lines_are_no_proof(line: str) -> None:
    assert bind_failure(line) is None
    assert bind_failure(line, 80) is None


def test_the_first_fitting_line_is_returned() -> None:
    log = (
        "bind() to 0.0.0.0:443 failed (98: Address in use)\n"
        "bind() to 0.0.0.0:80 failed (98: Address in use)\n"
        "bind() to [::]:80 failed (98: Address in use)\n"
    )
    assert bind_failure(log, 80) == "bind() to 0.0.0.0:80 failed (98: Address in use)"


@pytest.mark.parametrize(
    ("line", "ports"),
    [
        ("proxy 10.0.0.1:8080 to 10.0.0.2:80", {8080, 80}),
        ("port 8080 and port=9090", {8080, 9090}),
        ("port: 70000", set()),
        ("12:34:56 nothing", set()),
        ("1.2.3.4:22 at 10:22", {22}),
    ],
)
def test_ports_are_read_and_times_are_not(line: str, ports: set[int]) -> None:
    assert ports_in(line) == ports
