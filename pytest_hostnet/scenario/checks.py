"""Verbs that assert something: each is an assertion helper under its name without ``assert_``."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from pytest_hostnet import assertions as helpers
from pytest_hostnet.scenario.actions import Port
from pytest_hostnet.scenario.verb import Stage, Verb
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.selectors import Selector


def _selector(text: str) -> str:
    try:
        Selector.parse(text)
    except HostnetError as error:
        raise ValueError(error.found) from error
    return text


def _regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


Pods = Annotated[
    str, Field(description="label selector, as kubectl takes it"), AfterValidator(_selector)
]
Regex = Annotated[str, Field(description="regular expression"), AfterValidator(_regex)]
Seconds = Annotated[float, Field(ge=0, le=3600, description="seconds")]
Count = Annotated[int, Field(ge=0, le=1000)]
AtLeastOne = Annotated[int, Field(ge=1, le=1000)]


class PodsCheck(Verb):
    """A check of the pods that a label selector matches."""

    pods: Pods
    within: Seconds | None = None

    def run(self, stage: Stage) -> None:
        """Call the helper with what the YAML gave."""
        self.helper(stage.pods(self.pods), **self.given("pods"))


class ReadyCount(PodsCheck):
    """Exactly so many pods are Ready, of so many in all."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_ready_count)
    ready: Count
    of: Count | None = None
    hold: Seconds | None = None


class PodIPIsNodeIP(PodsCheck):
    """Pod IPs, host IPs and the node's InternalIPs are the same."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_pod_ip_is_node_ip)
    shorthand: ClassVar[str] = "pods"
    count: AtLeastOne | None = None


class SeesHostInterfaces(PodsCheck):
    """The pods see their node's interfaces; the ordinary pods of ``contrast`` do not."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_sees_host_interfaces)
    shorthand: ClassVar[str] = "pods"
    contrast: Pods | None = None

    def run(self, stage: Stage) -> None:
        """Call the helper with both selections."""
        contrast = stage.pods(self.contrast) if self.contrast else None
        given = self.given("pods", "contrast")
        self.helper(stage.pods(self.pods), contrast=contrast, **given)


class PortHeld(PodsCheck):
    """On each pod's node the port is held by a process of that pod."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_port_held)
    port: Port
    count: AtLeastOne | None = None
    protocol: Literal["tcp", "udp"] | None = None


class Reachable(PodsCheck):
    """Each Ready pod answers through its node's port, and it is the pod that answers."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_reachable)
    port: Port
    count: AtLeastOne | None = None
    path: str | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    protocol: Literal["http", "tcp"] | None = None
    vantage: Literal["host", "node", "other-node"] | None = None


class Unreachable(PodsCheck):
    """No answer comes from the node's port, for ``hold`` seconds."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_unreachable)
    port: Port
    protocol: Literal["http", "tcp"] | None = None
    vantage: Literal["host", "node", "other-node"] | None = None
    because: Literal["refused", "timed out"] | None = None
    hold: Seconds | None = None


class CrashLoops(PodsCheck):
    """So many pods crash-loop because the port is taken."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_crash_loops)
    count: AtLeastOne | None = None
    port: Port | None = None


class Unschedulable(PodsCheck):
    """So many pods stay Pending, and the scheduler says why."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_unschedulable)
    count: AtLeastOne | None = None
    because: Regex | None = None


class OnePerNode(PodsCheck):
    """Every schedulable node runs exactly one Ready pod."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_one_per_node)
    shorthand: ClassVar[str] = "pods"


class ServiceCheck(Verb):
    """A check of a ClusterIP Service."""

    shorthand: ClassVar[str] = "service"
    service: str = Field(description="name of the Service")

    def run(self, stage: Stage) -> None:
        """Call the helper with what the YAML gave."""
        self.helper(stage.namespace, self.service, **self.given("service"))


class DuplicateEndpoint(ServiceCheck):
    """One address stands in the EndpointSlices both ready and not ready."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_duplicate_endpoint)
    within: Seconds | None = None


class ServiceOutage(ServiceCheck):
    """The ClusterIP fails on every node though a pod serves."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_service_outage)
    watch: Seconds | None = None


class ServiceReachable(ServiceCheck):
    """The ClusterIP answers on every node."""

    helper: ClassVar[Any] = staticmethod(helpers.assert_service_reachable)
    hold: Seconds | None = None
    within: Seconds | None = None


CHECKS: dict[str, type[Verb]] = {
    "ready_count": ReadyCount,
    "pod_ip_is_node_ip": PodIPIsNodeIP,
    "sees_host_interfaces": SeesHostInterfaces,
    "port_held": PortHeld,
    "reachable": Reachable,
    "unreachable": Unreachable,
    "crash_loops": CrashLoops,
    "unschedulable": Unschedulable,
    "one_per_node": OnePerNode,
    "duplicate_endpoint": DuplicateEndpoint,
    "service_outage": ServiceOutage,
    "service_reachable": ServiceReachable,
}
