"""Tests that name the cluster they need."""

from __future__ import annotations

import pytest
from fakes.programs import Programs
from vocabulary import Run

FILE = """
import pytest
from pytest_hostnet import Topology

@pytest.mark.hostnet_topology(workers=2)
def test_first(hostnet_clusters): hostnet_clusters(Topology(2))

@pytest.mark.hostnet_topology(workers=1)
def test_second(hostnet_clusters): hostnet_clusters(Topology(1))

def test_plain(): pass

@pytest.mark.hostnet_topology(workers=2)
def test_third(hostnet_clusters): hostnet_clusters(Topology(2))
"""


def test_tests_of_one_topology_run_together(
    run: Run, no_engine: Programs, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(FILE)
    result = run("--collect-only", "-q", "--strict-markers")
    names = [line.rpartition("::")[2] for line in result.outlines if "::" in line]
    assert names == ["test_first", "test_third", "test_plain", "test_second"]
    assert no_engine.calls() == []


def test_a_cluster_that_cannot_be_made_is_told_and_tried_once(
    run: Run, no_engine: Programs, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(FILE)
    result = run()
    result.assert_outcomes(failed=3, passed=1)
    result.stdout.fnmatch_lines(["the Docker engine does not answer: *"])
    assert "Traceback" not in result.stdout.str()
    assert len(no_engine.calls("docker version")) == 2


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ("worker=2", "marker hostnet_topology: *unexpected keyword argument 'worker'"),
        ("workers=21", "workers: 21"),
    ],
)
def test_a_bad_marker_is_a_usage_error(
    run: Run, no_engine: Programs, pytester: pytest.Pytester, keywords: str, said: str
) -> None:
    pytester.makepyfile(FILE.replace("workers=1", keywords))
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *.py::test_second: {said}"])
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    assert no_engine.calls() == []


@pytest.mark.parametrize("fixture", ["hostnet_cluster", "hostnet_namespace"])
def test_the_marker_does_not_go_with_the_fixtures_of_the_default_topology(
    run: Run, no_engine: Programs, pytester: pytest.Pytester, fixture: str
) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.hostnet_topology(workers=2)
        def test_one({fixture}): pass
        """
    )
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*::test_one: the marker hostnet_topology is for hostnet_clusters*"]
    )
    assert no_engine.calls() == []
