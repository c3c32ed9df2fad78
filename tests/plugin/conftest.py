"""Runs of pytest with the plugin, on machines of stub programs."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))

from fakes.api_server import ApiServer
from fakes.programs import Programs
from vocabulary import HEAD, POD, AddScenario, Run

# Loaded here once: an inner run in this process must not load compiled modules anew.
import pytest_hostnet.cluster.kind
import pytest_hostnet.glue.collection  # noqa: F401


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Programs]:
    """An empty PATH to put stub programs on; a call that none was told of fails the test."""
    made = Programs(tmp_path / "programs")
    monkeypatch.setenv("PATH", str(made.bin))
    yield made
    assert made.unexpected() == []


@pytest.fixture
def server() -> Iterator[ApiServer]:
    api = ApiServer()
    yield api
    api.close()
    assert api.unexpected == []
    assert api.unused() == []


@pytest.fixture
def run(pytester: pytest.Pytester, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest in this process, warnings as errors, with an empty folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(pytester.mkdir("temporary")))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.delenv("CI", raising=False)
    before = signal.getsignal(signal.SIGTERM)

    def go(*arguments: str) -> pytest.RunResult:
        try:
            # A checkout's own conftest.py lies above the shipped scenarios, and has its defaults.
            return pytester.runpytest_inprocess("-Werror", "--noconftest", *arguments)
        finally:
            signal.signal(signal.SIGTERM, before)

    return go


@pytest.fixture
def temporary(pytester: pytest.Pytester, run: Run) -> Path:
    return pytester.path / "temporary"


@pytest.fixture
def add_scenario(pytester: pytest.Pytester) -> AddScenario:
    """Write a scenario into a folder of the test, and return that folder."""

    def add(name: str, *, under: str = "own", text: str = "", workers: int = 0) -> Path:
        folder = pytester.path / under / name
        folder.mkdir(parents=True)
        (folder / "pod.yaml").write_text(POD)
        body = text or f"{HEAD}topology: {{workers: {workers}}}\nsteps: [{{apply: pod.yaml}}]\n"
        (folder / "scenario.yaml").write_text(body)
        return folder.parent

    return add


@pytest.fixture
def no_engine(programs: Programs) -> Programs:
    """A machine on which docker and kind are installed, but no Docker engine runs."""
    programs.docker()
    programs.kind()
    programs.add("docker version", error="Cannot connect to the Docker daemon\n", code=1)
    return programs
