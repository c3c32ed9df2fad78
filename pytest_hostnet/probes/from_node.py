"""Probes from inside a node, with the node's own curl: where Services and lo can be reached."""

from __future__ import annotations

from pytest_hostnet.cluster.node import Node
from pytest_hostnet.probes.attempt import TRY_SECONDS, Attempt
from pytest_hostnet.probes.from_host import bracketed

# curl's exit codes: https://curl.se/docs/manpage.html#EXIT
_OUTCOMES = {7: "refused", 28: "timed out"}


def http(
    node: Node, address: str, port: int, path: str = "/", *, seconds: float = TRY_SECONDS
) -> Attempt:
    """GET ``http://address:port/path`` once from inside ``node``."""
    url = f"http://{bracketed(address)}:{port}{path}"
    command = ["curl", "-sS", "--noproxy", "*", "--max-time", f"{seconds:g}"]
    command += ["--write-out", "\n%{http_code}", url]
    done = node.run(command, check=False, timeout=seconds + 15)
    vantage = f"node {node.name}"
    if done.ok:
        body, _, status = done.stdout.rpartition("\n")
        first_line = (body.strip().splitlines() or [""])[0][:80]
        return Attempt(vantage, url, "answered", f"{status} {first_line}", int(status))
    outcome = _OUTCOMES.get(done.returncode, "failed")
    return Attempt(vantage, url, outcome, done.stderr.strip()[-200:] or f"curl {done.returncode}")


def tcp(node: Node, address: str, port: int, *, seconds: float = TRY_SECONDS) -> Attempt:
    """Open one TCP connection from inside ``node``; what the server says does not matter."""
    target = f"tcp://{bracketed(address)}:{port}"
    command = ["curl", "-sS", "--noproxy", "*", "--max-time", f"{seconds:g}", "-o", "/dev/null"]
    command += ["--write-out", "%{time_connect}", f"http://{bracketed(address)}:{port}/"]
    done = node.run(command, check=False, timeout=seconds + 15)
    vantage = f"node {node.name}"
    # curl speaks HTTP, the server perhaps not: a connect time above 0 says that TCP was open.
    if float(done.stdout or 0) > 0:
        return Attempt(vantage, target, "answered", "connected")
    outcome = _OUTCOMES.get(done.returncode, "failed")
    return Attempt(vantage, target, outcome, done.stderr.strip()[-200:])
