"""The project's Python environment: `.venv` with exactly the packages of requirements.lock."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

from bootstrap.context import Context
from bootstrap.debian import install
from bootstrap.steps import Failure, remove, write

CURE = "Look at the log, and at whether PyPI can be reached; then run make again"
OLDEST = (3, 11)


def stamp_of(repository: Path) -> str:
    """Digest the lock, the project's own metadata and the Python version."""
    known = hashlib.sha256(f"{sys.version_info[:3]} {repository}".encode())
    for name in ("requirements.lock", "pyproject.toml"):
        path = repository / name
        if not path.exists():
            raise Failure(f"{path} is missing", "Restore it from the repository")
        known.update(path.read_bytes())
    return known.hexdigest()


def ensure(context: Context, repository: Path) -> None:
    """Make `.venv` what the lock says; one without a matching stamp is made anew."""
    if sys.version_info[:2] < OLDEST:
        raise Failure(
            "this needs Python 3.11 or newer", "apt-get install python3, or name one in PYTHON="
        )
    venv = repository / ".venv"
    stamp, wanted = venv / ".stamp", stamp_of(repository)
    if stamp.exists() and stamp.read_text() == wanted and (venv / "bin" / "pytest").exists():
        context.board.kept("Python environment", str(venv))
        return
    with context.board.step("Python environment", 45) as tell:
        remove(venv)
        _create(context, venv, tell_installing=lambda: tell("installing python3-venv"))
        pip = [
            str(venv / "bin" / "python"),
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "-q",
        ]
        tell("packages of requirements.lock")
        lock = str(repository / "requirements.lock")
        context.runner.run([*pip, "--require-hashes", "-r", lock], cure=CURE)
        tell("the project itself")
        # The build backend is in the lock too, so nothing unpinned is fetched here.
        flags = ["--no-deps", "--no-build-isolation", "-e", str(repository)]
        context.runner.run([*pip, *flags], cure=CURE)
        write(stamp, wanted)


def _create(context: Context, venv: Path, tell_installing: object) -> None:
    runner = context.runner
    if not runner.query([sys.executable, "-c", "import ensurepip, venv"]).ok:
        if callable(tell_installing):
            tell_installing()
        install(runner, ["python3-venv"])
    runner.run(
        [sys.executable, "-m", "venv", str(venv)], cure="Install python3-venv, then run make again"
    )
    if shutil.which("pip", path=str(venv / "bin")) is None:
        raise Failure(f"{venv} has no pip", "Install python3-venv, then run make again", runner.log)
