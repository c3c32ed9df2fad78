"""pytest-kind's options keep their meaning: a kept, named cluster is used again, and stays."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_hostnet.cluster.tools import find_tool
from tests.cluster.conftest import WHOLE_RUN, start_run

NAME = "hostnet-kept-by-a-test"


@pytest.fixture
def kind(pytestconfig: pytest.Config, tmp_path: Path) -> Iterator[Path]:
    given = pytestconfig.option.kind_bin
    path = find_tool("kind", Path(given) if given else None, "--kind-bin")
    yield path
    config = f"--kubeconfig={tmp_path / 'delete'}"
    subprocess.run([path, "delete", "cluster", "-q", f"--name={NAME}", config], check=True)


def clusters(kind: Path) -> list[str]:
    done = subprocess.run([kind, "get", "clusters"], check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_a_kept_cluster_is_used_again_and_never_deleted_by_the_run_that_found_it(
    kind: Path, tmp_path: Path, shipped: Path, cluster_options: list[str]
) -> None:
    kubeconfig = tmp_path / "mine" / "config"
    kubeconfig.parent.mkdir()
    options = [*cluster_options, f"--cluster-name={NAME}", f"--kubeconfig={kubeconfig}"]
    scenario = shipped / "pod-ip-is-node-ip"

    first = start_run(tmp_path, scenario, [*options, "--keep-cluster"])
    output, _ = first.communicate(timeout=WHOLE_RUN)
    assert first.returncode == 0, output
    assert f"kept cluster {NAME}" in output
    assert NAME in clusters(kind)
    assert f"kind-{NAME}" in kubeconfig.read_text()
    assert not list(Path(tempfile.gettempdir()).glob(f"{NAME}-*"))

    second = start_run(tmp_path, scenario, options)
    output, _ = second.communicate(timeout=WHOLE_RUN)
    assert second.returncode == 0, output
    assert "Preparing nodes" not in output
    assert f"left cluster {NAME} as it was found" in output
    assert NAME in clusters(kind)

    third = start_run(tmp_path, shipped / "one-replica-per-node", options)
    output, _ = third.communicate(timeout=WHOLE_RUN)
    assert "2w" in output  # another topology never gets the cluster of this one
    assert NAME in clusters(kind)
