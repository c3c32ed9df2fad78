"""What is found out before a cluster is begun."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fakes.programs import Programs

from pytest_hostnet.cluster import tools
from pytest_hostnet.cluster.tools import Docker, find_tool
from pytest_hostnet.system.command import run
from pytest_hostnet.system.errors import HostnetError


def refusal(call, *args: object) -> str:
    started = time.monotonic()
    with pytest.raises(HostnetError) as caught:
        call(*args)
    assert time.monotonic() - started < 5
    return str(caught.value)


def test_no_docker_says_how_to_get_it(programs: Programs) -> None:
    assert refusal(Docker.find) == (
        "docker is not on PATH\n"
        "  expected: a Docker engine that kind can use\n"
        "  next:     on Debian: apt-get install docker.io; else see "
        "https://docs.docker.com/engine/install/"
    )


def test_no_kind_says_how_to_get_it(programs: Programs) -> None:
    assert refusal(find_tool, "kind", None, "--kind-bin") == (
        "kind is not on PATH\n"
        "  expected: kind installed, or its path in --kind-bin\n"
        "  next:     go install sigs.k8s.io/kind@latest, or see "
        "https://kind.sigs.k8s.io/docs/user/quick-start/#installation"
    )


def test_a_given_tool_that_is_not_there_is_named(programs: Programs, tmp_path: Path) -> None:
    programs.kind()
    missing = tmp_path / "kind"
    assert refusal(find_tool, "kind", missing, "--kind-bin") == (
        f"--kind-bin {missing}: no such file\n  expected: the path of a kind executable"
    )


def test_a_given_tool_goes_before_the_one_on_the_path(programs: Programs, tmp_path: Path) -> None:
    programs.kind()
    given = tmp_path / "kind"
    given.touch()
    assert find_tool("kind", None, "--kind-bin") == programs.bin / "kind"
    assert find_tool("kind", given, "--kind-bin") == given


def test_an_engine_that_answers_is_fine(programs: Programs) -> None:
    programs.docker()
    Docker.find().check()


NO_ENGINE = (
    "\n  expected: `docker version` to name a server\n"
    "  next:     start it (systemctl start docker, or dockerd), check DOCKER_HOST, or ask for "
    "membership of the docker group"
)


def test_an_engine_that_refuses_is_quoted(programs: Programs) -> None:
    said = "Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?"
    programs.add("docker version", error=f"29.0.0\n{said}\n", code=1)
    assert refusal(Docker.find().check) == (f"the Docker engine does not answer: {said}{NO_ENGINE}")


def test_an_engine_that_is_silent_is_given_up_in_5_seconds(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs.add("docker version", sleep=60)
    monkeypatch.setattr(tools, "run", lambda argv, timeout: run(argv, timeout=timeout / 20))
    text = refusal(Docker.find().check)
    assert text.startswith("the Docker engine does not answer: ")
    assert text.endswith(f"did not end within 0.25 s{NO_ENGINE}")


def test_a_local_node_image_is_not_pulled(programs: Programs) -> None:
    programs.docker()
    Docker.find().ensure_node_image("node-image")
    assert programs.calls("docker pull") == []


def test_an_image_that_can_be_had_nowhere_is_named(programs: Programs) -> None:
    programs.docker()
    programs.add("docker pull", error="Using default tag\nno route to host\n", code=1)
    assert refusal(Docker.find().ensure_node_image, "kindest/node:v9") == (
        "node image kindest/node:v9 is neither local nor can it be pulled: no route to host\n"
        "  expected: a kind node image, such as kindest/node:v1.34.0\n"
        "  next:     give another one with --kind-image; without an image registry, build one "
        "(docs/node-image.md)"
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [('["/docker-entrypoint.sh"]', "['/docker-entrypoint.sh']"), ("null", "[]")],
)
def test_an_image_that_is_no_node_image_is_refused(
    programs: Programs, written: str, read: str
) -> None:
    programs.docker()
    programs.has_image("nginx:alpine", written)
    assert refusal(Docker.find().ensure_node_image, "nginx:alpine") == (
        f"nginx:alpine is not a kind node image: its entry point is {read}\n"
        "  expected: an image made for kind, such as kindest/node:v1.34.0\n"
        "  next:     give another one with --kind-image"
    )
