"""Command line options with their ini twins, and the settings read from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_hostnet.system.errors import HostnetError

if TYPE_CHECKING:
    from pytest_hostnet.cluster.settings import ClusterSettings
    from pytest_hostnet.cluster.topology import Topology

TOPOLOGY_MARKER = "hostnet_topology"
PYTEST_KIND_CLUSTER_NAME = "pytest-kind"
"""pytest-kind's default for --cluster-name; anything else was given by the user."""


@dataclass(frozen=True, slots=True)
class _Option:
    name: str
    help: str
    ini_type: str = "string"
    metavar: str | None = None

    @property
    def ini(self) -> str:
        name = self.name.replace("-", "_")
        return f"{name}s" if self.repeatable else name

    @property
    def repeatable(self) -> bool:
        return self.ini_type in ("linelist", "paths")


_OPTIONS = (
    _Option(
        "hostnet-scenario-dir",
        "a folder with scenarios of your own, beside the shipped ones (repeatable)",
        "paths",
        "DIR",
    ),
    _Option(
        "hostnet-image",
        "run STAND-IN, a local image, where manifests say IMAGE (repeatable); for machines "
        "that cannot pull",
        "linelist",
        "IMAGE=STAND-IN",
    ),
    _Option("hostnet-workers", "worker nodes of hostnet_cluster (default 0: one node)", "int", "N"),
    _Option(
        "hostnet-kube-proxy-mode",
        "iptables (default), nftables, ipvs or none, for hostnet_cluster",
        metavar="MODE",
    ),
    _Option(
        "hostnet-ip-family", "ipv4 (default), ipv6 or dual, for hostnet_cluster", metavar="FAMILY"
    ),
    _Option(
        "hostnet-node-label",
        "a label for every schedulable node of hostnet_cluster (repeatable)",
        "linelist",
        "KEY=VALUE",
    ),
    _Option(
        "hostnet-ready-timeout",
        "seconds that a new cluster's nodes may take to be Ready (default 180)",
        "float",
        "SECONDS",
    ),
)


def add_options(parser: pytest.Parser) -> None:
    """Register every option and its ini twin."""
    group = parser.getgroup("hostnet", "hostNetwork pods on kind clusters (pytest-hostnet)")
    group.addoption(
        "--hostnet-scenarios",
        action="store_true",
        default=False,
        help="collect host network scenarios: the shipped ones when no path is given, else the "
        "scenario.yaml files under the given paths",
    )
    for option in _OPTIONS:
        group.addoption(
            f"--{option.name}",
            action="append" if option.repeatable else "store",
            default=None,
            metavar=option.metavar,
            type={"int": int, "float": float}.get(option.ini_type, str),
            help=f"{option.help}; ini: {option.ini}",
        )
        # Numbers are read as text too: older pytest knows no ini types for them.
        ini_type = option.ini_type if option.repeatable else "string"
        parser.addini(option.ini, option.help, type=ini_type, default=None)  # type: ignore[arg-type]


def wants_scenarios(config: pytest.Config) -> bool:
    """Whether --hostnet-scenarios was given."""
    return bool(config.getoption("--hostnet-scenarios"))


def scenario_dirs(config: pytest.Config) -> list[Path]:
    """Return the folders named by option (relative to where pytest was called) and ini."""
    given = config.getoption("--hostnet-scenario-dir") or []
    folders = [config.invocation_params.dir / one for one in given]
    folders += [Path(one) for one in config.getini("hostnet_scenario_dirs") or ()]
    for folder in folders:
        if not folder.is_dir():
            raise HostnetError(
                f"--hostnet-scenario-dir {folder}: not a folder",
                expected="a folder with <behaviour>/scenario.yaml files",
            )
    return folders


def image_entries(config: pytest.Config) -> list[str]:
    """Return the IMAGE=STAND-IN entries; those of the command line come last, so they win."""
    return [*(config.getini("hostnet_images") or ()), *(config.getoption("--hostnet-image") or ())]


