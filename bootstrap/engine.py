"""The Docker engine: used as it is where it answers, installed and started where there is none."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bootstrap.context import Context
from bootstrap.debian import as_root, available, install
from bootstrap.steps import PART, Failure, Finished, Runner, last_words

SYS_RESOURCE = 24  # the number of CAP_SYS_RESOURCE, see capabilities(7)
RUNTIME = "without-sys-resource"
WRAPPER = Path("/usr/local/bin/runc-without-sys-resource")
DAEMON_JSON = Path("/etc/docker/daemon.json")
SOCKET = Path("/var/run/docker.sock")
SYSTEMD = Path("/run/systemd/system")
SOURCE = Path(__file__).with_name("runc_wrapper.py")
INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
SYSCTL = Path("/etc/sysctl.d/60-kind-inotify.conf")
INSTANCES = 512  # what kind's documentation asks for
START_TIMEOUT = 60.0  # seconds until a started engine must answer
_running: list[subprocess.Popen[bytes]] = []  # engines that outlive us: nobody waits for them
CURE = "Look at the log, or install and start Docker by hand; then run make again"


def lacks_sys_resource(status: str) -> bool:
    """Whether /proc/self/status text shows a bounding set without CAP_SYS_RESOURCE.

    There `docker run --privileged`, which kind needs, ends in "unable to apply caps".
    """
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if name == "CapBnd":
            return not int(value.strip(), 16) >> SYS_RESOURCE & 1
    return False


def with_runtime(text: str, wrapper: Path = WRAPPER) -> str:
    """Add the wrapper to a daemon.json as its default runtime; everything else is kept."""
    try:
        settings = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise Failure(
            f"{DAEMON_JSON} is no JSON: {error}", "Mend it, then run make again"
        ) from None
    runtimes = {**settings.get("runtimes", {}), RUNTIME: {"path": str(wrapper)}}
    return (
        json.dumps({**settings, "runtimes": runtimes, "default-runtime": RUNTIME}, indent=2) + "\n"
    )


def info(runner: Runner) -> Finished:
    """Ask `docker info` for the engine's version, or the reason why it does not answer."""
    said = runner.query(["docker", "info", "--format", "{{.ServerVersion}}"], timeout=20)
    # Older clients exit 0 without an engine and say so on stderr, with an empty version.
    return said if said.out.strip() else Finished(said.code or 1, "", said.err or said.out)


def denied(said: Finished) -> bool:
    """Whether an engine runs that this user may not talk to."""
    return "permission denied" in said.err.lower()


def ensure(context: Context) -> str:
    """Make `docker info` work and return the path of the docker client."""
    said = info(context.runner)
    client = context.which("docker")
    if said.ok and client:
        context.board.kept("Docker engine", f"{client}, engine {said.out.strip()}")
        return client
    if client and os.environ.get("DOCKER_HOST"):
        host = os.environ["DOCKER_HOST"]
        raise Failure(
            f"no Docker engine answers at DOCKER_HOST={host}: {said.err}",
            "Start it or unset DOCKER_HOST",
        )
    process = None
    with context.board.step("Docker engine", 60) as tell:
        if denied(said):
            _give_access(context.runner)
        else:
            if shutil.which("dockerd", path=_sbin()) is None or not client:
                tell("installing")
                _install(context.runner)
            elif _restricted():
                _wrap(context.runner)
            tell("starting")
            process = _start(context)
            _allow_watches(context.runner)
        client = context.which("docker")
        if client is None:
            raise Failure("there is still no docker on PATH", CURE, context.runner.log)
        _wait(context.runner, process)
    return client


def _sbin() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def _restricted() -> bool:
    return lacks_sys_resource(Path("/proc/self/status").read_text())


def _install(runner: Runner) -> None:
    if _restricted():  # before the package, whose installation may start the engine
        _wrap(runner)
    packages = ["docker.io", "iptables", "ca-certificates"]
    apparmor = Path("/sys/module/apparmor/parameters/enabled")
    if apparmor.exists() and apparmor.read_text().startswith("Y"):
        packages.append("apparmor")  # without its parser no container starts on such a kernel
    install(runner, packages)
    if shutil.which("docker") is None and available(runner, "docker-cli"):
        install(runner, ["docker-cli"])


