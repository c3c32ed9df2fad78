"""Layers, archives and what goes into a node."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from bootstrap.steps import Failure, Finished, Runner
from nodeimage import images, node, rootfs
from nodeimage.archive import Entry, Image, layer, save
from nodeimage.binaries import fingerprint
from nodeimage.build import is_current, recipe

FILES = Path(node.__file__).parent / "files"


def _names(archive: Path) -> list[str]:
    with tarfile.open(archive) as tar:
        return tar.getnames()


def test_layer_holds_entries_as_root_and_knows_its_digest(tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(b"ELF")
    entries = [
        Entry("usr/bin"),
        Entry("usr/bin/program", source=tmp_path / "program", mode=0o755),
        Entry("etc/text", text=b"text"),
        Entry("etc/link", link="/dev/null"),
    ]
    made = layer(tmp_path / "layer.tar", entries)
    assert made.digest == hashlib.sha256(made.archive.read_bytes()).hexdigest()
    with tarfile.open(made.archive) as tar:
        members = {member.name: member for member in tar}
        assert members["usr/bin"].isdir()
        assert members["usr/bin/program"].mode == 0o755
        assert members["etc/link"].linkname == "/dev/null"
        assert {member.uid for member in members.values()} == {0}
        assert {member.mtime for member in members.values()} == {0}
    assert layer(tmp_path / "again.tar", entries).digest == made.digest


def test_layer_has_every_path_once(tmp_path: Path) -> None:
    made = layer(tmp_path / "layer.tar", [Entry("a", text=b"first"), Entry("a", text=b"last")])
    with tarfile.open(made.archive) as tar:
        assert [tar.extractfile(member).read() for member in tar] == [b"last"]  # type: ignore[union-attr]


def test_layer_drops_what_is_unwanted_and_keeps_links_and_owners(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "root.tar", "w") as tar:
        for name, kind in (("./", tarfile.DIRTYPE), ("./dev/null", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type = kind
            tar.addfile(info)
        owned = tarfile.TarInfo("./usr/bin/owned")
        owned.uid = 33
        tar.addfile(owned)
        hard = tarfile.TarInfo("./usr/bin/same")
        hard.type, hard.linkname = tarfile.LNKTYPE, "./usr/bin/owned"
        tar.addfile(hard)
    made = layer(tmp_path / "layer.tar", [], tmp_path / "root.tar", images.keep)
    with tarfile.open(made.archive) as tar:
        members = {member.name: member for member in tar}
    assert set(members) == {"usr/bin/owned", "usr/bin/same"}
    assert members["usr/bin/owned"].uid == 33
    assert members["usr/bin/same"].linkname == "usr/bin/owned"


def test_archive_holds_a_shared_layer_once(tmp_path: Path) -> None:
    shared = layer(tmp_path / "shared.tar", [Entry("a", text=b"a")])
    own = layer(tmp_path / "own.tar", [Entry("b", text=b"b")])
    archive = save(
        tmp_path / "images.tar",
        [Image("x:1", [shared]), Image("y:1", [shared, own], {"Cmd": ["y"]})],
    )
    with tarfile.open(archive) as tar:
        names = tar.getnames()
        manifest = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
        config = json.loads(tar.extractfile(manifest[1]["Config"]).read())  # type: ignore[union-attr]
    assert names.count(f"{shared.digest}/layer.tar") == 1
    assert [image["RepoTags"] for image in manifest] == [["x:1"], ["y:1"]]
    assert manifest[1]["Layers"] == [f"{shared.digest}/layer.tar", f"{own.digest}/layer.tar"]
    assert config["rootfs"]["diff_ids"] == [f"sha256:{shared.digest}", f"sha256:{own.digest}"]
    assert config["config"]["Cmd"] == ["y"]


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("usr/bin/containerd", True),
        ("usr/bin/containerd-shim-runc-v2", True),
        ("usr/bin/containerd-shim", False),
        ("usr/bin/containerd-stress", False),
        ("usr/lib/cni/ptp", True),
        ("usr/lib/cni/bridge", False),
        ("usr/lib/systemd/system/multi-user.target.wants/dbus.service", False),
        ("usr/lib/systemd/system/multi-user.target.wants", True),
        ("usr/lib/systemd/system/sockets.target.wants/dbus.socket", True),
        ("usr/lib/systemd/system/sockets.target.wants/systemd-udevd-control.socket", False),
        ("usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service", False),
        ("usr/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup-dev.service", True),
        ("etc/systemd/system/multi-user.target.wants/etcd.service", False),
        ("etc/systemd/journald.conf", True),
        ("dev/null", False),
        ("dev", True),
    ],
)
def test_what_a_node_keeps_of_debian(path: str, kept: bool) -> None:
    assert node.keep(path) is kept


def _texts(entries: list[Entry]) -> dict[str, Entry]:
    return {entry.path: entry for entry in entries}


@pytest.mark.parametrize(
    ("version", "dropin"), [("v1.34.4", False), ("v1.35.0", True), ("v1.37.2", True)]
)
def test_kubelet_is_told_to_accept_cgroup_v1_from_1_35_on(
    tmp_path: Path, version: str, dropin: bool
) -> None:
    entries = _texts(node.node_entries(version, tmp_path))
    assert ("etc/kubernetes/kubelet.d/10-cgroup.conf" in entries) is dropin
    assert ("etc/default/kubelet" in entries) is dropin
    assert entries["kind/version"].text == version.encode()
    if dropin:
        extra = entries["etc/default/kubelet"].text or b""
        assert extra.endswith(b" --config-dir=/etc/kubernetes/kubelet.d\n")


def test_services_are_enabled_and_plugins_found(tmp_path: Path) -> None:
    entries = _texts(node.node_entries("v1.37.2", tmp_path))
    wants = "etc/systemd/system/multi-user.target.wants"
    assert entries[f"{wants}/kubelet.service"].link == "/etc/systemd/system/kubelet.service"
    assert entries["etc/systemd/system/systemd-binfmt.service"].link == "/dev/null"
    for name in ("ptp", "host-local", "loopback", "portmap"):
        assert entries[f"opt/cni/bin/{name}"].link == f"/usr/lib/cni/{name}"
        assert node.keep(f"usr/lib/cni/{name}")


def test_kinds_files_are_adapted(tmp_path: Path) -> None:
    for name, text in (
        ("etc/systemd/system/containerd.service", "ExecStart=/usr/local/bin/containerd\n"),
        ("etc/containerd/config.toml", 'sandbox_image = "p:1"\nrestrict_oom_score_adj = false\n'),
        ("kind/bin/hook.sh", "#!/bin/sh\n"),
        ("usr/local/bin/entrypoint", "#!/bin/bash\n"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    entries = _texts(node.kind_entries(tmp_path))
    assert (
        entries["etc/systemd/system/containerd.service"].text == b"ExecStart=/usr/bin/containerd\n"
    )
    assert b"restrict_oom_score_adj = true" in (entries["etc/containerd/config.toml"].text or b"")
    assert entries["kind/bin/hook.sh"].mode == 0o755
    assert entries["usr/local/bin/entrypoint"].mode == 0o755
    assert entries["etc/containerd/config.toml"].mode == 0o644


def test_sandbox_image() -> None:
    assert node.sandbox_image('[x]\n  sandbox_image = "registry.k8s.io/pause:3.10"\n').endswith(
        ":3.10"
    )
    with pytest.raises(Failure):
        node.sandbox_image("version = 3\n")


def test_container_spec_gets_the_hook_and_loses_the_limits() -> None:
    default = {
        "process": {"rlimits": [{}], "cwd": "/"},
        "hooks": {"createContainer": [{"path": "/a"}]},
    }
    spec = json.loads(node.runtime_spec(json.dumps(default)))
    assert spec["process"] == {"cwd": "/"}
    assert [hook["path"] for hook in spec["hooks"]["createContainer"]] == [
        "/a",
        "/kind/bin/mount-product-files.sh",
    ]
    assert json.loads(node.runtime_spec("{}"))["hooks"]["createContainer"]


def test_node_has_every_image_that_kubeadm_and_the_network_want(tmp_path: Path) -> None:
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"):
        (tmp_path / name).touch()
    for name in ("etcd", "coredns", "pause", "agnhost"):
        (tmp_path / name).touch()
    names = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "etcd")
    tags = {name: f"registry.k8s.io/{name}:1" for name in (*names, "coredns", "pause")}
    util = layer(tmp_path / "util.tar", [])
    made = {
        image.tag: image for image in images.node_images(tmp_path, util, tags, tmp_path / "work")
    }
    assert set(tags.values()) < set(made)
    assert made["hostnet/agnhost:local"].config["Entrypoint"] == ["/agnhost"]
    manifest = (FILES / "default-cni.yaml").read_text()
    assert f"image: docker.io/{images.PODNET}" in manifest
    assert images.PODNET in made
    nginx = made["hostnet/nginx:trixie"]
    assert nginx.config["Entrypoint"] == ["/docker-entrypoint.sh"]
    assert nginx.layers[0] is util


def test_nginx_has_the_official_layout(tmp_path: Path) -> None:
    made = layer(tmp_path / "nginx.tar", images.nginx_entries())
    assert {"docker-entrypoint.sh", "etc/nginx/conf.d/default.conf", "docker-entrypoint.d"} <= set(
        _names(made.archive)
    )
    assert "include /etc/nginx/conf.d/*.conf;" in (FILES / "nginx" / "nginx.conf").read_text()
    default = (FILES / "nginx" / "default.conf").read_text()
    assert "listen 80;" in default
    assert "listen [::]:80;" in default


def test_other_packages_are_another_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rootfs.location(tmp_path, "util")
    monkeypatch.setitem(rootfs.PACKAGES, "util", "curl")
    assert rootfs.location(tmp_path, "util") != before
    assert rootfs.location(tmp_path, "node") != before


def test_sweep_deletes_what_killed_builds_left_and_no_other(tmp_path: Path) -> None:
    answers = {
        "ps -aq --filter label=io.github.pytest-hostnet.recipe=build": "box",
        "images -q --filter label=io.github.pytest-hostnet.recipe=build": "base",
        "images -q --filter label=io.github.pytest-hostnet.recipe --filter dangling=true": "old old",
    }
    asked: list[str] = []

    class Docker(Runner):
        def query(self, argv: Sequence[str], timeout: float = 30.0, stdin: bytes = b"") -> Finished:
            del timeout, stdin
            asked.append(" ".join(argv[1:]))
            return Finished(0, answers.get(asked[-1], ""))

    node.sweep(Docker(tmp_path / "log"))
    assert set(asked) - set(answers) == {"rm -fv box", "rmi base", "rmi old"}


def test_recipe_changes_with_the_version_and_names_the_image(tmp_path: Path) -> None:
    assert recipe("v1.37.2") != recipe("v1.34.4")

    class Docker(Runner):
        def query(self, argv: Sequence[str], timeout: float = 30.0, stdin: bytes = b"") -> Finished:
            del timeout, stdin
            assert argv[-1] == "some/node"
            return Finished(0, recipe("v1.37.2") + "\n")

    assert is_current(Docker(tmp_path / "log"), "some/node", "v1.37.2")
    assert not is_current(Docker(tmp_path / "log"), "some/node", "v1.34.4")


def test_root_is_made_once_and_a_killed_run_leaves_no_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    program = tmp_path / "bin" / "mmdebstrap"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nls "$TMPDIR" >> {calls}\ntouch "$TMPDIR/half"\necho tar\n')
    program.chmod(0o755)
    unshare = program.with_name("unshare")  # the real one needs root
    unshare.write_text('#!/bin/sh\nshift; exec "$@"\n')
    unshare.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    cache = tmp_path / "cache"
    tree = tmp_path / f"hostnet-util-{fingerprint([str(cache)])}"
    tree.mkdir()
    (tree / "left by a kill").touch()
    runner = Runner(tmp_path / "log")
    made = rootfs.root(runner, cache, "util")
    assert made.read_text() == "tar\n"
    assert calls.read_text() == ""
    assert not tree.exists()
    calls.unlink()
    assert rootfs.root(runner, cache, "util") == made
    assert not calls.exists()
    program.write_text("#!/bin/sh\necho half\necho 'E: no such mirror' >&2\nexit 25\n")
    with pytest.raises(Failure, match="E: no such mirror"):
        rootfs.root(runner, cache, "node")
    assert [path.name for path in made.parent.iterdir()] == [made.name]
