"""The Docker engine: when it is touched, and how."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stub_machine import Machine

from bootstrap import engine, runc_wrapper
from bootstrap.context import Context
from bootstrap.steps import Failure

ALL = "CapInh:\t0000000000000000\nCapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\n"
WITHOUT = ALL.replace("000001ffffffffff", "000001fffeffffff")


def test_missing_capability_is_seen_in_the_bounding_set() -> None:
    assert engine.lacks_sys_resource(WITHOUT)
    assert not engine.lacks_sys_resource(ALL)
    # Only that one bit, and only of the bounding set.
    assert not engine.lacks_sys_resource(ALL.replace("000001ffffffffff", "0000000001000000"))
    assert not engine.lacks_sys_resource("CapEff:\t0000000000000000\n")


def test_daemon_json_keeps_what_it_had() -> None:
    kept = {"data-root": "/data", "runtimes": {"runsc": {"path": "/usr/bin/runsc"}}}
    made = json.loads(engine.with_runtime(json.dumps(kept), Path("/w")))
    assert made == {
        "data-root": "/data",
        "runtimes": {"runsc": {"path": "/usr/bin/runsc"}, engine.RUNTIME: {"path": "/w"}},
        "default-runtime": engine.RUNTIME,
    }


@pytest.mark.parametrize("empty", ["", "  \n", "{}"])
def test_daemon_json_from_nothing(empty: str) -> None:
    assert json.loads(engine.with_runtime(empty))["default-runtime"] == engine.RUNTIME


def test_broken_daemon_json_is_not_overwritten() -> None:
    with pytest.raises(Failure, match=r"daemon\.json is no JSON"):
        engine.with_runtime("{,}")


def test_engine_that_answers_is_used_as_it_is(
    machine: Machine, context: Context, screen: Callable[[], str]
) -> None:
    docker = machine.docker()
    machine.program("apt-get")
    machine.program("sudo")
    assert engine.ensure(context) == str(docker)
    assert [call.split()[:2] for call in machine.calls] == [["docker", "info"]]
    assert "kept" in screen()


def test_remote_engine_that_is_down_is_not_replaced(
    machine: Machine, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.program("docker", "echo 'Cannot connect' >&2; exit 1")
    machine.program("apt-get")
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:1")
    with pytest.raises(Failure, match=r"192\.0\.2\.1") as caught:
        engine.ensure(context)
    assert "DOCKER_HOST" in caught.value.cure
    assert not [call for call in machine.calls if call.startswith("apt-get")]


def test_client_that_exits_0_without_an_engine_is_no_engine(
    machine: Machine, context: Context
) -> None:
    machine.program("docker", "echo; echo 'Cannot connect to the Docker daemon' >&2")
    assert not engine.info(context.runner).ok


def test_denied_socket_is_told_from_no_engine(machine: Machine, context: Context) -> None:
    machine.program("docker", "echo 'permission denied while trying to connect' >&2; exit 1")
    assert engine.denied(engine.info(context.runner))


def test_failed_installation_is_one_line(
    machine: Machine, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(engine, "_restricted", lambda: False)
    monkeypatch.setattr(engine, "_sbin", lambda: str(machine.bin))
    machine.program("env", 'shift; exec "$@"')
    machine.program("apt-get", "echo 'E: Temporary failure resolving' >&2; exit 100")
    with pytest.raises(Failure) as caught:
        engine.ensure(context)
    assert "E: Temporary failure resolving" in caught.value.line()
    assert str(context.runner.log) in caught.value.line()
    assert "\n" not in caught.value.line()


SPEC = {
    "process": {
        "capabilities": {
            "bounding": ["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_NET_RAW"],
            "effective": ["CAP_SYS_RESOURCE"],
            "ambient": None,
        },
        "oomScoreAdj": -500,
    },
    "hostname": "kept",
}
LESS = {
    "capabilities": {"bounding": ["CAP_CHOWN", "CAP_NET_RAW"], "effective": [], "ambient": None},
    "oomScoreAdj": 0,
}


@pytest.mark.parametrize("flags", [["--bundle", "{}"], ["--bundle={}"], ["-b", "{}"]])
def test_wrapper_rewrites_the_bundle(tmp_path: Path, flags: list[str]) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SPEC))
    runc_wrapper.adapt(["--root", "/r", "create", *(flag.format(tmp_path) for flag in flags), "id"])
    spec = json.loads((tmp_path / "config.json").read_text())
    assert spec == {"process": LESS, "hostname": "kept"}


@pytest.mark.parametrize("flags", [["--process", "{}"], ["--process={}"], ["-p", "{}"]])
def test_wrapper_rewrites_the_process_of_an_exec(tmp_path: Path, flags: list[str]) -> None:
    path = tmp_path / "process.json"
    path.write_text(json.dumps(SPEC["process"]))
    runc_wrapper.adapt(["exec", *(flag.format(path) for flag in flags), "id"])
    assert json.loads(path.read_text()) == LESS


def test_wrapper_leaves_other_commands_alone(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SPEC))
    runc_wrapper.adapt(["state", "--bundle", str(tmp_path)])
    assert json.loads((tmp_path / "config.json").read_text()) == SPEC


def test_wrapper_keeps_a_score_that_needs_no_capability() -> None:
    process = {"oomScoreAdj": 300}
    runc_wrapper.lessen(process)
    assert process == {"oomScoreAdj": 300}


@pytest.fixture
def root(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A machine on which this user is root and all system files lie in its own folder."""
    for tool in ("tee", "chmod", "mv"):
        (machine.bin / tool).symlink_to(f"/usr/bin/{tool}")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    for name in ("WRAPPER", "DAEMON_JSON", "SYSCTL"):
        monkeypatch.setattr(engine, name, machine.root / "system" / name)
    yield machine
    while engine._running:
        engine._running.pop().wait()


