"""Commands, publishing and progress."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bootstrap.context import Context, alone
from bootstrap.progress import Board
from bootstrap.steps import Cancelled, Failure, Runner, publish, write


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path / "logs" / "setup.log")


def test_failing_command_gives_one_line_with_cause_cure_and_log(runner: Runner) -> None:
    with pytest.raises(Failure) as caught:
        runner.run(
            ["sh", "-c", "echo first; echo no space left >&2; exit 3"], cure="Free some space"
        )
    line = caught.value.line()
    assert line.startswith(
        "error: sh failed (exit code 3): first / no space left. Free some space."
    )
    assert line.endswith(f"(log: {runner.log})")
    assert "\n" not in line
    assert "no space left" in runner.log.read_text()


def test_program_that_is_not_there_is_named(runner: Runner) -> None:
    with pytest.raises(Failure, match="no-such-program"):
        runner.run(["no-such-program"], cure="Install it")


def test_query_never_raises(runner: Runner) -> None:
    assert runner.query(["no-such-program"]).code == 127
    assert runner.query(["sh", "-c", "exit 4"]).code == 4
    slow = runner.query(["sleep", "9"], timeout=0.1)
    assert slow.code == 124
    assert "0.1 s" in slow.err


def test_watch_gets_whole_lines_and_only_new_ones(runner: Runner) -> None:
    runner.run(["sh", "-c", "echo before"], cure="")
    lines: list[str] = []
    runner.run(
        ["sh", "-c", "printf one; sleep 0.3; echo ' two'; echo three"], cure="", watch=lines.append
    )
    assert lines == ["one two", "three"]


def test_limit_ends_a_command(runner: Runner) -> None:
    begun = time.monotonic()
    with pytest.raises(Failure):
        runner.run(["sleep", "60"], cure="", limit=lambda: begun + 0.3)
    assert time.monotonic() - begun < 5


def test_cancelling_ends_a_command(runner: Runner) -> None:
    threading.Timer(0.2, runner.cancelled.set).start()
    with pytest.raises(Cancelled):
        runner.run(["sleep", "60"], cure="")


def test_input_and_output_can_be_files(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("text")
    runner.run(["cat"], cure="", stdin=tmp_path / "in", stdout=tmp_path / "out")
    assert (tmp_path / "out").read_text() == "text"


def test_failed_publishing_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with publish(tmp_path / "image.tar") as part:
            part.write_text("half")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_visible_before_it_is_whole(tmp_path: Path) -> None:
    with publish(tmp_path / "image.tar") as part:
        part.write_text("half")
        assert not (tmp_path / "image.tar").exists()
    assert (tmp_path / "image.tar").read_text() == "half"


def test_failed_rewrite_keeps_the_old_file(tmp_path: Path) -> None:
    write(tmp_path / "file", "old")

    def interrupt() -> None:
        with publish(tmp_path / "file") as part:
            part.write_text("ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert (tmp_path / "file").read_text() == "old"


def test_killed_run_leaves_no_usable_cache(tmp_path: Path) -> None:
    """kill -9 in the middle: the half is not taken for the whole, and the next run removes it."""
    code = (
        "import sys, pathlib; from bootstrap.steps import Runner, publish\n"
        "cache = pathlib.Path(sys.argv[1])\n"
        "with publish(cache / 'roots' / 'node.tar') as part:\n"
        "    part.write_text('half'); print('begun', flush=True)\n"
        "    Runner(cache / 'log').run(['sleep', '77.5'], cure='')\n"
    )
    cache = tmp_path / "cache"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(cache)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(0.3)
        child = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not (cache / "roots" / "node.tar").exists()
    assert (cache / "roots" / "node.tar.part").exists()
    with alone(cache):
        assert list((cache / "roots").iterdir()) == []
    deadline = time.monotonic() + 5
    while any(_alive(pid) for pid in child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert child
    assert not any(_alive(pid) for pid in child), "the killed run's command goes on"


def _alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_second_run_waits_for_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entered = threading.Event()

    def second() -> None:
        with alone(tmp_path):
            entered.set()

    with alone(tmp_path):
        other = threading.Thread(target=second)
        other.start()
        assert not entered.wait(0.3)
    assert entered.wait(5)
    other.join()
    assert "waiting for another set-up" in capsys.readouterr().out


def test_progress_says_step_doing_and_time() -> None:
    screen = io.StringIO()
    board = Board(7, screen, pause=0.05)
    board.kept("kind", "/usr/bin/kind")
    with board.step("Kubernetes v1.37.2 binaries", 450) as tell:
        tell("kubelet (4 of 7)")
        time.sleep(0.2)
    lines = screen.getvalue().splitlines()
    assert lines[0] == "[1/7] kind: kept (/usr/bin/kind)"
    assert lines[1] == "[2/7] Kubernetes v1.37.2 binaries: takes about 450 s"
    assert "[2/7] Kubernetes v1.37.2 binaries: kubelet (4 of 7), 0 s of about 450 s" in lines
    assert lines[-1] == "[2/7] Kubernetes v1.37.2 binaries: done in 0 s"


def test_progress_says_when_a_step_was_not_done() -> None:
    screen = io.StringIO()
    with pytest.raises(KeyboardInterrupt), Board(1, screen).step("kind", 60):
        raise KeyboardInterrupt
    assert screen.getvalue().splitlines()[-1] == "[1/1] kind: not done"


def test_decisions_are_remembered_and_a_broken_file_is_no_decision(context: Context) -> None:
    assert context.recall("pull x") is None
    context.remember("pull x", "no")
    context.remember("pull y", "yes")
    assert (context.recall("pull x"), context.recall("pull y")) == ("no", "yes")
    (context.cache / "decisions.json").write_text('{"pull x": ')
    assert context.recall("pull x") is None


def test_line_of_a_terminal_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "40")
    screen = Terminal()
    with Board(1, screen, pause=0.05).step("kind", 60) as tell:
        tell("a very long name of a package that is being compiled just now")
        time.sleep(0.2)
    rewritten = screen.getvalue().split("\r\x1b[K")[1:]
    assert len(rewritten) > 2
    assert all(len(line) < 40 for line in rewritten[:-1])
    assert rewritten[-1] == "[1/1] kind: done in 0 s\n"


def test_dots_in_a_path_survive_in_an_error() -> None:
    failure = Failure("cannot read ../lock...", "Look there.")
    assert failure.line() == "error: cannot read ../lock. Look there."
