"""After a green run, a failed run and a Ctrl-C: containers, volumes and files are as before."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import WHOLE_RUN, start_run

ENDS_WITHIN = 60


def docker(*args: str) -> set[str]:
    done = subprocess.run(["docker", *args], check=True, capture_output=True, text=True, timeout=30)
    return set(done.stdout.split())


def machine() -> dict[str, object]:
    kubeconfig = Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")
    return {
        "containers": docker("ps", "-a", "-q", "--no-trunc"),
        "volumes": docker("volume", "ls", "-q"),
        "kubeconfig": kubeconfig.read_bytes() if kubeconfig.is_file() else None,
        "temporary files": {p.name for p in Path(tempfile.gettempdir()).glob("hostnet-*")},
    }


@pytest.fixture
def own_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "users-own-kubeconfig"
    path.write_text("apiVersion: v1\nkind: Config\nclusters: []\n")
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


@pytest.fixture
def unchanged(own_kubeconfig: Path) -> Iterator[None]:
    before = machine()
    yield
    assert machine() == before


def read_until(process: subprocess.Popen[str], text: str) -> str:
    seen = ""
    assert process.stdout is not None
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    pytest.fail(f"{text!r} never came:\n{seen}")


@pytest.mark.usefixtures("unchanged")
def test_after_a_green_run(tmp_path: Path, shipped: Path, cluster_options: list[str]) -> None:
    process = start_run(tmp_path, shipped / "pod-ip-is-node-ip", cluster_options)
    output, _ = process.communicate(timeout=WHOLE_RUN)
    assert process.returncode == 0, output
    assert "1 passed" in output
    left = {p.name for p in (tmp_path / "run").iterdir()}
    assert left <= {"pod-ip-is-node-ip", "pytest.ini", ".pytest_cache"}


@pytest.mark.usefixtures("unchanged")
def test_after_a_failed_run(tmp_path: Path, shipped: Path, cluster_options: list[str]) -> None:
    broken = tmp_path / "pod-ip-is-node-ip"
    shutil.copytree(shipped / "pod-ip-is-node-ip", broken)
    manifest = broken / "nginx.yaml"
    manifest.write_text(manifest.read_text().replace("hostNetwork: true", "hostNetwork: false"))
    process = start_run(tmp_path, broken, cluster_options)
    output, _ = process.communicate(timeout=WHOLE_RUN)
    assert process.returncode == 1, output
    assert "spec.hostNetwork is false" in output


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("signum", "moment"),
    [
        pytest.param(signal.SIGINT, "Preparing nodes", id="ctrl-c-while-creating"),
        pytest.param(signal.SIGINT, "is ready after", id="ctrl-c-while-testing"),
        pytest.param(signal.SIGTERM, "is ready after", id="sigterm-while-testing"),
    ],
)
def test_after_an_interruption(
    signum: signal.Signals,
    moment: str,
    tmp_path: Path,
    shipped: Path,
    cluster_options: list[str],
) -> None:
    process = start_run(tmp_path, shipped / "over-replication-crash-loops", cluster_options)
    seen = read_until(process, moment)
    time.sleep(2)  # into the phase after the one that was just reported
    process.send_signal(signum)
    output, _ = process.communicate(timeout=ENDS_WITHIN)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, seen + output
    assert "passed" not in output
