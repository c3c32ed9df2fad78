"""scenario.yaml files as pytest items."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pytest_hostnet
from pytest_hostnet.glue import options
from pytest_hostnet.glue.pool import RECORD, pool_of
from pytest_hostnet.scenario.model import FILE_NAME, Scenario, load_scenario
from pytest_hostnet.scenario.run import Record, StepFailed, run
from pytest_hostnet.system.errors import HostnetError

if TYPE_CHECKING:
    from pytest_hostnet.cluster.topology import Topology


def shipped_scenarios() -> Path:
    """Return the folder of the shipped scenarios: in the installed package, or in a checkout."""
    package = Path(pytest_hostnet.__file__).parent
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def redirect_arguments(config: pytest.Config) -> None:
    """Collect the shipped scenarios and --hostnet-scenario-dir where no path was given.

    Paths on the command line mean what they always mean: exactly those.
    """
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        folders = [shipped_scenarios(), *options.scenario_dirs(config)]
        config.args[:] = [str(folder) for folder in folders]
    else:
        config.args += [str(folder) for folder in options.scenario_dirs(config)]


def collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Make a collector of a scenario.yaml; every other file is left alone."""
    if file_path.name != FILE_NAME:
        return None
    return ScenarioYaml.from_parent(parent, path=file_path)


class ScenarioYaml(pytest.File):
    """One scenario.yaml; its mistakes are collection errors, with no cluster made."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Read and check the file."""
        yield ScenarioItem.from_parent(
            self, name=self.path.parent.name, scenario=load_scenario(self.path)
        )

    def repr_failure(  # type: ignore[override]  # as pytest.Collector itself narrows it
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> str | Any:
        """Show a mistake in the file as its text alone."""
        if isinstance(excinfo.value, HostnetError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class ScenarioItem(pytest.Item):
    """One scenario: its cluster is made in the setup phase, so the call's time is its own."""

    def __init__(self, *, scenario: Scenario, **kwargs: Any) -> None:
        """Keep the scenario."""
        super().__init__(**kwargs)
        self.scenario = scenario
        self.add_marker(pytest.mark.hostnet_scenario)

    @property
    def hostnet_topology(self) -> Topology:
        """The cluster that this item needs."""
        return self.scenario.topology

    def setup(self) -> None:
        """Get the cluster."""
        try:
            cluster = pool_of(self.config).get(self.scenario.topology)
        except HostnetError as error:  # pytest asks repr_failure about the call phase only
            pytest.fail(str(error), pytrace=False)
        self.user_properties.append(("kubernetes", cluster.version))
        self.user_properties.append(("topology", str(cluster.topology)))

    def runtest(self) -> None:
        """Run the scenario; what it found is kept for the report also when it fails."""
        cluster = pool_of(self.config).get(self.scenario.topology)
        record = self.stash[RECORD] = Record(self.scenario.name)
        run(self.scenario, cluster, record)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> str | Any:
        """Show a failed step or a missing tool as its text: the traceback is ours, not theirs."""
        if isinstance(excinfo.value, (StepFailed, HostnetError)):
            return "\n".join([str(excinfo.value), *getattr(excinfo.value, "__notes__", ())])
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Point at the first line of the file."""
        return self.path, 0, f"scenario {self.name}"


def topology_of(item: pytest.Item) -> Topology | None:
    """Return the topology that an item needs: a scenario's own, its marker's, or the default."""
    if isinstance(item, ScenarioItem):
        return item.hostnet_topology
    names = getattr(item, "fixturenames", ())
    if marker := item.get_closest_marker(options.TOPOLOGY_MARKER):
        if "hostnet_cluster" in names:
            raise pytest.UsageError(
                f"{item.nodeid}: the marker {options.TOPOLOGY_MARKER} is for hostnet_clusters; "
                "hostnet_cluster and hostnet_namespace have the topology of the options "
                "(--hostnet-workers and the like)"
            )
        try:
            return options.marked_topology(marker)
        except HostnetError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from error
    if "hostnet_cluster" in names:
        return options.default_topology(item.config)
    return None


def group_by_topology(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the items of each topology together, in the order in which topologies first appear.

    Only items that need a cluster move, and each scenario keeps its place among its likes.
    """
    needs = [topology_of(item) for item in items]
    order = {topology: n for n, topology in reversed(list(enumerate(needs))) if topology}
    slots = [n for n, topology in enumerate(needs) if topology]
    moved = sorted((items[n] for n in slots), key=lambda i: order[topology_of(i)])  # type: ignore[index]
    for slot, item in zip(slots, moved, strict=True):
        items[slot] = item
    pool = pool_of(config)
    for topology in needs:
        if topology:
            pool.expect(topology)
