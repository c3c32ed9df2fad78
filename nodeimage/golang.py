"""How Go is run: the flags of every build, and the memory it may use."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from bootstrap.steps import Runner

# No cgo: the binaries run in images without a C library. No debug information: smaller, faster.
GO_ENV = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=mod -trimpath -buildvcs=false", "GOWORK": "off"}
GO_BUILD = ["-pgo=off", "-gcflags=all=-dwarf=false"]
LINK = "-s -w"
CURE = "Look at the log, and at whether the Go module proxy can be reached; then run make again"


@dataclass(frozen=True)
class Go:
    """The Go toolchain: the path of its `go`."""

    program: str
    runner: Runner

    def env(self, temporary: Path | None = None) -> dict[str, str]:
        """Return what a build sees; a temporary folder beside the results lets Go rename them."""
        env = {**GO_ENV, "GOTOOLCHAIN": "local", **without_collector(memory_available())}
        if temporary:
            temporary.mkdir(parents=True, exist_ok=True)
            env["GOTMPDIR"] = str(temporary)
        return env

    def download(self, at: str, into: Path) -> dict[str, str]:
        """Fetch one module and return where its `GoMod` and `Dir` are."""
        into.mkdir(parents=True, exist_ok=True)
        answer = into / "module.json"
        argv = [self.program, "mod", "download", "-json", at]
        self.runner.run(argv, cwd=into, env=self.env(), stdout=answer, cure=CURE)
        found = json.loads(answer.read_text())
        return {key: str(value) for key, value in found.items()}


def memory_available() -> int:
    """Return how many bytes of memory are free for use; 2 GiB where the machine does not say."""
    try:
        known = re.search(r"MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text())
    except OSError:
        known = None
    return int(known[1]) * 1024 if known else 2 << 30


def without_collector(memory: int) -> dict[str, str]:
    """Keep Go's compilers from collecting garbage until memory runs short.

    They are short-lived: not collecting saves a quarter of the processor time. One runs per core.
    """
    share = max(memory // ((os.cpu_count() or 1) + 2), 512 << 20)
    return {"GOGC": "off", "GOMEMLIMIT": f"{share}B"}
