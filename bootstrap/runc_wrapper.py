"""An OCI runtime for machines that cannot grant CAP_SYS_RESOURCE: runc, asked for less.

Docker names every capability it knows when a container is privileged, and runc fails where the
machine's own bounding set has not all of them. This takes the one out of what Docker asks for.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # every `docker exec` waits for this program: it loads no more than it needs
    from typing import Any

WITHHELD = "CAP_SYS_RESOURCE"


def option(arguments: list[str], names: tuple[str, ...], default: str = "") -> str:
    """Return the value of a command line option: `--name value` or `--name=value`."""
    for at, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in names:
            if equals:
                return value
            if at + 1 < len(arguments):
                return arguments[at + 1]
    return default


def lessen(process: dict[str, Any]) -> None:
    """Take the capability, and what needs it, out of an OCI process description."""
    for granted in (process.get("capabilities") or {}).values():
        while granted and WITHHELD in granted:
            granted.remove(WITHHELD)
    if (process.get("oomScoreAdj") or 0) < 0:  # only the capability lets one go below zero
        process["oomScoreAdj"] = 0


def rewrite(path: str, *, inside: bool) -> None:
    """Lessen the process in a JSON file: the file itself or its key `process`."""
    with open(path) as file:  # noqa: PTH123
        spec = json.load(file)
    lessen(spec.get("process") or {} if inside else spec)
    with open(path, "w") as file:  # noqa: PTH123
        json.dump(spec, file)


def adapt(arguments: list[str]) -> None:
    """Rewrite the files that a runc command line names."""
    if "create" in arguments or "run" in arguments:
        bundle = option(arguments, ("--bundle", "-b"), ".")
        rewrite(f"{bundle}/config.json", inside=True)
    elif "exec" in arguments:
        process = option(arguments, ("--process", "-p"))
        if process:
            rewrite(process, inside=False)


if __name__ == "__main__":
    adapt(sys.argv[1:])
    for runc in ("/usr/bin/runc", "/usr/sbin/runc", "/usr/local/sbin/runc", "/usr/local/bin/runc"):
        if os.access(runc, os.X_OK):
            os.execv(runc, ["runc", *sys.argv[1:]])
    sys.exit("runc-without-sys-resource: there is no runc")
