"""Which scenarios are collected, under which names, in which order."""

from __future__ import annotations

import pytest
from fakes.programs import Programs
from vocabulary import AddScenario, Run

SHIPPED = (
    "firewall-blocks-node-port",
    "one-replica-per-node",
    "over-replication-crash-loops",
    "pod-ip-is-node-ip",
    "port-is-occupied",
    "reachable-through-node-port",
    "sees-host-interfaces",
    "service-fails-with-two-on-one-node",
)


@pytest.fixture(autouse=True)
def _nothing_is_started(no_engine: Programs):
    yield
    assert no_engine.calls() == []


def collected(run: Run, *arguments: str) -> list[str]:
    """Return the names of the collected items, in order."""
    result = run("--hostnet-scenarios", "--collect-only", "-q", *arguments)
    assert result.ret in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return [line.rpartition("::")[2] for line in result.outlines if "::" in line]


def test_the_flag_collects_the_eight_shipped_scenarios(run: Run) -> None:
    assert sorted(collected(run)) == sorted(SHIPPED)


def test_a_node_id_names_the_file_and_the_behaviour(run: Run) -> None:
    result = run("--hostnet-scenarios", "--collect-only", "-q", "-k", "pod-ip")
    ids = [line for line in result.outlines if "::" in line]
    assert len(ids) == 1
    assert ids[0].endswith("pod-ip-is-node-ip/scenario.yaml::pod-ip-is-node-ip")


def test_scenarios_of_one_topology_are_together(run: Run, add_scenario: AddScenario) -> None:
    for name, workers in (("a", 0), ("b", 2), ("c", 0), ("d", 2), ("e", 1)):
        own = add_scenario(name, workers=workers)
    assert collected(run, str(own)) == ["a", "c", "b", "d", "e"]


def test_the_shipped_scenario_with_two_workers_does_not_split_the_others(run: Run) -> None:
    names = collected(run)
    assert names == [*(name for name in SHIPPED if name != "one-replica-per-node"), SHIPPED[1]]


def test_other_tests_stay_in_their_places(
    run: Run, pytester: pytest.Pytester, add_scenario: AddScenario
) -> None:
    for name, workers in (("a", 0), ("c", 1), ("e", 0)):
        add_scenario(name, under=".", workers=workers)
    for name in "bdf":
        (pytester.path / name).mkdir()
        (pytester.path / name / f"test_{name}.py").write_text(
            f"def test_{name}2(): pass\ndef test_{name}1(): pass\n"
        )
    assert collected(run, ".") == [
        *("a", "test_b2", "test_b1", "e"),
        *("test_d2", "test_d1", "c", "test_f2", "test_f1"),
    ]


def test_a_folder_of_ones_own_comes_beside_the_shipped(run: Run, add_scenario: AddScenario) -> None:
    add_scenario("mine", under="first")
    add_scenario("also-mine", under="second")
    names = collected(run, "--hostnet-scenario-dir=first", "--hostnet-scenario-dir=second")
    assert sorted(names) == sorted([*SHIPPED, "mine", "also-mine"])


def test_a_folder_in_the_ini_file_comes_beside_the_shipped(
    run: Run, pytester: pytest.Pytester, add_scenario: AddScenario
) -> None:
    add_scenario("mine")
    pytester.makeini("[pytest]\nhostnet_scenario_dirs = own")
    assert sorted(collected(run)) == sorted([*SHIPPED, "mine"])


def test_a_folder_given_twice_is_collected_once(
    run: Run, pytester: pytest.Pytester, add_scenario: AddScenario
) -> None:
    add_scenario("mine")
    pytester.makeini("[pytest]\nhostnet_scenario_dirs = own")
    twice = ("--hostnet-scenario-dir=own", "--hostnet-scenario-dir=./own/../own")
    assert collected(run, *twice).count("mine") == 1
    assert collected(run, *twice, "own") == ["mine"]


def test_paths_on_the_command_line_mean_exactly_those(run: Run, add_scenario: AddScenario) -> None:
    add_scenario("one")
    add_scenario("two")
    assert collected(run, "own") == ["one", "two"]
    assert collected(run, "own/two") == ["two"]
    assert collected(run, "own/two/scenario.yaml") == ["two"]
    assert collected(run, "own/two/scenario.yaml::two") == ["two"]


def test_paths_on_the_command_line_do_not_hide_a_folder_of_ones_own(
    run: Run, add_scenario: AddScenario
) -> None:
    add_scenario("one")
    add_scenario("extra", under="more")
    assert collected(run, "own", "--hostnet-scenario-dir=more") == ["one", "extra"]


def test_the_projects_own_test_paths_give_way_to_the_scenarios(
    run: Run, pytester: pytest.Pytester
) -> None:
    pytester.makeini("[pytest]\ntestpaths = tests")
    (pytester.mkdir("tests") / "test_it.py").write_text("def test_it(): pass")
    assert sorted(collected(run)) == sorted(SHIPPED)


def test_other_yaml_files_are_left_alone(run: Run, add_scenario: AddScenario) -> None:
    own = add_scenario("mine")
    (own / "other.yaml").write_text("{{{")
    (own / "my-scenario.yaml").write_text("{{{")
    assert collected(run, "own") == ["mine"]


def test_k_selects_by_name(run: Run) -> None:
    assert collected(run, "-k", "service or interfaces") == [SHIPPED[6], SHIPPED[7]]


def test_m_selects_scenarios(
    run: Run, pytester: pytest.Pytester, add_scenario: AddScenario
) -> None:
    add_scenario("mine", under=".")
    pytester.makepyfile("def test_it(): pass")
    assert collected(run, ".", "-m", "hostnet_scenario") == ["mine"]
    assert collected(run, ".", "-m", "not hostnet_scenario") == ["test_it"]


def test_strict_markers_are_fine(run: Run) -> None:
    assert len(collected(run, "--strict-markers", "--strict-config")) == 8
