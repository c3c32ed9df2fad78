"""Puts a node image together: Debian, kind's files, Kubernetes, the images it starts with."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrap.steps import Failure, Runner
from nodeimage.archive import LABEL, Entry, Image, Layer, layer, save

FILES = Path(__file__).parent / "files"
UNDER_WAY = "build"  # the label's value while an image is being made
CNI_PLUGINS = ("ptp", "host-local", "loopback", "portmap")
SERVICES = ("kubelet", "containerd", "undo-mount-hacks")
CGROUP_V1_REFUSED = 35  # the first minor version whose kubelet wants cgroup v2
KUBELET_DROPIN = """\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
"""
CURE = "Look at the log, and at whether the disk is full (docker system df); then run make again"
# Services that make no sense in a container, and files that a node never reads.
_DROPPED = re.compile(
    r"(?:usr/)?lib/systemd/system/(?:multi-user|local-fs|basic)\.target\.wants/."
    r"|(?:usr/)?lib/systemd/system/sockets\.target\.wants/.*(?:udev|initctl)"
    r"|(?:usr/)?lib/systemd/system/sysinit\.target\.wants/systemd-tmpfiles-setup\.service"
    r"|etc/systemd/system/[^/]+\.wants/."
    r"|(?:dev|boot|var/cache|var/log|var/lib/apt|var/lib/dpkg/info|usr/share/(?:doc|man|locale))/."
    r"|usr/lib/udev/hwdb\.|usr/bin/containerd-(?:stress|shim$|shim-runc-v1)"
    rf"|usr/lib/cni/(?!(?:{'|'.join(CNI_PLUGINS)})$)."
)


def keep(path: str) -> bool:
    """Whether a file of the Debian root belongs into a node."""
    return not _DROPPED.match(path)


def minor(version: str) -> int:
    """Return the minor number of a Kubernetes version: 37 of v1.37.2."""
    return int(version.split(".")[1])


def sandbox_image(containerd_config: str) -> str:
    """Find the pause image that kind's containerd configuration names."""
    found = re.search(r'^\s*sandbox_image = "(.+)"', containerd_config, re.MULTILINE)
    if not found:
        raise Failure("kind's containerd configuration names no sandbox image", CURE)
    return found[1]


def kind_entries(files: Path) -> list[Entry]:
    """List kind's node files, adapted to Debian's containerd."""
    entries = []
    for source in sorted(files.rglob("*")):
        path = source.relative_to(files).as_posix()
        if source.is_dir():
            entries.append(Entry(path))
            continue
        text = source.read_bytes()
        if path == "etc/systemd/system/containerd.service":
            text = text.replace(b"/usr/local/bin/containerd", b"/usr/bin/containerd")
        if path == "etc/containerd/config.toml":
            # A machine that withholds CAP_SYS_RESOURCE lets nobody lower the score.
            text = text.replace(b"restrict_oom_score_adj = false", b"restrict_oom_score_adj = true")
        program = path.startswith(("kind/bin/", "usr/local/bin/"))
        entries.append(Entry(path, text=text, mode=0o755 if program else 0o644))
    return entries


def node_entries(version: str, binaries: Path) -> list[Entry]:
    """List what makes a Debian with kind's files a node of one Kubernetes version."""
    units = "etc/systemd/system"
    entries = [
        Entry("kind/version", text=version.encode()),
        Entry("kind/manifests"),
        Entry("etc/kubernetes"),
        Entry("etc/kubernetes/manifests"),
        Entry("opt/cni"),
        Entry("opt/cni/bin"),
        # Kernel messages are the host's; in every node's journal they would only confuse.
        Entry("usr/lib/systemd/journald.conf.d/kind.conf", text=b"[Journal]\nReadKMsg=no\n"),
        Entry(f"{units}/systemd-binfmt.service", link="/dev/null"),  # it would change the host
        Entry(f"{units}/multi-user.target.wants"),
    ]
    for name in SERVICES:
        link = f"/{units}/{name}.service"
        entries.append(Entry(f"{units}/multi-user.target.wants/{name}.service", link=link))
    for name in CNI_PLUGINS:
        entries.append(Entry(f"opt/cni/bin/{name}", link=f"/usr/lib/cni/{name}"))
    for name in ("default-cni.yaml", "default-storage.yaml"):
        entries.append(Entry(f"kind/manifests/{name}", text=(FILES / name).read_bytes()))
    if minor(version) >= CGROUP_V1_REFUSED:
        flags = "--runtime-cgroups=/system.slice/containerd.service"
        extra = f"KUBELET_EXTRA_ARGS={flags} --config-dir=/etc/kubernetes/kubelet.d\n"
        entries.append(Entry("etc/kubernetes/kubelet.d"))
        dropin = "etc/kubernetes/kubelet.d/10-cgroup.conf"
        entries.append(Entry(dropin, text=KUBELET_DROPIN.encode()))
        entries.append(Entry("etc/default/kubelet", text=extra.encode()))
    for name in ("kubeadm", "kubelet", "kubectl"):
        entries.append(Entry(f"usr/bin/{name}", source=binaries / name, mode=0o755))
    return entries


