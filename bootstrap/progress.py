"""What a user sees while the set-up works: which step, what is going on, how long it may take."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


class Board:
    """The progress display: a line rewritten on a terminal, a line now and then elsewhere."""

    def __init__(self, total: int, stream: TextIO | None = None, pause: float = 0.0) -> None:
        self.total = total
        self.number = 0
        self.stream = stream or sys.stdout
        self.terminal = self.stream.isatty()
        self.pause = pause or (1.0 if self.terminal else 15.0)

    def kept(self, title: str, what: str) -> None:
        """Say that a step had nothing to do."""
        self.number += 1
        self._line(f"{self._head(title)}: kept ({what})", last=True)

    @contextmanager
    def step(self, title: str, expected: float) -> Iterator[Callable[[str], None]]:
        """Show a step while it is worked on; give the function that says what is going on."""
        self.number += 1
        begun, note, over = time.monotonic(), "", threading.Event()

        def tell(what: str) -> None:
            nonlocal note
            note = what

        def tick() -> None:
            while not over.wait(self.pause):
                seconds = f"{time.monotonic() - begun:.0f} s of about {expected:.0f} s"
                self._line(f"{self._head(title)}: {note + ', ' if note else ''}{seconds}")

        self._line(f"{self._head(title)}: takes about {expected:.0f} s")
        ticker = threading.Thread(target=tick, daemon=True)
        ticker.start()
        try:
            yield tell
        except BaseException:
            self._end(over, ticker)
            self._line(f"{self._head(title)}: not done", last=True)
            raise
        self._end(over, ticker)
        self._line(f"{self._head(title)}: done in {time.monotonic() - begun:.0f} s", last=True)

    @staticmethod
    def _end(over: threading.Event, ticker: threading.Thread) -> None:
        over.set()
        ticker.join()

    def _head(self, title: str) -> str:
        return f"[{self.number}/{self.total}] {title}"

    def _line(self, text: str, last: bool = False) -> None:
        end = "\n" if last or not self.terminal else ""
        start = "\r\x1b[K" if self.terminal else ""
        if self.terminal and not last:  # a line that wraps could not be rewritten
            text = text[: shutil.get_terminal_size().columns - 1]
        self.stream.write(start + text + end)
        self.stream.flush()
