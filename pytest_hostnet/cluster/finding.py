"""One line of the report: who stands where, on which port, and what proves it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A fact that an assertion established."""

    node: str
    pod: str
    port: str
    """A port number as text, or empty where none is concerned."""
    state: str
    proof: str
    """The line that shows it: a log line, a listener, an event, an answer."""