def test_wrapper_is_installed_beside_other_settings(root: Machine, context: Context) -> None:
    engine.DAEMON_JSON.parent.mkdir()
    engine.DAEMON_JSON.write_text('{"data-root": "/data"}')
    engine._wrap(context.runner)
    lines = engine.WRAPPER.read_text().splitlines()
    assert lines[0].startswith("#!/")
    assert lines[0].endswith(" -IS")
    assert engine.WRAPPER.stat().st_mode & 0o777 == 0o755
    assert json.loads(engine.DAEMON_JSON.read_text())["data-root"] == "/data"
    assert engine.RUNTIME in engine.DAEMON_JSON.read_text()
    assert sorted(path.name for path in engine.WRAPPER.parent.iterdir()) == [
        "DAEMON_JSON",
        "WRAPPER",
    ]


@pytest.mark.parametrize(("there", "raised"), [("128", True), ("8192", False)])
def test_inotify_instances_are_only_ever_raised(
    root: Machine, context: Context, monkeypatch: pytest.MonkeyPatch, there: str, raised: bool
) -> None:
    root.program("sysctl")
    known = root.root / "max_user_instances"
    known.write_text(there + "\n")
    monkeypatch.setattr(engine, "INOTIFY", known)
    engine._allow_watches(context.runner)
    assert engine.SYSCTL.exists() is raised
    assert bool(root.calls) is raised


def test_engine_is_started_by_hand_where_no_service_manager_runs(
    root: Machine, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = root.root / "up"
    root.program("docker", f'[ -e {up} ] && echo 28 || {{ echo "Cannot connect" >&2; exit 1; }}')
    root.program("dockerd", f"echo listening; : > {up}")
    root.program("apt-get")
    root.program("pgrep", "exit 1")
    monkeypatch.setattr(engine, "SYSTEMD", root.root / "no-systemd")
    monkeypatch.setattr(engine, "_restricted", lambda: False)
    monkeypatch.setattr(engine, "_allow_watches", lambda _: None)
    monkeypatch.setattr(engine, "_sbin", lambda: str(root.bin))
    assert engine.ensure(context) == str(root.bin / "docker")
    assert [call for call in root.calls if call.startswith("dockerd")] == ["dockerd "]
    assert engine.engine_log(context).read_text() == "listening\n"
    assert not [call for call in root.calls if call.startswith("apt-get")]


def test_engine_that_ends_at_once_is_not_waited_for(
    root: Machine, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.program("docker", 'echo "Cannot connect" >&2; exit 1')
    root.program("dockerd", "echo 'failed to mount overlay' >&2; exit 1")
    root.program("pgrep", "exit 1")
    monkeypatch.setattr(engine, "SYSTEMD", root.root / "no-systemd")
    monkeypatch.setattr(engine, "_restricted", lambda: False)
    monkeypatch.setattr(engine, "_allow_watches", lambda _: None)
    monkeypatch.setattr(engine, "_sbin", lambda: str(root.bin))
    with pytest.raises(Failure, match=r"dockerd ended \(exit code 1\): failed to mount overlay"):
        engine.ensure(context)


def test_engine_that_does_not_come_up_names_its_log(
    root: Machine, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.program("docker", 'echo "Cannot connect" >&2; exit 1')
    context.runner.log.parent.mkdir(parents=True)
    engine.engine_log(context).write_text("no space left on device")
    monkeypatch.setattr(engine, "START_TIMEOUT", 0.3)
    with pytest.raises(Failure, match="did not answer within 0 s: Cannot connect") as caught:
        engine._wait(context.runner)
    assert caught.value.log == engine.engine_log(context)
