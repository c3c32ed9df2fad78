"""Real kind clusters: what decides. Run with --hostnet-scenarios or without, it makes no odds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_hostnet.cluster.node import Node

WHOLE_RUN = 240
"""Seconds that a pytest run of its own may take, its cluster included."""


@pytest.fixture(scope="session")
def cluster_options(pytestconfig: pytest.Config) -> list[str]:
    """Return the options that give a pytest run of its own the same images and tools."""
    option = pytestconfig.option
    options = [f"--hostnet-image={entry}" for entry in option.hostnet_image or ()]
    for name in ("kind_image", "kind_bin", "kind_kubectl_bin"):
        if value := getattr(option, name):
            options.append(f"--{name.replace('_', '-')}={value}")
    return options


@pytest.fixture(scope="session")
def shipped() -> Path:
    """Return the folder of the shipped scenarios."""
    from pytest_hostnet.glue.collection import shipped_scenarios

    return shipped_scenarios()


@contextmanager
def host_process_on(node: Node, port: int) -> Iterator[None]:
    """Serve a port from the node itself, outside of every pod; systemd is what a kind node has."""
    serve = ["systemd-socket-activate", "-l", str(port), "-a", "--inetd"]
    reply = ["printf", "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nintruder\n"]
    subprocess.run(
        [str(node.docker), "exec", "-d", node.name, *serve, *reply], check=True, timeout=20
    )
    try:
        yield
    finally:
        node.run(["pkill", "-f", f"systemd-socket-activate -l {port}"])


def start_run(folder: Path, scenario: Path, options: list[str]) -> subprocess.Popen[str]:
    """Start a pytest run of its own on a copy of one scenario, in a folder with nothing else."""
    copy = folder / "run" / scenario.name
    shutil.copytree(scenario, copy, dirs_exist_ok=True)
    (folder / "run" / "pytest.ini").write_text("[pytest]\n")
    # A background job of a shell ignores SIGINT, and so would whatever it starts.
    heard = ["env", "--default-signal=INT"]
    command = [*heard, sys.executable, "-m", "pytest", "--hostnet-scenarios", str(copy), *options]
    return subprocess.Popen(
        command,
        cwd=folder / "run",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
