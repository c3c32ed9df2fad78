"""The whole build in its order: Debian in the background while Go compiles, then the images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bootstrap.progress import Board
from bootstrap.steps import Runner, remove
from nodeimage import binaries, images, node, rootfs
from nodeimage.archive import LABEL, Image, save
from nodeimage.binaries import Target
from nodeimage.golang import GO_BUILD, Go

STEPS = 4  # how many lines of progress `Build.node` shows
CURE = "Look at the log, then run make again"


@dataclass
class Build:
    """One build. `go` gives the toolchain when it is first needed."""

    runner: Runner
    board: Board
    cache: Path
    version: str
    go: Callable[[], Go]
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    @property
    def bin(self) -> Path:
        """The binaries; other flags or another choice of CoreDNS plugins are another folder."""
        made_by = [*GO_BUILD, *sorted(binaries.HEAVY_PLUGINS)]
        return self.cache / "binaries" / f"{self.version}-{binaries.fingerprint(made_by)}"

    @property
    def work(self) -> Path:
        return self.cache / "work.part"  # a name that is cleared away after a kill

    def node(self, tag: str) -> None:
        """Make the node image, and with it nginx' and agnhost's for the machine's own Docker."""
        debian = self.pool.submit(self._roots)
        try:
            self._node(tag, debian)
        except BaseException:
            self.runner.cancelled.set()
            if debian.done() and (error := debian.exception()):
                raise error from None  # what the compilation was cancelled for
            raise
        finally:
            self.pool.shutdown()
            remove(self.work)

    def _node(self, tag: str, debian: Future[dict[str, Path]]) -> None:
        self.bin.mkdir(parents=True, exist_ok=True)
        kind_files = self._kubernetes()
        tags = self._others(kind_files)
        title = "Debian root file systems"
        if debian.done():
            self.board.kept(title, "made meanwhile")
            roots = debian.result()
        else:
            with self.board.step(title, 45):
                roots = debian.result()
        with self.board.step(f"node image {tag}", 50) as tell:
            remove(self.work)
            self.work.mkdir(parents=True)
            tell("container images")
            util = images.util_layer(roots["util"], self.work)
            inside = images.node_images(self.bin, util, tags, self.work)
            tell("root file system")
            base = node.base_layers(self.version, roots["node"], kind_files, self.bin, self.work)
            tell("loading the images into a node")
            self._load([one for one in inside if one.tag in (images.NGINX, images.AGNHOST)])
            node.assemble(self.runner, tag, recipe(self.version), base, inside, self.work)

    def nginx(self) -> None:
        """Make the nginx image alone, for a node image that came from a registry."""
        with self.board.step(f"nginx image {images.NGINX}", 30):
            remove(self.work)
            self.work.mkdir(parents=True)
            try:
                util = images.util_layer(rootfs.root(self.runner, self.cache, "util"), self.work)
                self._load([images.nginx(util, self.work)])
            finally:
                remove(self.work)

    def _load(self, wanted: list[Image]) -> None:
        archive = save(self.work / "load.tar", wanted)
        self.runner.run(["docker", "load", "-q", "-i", str(archive)], cure=CURE)
        archive.unlink()

    def _roots(self) -> dict[str, Path]:
        # A log of its own: beside the compiler's, nobody could tell whose last words those were.
        log = self.runner.log.with_name("debian.log")
        runner = Runner(log, self.runner.cancelled)
        try:
            return {name: rootfs.root(runner, self.cache, name) for name in rootfs.PACKAGES}
        except BaseException:
            self.runner.cancelled.set()
            raise

    def _kubernetes(self) -> Path:
        """Compile Kubernetes; return kind's node files, a module fetched on the way."""
        target = binaries.kubernetes(self.version)
        title = f"Kubernetes {self.version} binaries"
        go = self.go()
        kind = go.download(binaries.KIND, self._source("kind"))
        if binaries.missing(target, self.bin):
            with self.board.step(title, 440) as tell:
                self._compile(go, target, "kubernetes", tell)
        else:
            self.board.kept(title, str(self.bin))
        return Path(kind["Dir"]) / "images/base/files"

    def _others(self, kind_files: Path) -> dict[str, str]:
        """Compile etcd, CoreDNS and pause in the versions kubeadm wants; return the image tags."""
        kubeadm = [str(self.bin / "kubeadm"), "config", "images", "list"]
        listed = self.runner.query([*kubeadm, "--kubernetes-version", self.version])
        tags = binaries.image_tags(listed.out)
        config = (kind_files / "etc/containerd/config.toml").read_text()
        tags["pause"] = node.sandbox_image(config)
        go = self.go()
        title = "etcd, CoreDNS and pause"
        if all((self.bin / name).exists() for name in ("etcd", "coredns", "pause")):
            self.board.kept(title, str(self.bin))
            return tags
        with self.board.step(title, 90) as tell:
            etcd = binaries.etcd(tags["etcd"].rpartition(":")[2])
            self._compile(go, etcd, "etcd", tell)
            version = tags["coredns"].rpartition(":")[2]
            if not (self.bin / "coredns").exists():
                at = f"github.com/coredns/coredns@{version}"
                module = go.download(at, self._source("coredns"))
                plugins = (Path(module["Dir"]) / "plugin.cfg").read_text()
                self._compile(go, binaries.coredns(version, plugins), "coredns", tell)
            if not (self.bin / "pause").exists():
                binaries.compile_pause(go, self.bin)
        return tags

    def _source(self, name: str) -> Path:
        return self.cache / "source" / f"{self.version}-{name}"

    def _compile(self, go: Go, target: Target, name: str, tell: Callable[[str], None]) -> None:
        if not binaries.missing(target, self.bin):
            return
        folder = self._source(name)
        tell(f"downloading the modules of {name}")
        gomod = Path(go.download(target.at, folder)["GoMod"]).read_text()
        packages = binaries.prepare(go, target, folder, gomod)
        binaries.compile_target(go, target, folder, self.bin, tell, packages)


def recipe(version: str) -> str:
    """Digest what a node image of this version is made from: this package's files."""
    folder = Path(__file__).parent
    known = hashlib.sha256(version.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            known.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return known.hexdigest()[:12]


def is_current(runner: Runner, tag: str, version: str) -> bool:
    """Whether Docker has the image and it was made from the present recipe."""
    form = '{{index .Config.Labels "' + LABEL + '"}}'
    found = runner.query(["docker", "image", "inspect", "-f", form, tag])
    return found.ok and found.out.strip() == recipe(version)
