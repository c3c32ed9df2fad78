"""Probes from this host: the machine that runs pytest is outside the cluster."""

from __future__ import annotations

import socket

import requests

from pytest_hostnet.probes.attempt import TRY_SECONDS, Attempt

_VANTAGE = "host"


def http(address: str, port: int, path: str = "/", *, seconds: float = TRY_SECONDS) -> Attempt:
    """GET ``http://address:port/path`` once, past any proxy, following no redirect."""
    url = f"http://{bracketed(address)}:{port}{path}"
    with requests.Session() as session:
        session.trust_env = False  # node addresses are local: a proxy would answer for them
        try:
            reply = session.get(url, timeout=seconds, allow_redirects=False)
        except requests.Timeout:
            return Attempt(_VANTAGE, url, "timed out", f"nothing within {seconds:g} s")
        except requests.RequestException as error:
            refused = "Connection refused" in str(error)
            return Attempt(_VANTAGE, url, "refused" if refused else "failed", _cause(error))
    first_line = (reply.text.strip().splitlines() or [""])[0][:80]
    return Attempt(
        _VANTAGE, url, "answered", f"{reply.status_code} {first_line}", reply.status_code
    )


def tcp(address: str, port: int, *, seconds: float = TRY_SECONDS) -> Attempt:
    """Open and close one TCP connection."""
    target = f"tcp://{bracketed(address)}:{port}"
    try:
        socket.create_connection((address, port), timeout=seconds).close()
    except TimeoutError:
        return Attempt(_VANTAGE, target, "timed out", f"nothing within {seconds:g} s")
    except ConnectionRefusedError as error:
        return Attempt(_VANTAGE, target, "refused", str(error))
    except OSError as error:
        return Attempt(_VANTAGE, target, "failed", str(error))
    return Attempt(_VANTAGE, target, "answered", "connected")


def bracketed(address: str) -> str:
    """Put an IPv6 address in brackets, as URLs want it."""
    return f"[{address}]" if ":" in address else address


def _cause(error: requests.RequestException) -> str:
    reason = getattr(error.args[0], "reason", error) if error.args else error
    return str(reason).rpartition(": ")[2][:200]
