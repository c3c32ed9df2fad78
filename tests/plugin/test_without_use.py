"""A run that uses nothing of the plugin pays nothing and notices nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fakes.programs import Programs
from vocabulary import AddScenario, Run

HEAVY = ("kubernetes", "pydantic", "tenacity", "yaml", "pytest_hostnet.cluster")
LOADED = f"""
import sys

def heavy():
    return [name for name in {HEAVY!r} if name in sys.modules]
"""


def test_importing_the_plugin_loads_no_heavy_package() -> None:
    code = f"import pytest_hostnet.plugin\n{LOADED}\nprint(heavy())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_run_without_the_plugins_use_loads_no_heavy_package(
    pytester: pytest.Pytester, programs: Programs
) -> None:
    ours = {name for name in HEAVY if name != "yaml"}  # pytest-kind itself loads yaml
    pytester.makepyfile(f"{LOADED}\ndef test_it():\n    assert not set(heavy()) & {ours!r}\n")
    pytester.runpytest_subprocess("-Werror").assert_outcomes(passed=1)


def test_without_the_flag_a_scenario_is_not_collected(run: Run, add_scenario: AddScenario) -> None:
    own = add_scenario("behaviour")
    for path in (str(own), str(own / "behaviour")):
        run("--collect-only", path).stdout.fnmatch_lines(["*no tests collected*"])


def test_a_broken_scenario_is_not_even_read_without_the_flag(
    run: Run, pytester: pytest.Pytester, add_scenario: AddScenario
) -> None:
    add_scenario("behaviour", text="{{{")
    pytester.makepyfile("def test_it(): pass")
    run().assert_outcomes(passed=1)


def test_other_tests_keep_their_order_and_the_run_has_no_closing_page(
    run: Run, pytester: pytest.Pytester, programs: Programs
) -> None:
    pytester.makepyfile(
        "def test_b(): pass\ndef test_a(): pass\nclass TestC:\n def test_c(self): pass"
    )
    result = run("-v")
    result.stdout.fnmatch_lines(["*::test_b PASSED*", "*::test_a PASSED*", "*::test_c PASSED*"])
    result.stdout.no_fnmatch_line("*hostnet:*")
    assert programs.calls() == []


@pytest.mark.parametrize("argument", ["--help", "--markers", "--fixtures", "--version"])
def test_asking_about_pytest_starts_nothing(run: Run, no_engine: Programs, argument: str) -> None:
    assert run(argument).ret == 0
    assert run(argument, "--hostnet-scenarios").ret == 0
    assert no_engine.calls() == []


def test_help_names_every_option_and_its_ini_twin(run: Run) -> None:
    text = " ".join(run("--help").stdout.str().split())
    for option, ini in (
        ("--hostnet-scenario-dir=DIR", "hostnet_scenario_dirs"),
        ("--hostnet-image=IMAGE=STAND-IN", "hostnet_images"),
        ("--hostnet-workers=N", "hostnet_workers"),
        ("--hostnet-kube-proxy-mode=MODE", "hostnet_kube_proxy_mode"),
        ("--hostnet-ip-family=FAMILY", "hostnet_ip_family"),
        ("--hostnet-node-label=KEY=VALUE", "hostnet_node_labels"),
        ("--hostnet-ready-timeout=SECONDS", "hostnet_ready_timeout"),
    ):
        assert option in text
        assert f"ini: {ini}" in text
        assert f"{ini} (" in text
    assert "--hostnet-scenarios" in text


def test_the_markers_are_registered(run: Run) -> None:
    run("--markers").stdout.fnmatch_lines(["@pytest.mark.hostnet_scenario: *"])
