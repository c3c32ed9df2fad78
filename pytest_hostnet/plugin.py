"""The pytest plugin: hooks that only delegate.

The flow: options → scenarios collected → grouped by topology → cluster → apply → observe →
verdict with evidence → report → clean up. Start reading here; each import names the room.
Without --hostnet-scenarios and without the fixtures nothing below ``glue`` is imported.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from pytest_hostnet.glue import options
from pytest_hostnet.glue.fixtures import hostnet_cluster, hostnet_clusters, hostnet_namespace
from pytest_hostnet.glue.pool import POOL
from pytest_hostnet.system.errors import HostnetError

__all__ = ["hostnet_cluster", "hostnet_clusters", "hostnet_namespace"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options."""
    options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, check the options, and point the collection at the scenarios."""
    config.addinivalue_line("markers", "hostnet_scenario: a scenario of pytest-hostnet")
    config.addinivalue_line(
        "markers", f"{options.TOPOLOGY_MARKER}(workers=…): the cluster that hostnet_clusters makes"
    )
    try:
        options.check(config)
        if options.wants_scenarios(config):
            from pytest_hostnet.glue.collection import redirect_arguments

            redirect_arguments(config)
    except HostnetError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say what the run stands on."""
    from pytest_hostnet.glue.report import header

    return header(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenario.yaml files, if scenarios are wanted."""
    if not options.wants_scenarios(parent.config):
        return None
    from pytest_hostnet.glue.collection import collect_file

    return collect_file(file_path, parent)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the items of one topology together."""
    if options.wants_scenarios(config) or any(_uses_cluster(item) for item in items):
        from pytest_hostnet.glue.collection import group_by_topology

        group_by_topology(config, items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the item found with its report."""
    report = yield
    if POOL in item.config.stash:
        from pytest_hostnet.glue.report import keep_findings

        keep_findings(item, report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """After an item, delete the clusters that no later item needs."""
    result = yield
    if POOL in item.config.stash:
        from pytest_hostnet.glue.collection import topology_of

        if topology := topology_of(item):
            item.config.stash[POOL].done(topology)
    return result


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Show the closing page."""
    from pytest_hostnet.glue.report import summary

    summary(terminalreporter)


@pytest.hookimpl(wrapper=True, trylast=True)  # around the tear-down, before the closing page
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Delete every cluster, however the run ended: also when the tear-down is interrupted."""
    try:
        yield
    finally:
        if POOL in session.config.stash:
            session.config.stash[POOL].close()
            if session.config.stash[POOL].leftovers and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _uses_cluster(item: pytest.Item) -> bool:
    names = getattr(item, "fixturenames", ())
    return "hostnet_cluster" in names or "hostnet_clusters" in names
