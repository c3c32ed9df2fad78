"""The fakes as fixtures; each fails its test for whatever it was not told to expect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.api_server import ApiServer
from fakes.clock import Clock
from fakes.kubeconfig import write_kubeconfig
from fakes.programs import Programs

from pytest_hostnet.watching.observer import Observer
from pytest_hostnet.watching.transport import Transport


@pytest.fixture
def server() -> Iterator[ApiServer]:
    api = ApiServer()
    yield api
    api.close()
    assert api.unexpected == []
    assert api.unused() == []


@pytest.fixture
def transport(server: ApiServer, tmp_path: Path) -> Iterator[Transport]:
    made = Transport.from_kubeconfig(write_kubeconfig(tmp_path / "kubeconfig", server.url))
    yield made
    made.api_client.rest_client.pool_manager.clear()


@pytest.fixture
def observer(transport: Transport) -> Iterator[Observer]:
    made = Observer(transport)
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Programs]:
    made = Programs(tmp_path / "programs")
    monkeypatch.setenv("PATH", str(made.bin))
    yield made
    assert made.unexpected() == []
