"""Progress lines on the terminal while a cluster is made, past pytest's output capture."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

_log = logging.getLogger("pytest_hostnet")


def progress_to(config: pytest.Config) -> Callable[[str], None]:
    """Return a function that shows one line of progress, and logs it.

    Under xdist the workers have no terminal; their lines go to the log alone.
    """
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")

    def show(line: str) -> None:
        _log.info(line)
        if terminal is None or config.get_verbosity() < 0:
            return
        if capture is None:
            terminal.write_line(f"hostnet: {line}")
            return
        with capture.global_and_fixture_disabled():
            terminal.ensure_newline()
            writer = config.get_terminal_writer()
            if writer.width_of_current_line:  # the dot of a test whose set-up showed progress
                writer.line()
            terminal.write_line(f"hostnet: {line}")

    return show
