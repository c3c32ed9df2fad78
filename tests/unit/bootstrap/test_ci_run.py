"""`.ci/run` ends with pytest's closing line and pytest's exit code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from stub_machine import Machine

CI_RUN = Path(__file__).parents[3] / ".ci" / "run"
CLOSING = "=== 1 failed, 2 passed, 1 warning in 130.51s (0:02:10) ==="


@pytest.fixture
def run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("PATH", f"{machine.bin}:/usr/bin:/bin")
    return machine


def _ci(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CI_RUN, *arguments], capture_output=True, text=True, check=False)


def test_green(run: Machine) -> None:
    run.program("make", "echo '[1/6] kind: kept'; echo '=== 3 passed in 0.51s ==='")
    done = _ci("ARGS=-k nginx")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "=== 3 passed in 0.51s ==="
    assert run.calls == ["make --no-print-directory test ARGS=-k nginx"]


@pytest.mark.parametrize(("said", "code"), [(1, 1), (3, 3), (130, 130)])
def test_red(run: Machine, said: int, code: int) -> None:
    last = f"echo 'make: *** [Makefile:30: test] Error {said}' >&2; exit 2"
    run.program("make", f"echo '{CLOSING}'; {last}")
    done = _ci()
    assert done.returncode == code
    assert done.stdout.splitlines()[-1] == CLOSING


@pytest.mark.parametrize(
    "closing", ["no tests ran in 0.01s", "2 errors in 1.20s", "1 failed in 9.99s"]
)
def test_quiet_closing_lines(run: Machine, closing: str) -> None:
    run.program(
        "make", f"echo '{closing}'; echo 'make: *** [Makefile:30: test] Error 5' >&2; exit 2"
    )
    done = _ci()
    assert done.stdout.splitlines()[-1] == closing
    assert done.returncode == 5


def test_set_up_that_fails(run: Machine) -> None:
    run.program("make", "echo 'error: no route to host. Do this.' >&2; exit 2")
    done = _ci()
    assert done.returncode == 2
    assert done.stdout.splitlines() == ["error: no route to host. Do this."]
