"""Finds docker, kind and kubectl, and checks what can be checked before a cluster is begun."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from pytest_hostnet.cluster.phases import Progress, silent
from pytest_hostnet.system.command import CommandError, run
from pytest_hostnet.system.errors import HostnetError

_PULL_SECONDS = 600.0
_INSPECT_SECONDS = 20.0


def find_tool(name: str, given: Path | None, option: str) -> Path:
    """Return the path of a tool: the given one, else the one on PATH.

    Nothing is ever downloaded: a binary without a checksum has no place in a test run.
    """
    if given is not None:
        if not given.is_file():
            raise HostnetError(
                f"{option} {given}: no such file", expected=f"the path of a {name} executable"
            )
        return given.absolute()
    found = shutil.which(name)
    if found is None:
        raise HostnetError(
            f"{name} is not on PATH",
            expected=f"{name} installed, or its path in {option}",
            next_step=_INSTALL[name],
        )
    return Path(found)


_INSTALL = {
    "kind": "go install sigs.k8s.io/kind@latest, or see "
    "https://kind.sigs.k8s.io/docs/user/quick-start/#installation",
    "kubectl": "see https://kubernetes.io/docs/tasks/tools/",
    "docker": "on Debian: apt-get install docker.io; else see https://docs.docker.com/engine/install/",
}


@dataclass(frozen=True, slots=True)
class Docker:
    """The Docker command line; the engine behind it is checked by ``check``."""

    path: Path

    @classmethod
    def find(cls) -> Docker:
        """Find docker on PATH."""
        found = shutil.which("docker")
        if found is None:
            raise HostnetError(
                "docker is not on PATH",
                expected="a Docker engine that kind can use",
                next_step=_INSTALL["docker"],
            )
        return cls(Path(found))

    def check(self) -> None:
        """Raise HostnetError within seconds when no engine answers."""
        try:
            run([str(self.path), "version", "--format", "{{.Server.Version}}"], timeout=5)
        except CommandError as error:
            raise HostnetError(
                f"the Docker engine does not answer: {str(error).splitlines()[-1]}",
                expected="`docker version` to name a server",
                next_step="start it (systemctl start docker, or dockerd), check DOCKER_HOST, or "
                "ask for membership of the docker group",
            ) from error

    def entrypoint(self, image: str) -> list[str] | None:
        """Return the entry point of a local image, or None when there is no such image."""
        done = run(
            [str(self.path), "image", "inspect", "--format", "{{json .Config.Entrypoint}}", image],
            timeout=_INSPECT_SECONDS,
            check=False,
        )
        return (json.loads(done.stdout) or []) if done.ok else None

    def has_image(self, image: str) -> bool:
        """Whether the image is there without a pull."""
        return self.entrypoint(image) is not None

    def ensure_node_image(self, image: str, progress: Progress = silent) -> None:
        """Make sure ``image`` is here and is a kind node image.

        kind itself retries a hopeless pull for a long time, and waits half a minute for an
        ordinary image to boot; both are told apart here in seconds.
        """
        entrypoint = self.entrypoint(image)
        if entrypoint is None:
            progress(f"pulling node image {image}")
            try:
                run([str(self.path), "pull", image], timeout=_PULL_SECONDS)
            except CommandError as error:
                raise HostnetError(
                    f"node image {image} is neither local nor can it be pulled: "
                    f"{str(error).splitlines()[-1]}",
                    expected="a kind node image, such as kindest/node:v1.34.0",
                    next_step="give another one with --kind-image; without an image registry, "
                    "build one (docs/node-image.md)",
                ) from error
            entrypoint = self.entrypoint(image) or []
        if not any(part.endswith("/entrypoint") for part in entrypoint):
            raise HostnetError(
                f"{image} is not a kind node image: its entry point is {entrypoint}",
                expected="an image made for kind, such as kindest/node:v1.34.0",
                next_step="give another one with --kind-image",
            )
