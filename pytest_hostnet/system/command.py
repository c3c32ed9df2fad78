"""The one place that runs commands: argv lists, never a shell, output kept for the error."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Timer

from pytest_hostnet.system.errors import HostnetError

_TAIL = 12


class CommandError(HostnetError):
    """A command could not be started, failed, or ran out of time."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Whether the command exited with 0."""
        return self.returncode == 0

    def tail(self) -> str:
        """Return the last lines that the command wrote."""
        lines = (self.stderr.strip() or self.stdout.strip()).splitlines()
        return "\n".join(lines[-_TAIL:])


def run(
    argv: Sequence[str],
    *,
    timeout: float,
    check: bool = True,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run ``argv`` to its end, at most ``timeout`` seconds.

    ``on_line`` is called with each line as it is written (both streams, merged).
    The command gets a session of its own: a Ctrl-C in the terminal reaches this process
    alone, which then ends the command and cleans up in its own order.

    Raises CommandError when it cannot start, exits non-zero (with ``check``) or is too slow.
    """
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if on_line else subprocess.PIPE,
            env=None if env is None else {**os.environ, **env},
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise CommandError(
            f"cannot run {argv[0]}: {error.strerror or error}",
            expected="an executable on PATH or at the given path",
        ) from error
    try:
        if on_line:
            done = _follow(process, argv, timeout, on_line)
        else:
            stdout, stderr = process.communicate(stdin, timeout=timeout)
            done = Completed(tuple(argv), process.returncode, stdout, stderr)
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise CommandError(f"{_shown(argv)} did not end within {timeout:g} s") from error
    except BaseException:
        _end(process)
        raise
    if check and not done.ok:
        raise CommandError(f"{_shown(argv)} exited with {done.returncode}:\n{done.tail()}")
    return done


def _follow(
    process: subprocess.Popen[str],
    argv: Sequence[str],
    timeout: float,
    on_line: Callable[[str], None],
) -> Completed:
    lines: list[str] = []
    fired = Event()

    def expire() -> None:
        fired.set()
        _kill(process)  # the reader closes its stream itself

    late = Timer(timeout, expire)
    late.start()
    try:
        if process.stdout is not None:
            with process.stdout as stream:
                for line in stream:
                    lines.append(line.rstrip("\n"))
                    on_line(lines[-1])
        returncode = process.wait()
    finally:
        late.cancel()
        late.join()
    if fired.is_set():
        raise subprocess.TimeoutExpired(list(argv), timeout)
    return Completed(tuple(argv), returncode, "\n".join(lines), "")


def _end(process: subprocess.Popen[str]) -> None:
    _kill(process)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream and not stream.closed and process.poll() is not None:
            stream.close()


def _kill(process: subprocess.Popen[str]) -> None:
    """End the command and what it started: its whole session, which is ours alone."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signum)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=3)
            break
        except subprocess.TimeoutExpired:
            continue
    with suppress(ProcessLookupError):  # what the command started may not have heard SIGTERM
        os.killpg(process.pid, signal.SIGKILL)


def _shown(argv: Sequence[str]) -> str:
    text = " ".join(argv)
    return text if len(text) <= 200 else text[:200] + " …"
