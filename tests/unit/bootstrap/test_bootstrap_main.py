"""The whole set-up on a machine of stubs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from stub_machine import Machine

from bootstrap import __main__ as entry
from bootstrap import context, environment, toolchain
from bootstrap.debian import apt_options, mirror
from bootstrap.steps import Failure

KINDEST = "kindest/node:v1.37.2"
CHANGES = ("apt-get", "sudo", "go", "systemctl", "dockerd", "pip", "usermod")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose Python environment is complete."""
    folder = tmp_path / "repository"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "pytest").touch()
    (folder / "requirements.lock").write_text("pytest==9\n")
    (folder / "pyproject.toml").write_text("[project]\n")
    (folder / ".venv" / ".stamp").write_text(environment.stamp_of(folder))
    monkeypatch.setattr(entry, "REPOSITORY", folder)
    return folder


def _complete(machine: Machine) -> None:
    machine.docker(KINDEST, "nginx:alpine")
    for name in ("kind", "kubectl", *CHANGES):
        machine.program(name)


def test_nothing_is_changed_where_everything_is_there(
    machine: Machine, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _complete(machine)
    assert entry.main([]) == 0
    assert not [call for call in machine.calls if call.split()[0] in CHANGES]
    assert {" ".join(call.split()[:2]) for call in machine.calls} == {"docker info", "docker image"}
    assert json.loads((repository / ".bootstrap.json").read_text()) == {
        "schema": 1,
        "kubernetes": "v1.37.2",
        "node_image": KINDEST,
        "kind": str(machine.bin / "kind"),
        "kubectl": str(machine.bin / "kubectl"),
        "docker": str(machine.bin / "docker"),
        "images": {"nginx:alpine": "nginx:alpine"},
    }
    lines = capsys.readouterr().out.splitlines()
    assert [line[:5] for line in lines[:-1]] == [f"[{n}/6]" for n in range(1, 7)]
    assert all(": kept (" in line for line in lines[:-1])


def test_second_run_does_nothing_new(machine: Machine, repository: Path) -> None:
    _complete(machine)
    entry.main([])
    first = (repository / ".bootstrap.json").stat().st_mtime_ns
    entry.main([])
    assert (repository / ".bootstrap.json").stat().st_mtime_ns == first


def test_version_and_image_come_from_the_environment(
    machine: Machine, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _complete(machine)
    machine.docker("my/node", "nginx:alpine")
    monkeypatch.setenv("KUBERNETES", "1.34.4")
    monkeypatch.setenv("NODE_IMAGE", "my/node")
    assert entry.main([]) == 0
    found = json.loads((repository / ".bootstrap.json").read_text())
    assert (found["kubernetes"], found["node_image"]) == ("v1.34.4", "my/node")


def test_failure_is_one_line_on_stderr(
    machine: Machine, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _complete(machine)
    machine.docker("nginx:alpine")
    assert entry.main(["--node-image", "my/node"]) == 1
    assert capsys.readouterr().err == (
        "error: NODE_IMAGE=my/node is not here and cannot be pulled. "
        "Load it with `docker load`, or leave NODE_IMAGE away to have one built.\n"
    )
    assert not (repository / ".bootstrap.json").exists()


def test_nonsense_for_a_version_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["--kubernetes", "latest"]) == 1
    assert "'latest' is no Kubernetes version" in capsys.readouterr().err


def test_full_disk_is_one_line(
    machine: Machine,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "/cache")

    monkeypatch.setattr(environment, "ensure", full)
    assert entry.main([]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_kubectl_comes_out_of_the_node_image_when_there_is_none(
    machine: Machine, repository: Path
) -> None:
    _complete(machine)
    (machine.bin / "kubectl").unlink()
    machine.program(
        "docker",
        """case "$1" in
        info) echo 28 ;;
        create) echo box ;;
        cp) [ "$2" = box:/usr/bin/kubectl ] && echo kubectl > "$3" ;;
        esac""",
    )
    assert entry.main([]) == 0
    found = json.loads((repository / ".bootstrap.json").read_text())
    assert found["kubectl"].endswith("/kubectl/v1.37.2/kubectl")
    assert Path(found["kubectl"]).read_text() == "kubectl\n"
    assert "docker rm -v box" in machine.calls


def test_changed_lock_makes_the_environment_stale(repository: Path) -> None:
    before = environment.stamp_of(repository)
    (repository / "requirements.lock").write_text("pytest==10\n")
    assert environment.stamp_of(repository) != before


def test_interrupted_environment_is_made_anew(
    machine: Machine, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _complete(machine)
    (repository / ".venv" / ".stamp").unlink()
    (repository / ".venv" / "half").touch()
    monkeypatch.setattr(sys, "executable", str(machine.program("python", "exit 1")))
    monkeypatch.setattr(environment, "install", lambda *_: None)
    assert entry.main([]) == 1
    assert not (repository / ".venv" / "half").exists()
    assert not (repository / ".venv" / ".stamp").exists()


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26, 8)),
        ("go version go1.26rc1 linux/amd64", (1, 26, 0)),
        ("go version devel", ()),
        ("", ()),
    ],
)
def test_go_version(said: str, version: tuple[int, ...]) -> None:
    assert toolchain.go_version(said) == version


