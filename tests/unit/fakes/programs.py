"""Stub executables: each answers the calls it was told of, records all, and refuses the rest."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_REFUSED = 97
_SCRIPT = """\
#!{python} -IS
import json, sys, time
name, arguments = {name!r}, sys.argv[1:]
folder = {folder!r}
with open(folder + "/calls", "a") as calls:
    calls.write(json.dumps([name, *arguments]) + "\\n")
rules = json.load(open(folder + "/" + name + ".rules"))
fitting = [rule for rule in rules if arguments[: len(rule["arguments"])] == rule["arguments"]]
if not fitting:
    with open(folder + "/unexpected", "a") as unexpected:
        unexpected.write(name + " " + " ".join(arguments) + "\\n")
    sys.exit({refused})
rule = fitting[-1]
given = dict(one[2:].partition("=")[::2] for one in arguments if one.startswith("--"))
if rule["kubeconfig"]:
    with open(given["kubeconfig"], "w") as file:
        file.write(rule["kubeconfig"].replace("NAME", "kind-" + given["name"]))
print(rule["output"], end="", flush=True)
print(rule["error"], end="", file=sys.stderr, flush=True)
time.sleep(rule["sleep"])
sys.exit(rule["code"])
"""


class Programs:
    """A folder for PATH with stub programs in it."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self._folder = folder
        self._rules: dict[str, list[dict[str, Any]]] = {}

    def add(
        self,
        command: str,
        *,
        output: str = "",
        error: str = "",
        code: int = 0,
        sleep: float = 0,
        kubeconfig: str = "",
    ) -> None:
        """Answer calls that begin with the words of ``command``; the latest fitting rule wins.

        With ``kubeconfig`` (NAME in it stands for the context's name) the call writes that text
        to its --kubeconfig.
        """
        name, *arguments = command.split()
        rules = self._rules.setdefault(name, [])
        rules.append(
            {
                "arguments": arguments,
                "output": output,
                "error": error,
                "code": code,
                "sleep": sleep,
                "kubeconfig": kubeconfig,
            }
        )
        (self._folder / f"{name}.rules").write_text(json.dumps(rules))
        script = self.bin / name
        script.write_text(
            _SCRIPT.format(
                python=sys.executable, name=name, folder=str(self._folder), refused=_REFUSED
            )
        )
        script.chmod(0o755)

    def docker(self) -> None:
        """Add a docker whose engine answers and has a kind node image called node-image."""
        self.add("docker version", output="29.0.0\n")
        self.add("docker image inspect", error="no such image\n", code=1)
        self.has_image("node-image", '["/usr/local/bin/entrypoint","/sbin/init"]')

    def has_image(self, image: str, entrypoint: str) -> None:
        inspect = "docker image inspect --format"
        self._rules["docker"].append(
            {
                "arguments": [*inspect.split()[1:], "{{json .Config.Entrypoint}}", image],
                "output": entrypoint,
                "error": "",
                "code": 0,
                "sleep": 0,
                "kubeconfig": "",
            }
        )
        (self._folder / "docker.rules").write_text(json.dumps(self._rules["docker"]))

    def kind(self, kubeconfig: str = "") -> None:
        """Add a kind that has no clusters, and creates and deletes them at once."""
        self.add("kind get clusters")
        self.add("kind create cluster", kubeconfig=kubeconfig)
        self.add("kind delete cluster")

    def calls(self, beginning: str = "") -> list[str]:
        """Return the calls so far that begin so, each as one line."""
        file = self._folder / "calls"
        lines = file.read_text().splitlines() if file.is_file() else []
        found = [" ".join(json.loads(line)) for line in lines]
        return [call for call in found if call.startswith(beginning)]

    def unexpected(self) -> list[str]:
        file = self._folder / "unexpected"
        return file.read_text().splitlines() if file.is_file() else []
