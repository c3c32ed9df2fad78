"""What the steps share: the cache, the wanted Kubernetes, the decisions of earlier runs."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bootstrap.progress import Board
from bootstrap.steps import PART, Failure, Runner, remove, write

DEFAULT_KUBERNETES = "v1.37.2"


def cache_folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where everything that was made is kept; `HOSTNET_CACHE` names another folder."""
    if env.get("HOSTNET_CACHE"):
        return Path(env["HOSTNET_CACHE"]).absolute()
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "pytest-hostnet"


@dataclass
class Context:
    """One run of the set-up."""

    cache: Path
    runner: Runner
    board: Board
    kubernetes: str = DEFAULT_KUBERNETES
    exact: bool = False
    """Whether that very version was asked for; if not, a released one of its minor will do."""

    def which(self, program: str) -> str | None:
        """Find a program on PATH, or the one this set-up put into its own cache."""
        for folder in [*os.get_exec_path(), str(self.cache / "bin")]:
            candidate = Path(folder) / program
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return str(candidate.absolute())
        return None

    def recall(self, question: str) -> str | None:
        """Return the answer that an earlier run found, None when there is none."""
        return self._decisions().get(question)

    def remember(self, question: str, answer: str) -> None:
        """Keep an answer for later runs; `make clean` forgets all of them."""
        known = {**self._decisions(), question: answer}
        write(self.cache / "decisions.json", json.dumps(known, indent=1, sort_keys=True) + "\n")

    def _decisions(self) -> dict[str, str]:
        try:
            known = json.loads((self.cache / "decisions.json").read_text())
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in known.items()}


@contextmanager
def alone(cache: Path) -> Iterator[None]:
    """Hold the cache for this process; a second run waits, a dead one's hold is void."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another set-up that uses {cache}", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        for depth in ("*", "*/*", "*/*/*"):
            for leftover in cache.glob(depth + PART):  # of a run that was killed
                remove(leftover)
        yield


def kubernetes_version(text: str) -> str:
    """Normalize `1.34.4` or `v1.34.4` to `v1.34.4`."""
    version = "v" + text.strip().removeprefix("v")
    numbers = version[1:].split(".")
    if len(numbers) != 3 or not all(number.isdigit() for number in numbers):
        raise Failure(f"{text!r} is no Kubernetes version", "Give it like KUBERNETES=1.37.2")
    return version