@pytest.mark.parametrize(
    ("version", "used"), [("1.26.0", True), ("1.27.3", True), ("1.19.8", False)]
)
def test_go_is_used_from_path_when_new_enough(
    machine: Machine,
    context: context.Context,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    used: bool,
) -> None:
    found = machine.program("go", f"echo go version go{version} linux/amd64")
    fetched: list[Path] = []
    monkeypatch.setattr(toolchain, "_install", lambda _context, folder: fetched.append(folder))
    program = toolchain.go(context).program
    assert (program == str(found)) is used
    assert bool(fetched) is not used


def test_mirror_is_the_machines_own() -> None:
    targets = (
        "bookworm-security http://security.example/debian-security/\n"
        "bookworm http://mirror.example/debian/\n"
        "bookworm http://second.example/debian/\n"
    )
    assert mirror(targets, "bookworm") == "http://mirror.example/debian"
    assert mirror(targets, "trixie") == "http://deb.debian.org/debian"
    assert mirror("", "bookworm") == "http://deb.debian.org/debian"


def test_download_settings_go_to_the_other_apt() -> None:
    dump = (
        'Acquire "";\nAcquire::http "";\nAcquire::http::Proxy "http://192.0.2.1:3142";\n'
        'Acquire::https::CaInfo "/etc/ca.pem";\nAcquire::Languages "en";\nDir "/";\n'
    )
    assert apt_options(dump) == [
        'Acquire::http::Proxy "http://192.0.2.1:3142";',
        'Acquire::https::CaInfo "/etc/ca.pem";',
    ]


def test_without_root_and_sudo_the_cure_is_said(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, context: context.Context
) -> None:
    from bootstrap.debian import as_root

    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Failure, match="needs root and there is no sudo"):
        as_root(context.runner, ["apt-get"])
    machine.program("sudo")
    assert as_root(context.runner, ["apt-get"])[0] == "sudo"
    assert as_root(context.runner, ["apt-get"])[-1] == "apt-get"


def test_kind_is_compiled_once_where_there_is_none(
    machine: Machine, context: context.Context, screen: Callable[[], str]
) -> None:
    machine.program(
        "go",
        "case $1 in version) echo go version go1.26.8; exit;; esac\n"
        'mkdir -p "$GOBIN"; echo kind > "$GOBIN/kind"; /bin/chmod 755 "$GOBIN/kind"',
    )
    made = toolchain.kind(context)
    assert made == str(context.cache / "bin" / "kind")
    assert "go install sigs.k8s.io/kind@v0.33.0" in machine.calls
    assert toolchain.kind(context) == made
    assert len([call for call in machine.calls if "install" in call]) == 1
    assert "kept" in screen()
    assert [path.name for path in (context.cache / "bin").iterdir()] == ["kind"]


def test_failed_compilation_leaves_no_kind(machine: Machine, context: context.Context) -> None:
    machine.program(
        "go",
        "case $1 in version) echo go version go1.26.8;; install) echo no network >&2; exit 1; esac",
    )
    with pytest.raises(Failure, match="no network"):
        toolchain.kind(context)
    assert not (context.cache / "bin" / "kind").exists()
