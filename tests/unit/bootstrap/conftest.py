"""The stub machine, and a set-up context that uses it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from stub_machine import Machine

from bootstrap.context import Context
from bootstrap.progress import Board
from bootstrap.steps import Runner


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    for tool in ("sh", "sleep", "mkdir", "cat"):
        for folder in ("/bin", "/usr/bin"):
            if Path(folder, tool).exists():
                made.bin.joinpath(tool).symlink_to(Path(folder, tool))
                break
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("HOSTNET_CACHE", str(tmp_path / "cache"))
    for name in ("DOCKER_HOST", "HOSTNET_REGISTRY", "KUBERNETES", "NODE_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def context(tmp_path: Path) -> Context:
    cache = tmp_path / "cache"
    return Context(cache, Runner(cache / "logs" / "setup.log"), Board(6, io.StringIO()))


@pytest.fixture
def screen(context: Context) -> Callable[[], str]:
    def read() -> str:
        assert isinstance(context.board.stream, io.StringIO)
        return context.board.stream.getvalue()

    return read
