"""An ephemeral kind cluster: pytest-kind's KindCluster, with what it leaves open closed."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_kind.cluster import KindCluster

from pytest_hostnet.cluster.finding import Finding
from pytest_hostnet.cluster.names import unique
from pytest_hostnet.cluster.namespace import Namespace
from pytest_hostnet.cluster.node import Node
from pytest_hostnet.cluster.phases import Phases, Progress, silent
from pytest_hostnet.cluster.readiness import wait_until_ready
from pytest_hostnet.cluster.settings import ClusterSettings
from pytest_hostnet.cluster.tools import Docker, find_tool
from pytest_hostnet.cluster.topology import Topology
from pytest_hostnet.manifests.images import full_name
from pytest_hostnet.system.command import CommandError, run
from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.system.signals import uninterrupted
from pytest_hostnet.watching.kinds import NODES
from pytest_hostnet.watching.observer import Observer
from pytest_hostnet.watching.selectors import EVERYTHING
from pytest_hostnet.watching.transport import Transport

_log = logging.getLogger(__name__)
_CREATE_SECONDS = 600.0
_SHORT_SECONDS = 60.0


class HostnetCluster(KindCluster):  # type: ignore[misc]  # pytest-kind is untyped
    """A kind cluster of one topology, with shared observation.

    ``kubectl``, ``load_docker_image``, ``port_forward``, ``api`` and ``kubeconfig_path`` are
    pytest-kind's own. Differences: nothing is downloaded, nothing is written to the working
    directory, the kubeconfig is private (0600 in a 0700 folder), a half-made cluster is
    deleted, and a cluster that was there before is never deleted.
    """

    def __init__(self, name: str, topology: Topology, settings: ClusterSettings) -> None:
        """Find the tools; nothing is started yet. Raises HostnetError for a missing tool."""
        # Not KindCluster.__init__: it makes a .pytest-kind folder in the working directory.
        self.name = name
        self.topology = topology
        self.settings = settings
        self.docker = Docker.find()
        self.kind_path = find_tool("kind", settings.kind_bin, "--kind-bin")
        self.image = settings.image
        self.platform = platform.system().lower()
        self.path = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        self.kubeconfig_path = settings.kubeconfig or self.path / "kubeconfig"
        self.phase_seconds: dict[str, float] = {}
        self.created = False
        self.adopted = False  # whether it was there before, and so is left as it was found
        self._observer: Observer | None = None
        self._findings: list[Finding] = []

    @property
    def kubectl_path(self) -> Path:
        """The kubectl to use, looked for only when a test asks for it."""
        return find_tool("kubectl", self.settings.kubectl_bin, "--kind-kubectl-bin")

    def ensure_kind(self) -> None:
        """Do nothing: the path was checked, and pytest-kind's unverified download is not used."""

    def ensure_kubectl(self) -> None:
        """Raise HostnetError when there is no kubectl; never download one."""
        _ = self.kubectl_path

    def create(self, config_file: str | Path | None = None, *, progress: Progress = silent) -> None:
        """Create the cluster, or use the one of this name, and wait until it is ready.

        Raises HostnetError naming the phase that failed; nothing is left behind then.
        """
        started = time.monotonic()
        try:
            self.docker.check()
            if self.name in self._kind("get", "clusters").split():
                self._adopt()
            else:
                self._create(config_file, progress)
            context = f"kind-{self.name}"
            self._observer = Observer(Transport.from_kubeconfig(self.kubeconfig_path, context))
            phases = Phases(progress)
            phases.begin("Nodes Ready, default ServiceAccount")
            nodes, seconds = 1 + self.topology.workers, self.settings.ready_seconds
            wait_until_ready(self.observer, nodes=nodes, seconds=seconds)
            phases.end()
            self.phase_seconds |= phases.seconds
            self._load_images(progress)
            took = time.monotonic() - started
            progress(f"{self.name} is ready after {took:.1f} s ({self.version})")
        except BaseException as error:
            left = self._undo()
            if left and isinstance(error, Exception):
                raise HostnetError(f"{error}\n{left}") from error
            raise

    def _undo(self) -> str:
        """Delete a half-made cluster, also with --keep-cluster: there is nothing to use.

        Returns what went wrong, so that it hides no other error.
        """
        try:
            self._delete()
        except HostnetError as error:
            left = (
                f"and what was made of cluster {self.name} could not be deleted: {error}\n"
                f"  next:     kind delete cluster --name {self.name}"
            )
            _log.error(left)
            return left
        return ""

    def _create(self, config_file: str | Path | None, progress: Progress) -> None:
        if self.image:
            self.docker.ensure_node_image(self.image, progress)
        config = Path(config_file) if config_file else self.path / "kind.json"
        if config_file is None:
            config.write_text(self.topology.kind_config())
        command = ["create", "cluster", f"--name={self.name}", f"--config={config}"]
        command += [f"--kubeconfig={self.kubeconfig_path}"]
        command += [f"--image={self.image}"] if self.image else []
        phases = Phases(progress)
        self._private_kubeconfig()
        self.created = True  # from here on there may be something to delete
        try:
            run([str(self.kind_path), *command], timeout=_CREATE_SECONDS, on_line=phases.line)
        except CommandError as error:
            raise HostnetError(
                f"kind could not create cluster {self.name}, phase “{phases.current or 'start'}”:\n"
                f"{error}",
                next_step="the last lines above are kind's own; `docker info` and free disk space "
                "are the usual suspects",
            ) from error
        self.phase_seconds = phases.seconds

    def _adopt(self) -> None:
        nodes = self._kind("get", "nodes", f"--name={self.name}").split()
        if len(nodes) != 1 + self.topology.workers:
            raise HostnetError(
                f"cluster {self.name} is there already, with {len(nodes)} nodes",
                expected=str(self.topology),
                next_step="give another --cluster-name, or delete it: "
                f"kind delete cluster --name {self.name}",
            )
        self.adopted = True
        self._private_kubeconfig()
        self._kind(
            "export", "kubeconfig", f"--name={self.name}", f"--kubeconfig={self.kubeconfig_path}"
        )

    def _private_kubeconfig(self) -> None:
        if self.settings.kubeconfig is None:
            os.close(os.open(self.kubeconfig_path, os.O_CREAT | os.O_WRONLY, 0o600))

    def _load_images(self, progress: Progress) -> None:
        """Load the stand-ins onto the nodes, unless the node image brings them along."""
        for image, stand_in in self.settings.images.pairs:
            have = self.nodes()[-1].run(["ctr", "-n", "k8s.io", "images", "ls", "-q"])
            if full_name(stand_in) in have.stdout.split() or not self.docker.has_image(stand_in):
                continue
            progress(f"loading image {stand_in}")
            try:
                self.load_docker_image(stand_in)
            except CommandError as error:
                if image != stand_in:
                    raise
                # It stands for itself: the nodes can still pull it, as without a mapping.
                progress(f"{image} could not be loaded, the nodes will pull it: {error}")

    def load_docker_image(self, docker_image: str) -> None:
        """Load a local image onto every node."""
        self._kind("load", "docker-image", "--name", self.name, docker_image)

    @property
    def api(self) -> Any:
        """A pykube client, as pytest-kind offers it."""
        import pykube

        return pykube.HTTPClient(pykube.KubeConfig.from_file(str(self.kubeconfig_path)))

    @property
    def observer(self) -> Observer:
        """The shared streams of this cluster."""
        if self._observer is None:
            raise HostnetError(f"cluster {self.name} has not been created")
        return self._observer

    @property
    def version(self) -> str:
        """The API server's version, such as v1.37.2."""
        return str(self.observer.transport.request("GET", "/version")["gitVersion"])

    def nodes(self, *, schedulable: bool = False) -> Sequence[Node]:
        """Return the nodes by name; with ``schedulable`` those that take ordinary pods."""
        self.observer.watch(NODES)
        found = self.observer.store.select(NODES, None, EVERYTHING)
        nodes = [Node.from_object(obj, self.docker.path) for obj in found]
        return [node for node in nodes if node.schedulable or not schedulable]

    def namespace(self, hint: str = "", *, findings: list[Finding] | None = None) -> Namespace:
        """Return a fresh namespace, to be used in a ``with`` block or closed by hand.

        What is found in it goes to ``findings``, else to those that ``take_findings`` returns.
        """
        found = self._findings if findings is None else findings
        return Namespace.create(self, unique(hint), self.settings.images, found)

    def take_findings(self) -> list[Finding]:
        """Return what was found since the last call, and forget it."""
        taken = self._findings[:]
        del self._findings[: len(taken)]
        return taken

    def delete(self) -> None:
        """Delete the cluster unless it is kept or was there before; safe to call twice."""
        if self.settings.keep and self.created:
            self._disconnect()
            if self.settings.kubeconfig:  # else the way in is in the private folder
                shutil.rmtree(self.path, ignore_errors=True)
            return
        self._delete()

    def _disconnect(self) -> None:
        if self._observer is not None:
            self._observer.close()
            self._observer = None

    def _delete(self) -> None:
        with uninterrupted():
            self._disconnect()
            if self.created:
                config = f"--kubeconfig={self.kubeconfig_path}"
                self._kind("delete", "cluster", f"--name={self.name}", config)
                self.created = False
            with suppress(FileNotFoundError):
                shutil.rmtree(self.path)

    def _kind(self, *args: str) -> str:
        return run([str(self.kind_path), *args], timeout=_SHORT_SECONDS * 2).stdout
