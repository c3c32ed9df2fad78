"""Options and their ini twins."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_hostnet.cluster.topology import Topology
from pytest_hostnet.glue import options
from pytest_hostnet.system.errors import HostnetError

INI = """
[pytest]
hostnet_workers = 2
hostnet_kube_proxy_mode = nftables
hostnet_ip_family = dual
hostnet_node_labels =
    tier=edge
    zone=a
hostnet_images =
    nginx=from-ini
    redis=redis-ini
hostnet_ready_timeout = 12.5
"""


def config(pytester: pytest.Pytester, *arguments: str, ini: str = "[pytest]") -> pytest.Config:
    pytester.makeini(ini)
    return pytester.parseconfig(*arguments)


def test_without_options_every_default_holds(pytester: pytest.Pytester) -> None:
    found = config(pytester)
    assert options.default_topology(found) == Topology()
    settings = options.cluster_settings(found)
    assert (settings.ready_seconds, settings.images.pairs) == (180, ())
    assert (settings.image, settings.kind_bin, settings.keep) == (None, None, False)
    assert options.cluster_name(found) is None
    assert not options.wants_scenarios(found)


def test_the_ini_file_sets_what_the_options_set(pytester: pytest.Pytester) -> None:
    found = config(pytester, ini=INI)
    labels = (("tier", "edge"), ("zone", "a"))
    assert options.default_topology(found) == Topology(2, "nftables", "dual", labels)
    settings = options.cluster_settings(found)
    assert settings.ready_seconds == 12.5
    assert settings.images.pairs == (("nginx", "from-ini"), ("redis", "redis-ini"))


def test_the_command_line_wins_over_the_ini_file(pytester: pytest.Pytester) -> None:
    found = config(
        pytester,
        "--hostnet-workers=0",
        "--hostnet-kube-proxy-mode=ipvs",
        "--hostnet-ip-family=ipv6",
        "--hostnet-node-label=zone=b",
        "--hostnet-image=nginx=from-option",
        "--hostnet-ready-timeout=3",
        ini=INI,
    )
    labels = (("tier", "edge"), ("zone", "b"))
    assert options.default_topology(found) == Topology(0, "ipvs", "ipv6", labels)
    settings = options.cluster_settings(found)
    assert settings.ready_seconds == 3
    assert dict(settings.images.pairs) == {"nginx": "from-option", "redis": "redis-ini"}


def test_pytest_kinds_own_options_are_used(pytester: pytest.Pytester) -> None:
    found = config(
        pytester,
        "--kind-image=kindest/node:v1",
        "--kind-bin=/k",
        "--kind-kubectl-bin=/c",
        "--kubeconfig=/conf",
        "--keep-cluster",
        "--cluster-name=mine",
    )
    settings = options.cluster_settings(found)
    assert (settings.image, settings.keep) == ("kindest/node:v1", True)
    assert (settings.kind_bin, settings.kubectl_bin) == (Path("/k"), Path("/c"))
    assert settings.kubeconfig == Path("/conf")
    assert options.cluster_name(found) == "mine"


def test_folders_are_relative_to_the_call_and_to_the_ini_file(pytester: pytest.Pytester) -> None:
    for name in ("by-option", "by-option-too", "by-ini"):
        pytester.mkdir(name)
    found = config(
        pytester,
        "--hostnet-scenario-dir=by-option",
        "--hostnet-scenario-dir=by-option-too",
        ini="[pytest]\nhostnet_scenario_dirs = by-ini",
    )
    assert [one.relative_to(pytester.path).name for one in options.scenario_dirs(found)] == [
        "by-option",
        "by-option-too",
        "by-ini",
    ]


BAD = {
    "image": ("hostnet_images = nginx", "--hostnet-image=nginx", "--hostnet-image 'nginx'"),
    "label": ("hostnet_node_labels = x", "--hostnet-node-label=x", "--hostnet-node-label 'x'"),
    "family": ("hostnet_ip_family = ipv5", "--hostnet-ip-family=ipv5", "'ipv5'"),
    "mode": ("hostnet_kube_proxy_mode = x", "--hostnet-kube-proxy-mode=x", "'x'"),
    "workers": ("hostnet_workers = 99", "--hostnet-workers=99", "workers: 99"),
    "seconds": (
        "hostnet_ready_timeout = 0",
        "--hostnet-ready-timeout=0",
        "--hostnet-ready-timeout 0",
    ),
}


@pytest.mark.parametrize(("_ini", "option", "said"), BAD.values(), ids=BAD)
def test_a_bad_option_is_refused_before_anything_runs(
    pytester: pytest.Pytester, _ini: str, option: str, said: str
) -> None:
    with pytest.raises(HostnetError) as caught:
        options.check(config(pytester, option))
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(("ini", "_option", "said"), BAD.values(), ids=BAD)
def test_a_bad_ini_value_is_refused_before_anything_runs(
    pytester: pytest.Pytester, ini: str, _option: str, said: str
) -> None:
    with pytest.raises(HostnetError) as caught:
        options.check(config(pytester, ini=f"[pytest]\n{ini}"))
    assert str(caught.value).startswith(said)


def test_a_number_in_the_ini_file_that_is_none_is_named(pytester: pytest.Pytester) -> None:
    with pytest.raises(HostnetError) as caught:
        options.check(config(pytester, ini="[pytest]\nhostnet_workers = many"))
    assert str(caught.value) == "--hostnet-workers many\n  expected: a whole number"
