"""The Debian root file systems: `node` for the nodes, `util` for the containers that need tools."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

from bootstrap.debian import apt_options, as_root, configured_mirror, install
from bootstrap.steps import Runner, publish
from nodeimage.binaries import fingerprint

SUITE = "trixie"
UTIL = "iptables,nftables,conntrack,kmod,iproute2,procps,curl,jq,nginx,gettext-base"
NODE = (
    "systemd,systemd-sysv,dbus,conntrack,iptables,nftables,iproute2,ethtool,util-linux,mount,kmod,"
    "libseccomp2,pigz,procps,jq,ca-certificates,curl,containerd,runc,containernetworking-plugins"
)
PACKAGES = {"util": UTIL, "node": NODE}
UNWANTED = ("doc", "man", "info", "locale", "lintian", "bug", "bash-completion")
CURE = "Look at the log, and at whether the Debian mirror can be reached; then run make again"
_apt = threading.Lock()


def root(runner: Runner, cache: Path, name: str) -> Path:
    """Return a root file system's tar archive, made by mmdebstrap unless it is there."""
    final = location(cache, name)
    if final.exists():
        return final
    with _apt:
        if shutil.which("mmdebstrap") is None:
            install(runner, ["mmdebstrap", "debian-archive-keyring"])
    # A known place for the half made tree, so that the next run can remove what a kill left there,
    # and mounts of its own, which vanish with the process.
    tree = Path(tempfile.gettempdir()) / f"hostnet-{name}-{fingerprint([str(cache)])}"
    away = as_root(runner, ["rm", "-rf", "--one-file-system", str(tree)])
    runner.query(away, timeout=120)
    tree.mkdir()
    argv = ["unshare", "--mount", "env", f"TMPDIR={tree}", "mmdebstrap", "--mode=root"]
    argv += ["--variant=essential", f"--include={PACKAGES[name]}"]
    argv += [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in UNWANTED]
    argv += [f"--aptopt={one}" for one in apt_options(runner.query(["apt-config", "dump"]).out)]
    argv += [SUITE, "-", configured_mirror(runner)]
    try:
        with publish(final) as part:
            runner.run(as_root(runner, argv), stdout=part, cure=CURE)
    finally:
        runner.query(away, timeout=120)
    return final


def location(cache: Path, name: str) -> Path:
    """Where a root's archive is kept; another list of packages is another archive."""
    return cache / "roots" / f"{name}-{SUITE}-{fingerprint([PACKAGES[name], *UNWANTED])}.tar"
