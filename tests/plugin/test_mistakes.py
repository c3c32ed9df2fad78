"""Mistakes in options and scenario files, named before anything is started."""

from __future__ import annotations

import pytest
from fakes.programs import Programs
from vocabulary import HEAD, AddScenario, Run

from pytest_hostnet.scenario.model import VERBS


@pytest.fixture(autouse=True)
def _nothing_is_started(no_engine: Programs):
    yield
    assert no_engine.calls() == []


MISTAKES = {
    "unknown-key": (
        f"{HEAD}port: [80]\nsteps: [{{apply: pod.yaml}}]\n",
        (
            "FILE:4: unknown key 'port' (did you mean 'ports'?); allowed: title, source, explain, "
            "topology, ports, steps"
        ),
    ),
    "unknown-verb": (
        f"{HEAD}steps:\n- aply: pod.yaml\n",
        (
            f"FILE:5: unknown verb 'aply' (did you mean 'apply'?)\n"
            f"  expected: one of {', '.join(VERBS)}"
        ),
    ),
    "missing-manifest": (
        f"{HEAD}steps:\n- apply: none.yaml\n",
        "FILE:5: apply: FOLDER/none.yaml: No such file or directory\n  expected: a YAML file",
    ),
    "broken-yaml": (
        f"{HEAD}steps: [\n",
        (
            "FILE:5: not valid YAML: did not find expected node content (while parsing a flow node)\n"
            "  next:     check the indentation and quoting at that line"
        ),
    ),
    "empty": ("# nothing\n", "FILE: 0 documents\n  expected: one scenario"),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_a_collection_error_with_its_text_alone(
    run: Run, add_scenario: AddScenario, text: str, said: str
) -> None:
    folder = add_scenario("bad", text=text) / "bad"
    result = run("--hostnet-scenarios", "own")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    expected = said.replace("FILE", f"{folder}/scenario.yaml").replace("FOLDER", str(folder))
    begin = next(n for n, line in enumerate(result.outlines) if "ERROR collecting" in line) + 1
    lines = expected.splitlines()
    assert result.outlines[begin : begin + len(lines)] == lines
    assert result.outlines[begin + len(lines)].startswith("=")
    result.stdout.no_fnmatch_line("*Traceback*")


def test_one_bad_file_does_not_stop_the_others(run: Run, add_scenario: AddScenario) -> None:
    for name, text in (("a", ""), ("b", "{{{"), ("c", "")):
        add_scenario(name, text=text)
    result = run("--hostnet-scenarios", "--collect-only", "-q", "own")
    names = [line.rpartition("::")[2] for line in result.outlines if "::" in line]
    assert [name for name in names if name in ("a", "c")] == ["a", "c"]
    result.stdout.fnmatch_lines(["*own/b/scenario.yaml:*: not valid YAML: *", "*1 error*"])


BAD_OPTIONS = {
    "folder": (
        "--hostnet-scenario-dir=nowhere",
        (
            "ERROR: --hostnet-scenario-dir HERE/nowhere: not a folder\n"
            "  expected: a folder with <behaviour>/scenario.yaml files"
        ),
    ),
    "image": (
        "--hostnet-image=nginx",
        (
            "ERROR: --hostnet-image 'nginx'\n"
            "  expected: IMAGE=STAND-IN, such as nginx:alpine=registry.example/nginx:alpine"
        ),
    ),
    "label": (
        "--hostnet-node-label=edge",
        "ERROR: --hostnet-node-label 'edge'\n  expected: KEY=VALUE",
    ),
    "family": ("--hostnet-ip-family=v4", "ERROR: 'v4'\n  expected: one of ipv4, ipv6, dual"),
    "workers": ("--hostnet-workers=21", "ERROR: workers: 21\n  expected: a number from 0 to 20"),
    "timeout": (
        "--hostnet-ready-timeout=-1",
        "ERROR: --hostnet-ready-timeout -1.0\n  expected: a number of seconds above 0",
    ),
}


@pytest.mark.parametrize(("option", "said"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_a_bad_option_is_a_usage_error(
    run: Run, pytester: pytest.Pytester, option: str, said: str
) -> None:
    result = run("--hostnet-scenarios", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said.replace("HERE", str(pytester.path)) in result.stderr.str()
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


def test_a_bad_ini_value_is_a_usage_error(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nhostnet_workers = many")
    pytester.makepyfile("def test_it(hostnet_cluster): pass")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --hostnet-workers many\n  expected: a whole number" in result.stderr.str()


def test_the_folder_option_is_not_looked_at_without_the_flag(
    run: Run, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile("def test_it(): pass")
    run("--hostnet-scenario-dir=nowhere").assert_outcomes(passed=1)