def base_layers(
    version: str, root: Path, kind_files: Path, binaries: Path, work: Path
) -> list[Layer]:
    """Make the layers of a node before it has any container image."""
    entries = kind_entries(kind_files) + node_entries(version, binaries)
    return [layer(work / "debian.tar", [], root, keep), layer(work / "node.tar", entries)]


def runtime_spec(default: str) -> str:
    """Give containerd's default container spec kind's hook and no limits."""
    spec = json.loads(default)
    hooks = spec.setdefault("hooks", {}).setdefault("createContainer", [])
    hooks.append({"path": "/kind/bin/mount-product-files.sh"})
    spec.get("process", {}).pop("rlimits", None)
    return json.dumps(spec)


def sweep(runner: Runner) -> None:
    """Delete what killed builds left in Docker, and images that a newer one replaced.

    Nothing that runs: Docker refuses to delete an image that a container uses.
    """
    under_way = ["--filter", f"label={LABEL}={UNDER_WAY}"]
    replaced = ["--filter", f"label={LABEL}", "--filter", "dangling=true"]
    for box in runner.query(["docker", "ps", "-aq", *under_way]).out.split():
        runner.query(["docker", "rm", "-fv", box], timeout=120)
    for chosen in (under_way, replaced):
        for image in set(runner.query(["docker", "images", "-q", *chosen]).out.split()):
            runner.query(["docker", "rmi", image], timeout=120)


@contextmanager
def container(runner: Runner, image: str) -> Iterator[str]:
    """Run a container that only waits, removed at the end; give its id."""
    argv = [
        "docker",
        "run",
        "-d",
        "--label",
        f"{LABEL}={UNDER_WAY}",
        "--security-opt",
        "seccomp=unconfined",
    ]
    started = runner.query([*argv, "--entrypoint", "sleep", image, "infinity"], timeout=120)
    box = started.out.strip()
    try:
        if not started.ok:
            raise Failure(f"docker run failed: {started.err}", CURE)
        yield box
    finally:
        if box:
            runner.query(["docker", "rm", "-fv", box], timeout=120)


def assemble(
    runner: Runner, tag: str, recipe: str, base: list[Layer], images: list[Image], work: Path
) -> None:
    """Make the image `tag`, which exists only when whole: it is committed in one go."""
    raw = f"hostnet/node-base:{recipe}"
    sweep(runner)
    labels = {LABEL: UNDER_WAY}
    config = {"Env": ["container=docker"], "StopSignal": "SIGRTMIN+3", "Labels": labels}
    loaded = save(work / "base.tar", [Image(raw, base, config)])
    runner.run(["docker", "load", "-q", "-i", str(loaded)], cure=CURE)
    loaded.unlink()
    archive = save(work / "images.tar", images)
    try:
        with container(runner, raw) as box:
            _fill(runner, box, archive)
            entry = 'ENTRYPOINT ["/usr/local/bin/entrypoint","/sbin/init"]'
            # The label that marks a build's container becomes one that says what it was made from.
            changes = ["-c", entry, "-c", f"LABEL {LABEL}={recipe}"]
            runner.run(["docker", "commit", *changes, box, tag], cure=CURE)
    finally:
        runner.query(["docker", "rmi", raw], timeout=120)
        sweep(runner)


def _fill(runner: Runner, box: str, archive: Path) -> None:
    inside = ["docker", "exec", box]
    runner.run(["docker", "exec", "-d", box, "containerd"], cure=CURE)
    deadline = time.monotonic() + 60
    while not runner.query([*inside, "ctr", "version"]).ok:
        if time.monotonic() > deadline:
            raise Failure("containerd did not start in the build container", CURE, runner.log)
        time.sleep(0.2)
    spec = runtime_spec(runner.query([*inside, "ctr", "oci", "spec"]).out)
    put = ["docker", "exec", "-i", box, "tee", "/etc/containerd/cri-base.json"]
    if not runner.query(put, stdin=spec.encode()).ok:
        raise Failure("cannot write into the build container", CURE, runner.log)
    images = ["ctr", "-n", "k8s.io", "images"]
    load = ["docker", "exec", "-i", box, *images, "import", "--no-unpack", "-"]
    runner.run(load, stdin=archive, cure=CURE)
    # Pinned: no node deletes them when its disk runs full, for none could pull them again.
    for name in runner.query([*inside, *images, "ls", "-q"]).out.split():
        runner.run([*inside, *images, "label", name, "io.cri-containerd.pinned=pinned"], cure=CURE)
    runner.query([*inside, "pkill", "containerd"])
    while runner.query([*inside, "pgrep", "-x", "containerd"]).ok:
        if time.monotonic() > deadline:
            raise Failure("containerd did not stop in the build container", CURE, runner.log)
        time.sleep(0.1)
