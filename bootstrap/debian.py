"""Debian's package manager: what it installs, as whom, and from which mirror."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from bootstrap.steps import Failure, Runner

DEFAULT_MIRROR = "http://deb.debian.org/debian"
KEPT_BY_SUDO = "http_proxy,https_proxy,no_proxy,HTTP_PROXY,HTTPS_PROXY,NO_PROXY"


def as_root(runner: Runner, argv: Sequence[str]) -> list[str]:
    """Make a command one for root: as it is for root, through sudo for everyone else."""
    if os.geteuid() == 0:
        return list(argv)
    if shutil.which("sudo") is None:
        raise Failure(f"{argv[0]} needs root and there is no sudo", "Run make as root")
    if os.isatty(0) or runner.query(["sudo", "-n", "true"]).ok:
        return ["sudo", f"--preserve-env={KEPT_BY_SUDO}", *argv]
    raise Failure(
        "sudo wants a password and there is no terminal to ask for it",
        "Run make in a terminal, as root, or run `sudo -v` before",
    )


def install(runner: Runner, packages: Sequence[str]) -> None:
    """Installs Debian packages, the lists of packages brought up to date first."""
    if shutil.which("apt-get") is None:
        names = " ".join(packages)
        raise Failure(f"this is no Debian machine: {names} cannot be installed", "Install by hand")
    common = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    cure = "Look at the apt sources and the network, then run make again"
    runner.run(as_root(runner, [*common, "-q", "update"]), cure=cure)
    flags = ["-q", "-y", "--no-install-recommends", "install"]
    runner.run(as_root(runner, [*common, *flags, *packages]), cure=cure)


def available(runner: Runner, package: str) -> bool:
    """Whether this Debian has the package (docker-cli became one of its own in Debian 13)."""
    return runner.query(["apt-cache", "show", "--no-all-versions", package]).ok


def release() -> Mapping[str, str]:
    """Read the fields of /etc/os-release."""
    try:
        with Path("/etc/os-release").open() as file:
            pairs = [line.rstrip().partition("=") for line in file if "=" in line]
    except OSError:
        return {}
    return {name: value.strip('"') for name, _, value in pairs}


def mirror(targets: str, codename: str) -> str:
    """Find the machine's Debian mirror in `apt-get indextargets` lines `codename uri`."""
    for line in targets.splitlines():
        name, _, uri = line.strip().partition(" ")
        if name == codename and uri:
            return uri.rstrip("/")
    return DEFAULT_MIRROR


def configured_mirror(runner: Runner) -> str:
    """Return the mirror in the apt sources, Debian's own where the machine is no Debian."""
    about = release()
    if about.get("ID") != "debian":
        return DEFAULT_MIRROR
    asked = ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)"]
    only = ["Created-By: Packages", "Component: main"]
    return mirror(runner.query([*asked, *only]).out, about.get("VERSION_CODENAME", ""))


def apt_options(dump: str) -> list[str]:
    """Pick what another apt needs from `apt-config dump`: proxies, certificates."""
    words = ("proxy", "cainfo", "verify-peer", "retries")
    pairs = (line.partition(" ") for line in dump.splitlines() if line.startswith("Acquire::"))
    return [
        f"{name} {value}"
        for name, _, value in pairs
        if value not in ('"";', "") and any(word in name.lower() for word in words)
    ]
