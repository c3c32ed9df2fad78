"""What every set-up step is made of: one way to run commands, one way to publish results.

Three rules hold everywhere: a command is an argument list and never a shell line; a result appears
under its final name only when it is complete; an error says its cause and its cure in one line.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

PART = ".part"
POLL = 0.1  # seconds between two looks at a running command
TAIL = 400  # characters of a failed command's output that fit in a one-line error


class Failure(Exception):
    """A step could not be done: what happened, what to do about it, where the full output is."""

    def __init__(self, cause: str, cure: str, log: Path | None = None) -> None:
        super().__init__(cause)
        self.cause = " ".join(cause.split())
        self.cure = " ".join(cure.split())
        self.log = log

    def line(self) -> str:
        """Format the one line for stderr."""
        where = f" (log: {self.log})" if self.log else ""
        return f"error: {self.cause.rstrip('.')}. {self.cure.rstrip('.')}.{where}"


class Cancelled(Exception):
    """The work was stopped because work beside it failed; that failure is the one to report."""


@dataclass(frozen=True)
class Finished:
    """A command that ended: its exit code (127 when there is no such program) and its output."""

    code: int
    out: str
    err: str = ""

    @property
    def ok(self) -> bool:
        return self.code == 0


@dataclass
class Runner:
    """The one place that starts processes. `log` receives all output of the long commands."""

    log: Path
    cancelled: threading.Event = field(default_factory=threading.Event)

    def query(self, argv: Sequence[str], timeout: float = 30.0, stdin: bytes = b"") -> Finished:
        """Ask a short question; never raise for a bad exit code, a missing program or a hang."""
        try:
            done = subprocess.run(
                argv, input=stdin, capture_output=True, timeout=timeout, check=False
            )
        except (FileNotFoundError, PermissionError) as error:
            return Finished(127, "", str(error))
        except subprocess.TimeoutExpired:
            return Finished(124, "", f"{argv[0]} gave no answer within {timeout:g} s")
        out, err = (part.decode(errors="replace") for part in (done.stdout, done.stderr))
        return Finished(done.returncode, out, err)

    def run(
        self,
        argv: Sequence[str],
        *,
        cure: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        stdin: Path | None = None,
        stdout: Path | None = None,
        watch: Callable[[str], None] | None = None,
        limit: Callable[[], float] | None = None,
    ) -> None:
        """Run a long command with its output in the log; raise Failure when it fails.

        `watch` gets each new line of output, `limit` is asked again and again for the monotonic
        time at which the command is to be stopped (a limit may move as output arrives).
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log, _opened(stdin, stdout, log) as (source, sink):
            log.write(f"\n$ {' '.join(argv)}\n".encode())
            log.flush()
            start = log.tell()
            try:
                process = subprocess.Popen(
                    _dying_with_us(argv),
                    stdin=source,
                    stdout=sink,
                    stderr=log,
                    cwd=cwd,
                    env={**os.environ, **env} if env else None,
                )
            except OSError as error:
                raise Failure(f"cannot start {argv[0]}: {error.strerror}", cure, self.log) from None
            try:
                self._follow(process, start, watch, limit)
            finally:
                stop(process)
        if process.returncode != 0:
            said = last_words(self.log, start)
            name = Path(argv[0]).name
            raise Failure(f"{name} failed (exit code {process.returncode}): {said}", cure, self.log)

    def _follow(
        self,
        process: subprocess.Popen[bytes],
        start: int,
        watch: Callable[[str], None] | None,
        limit: Callable[[], float] | None,
    ) -> None:
        with self.log.open("rb") as output:
            output.seek(start)
            rest = b""
            while True:
                ended = process.poll() is not None
                *lines, rest = (rest + output.read()).split(b"\n")
                for line in lines:
                    if watch:
                        watch(line.decode(errors="replace").rstrip())
                if ended:
                    return
                if self.cancelled.is_set():
                    raise Cancelled
                if limit and time.monotonic() > limit():
                    return  # `stop` ends it, and its exit code says that it did not succeed
                try:
                    process.wait(POLL)
                except subprocess.TimeoutExpired:
                    continue


@contextmanager
def _opened(
    stdin: Path | None, stdout: Path | None, log: IO[bytes]
) -> Iterator[tuple[IO[bytes] | int, IO[bytes]]]:
    source: IO[bytes] | int = stdin.open("rb") if stdin else subprocess.DEVNULL
    sink = stdout.open("wb") if stdout else log
    try:
        yield source, sink
    finally:
        if not isinstance(source, int):
            source.close()
        if sink is not log:
            sink.close()


def _dying_with_us(argv: Sequence[str]) -> list[str]:
    """Have the command end when this process is killed, so that no orphan goes on writing."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--", *argv] if setpriv else list(argv)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that is still running: asked first, killed after 5 s."""
    if process.poll() is not None:
        return
    try:
        process.terminate()
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    except PermissionError:  # sudo's, which gets the terminal's Ctrl-C by itself
        process.wait()


def last_words(log: Path, start: int) -> str:
    """Shorten what a command wrote last, after byte `start`, to one line."""
    with log.open("rb") as output:
        output.seek(start)
        lines = [line.strip() for line in output.read().decode(errors="replace").splitlines()]
    words = " / ".join([line for line in lines if line][-3:])
    return words[-TAIL:] or "it said nothing"


@contextmanager
def publish(final: Path) -> Iterator[Path]:
    """Give a `.part` path to make, renamed to `final` only when all went well."""
    part = final.with_name(final.name + PART)
    final.parent.mkdir(parents=True, exist_ok=True)
    remove(part)
    try:
        yield part
        part.replace(final)
    finally:
        remove(part)


def remove(path: Path) -> None:
    """Delete a file or a folder, present or not."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Write a text file so that nobody ever sees half of it."""
    with publish(path) as part:
        part.write_text(text)
