"""Reads kind's own progress lines, so that a creation can be followed phase by phase."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pytest_hostnet.system.deadline import Clock

Progress = Callable[[str], None]
_LINE = re.compile(r"^ *(?P<mark>[•✓✗]) (?P<phase>[\w(][^\U0001F000-\U0001FFFF…]*)")


def silent(_: str) -> None:
    """Show nothing."""


@dataclass(slots=True)
class Phases:
    """Turns kind's lines into one report per finished phase, and keeps the last one for errors."""

    report: Progress
    clock: Clock = time.monotonic
    current: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    """Duration of each finished phase."""
    _since: float = 0.0

    def line(self, text: str) -> None:
        """Take in one line of kind's output."""
        match = _LINE.match(text)
        if match is None:
            return
        phase = match["phase"].replace("...", "").rstrip(" \ufe0f\u200d")
        if match["mark"] == "•":
            self.begin(phase)
        elif match["mark"] == "✓":
            self.end()

    def begin(self, phase: str) -> None:
        """Enter a phase."""
        self.current, self._since = phase, self.clock()

    def end(self) -> None:
        """Leave the current phase and report it."""
        taken = self.clock() - self._since
        self.seconds[self.current] = taken
        self.report(f"{self.current}: {taken:.1f} s")
