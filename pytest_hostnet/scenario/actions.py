"""Verbs that change something."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from pytest_hostnet.cluster.namespace import Namespace
from pytest_hostnet.manifests.load import load
from pytest_hostnet.manifests.yaml_source import SourceError
from pytest_hostnet.ports import firewall
from pytest_hostnet.scenario.verb import Stage, Verb

Port = Annotated[int, Field(ge=1, le=65535)]


class Apply(Verb):
    """Apply a manifest of the scenario's folder, server-side, into the scenario's namespace."""

    helper: ClassVar = Namespace.apply
    shorthand: ClassVar[str] = "manifest"
    manifest: str = Field(description="file name, relative to the scenario's folder")

    def check(self, folder: Path) -> None:
        """Read the manifest, so that its mistakes show before a cluster is made."""
        load(self._path(folder))

    def run(self, stage: Stage) -> None:
        """Apply it."""
        stage.namespace.apply(self._path(stage.folder))

    def _path(self, folder: Path) -> Path:
        path = folder / self.manifest
        if not path.resolve().is_relative_to(folder.resolve()):
            raise SourceError(
                f"manifest {self.manifest!r} lies outside of the scenario's folder",
                expected=f"a file in {folder}",
            )
        return path


class Scale(Verb):
    """Set a workload's number of replicas."""

    helper: ClassVar = Namespace.scale
    workload: str = Field(description="deployment/NAME, replicaset/NAME or statefulset/NAME")
    replicas: int = Field(ge=0, le=1000)

    def run(self, stage: Stage) -> None:
        """Scale."""
        stage.namespace.scale(self.workload, self.replicas)


class DropPort(Verb):
    """Let every node's firewall drop a TCP port for what comes from outside the node."""

    helper: ClassVar = firewall.drop
    shorthand: ClassVar[str] = "port"
    port: Port

    def run(self, stage: Stage) -> None:
        """Put the rule in on every node; it goes with the scenario at the latest."""
        name = stage.namespace.name
        for node in stage.namespace.cluster.nodes():
            stage.namespace.cleanup.callback(firewall.allow, node, self.port, name)
            firewall.drop(node, self.port, name)


class AllowPort(Verb):
    """Take the rule of ``drop_port`` away again."""

    helper: ClassVar = firewall.allow
    shorthand: ClassVar[str] = "port"
    port: Port

    def run(self, stage: Stage) -> None:
        """Remove the rule on every node."""
        for node in stage.namespace.cluster.nodes():
            firewall.allow(node, self.port, stage.namespace.name)


ACTIONS: dict[str, type[Verb]] = {
    "apply": Apply,
    "scale": Scale,
    "drop_port": DropPort,
    "allow_port": AllowPort,
}
