"""Compiles what runs in a node, from Go modules that the Go checksum database vouches for."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bootstrap.steps import PART, Failure, publish, remove, write
from nodeimage.golang import CURE, GO_BUILD, LINK, Go

FILES = Path(__file__).parent / "files"
KUBERNETES = "k8s.io/kubernetes"
COMMANDS = (
    "kubeadm",
    "kubelet",
    "kubectl",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
)
KIND = "sigs.k8s.io/kind@v0.33.0"
# Plugins that nobody needs in a test cluster and that make up most of CoreDNS' compile time:
# the clients of clouds and of tracing services.
HEAVY_PLUGINS = {
    "route53",
    "azure",
    "clouddns",
    "etcd",
    "trace",
    "nomad",
    "geoip",
    "dnstap",
    "grpc",
}


@dataclass(frozen=True)
class Target:
    """Commands of one Go module: `outputs` maps the name Go gives a binary to the name wanted."""

    module: str
    version: str
    packages: tuple[str, ...]
    outputs: Mapping[str, str]
    link: str = LINK
    sources: Mapping[str, str] = field(default_factory=dict)  # files of a main package of our own

    @property
    def at(self) -> str:
        return f"{self.module}@{self.version}"


def kubernetes(version: str) -> Target:
    """Describe the seven commands of Kubernetes, and agnhost, its network test server."""
    # kubeadm's checks of the version skew read what is linked in here.
    package, minor = "k8s.io/component-base/version", version.split(".")[1]
    values = {"gitVersion": version, "gitMajor": "1", "gitMinor": minor, "gitTreeState": "clean"}
    link = " ".join([LINK, *(f"-X {package}.{name}={value}" for name, value in values.items())])
    packages = [f"{KUBERNETES}/cmd/{name}" for name in COMMANDS]
    names = {name: name for name in (*COMMANDS, "agnhost")}
    agnhost = f"{KUBERNETES}/test/images/agnhost"
    return Target(KUBERNETES, version, (*packages, agnhost), names, link)


def etcd(tag: str) -> Target:
    """Describe etcd of an image tag such as `3.7.0-0` (the suffix counts image builds)."""
    module = "go.etcd.io/etcd/server/v3"
    return Target(module, f"v{tag.split('-', maxsplit=1)[0]}", (module,), {"server": "etcd"})


def coredns(tag: str, plugins: str) -> Target:
    """Describe CoreDNS with the plugins of its `plugin.cfg` text, less the heavy ones."""
    module = "github.com/coredns/coredns"
    source = coredns_main(plugins)
    return Target(module, tag, (".",), {"build": "coredns"}, sources={"main.go": source})


def coredns_main(plugins: str) -> str:
    """Write the main package of a CoreDNS with its own choice of plugins."""
    imports = []
    for line in plugins.splitlines():
        name, separator, package = line.strip().partition(":")
        if separator and not name.startswith("#") and name not in HEAVY_PLUGINS:
            inside = "github.com/coredns/coredns/plugin/" if "." not in package else ""
            imports.append(f'\t_ "{inside}{package}"')
    body = "\n".join(['\t"github.com/coredns/coredns/coremain"', *imports])
    return f"package main\n\nimport (\n{body}\n)\n\nfunc main() {{ coremain.Run() }}\n"


def staging(gomod: str) -> list[str]:
    """List the modules that Kubernetes' go.mod takes from its own `staging` folder."""
    return re.findall(r"^\s*(?:replace\s+)?(\S+)\s+=>\s+\./staging/\S+", gomod, re.MULTILINE)


def go_line(gomod: str) -> str:
    """Find the language version of a go.mod; 1.16 is what Go assumes without one."""
    found = re.search(r"^go\s+(\S+)", gomod, re.MULTILINE)
    return found[1] if found else "1.16"


def module_file(target: Target, gomod: str) -> str:
    """Write a go.mod that makes the target buildable from outside its own repository.

    Published twins stand in for Kubernetes' staging folders: v1.Y.Z belongs to v0.Y.Z of each.
    """
    twin = "v0" + target.version.removeprefix("v1")
    replaced = "".join(f"replace {name} => {name} {twin}\n" for name in staging(gomod))
    go = go_line(gomod)
    return f"module build\n\ngo {go}\n\nrequire {target.module} {target.version}\n\n{replaced}"