def default_topology(config: pytest.Config) -> Topology:
    """Return the topology of the ``hostnet_cluster`` fixture."""
    from pytest_hostnet.cluster.topology import Topology

    labels = [
        *(config.getini("hostnet_node_labels") or ()),
        *(config.getoption("--hostnet-node-label") or ()),
    ]
    return Topology(
        workers=_whole_number(config, "hostnet-workers", "0"),
        kube_proxy_mode=_value(config, "hostnet-kube-proxy-mode", "iptables"),  # type: ignore[arg-type]
        ip_family=_value(config, "hostnet-ip-family", "ipv4"),  # type: ignore[arg-type]
        labels=_labels(labels),
    )


def marked_topology(marker: pytest.Mark) -> Topology:
    """Return the topology of a ``hostnet_topology`` marker; its keywords are Topology's fields."""
    from pytest_hostnet.cluster.topology import Topology

    try:
        return Topology(*marker.args, **marker.kwargs)
    except TypeError as error:
        raise HostnetError(
            f"marker {TOPOLOGY_MARKER}: {error}",
            expected="keywords of pytest_hostnet.Topology, such as workers=2",
        ) from error


def cluster_settings(config: pytest.Config) -> ClusterSettings:
    """Return how clusters are made: pytest-kind's own options, and ours."""
    from pytest_hostnet.cluster.settings import ClusterSettings
    from pytest_hostnet.manifests.images import ImageMap

    def path(option: str) -> Path | None:
        value = config.getoption(option, None)
        return Path(value) if value else None

    return ClusterSettings(
        image=config.getoption("kind_image", None),
        kind_bin=path("kind_bin"),
        kubectl_bin=path("kind_kubectl_bin"),
        kubeconfig=path("kubeconfig"),
        keep=bool(config.getoption("keep_cluster", False)),
        images=ImageMap.parse(image_entries(config)),
        ready_seconds=_seconds(config, "hostnet-ready-timeout", "180"),
    )


def cluster_name(config: pytest.Config) -> str | None:
    """Return the --cluster-name that the user gave, or None for unique names."""
    name = str(config.getoption("cluster_name", PYTEST_KIND_CLUSTER_NAME))
    return None if name == PYTEST_KIND_CLUSTER_NAME else name


def check(config: pytest.Config) -> None:
    """Refuse bad values at the start of the run, before anything is collected."""
    if image_entries(config):
        from pytest_hostnet.manifests.images import ImageMap

        ImageMap.parse(image_entries(config))
    if wants_scenarios(config):
        scenario_dirs(config)
    if any(
        config.getoption(f"--{one.name}") is not None or config.getini(one.ini) for one in _OPTIONS
    ):
        default_topology(config)
        _seconds(config, "hostnet-ready-timeout", "180")


def _value(config: pytest.Config, name: str, default: str) -> str:
    given = config.getoption(f"--{name}")
    if given is not None:
        return str(given)
    return str(config.getini(name.replace("-", "_")) or default)


def _whole_number(config: pytest.Config, name: str, default: str) -> int:
    text = _value(config, name, default)
    try:
        return int(text)
    except ValueError as error:
        raise HostnetError(f"--{name} {text}", expected="a whole number") from error


def _seconds(config: pytest.Config, name: str, default: str) -> float:
    text = _value(config, name, default)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if seconds <= 0:
        raise HostnetError(f"--{name} {text}", expected="a number of seconds above 0")
    return seconds


def _labels(entries: Sequence[str]) -> tuple[tuple[str, str], ...]:
    labels: dict[str, str] = {}
    for entry in entries:
        key, equals, value = entry.partition("=")
        if not (key and equals):
            raise HostnetError(f"--hostnet-node-label {entry!r}", expected="KEY=VALUE")
        labels[key] = value
    return tuple(sorted(labels.items()))
