"""Chooses the images: what is there, what can be pulled, what must be built."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bootstrap.context import Context
from bootstrap.steps import Failure, Runner
from bootstrap.toolchain import go
from nodeimage import images as built
from nodeimage.build import STEPS, Build, is_current

NGINX = "nginx:alpine"
# The node images released with kind v0.33.0, by minor version and digest.
RELEASED = {
    "v1.37": "kindest/node:v1.37.0"
    "@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5",
}
FIRST_ANSWER = 20.0  # seconds for a registry to say that it has the image
WHOLE_PULL = 900.0  # seconds for an image that a registry has begun to send
BUILD_MINUTES = 12
FROM_HERE = {NGINX: NGINX}
"""Loaded onto the nodes from this machine, which costs no pull for each node."""
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Choice:
    """The images to use: `mapping` has the stand-ins for images that cannot be had."""

    node: str
    mapping: dict[str, str]


@dataclass
class Chooser:
    """Decides; each way to get an image is a method, so that the order is readable in one place."""

    context: Context
    explicit: str | None = None

    @property
    def kindest(self) -> list[str]:
        """The released images that will do, best first."""
        exact = f"kindest/node:{self.context.kubernetes}"
        released = RELEASED.get(self.context.kubernetes.rpartition(".")[0])
        return [exact] if self.context.exact or released is None else [exact, released]

    @property
    def own(self) -> str:
        name = os.environ.get("HOSTNET_NODE_TAG")  # for trying out another build beside this one
        return name or f"hostnet/node:{self.context.kubernetes}"

    def choose(self) -> Choice:
        """Choose the node image, then nginx, which a build of the node image brings along."""
        node = self._node()
        return Choice(node, self._nginx())

    def _node(self) -> str:
        title = "node image"
        if self.explicit:
            if not self._local(self.explicit) and not self._pull(self.explicit, self.explicit):
                raise Failure(
                    f"NODE_IMAGE={self.explicit} is not here and cannot be pulled",
                    "Load it with `docker load`, or leave NODE_IMAGE away to have one built",
                )
            return self._kept(title, self.explicit, "as asked for")
        for image in self.kindest:
            for name in dict.fromkeys((image, _from_registry(image))):
                if self._local(name):
                    return self._kept(title, name, "here already")
        if is_current(self.context.runner, self.own, self.context.kubernetes):
            return self._kept(title, self.own, "built before")
        # The one with a digest first: its name is known to exist.
        for image in reversed(self.kindest):
            if pulled := self._pull(image, _from_registry(image)):
                return pulled
        self._say(f"no node image can be pulled: building one, {BUILD_MINUTES} minutes or so, once")
        self._build().node(self.own)
        return self.own

    def _nginx(self) -> dict[str, str]:
        if self._local(NGINX):
            self._kept("nginx image", NGINX, "here already")
            return FROM_HERE
        if self._local(built.NGINX):
            self._kept("nginx image", built.NGINX, "built before")
            return {NGINX: built.NGINX}
        if self._pull(NGINX, _from_registry(NGINX)):
            return FROM_HERE
        self._build(small=True).nginx()
        return {NGINX: built.NGINX}

    def _kept(self, title: str, image: str, why: str) -> str:
        self.context.board.kept(title, f"{image}, {why}")
        return image

    def _say(self, what: str) -> None:
        print(f"      {what}", flush=True)

    def _local(self, image: str) -> bool:
        return self.context.runner.query(["docker", "image", "inspect", image]).ok

    def _pull(self, image: str, source: str) -> str | None:
        """Pull and return the image's name here, unless an earlier run found that it cannot be."""
        question = f"pull {source} {_surroundings(self.context.runner)}"
        if self.context.recall(question) == "no":
            return None
        # A digest cannot be given as a tag: such an image keeps the name of its registry.
        name = source if "@" in image else image
        self.context.board.total += 1
        try:
            with self.context.board.step(f"pull {source}", FIRST_ANSWER):
                pull(self.context.runner, source)
                if source != name:
                    argv = ["docker", "tag", source, name]
                    self.context.runner.run(argv, cure="Run make again")
        except Failure as failure:
            self._say(f"{failure.cause} (remembered; `make clean` forgets it)")
            self.context.remember(question, "no")
            return None
        return name

    def _build(self, small: bool = False) -> Build:
        context = self.context
        if not small:
            context.board.total += STEPS - 1  # this stood for one step until now
        return Build(
            context.runner,
            context.board,
            context.cache,
            context.kubernetes,
            lambda: go(context),
            ThreadPoolExecutor(1),
        )


def pull(runner: Runner, image: str) -> None:
    """`docker pull` that gives up when the registry is silent; raises Failure when it fails."""
    limit = time.monotonic() + FIRST_ANSWER

    def watch(line: str) -> None:
        nonlocal limit
        if "Pulling from" in line:  # the registry knows the image and has begun
            limit = max(limit, time.monotonic() + WHOLE_PULL)

    cure = "It is built here instead"
    runner.run(["docker", "pull", image], watch=watch, limit=lambda: limit, cure=cure)


def _from_registry(image: str) -> str:
    """Name the image at the registry `HOSTNET_REGISTRY`, Docker's own by default."""
    registry = os.environ.get("HOSTNET_REGISTRY", "").rstrip("/")
    if not registry or registry == "docker.io":
        return image
    return f"{registry}/{image if '/' in image else 'library/' + image}"


def _surroundings(runner: Runner) -> str:
    """Digest what a pull's success depends on, so that another network asks again."""
    mirrors = runner.query(
        ["docker", "info", "--format", "{{.RegistryConfig.Mirrors}} {{.HTTPProxy}}"]
    )
    proxies = [os.environ.get(name, "") for name in PROXIES]
    return hashlib.sha256("\0".join([mirrors.out, *proxies]).encode()).hexdigest()[:8]
