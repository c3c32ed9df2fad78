"""Recognises "the port is taken" (errno 98, EADDRINUSE) in a container's own log."""

from __future__ import annotations

import re

# glibc says "Address already in use", musl "Address in use"; the rest are the runtimes' words.
_IN_USE = re.compile(
    r"address (?:already )?in use|EADDRINUSE|\[?errno:? 98\]?|\(98: |os error 98|"
    r"only one usage of each socket address",
    re.IGNORECASE,
)
_PORT = re.compile(r"(?:[\d\]*.)a-z]|\blocalhost|\s):+(\d{1,5})\b")
_NAMED_PORT = re.compile(r"\bport[ =:]+(\d{1,5})\b", re.IGNORECASE)
_PYTHON_PORT = re.compile(r"['\"], (\d{1,5})[,)]")
_CLOCK = re.compile(r"(?<![\d.])(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?:[.,]\d+)?(?!\d)")


def bind_failure(log: str, port: int | None = None) -> str | None:
    """Return the first line that says a bind failed with EADDRINUSE, or None.

    With ``port``, a line that names only other ports does not count; a line that names no
    port does (Python and Rust name none).
    """
    for line in log.splitlines():
        if not _IN_USE.search(line) or "unix:" in line:
            continue
        named = ports_in(line)
        if port is None or not named or port in named:
            return line.strip()
    return None


def ports_in(line: str) -> set[int]:
    """Return the port numbers that a log line names; times of day are not ports."""
    text = _CLOCK.sub(" ", line)
    found = {int(n) for form in (_PORT, _NAMED_PORT, _PYTHON_PORT) for n in form.findall(text)}
    return {n for n in found if 0 < n < 65536 and n != 98}
