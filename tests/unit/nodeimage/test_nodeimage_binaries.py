"""What is compiled, from what, and what an interrupted compilation leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bootstrap.steps import Failure, Runner
from nodeimage import binaries, golang
from nodeimage.binaries import Target
from nodeimage.golang import Go

GOMOD = """\
module k8s.io/kubernetes

go 1.26.0

godebug default=go1.26

require k8s.io/api v0.0.0

replace (
\tk8s.io/api => ./staging/src/k8s.io/api
\tk8s.io/client-go => ./staging/src/k8s.io/client-go
\texample.com/other => example.com/fork v1.0.0
)

replace k8s.io/kubelet => ./staging/src/k8s.io/kubelet
"""
LISTED = """\
registry.k8s.io/kube-apiserver:v1.37.2
registry.k8s.io/kube-controller-manager:v1.37.2
registry.k8s.io/kube-scheduler:v1.37.2
registry.k8s.io/kube-proxy:v1.37.2
registry.k8s.io/coredns/coredns:v1.14.6
registry.k8s.io/pause:3.10.2
registry.k8s.io/etcd:3.7.0-0
"""


def test_staging_modules_are_found_in_both_forms() -> None:
    assert binaries.staging(GOMOD) == ["k8s.io/api", "k8s.io/client-go", "k8s.io/kubelet"]


def test_staging_modules_are_replaced_by_their_published_twins() -> None:
    made = binaries.module_file(binaries.kubernetes("v1.34.4"), GOMOD)
    assert "require k8s.io/kubernetes v1.34.4\n" in made
    assert "replace k8s.io/client-go => k8s.io/client-go v0.34.4\n" in made
    assert "\ngo 1.26.0\n" in made
    assert "example.com" not in made


def test_language_version_of_a_module() -> None:
    assert binaries.go_line(GOMOD) == "1.26.0"
    assert binaries.go_line("module x\n") == "1.16"


def test_version_is_linked_in() -> None:
    link = binaries.kubernetes("v1.34.4").link
    assert "-X k8s.io/component-base/version.gitVersion=v1.34.4" in link
    assert "-X k8s.io/component-base/version.gitMinor=34" in link


def test_image_tags_of_kubeadm() -> None:
    tags = binaries.image_tags(LISTED)
    assert tags["etcd"] == "registry.k8s.io/etcd:3.7.0-0"
    assert tags["coredns"] == "registry.k8s.io/coredns/coredns:v1.14.6"
    assert len(tags) == 7
    assert binaries.etcd("3.7.0-0").at == "go.etcd.io/etcd/server/v3@v3.7.0"


def test_kubeadm_that_says_something_else_is_an_error() -> None:
    with pytest.raises(Failure, match="kubeadm named no known images"):
        binaries.image_tags("panic: something\n")


def test_coredns_without_the_heavy_plugins() -> None:
    made = binaries.coredns_main(
        "# comment:comment\nerrors:errors\nprometheus:metrics\nroute53:route53\n\n"
        "kubernetes:kubernetes\non:github.com/coredns/caddy/onevent\n"
    )
    assert '_ "github.com/coredns/coredns/plugin/metrics"' in made
    assert '_ "github.com/coredns/coredns/plugin/kubernetes"' in made
    assert '_ "github.com/coredns/caddy/onevent"' in made
    assert "route53" not in made
    assert "comment" not in made


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("k8s.io/kubernetes/cmd/kubelet", "kubelet"),
        ("go.etcd.io/etcd/server/v3", "server"),
        (".", "build"),
    ],
)
def test_names_that_go_gives(package: str, name: str) -> None:
    assert binaries._default_name(package) == name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    made.mkdir()
    return made


def _go(tmp_path: Path, does: str) -> Go:
    """A `go` that runs a shell snippet; $out is what `-o` names, `wanted` what is to be compiled."""
    program = tmp_path / "go"
    program.write_text(
        f"""#!/bin/sh
        echo "$*" >> {tmp_path}/calls
        while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
        {does}
        """
    )
    program.chmod(0o755)
    return Go(str(program), Runner(tmp_path / "log"))


TWO = Target(
    "example.com/m", "v1.0.0", ("example.com/m/a", "example.com/m/b"), {"a": "a", "b": "b"}
)


def test_interrupted_compilation_keeps_what_was_whole_and_goes_on(
    tmp_path: Path, folder: Path
) -> None:
    bin_folder = tmp_path / "bin"
    notes: list[str] = []
    broken = _go(tmp_path, 'echo one > "$out/a"; echo m/b; sleep 0.3; exit 1')
    with pytest.raises(Failure, match="go failed"):
        binaries.compile_target(broken, TWO, folder, bin_folder, notes.append, 9)
    assert [path.name for path in bin_folder.iterdir()] == ["a"]
    assert "b (package 1 of at most 9; 0 of 2 binaries)" in notes
    (tmp_path / "calls").unlink()
    whole = _go(tmp_path, 'echo two > "$out/b"')
    binaries.compile_target(whole, TWO, folder, bin_folder, notes.append, 9)
    assert sorted(path.name for path in bin_folder.iterdir()) == ["a", "b"]
    assert (tmp_path / "calls").read_text().strip().endswith("example.com/m/b")
    assert "example.com/m/a" not in (tmp_path / "calls").read_text()


def test_compiled_binaries_are_kept(tmp_path: Path, folder: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in "ab":
        (bin_folder / name).touch()
    binaries.compile_target(_go(tmp_path, "exit 1"), TWO, folder, bin_folder, print, 9)
    assert not (tmp_path / "calls").exists()


def test_single_binary_gets_its_wanted_name(tmp_path: Path, folder: Path) -> None:
    target = binaries.etcd("3.7.0-0")
    binaries.compile_target(
        _go(tmp_path, 'echo x > "$out"'), target, folder, tmp_path / "bin", print, 1
    )
    assert [path.name for path in (tmp_path / "bin").iterdir()] == ["etcd"]


def test_go_that_makes_nothing_is_an_error(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(Failure, match="Go made no a, b"):
        binaries.compile_target(_go(tmp_path, "exit 0"), TWO, folder, tmp_path / "bin", print, 9)


def test_module_is_fetched_and_its_packages_counted(tmp_path: Path, folder: Path) -> None:
    go = _go(tmp_path, "echo 'x y z'")
    assert binaries.prepare(go, TWO, folder, GOMOD) == 3
    assert "require example.com/m v1.0.0" in (folder / "go.mod").read_text()
    go = _go(tmp_path, f"echo '{json.dumps({'Dir': '/d', 'GoMod': '/m'})}'")
    assert go.download("example.com/m@v1.0.0", folder) == {"Dir": "/d", "GoMod": "/m"}


def test_compilers_share_the_memory_that_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert golang.without_collector(8 << 30) == {"GOGC": "off", "GOMEMLIMIT": f"{2 << 30}B"}
    assert golang.without_collector(1 << 30)["GOMEMLIMIT"] == f"{512 << 20}B"
    assert golang.memory_available() > 0