def _wrap(runner: Runner) -> None:
    """Install the runtime wrapper and name it in daemon.json."""
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    first = f"#!{os.path.realpath(python)} -IS\n"
    _place(runner, WRAPPER, first + SOURCE.read_text(), "755")
    kept = DAEMON_JSON.read_text() if DAEMON_JSON.exists() else ""
    wanted = with_runtime(kept)
    if not kept.strip() or json.loads(kept) != json.loads(wanted):
        _place(runner, DAEMON_JSON, wanted, "644")


def _place(runner: Runner, path: Path, text: str, mode: str) -> None:
    """Write a system file as root, whole or not at all."""
    part = str(path) + PART
    commands = [
        ["mkdir", "-p", str(path.parent)],
        ["tee", part],
        ["chmod", mode, part],
        ["mv", "-f", part, str(path)],
    ]
    for argv in commands:
        done = runner.query(as_root(runner, argv), stdin=text.encode() if argv[0] == "tee" else b"")
        if not done.ok:
            raise Failure(f"cannot write {path}: {done.err}", "Run make as root or with sudo")


def _start(context: Context) -> subprocess.Popen[bytes] | None:
    """Start the engine through the service manager; by hand, as a process, where none runs."""
    runner = context.runner
    if info(runner).ok:
        return None  # installing the package started it
    if SYSTEMD.exists():
        runner.run(as_root(runner, ["systemctl", "restart", "docker"]), cure=CURE)
        return None
    dockerd = shutil.which("dockerd", path=_sbin())
    if dockerd is None:
        raise Failure("there is no dockerd to start", CURE, runner.log)
    if runner.query(["pgrep", "-x", "dockerd"]).ok:
        return None  # it runs and has not come up yet
    argv = as_root(runner, [dockerd])
    if os.geteuid() != 0:
        argv += ["--group", str(os.getgid())]
    log = engine_log(context)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        # A session of its own: the engine outlives make and its Ctrl-C.
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
        )
    _running.append(process)
    return process


def _allow_watches(runner: Runner) -> None:
    """Raise the number of inotify instances: Debian's 128 are too few for several kind nodes."""
    if int(INOTIFY.read_text()) < INSTANCES:
        _place(runner, SYSCTL, f"fs.inotify.max_user_instances = {INSTANCES}\n", "644")
        runner.query(as_root(runner, ["sysctl", "-q", "-p", str(SYSCTL)]))


def engine_log(context: Context) -> Path:
    """Where an engine that was started by hand writes."""
    return context.cache / "logs" / "dockerd.log"


def _wait(runner: Runner, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until the engine answers this user; a process that ended will not come up any more."""
    deadline = time.monotonic() + START_TIMEOUT
    while not (said := info(runner)).ok:
        if denied(said):
            _give_access(runner)
        if process and process.poll():
            log = runner.log.with_name("dockerd.log")
            cause = f"dockerd ended (exit code {process.returncode}): {last_words(log, 0)}"
            raise Failure(cause, CURE, log)
        if time.monotonic() > deadline:
            log = runner.log.with_name("dockerd.log")
            cause = f"the Docker engine did not answer within {START_TIMEOUT:.0f} s: {said.err}"
            raise Failure(cause, CURE, log if log.exists() else runner.log)
        time.sleep(0.2)


def _give_access(runner: Runner) -> None:
    """Let this user use the engine: the group for later sessions, the socket for this one."""
    user = getpass.getuser()
    if shutil.which("setfacl") is None:
        install(runner, ["acl"])
    for argv in (
        ["usermod", "-aG", "docker", user],
        ["setfacl", "-m", f"u:{user}:rw", str(SOCKET)],
    ):
        runner.query(as_root(runner, argv))
    if denied(said := info(runner)):
        raise Failure(
            f"user {user} may not use the Docker engine: {said.err}",
            f"Run `sudo usermod -aG docker {user}`, log in again, then run make again",
        )