def prepare(go: Go, target: Target, folder: Path, gomod: str) -> int:
    """Write the build module, fetch all it needs and return how many packages there are."""
    write(folder / "go.mod", module_file(target, gomod))
    for name, text in target.sources.items():
        write(folder / name, text)
    listed = folder / "packages"
    argv = [go.program, "list", "-deps", *target.packages]
    go.runner.run(argv, cwd=folder, env=go.env(), stdout=listed, cure=CURE)
    return len(listed.read_text().split())


def compile_target(
    go: Go,
    target: Target,
    folder: Path,
    bin_folder: Path,
    tell: Callable[[str], None],
    packages: int,
) -> None:
    """Compile what is missing of a target; each binary appears in `bin_folder` when whole.

    Go's own cache keeps every compiled package, so an interrupted run goes on from there.
    """
    if not missing(target, bin_folder):
        return
    part = bin_folder / (hashlib.sha256(target.at.encode()).hexdigest()[:8] + PART)
    remove(part)
    part.mkdir(parents=True)
    wanted = [
        package
        for package in target.packages
        if not (bin_folder / target.outputs[_default_name(package)]).exists()
    ]
    seen: set[str] = set()

    def watch(line: str) -> None:
        if line and " " not in line:  # `go build -v` names each package as it compiles it
            seen.add(line)
            done = len(target.outputs) - len(missing(target, bin_folder))
            _collect(target, part, bin_folder)
            name = line.rsplit("/", 1)[-1]
            count = f"package {len(seen)} of at most {packages}"
            tell(f"{name} ({count}; {done} of {len(target.outputs)} binaries)")

    output = (
        str(part) + os.sep if len(target.packages) > 1 else str(part / _default_name(wanted[0]))
    )
    argv = [go.program, "build", "-v", *GO_BUILD, f"-ldflags={target.link}", "-o", output, *wanted]
    try:
        env = go.env(folder / "tmp")
        go.runner.run(argv, cwd=folder, env=env, watch=watch, cure=CURE)
        _collect(target, part, bin_folder)
    finally:
        remove(part)
        remove(folder / "tmp")
    if left := missing(target, bin_folder):
        raise Failure(f"Go made no {', '.join(left)}", CURE, go.runner.log)


def _default_name(package: str) -> str:
    """Name a package's binary as Go does: the last element that is no major version."""
    if package == ".":
        return "build"
    elements = package.split("/")
    return elements[-2] if re.fullmatch(r"v\d+", elements[-1]) else elements[-1]


def _collect(target: Target, part: Path, bin_folder: Path) -> None:
    # Go links in GOTMPDIR and renames the whole binary, so what lies here is complete.
    for made, wanted in target.outputs.items():
        if (part / made).exists():
            (part / made).replace(bin_folder / wanted)


def missing(target: Target, bin_folder: Path) -> list[str]:
    """List the target's binaries that are not there yet."""
    return [name for name in target.outputs.values() if not (bin_folder / name).exists()]


def compile_pause(go: Go, bin_folder: Path) -> None:
    """Compile pause, the process that holds a pod's namespaces open."""
    with publish(bin_folder / "pause") as part:
        argv = [go.program, "build", f"-ldflags={LINK}", "-o", str(part), str(FILES / "pause.go")]
        env = {**go.env(), "GOFLAGS": "-trimpath -buildvcs=false"}
        go.runner.run(argv, env=env, cure=CURE)


def image_tags(listed: str) -> dict[str, str]:
    """Read `kubeadm config images list` as {short name: full reference}."""
    tags = {}
    for line in listed.split():
        name, separator, _ = line.rpartition(":")
        if separator and "/" in name:
            tags[name.rsplit("/", 1)[-1]] = line
    if not {"etcd", "coredns", "kube-apiserver"} <= set(tags):
        raise Failure(f"kubeadm named no known images: {listed[:80]!r}", CURE)
    return tags


def fingerprint(texts: Iterable[str]) -> str:
    """Digest the texts to eight digits."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:8]
