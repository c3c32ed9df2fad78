"""Commands: output, failure, time-out, and nothing left running."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from pytest_hostnet.system.command import CommandError, run

SHELL = "/bin/sh"


def shell(script: str, **options: object):
    return run([SHELL, "-c", script], **{"timeout": 10, **options})


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone_soon(pid: int) -> bool:
    end = time.monotonic() + 2
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pid)


def test_both_streams_and_the_exit_code_are_kept() -> None:
    done = shell("echo out; echo err >&2; exit 3", check=False)
    assert (done.stdout, done.stderr, done.returncode, done.ok) == ("out\n", "err\n", 3, False)


def test_arguments_are_no_shell_text() -> None:
    text = "$(touch x); `id` | *"
    assert run(
        [sys.executable, "-ISc", "import sys; print(sys.argv[1])", text], timeout=10
    ).stdout == (text + "\n")


def test_stdin_is_sent_and_otherwise_empty() -> None:
    assert shell("cat", stdin="hello").stdout == "hello"
    assert shell("cat").stdout == ""


def test_variables_are_added_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "1")
    assert shell("echo $KEPT $ADDED", env={"ADDED": "2"}).stdout == "1 2\n"


def test_bytes_that_are_no_text_do_not_fail() -> None:
    assert "ok" in shell(r"printf '\377\376 ok'").stdout


def test_a_failure_names_the_command_its_code_and_its_last_words() -> None:
    with pytest.raises(CommandError) as caught:
        shell("echo ignored; for n in $(seq 20); do echo line $n >&2; done; exit 7")
    text = str(caught.value)
    assert text.startswith(f"{SHELL} -c echo ignored")
    assert " exited with 7:\nline 9\n" in text
    assert text.endswith("line 20")


def test_a_failure_without_errors_shows_the_output() -> None:
    with pytest.raises(CommandError, match=r"exited with 1:\nonly this$"):
        shell("echo only this; exit 1")


def test_a_long_command_is_cut_in_the_error() -> None:
    with pytest.raises(CommandError) as caught:
        shell("exit 1 # " + "x" * 1000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", ["no-such-program", "/no/such/program"])
def test_a_missing_executable_is_named(name: str) -> None:
    with pytest.raises(CommandError) as caught:
        run([name], timeout=1)
    assert str(caught.value) == (
        f"cannot run {name}: No such file or directory\n"
        "  expected: an executable on PATH or at the given path"
    )


def test_a_file_that_is_not_executable_is_named(tmp_path: Path) -> None:
    file = tmp_path / "kind"
    file.write_text("")
    with pytest.raises(CommandError, match=f"^cannot run {file}: Permission denied"):
        run([str(file)], timeout=1)


def test_lines_are_told_while_the_command_runs() -> None:
    heard: list[tuple[float, str]] = []

    def listen(line: str) -> None:
        heard.append((time.monotonic(), line))

    done = shell("echo one; sleep 0.3; echo two >&2", on_line=listen)
    assert [line for _, line in heard] == ["one", "two"]
    assert heard[1][0] - heard[0][0] >= 0.2
    assert done.stdout == "one\ntwo"


def test_a_failure_with_lines_has_them_in_its_text() -> None:
    with pytest.raises(CommandError, match=r"exited with 4:\none\ntwo$"):
        shell("echo one; echo two >&2; exit 4", on_line=lambda _: None)


@pytest.mark.parametrize("on_line", [None, lambda _: None], ids=["captured", "followed"])
@pytest.mark.parametrize("trap", ["", "trap '' TERM; "], ids=["obedient", "deaf"])
def test_a_time_out_ends_what_the_command_started_too(tmp_path: Path, on_line, trap: str) -> None:
    pids = tmp_path / "pids"
    started = time.monotonic()
    with pytest.raises(CommandError, match=r"did not end within 0\.3 s$"):
        shell(f"({trap}sleep 30; :) & echo $! > {pids}; wait", timeout=0.3, on_line=on_line)
    assert time.monotonic() - started < 3
    assert gone_soon(int(pids.read_text()))


def test_a_slow_listener_hears_of_the_time_out_too() -> None:
    with pytest.raises(CommandError, match=r"did not end within 0\.3 s$"):
        shell(
            "for n in $(seq 8); do echo $n; done; sleep 30",
            timeout=0.3,
            on_line=lambda _: time.sleep(0.1),
        )


def test_an_interrupt_ends_the_command(tmp_path: Path) -> None:
    pids = tmp_path / "pid"

    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shell(f"echo $$ > {pids}; echo ready; exec sleep 30", on_line=interrupt)
    assert gone_soon(int(pids.read_text()))


def test_a_ctrl_c_in_the_terminal_does_not_reach_the_command() -> None:
    done = shell("ps -o pgid= -p $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat")
    assert int(done.stdout) != os.getpgid(0)


def test_a_command_ended_by_a_signal_failed() -> None:
    assert shell("kill -9 $$", check=False).returncode == -signal.SIGKILL
