"""A clock that moves only when it is told to."""

from __future__ import annotations


class Clock:
    """Monotonic seconds, as a callable."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
