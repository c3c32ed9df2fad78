"""Machines on which no cluster can be made: told quickly, in plain words, and tried once."""

from __future__ import annotations

import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fakes.programs import Programs
from vocabulary import AddScenario, Run

NO_ENGINE = """\
the Docker engine does not answer: Cannot connect to the Docker daemon
  expected: `docker version` to name a server
  next:     start it (systemctl start docker, or dockerd), check DOCKER_HOST, or ask for \
membership of the docker group"""
NO_DOCKER = """\
docker is not on PATH
  expected: a Docker engine that kind can use
  next:     on Debian: apt-get install docker.io; else see https://docs.docker.com/engine/install/"""
NO_KIND = """\
kind is not on PATH
  expected: kind installed, or its path in --kind-bin
  next:     go install sigs.k8s.io/kind@latest, or see \
https://kind.sigs.k8s.io/docs/user/quick-start/#installation"""
FAILING = """\
 • Preparing nodes 📦   ...
 ✓ Preparing nodes 📦
 • Starting control-plane 🕹️  ...
 ✗ Starting control-plane 🕹️
ERROR: failed to create cluster: no space left on device
"""


@pytest.fixture
def _test_with_cluster(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(hostnet_cluster): pass\ndef test_too(hostnet_cluster): pass")


def test_without_an_engine_every_scenario_is_an_error_at_setup(
    run: Run, no_engine: Programs, temporary: Path
) -> None:
    started = time.monotonic()
    result = run("--hostnet-scenarios")
    assert time.monotonic() - started < 5
    result.assert_outcomes(errors=8)
    assert "ERROR at setup of scenario pod-ip-is-node-ip" in result.stdout.str()
    assert NO_ENGINE in result.stdout.str()
    assert "Traceback" not in result.stdout.str()
    assert list(temporary.iterdir()) == []
    # Seven scenarios share one topology, the eighth has its own.
    assert no_engine.calls() == ["docker version --format {{.Server.Version}}"] * 2


def test_what_failed_before_is_not_tried_again_but_told(
    run: Run, add_scenario: AddScenario, no_engine: Programs
) -> None:
    for name in "ab":
        add_scenario(name)
    result = run("--hostnet-scenarios", "own")
    assert f"\n{NO_ENGINE}" in result.stdout.str()
    assert f"\nas before: {NO_ENGINE}" in result.stdout.str()
    assert len(no_engine.calls("docker version")) == 1


@pytest.mark.parametrize("arguments", [("--hostnet-scenarios", "own"), ()], ids=["item", "fixture"])
class TestOneTextForItemsAndFixtures:
    @pytest.fixture(autouse=True)
    def _uses(self, add_scenario: AddScenario, _test_with_cluster: None) -> None:
        add_scenario("a")

    def check(self, result: pytest.RunResult, text: str) -> None:
        outcomes = result.parseoutcomes()
        assert outcomes["errors" if "errors" in outcomes else "error"] >= 1
        assert "passed" not in outcomes
        assert text in result.stdout.str()
        for word in ("Traceback", "def hostnet_cluster", "HostnetError"):
            assert word not in result.stdout.str()

    def test_no_engine(self, run: Run, no_engine: Programs, arguments: tuple) -> None:
        self.check(run(*arguments), NO_ENGINE)
        assert no_engine.calls("kind") == []

    def test_no_docker(self, run: Run, programs: Programs, arguments: tuple) -> None:
        programs.kind()
        self.check(run(*arguments), NO_DOCKER)

    def test_no_kind(self, run: Run, programs: Programs, arguments: tuple) -> None:
        programs.docker()
        self.check(run(*arguments), NO_KIND)

    def test_a_kind_that_is_not_there(self, run: Run, programs: Programs, arguments: tuple) -> None:
        programs.docker()
        text = "--kind-bin /none/kind: no such file\n  expected: the path of a kind executable"
        self.check(run("--kind-bin=/none/kind", *arguments), text)

    def test_a_creation_that_fails(
        self, run: Run, programs: Programs, temporary: Path, arguments: tuple
    ) -> None:
        programs.docker()
        programs.kind()
        programs.add("kind create cluster", output=FAILING, code=1)
        result = run("--kind-image=node-image", *arguments)
        self.check(result, "phase “Starting control-plane”:\n")
        self.check(result, "ERROR: failed to create cluster: no space left on device")
        (name,) = [call.split()[3] for call in programs.calls("kind create")]
        assert [call.split()[3] for call in programs.calls("kind delete")] == [name]
        assert list(temporary.iterdir()) == []
        result.stdout.fnmatch_lines(
            ["hostnet: creating cluster hostnet-*: 1 node, *", "hostnet: Preparing nodes: * s"]
        )


def test_x_stops_at_the_first(run: Run, no_engine: Programs) -> None:
    run("--hostnet-scenarios", "-x").assert_outcomes(errors=1)


def test_lf_runs_what_failed(run: Run, no_engine: Programs) -> None:
    run("--hostnet-scenarios", "-k", "pod-ip").assert_outcomes(errors=1, deselected=7)
    result = run("--hostnet-scenarios", "--lf", "--collect-only", "-q")
    names = [line.rpartition("::")[2] for line in result.outlines if "::" in line]
    assert names == ["pod-ip-is-node-ip"]


def test_junitxml_has_every_scenario_and_its_error(
    run: Run, no_engine: Programs, pytester: pytest.Pytester
) -> None:
    run("--hostnet-scenarios", "--junitxml=report.xml")
    cases = ET.parse(pytester.path / "report.xml").findall(".//testcase")
    assert len(cases) == 8
    assert len({case.get("name") for case in cases}) == 8
    for case in cases:
        (error,) = case.findall("error")
        assert "the Docker engine does not answer" in (error.text or "")


def test_xdist_runs_each_scenario_once(
    run: Run, no_engine: Programs, add_scenario: AddScenario
) -> None:
    pytest.importorskip("xdist")
    add_scenario("mine")
    result = run("--hostnet-scenarios", "--hostnet-scenario-dir=own", "-n2", "-v")
    result.assert_outcomes(errors=9)
    assert NO_ENGINE in result.stdout.str()


def test_the_header_says_what_stands_in(run: Run, no_engine: Programs) -> None:
    images = ("--hostnet-image=nginx:alpine=local/nginx:1", "--hostnet-image=redis=redis")
    result = run("--hostnet-scenarios", "--kind-image=node:1", *images, "-k", "nothing")
    result.stdout.fnmatch_lines(
        [
            "hostnet: scenarios on node image node:1",
            "hostnet: stand-in images: local/nginx:1 for nginx:alpine",
        ]
    )


def test_the_header_of_a_plain_run_names_kinds_default(run: Run, no_engine: Programs) -> None:
    result = run("--hostnet-scenarios", "-k", "nothing")
    result.stdout.fnmatch_lines(["hostnet: scenarios on node image kind's default"])
    result.stdout.no_fnmatch_line("*stand-in*")


def test_q_shows_no_progress(run: Run, no_engine: Programs) -> None:
    run("--hostnet-scenarios", "-q").stdout.no_fnmatch_line("hostnet: *")
