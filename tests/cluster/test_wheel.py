"""The built wheel in an empty virtual environment, on a stranger's manifest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FOUR_LINES = """
from pytest_hostnet import assert_pod_ip_is_node_ip, assert_reachable

def test_game_server(hostnet_cluster):
    with hostnet_cluster.namespace() as ns:
        pods = ns.apply("game-server.yaml").pods("app=game-server")
        assert_pod_ip_is_node_ip(pods, count=1)
        assert_reachable(pods, port=18085)
"""

MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: game-server}
data:
  default.conf: |
    server { listen 18085; location / { return 200 "lobby\\n"; } }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: game-server}
spec:
  selector: {matchLabels: {app: game-server}}
  template:
    metadata: {labels: {app: game-server}}
    spec:
      hostNetwork: true
      containers:
      - name: server
        image: stranger.example/game-server:1
        ports: [{containerPort: 18085}]
        volumeMounts: [{name: conf, mountPath: /etc/nginx/conf.d}]
      volumes: [{name: conf, configMap: {name: game-server}}]
"""


def run(*argv: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(one) for one in argv],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{argv}:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """Return an empty folder with a virtual environment that has the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("stranger")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    run(*build, pytestconfig.rootpath, cwd=folder)
    run(sys.executable, "-m", "venv", "venv", cwd=folder)
    (wheel,) = folder.glob("*.whl")
    run(folder / "venv/bin/pip", "install", "--quiet", wheel, cwd=folder)
    (folder / "game-server.yaml").write_text(MANIFEST)
    (folder / "test_game_server.py").write_text(FOUR_LINES)
    return folder


@pytest.fixture
def local_image(pytestconfig: pytest.Config, tmp_path: Path) -> Iterator[str]:
    """Return the name of an image that this machine has and no node image carries."""
    stand_ins = dict(entry.split("=", 1) for entry in pytestconfig.option.hostnet_image or ())
    name = "hostnet-test/game-server:local"
    run("docker", "tag", stand_ins.get("nginx:alpine", "nginx:alpine"), name, cwd=tmp_path)
    yield name
    run("docker", "rmi", name, cwd=tmp_path)


def test_four_lines_test_a_strangers_manifest(
    stranger: Path, cluster_options: list[str], local_image: str
) -> None:
    stand_in = f"--hostnet-image=stranger.example/game-server:1={local_image}"
    output = run("venv/bin/pytest", "-v", *cluster_options, stand_in, cwd=stranger)
    assert f"loading image {local_image}" in output
    assert "1 passed" in output
    assert "test_game_server" in output
    assert "reachable from host" in output


def test_the_wheel_carries_the_scenarios(stranger: Path, shipped: Path) -> None:
    output = run("venv/bin/pytest", "--hostnet-scenarios", "--collect-only", "-q", cwd=stranger)
    for scenario in shipped.glob("*/scenario.yaml"):
        assert f"::{scenario.parent.name}\n" in output
    assert "venv/lib" in output


def test_the_wheel_is_typed_and_carries_its_licence(stranger: Path) -> None:
    names = run(sys.executable, "-m", "zipfile", "-l", *stranger.glob("*.whl"), cwd=stranger)
    assert "pytest_hostnet/py.typed" in names
    assert "licenses/LICENSE" in names
    assert "pytest_hostnet/scenarios/schema.json" in names
