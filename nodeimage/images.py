"""The container images that a node carries, and the nginx that stands in for nginx:alpine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nodeimage.archive import Entry, Image, Layer, layer
from nodeimage.rootfs import SUITE

FILES = Path(__file__).parent / "files"
NGINX = f"hostnet/nginx:{SUITE}"
AGNHOST = "hostnet/agnhost:local"
PODNET = "hostnet/podnet:local"
# What a container never reads: package data, device nodes, and tools that only Debian's own use.
DROPPED = (
    "dev/",
    "boot/",
    "usr/share/doc/",
    "usr/share/man/",
    "usr/share/locale/",
    "usr/lib/udev/hwdb.bin",
    "var/cache/",
    "var/log/",
    "var/lib/apt/",
    "var/lib/dpkg/info/",
    "var/lib/dpkg/status-old",
    "etc/nginx/",
    "var/www/",
)


def keep(path: str) -> bool:
    """Whether a file of a Debian root belongs into an image; folders always do."""
    return not any(path.startswith(name) and path != name.rstrip("/") for name in DROPPED)


def util_layer(root: Path, work: Path) -> Layer:
    """Make the layer of Debian tools that kube-proxy, podnet and nginx share."""
    return layer(work / "util.tar", [], base=root, keep=keep)


def nginx_entries() -> list[Entry]:
    """List the files that make Debian's nginx look like the official image."""
    nginx = FILES / "nginx"
    default = (nginx / "default.conf").read_bytes()
    return [
        Entry(
            "docker-entrypoint.sh", text=(nginx / "docker-entrypoint.sh").read_bytes(), mode=0o755
        ),
        Entry("docker-entrypoint.d"),
        Entry("etc/nginx"),
        Entry("etc/nginx/nginx.conf", text=(nginx / "nginx.conf").read_bytes()),
        Entry("etc/nginx/mime.types", text=(nginx / "mime.types").read_bytes()),
        Entry("etc/nginx/conf.d"),
        Entry("etc/nginx/conf.d/default.conf", text=default),
        Entry("usr/share/nginx/default.conf", text=default),
        Entry("usr/share/nginx/html/index.html", text=(nginx / "index.html").read_bytes()),
        Entry("var/cache/nginx"),
        Entry("var/log/nginx"),
        Entry("var/log/nginx/access.log", link="/dev/stdout"),
        Entry("var/log/nginx/error.log", link="/dev/stderr"),
    ]


def nginx(util: Layer, work: Path) -> Image:
    """Describe nginx as the official image runs it, on Debian."""
    config = {
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Cmd": ["nginx", "-g", "daemon off;"],
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
    }
    return Image(NGINX, [util, layer(work / "nginx.tar", nginx_entries())], config)


def node_images(binaries: Path, util: Layer, tags: Mapping[str, str], work: Path) -> list[Image]:
    """Describe the images a node has without a pull; `tags` are kubeadm's, plus `pause`."""

    def binary(name: str, folder: str = "") -> Layer:
        path = f"{folder}/{name}"
        return layer(work / f"{name}.tar", [Entry(path, source=binaries / name, mode=0o755)])

    at_root = {"Env": ["PATH=/"]}
    images = [
        Image(tags[name], [binary(name)], at_root)
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
    ]
    podnet = Entry("usr/local/bin/podnet", text=(FILES / "podnet").read_bytes(), mode=0o755)
    return [
        *images,
        Image(tags["kube-proxy"], [util, binary("kube-proxy", "usr/local/bin")]),
        Image(tags["coredns"], [binary("coredns")], {"Entrypoint": ["/coredns"]}),
        Image(tags["pause"], [binary("pause")], {"Entrypoint": ["/pause"]}),
        Image(PODNET, [util, layer(work / "podnet.tar", [podnet])], {"Entrypoint": ["podnet"]}),
        agnhost(binaries, work),
        nginx(util, work),
    ]


def agnhost(binaries: Path, work: Path) -> Image:
    """Describe Kubernetes' own network test server."""
    entries = [Entry("agnhost", source=binaries / "agnhost", mode=0o755), Entry("tmp")]
    config = {"Entrypoint": ["/agnhost"], "Cmd": ["pause"], "Env": ["PATH=/"]}
    return Image(AGNHOST, [layer(work / "agnhost.tar", entries)], config)
