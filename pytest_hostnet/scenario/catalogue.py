"""The catalogue page of a scenario folder; `python -m pytest_hostnet.scenario.catalogue`."""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_hostnet.scenario.model import FILE_NAME, load_scenario

_HEAD = """\
# Scenarios

Each folder is one behaviour: `scenario.yaml` says it in steps, the manifests beside it are what is
applied. Run one with `pytest --hostnet-scenarios scenarios/<behaviour>`. This page is written by
`python -m pytest_hostnet.scenario.catalogue`; a test keeps it true.
"""


def catalogue(folder: Path) -> str:
    """Return the page for every scenario under ``folder``, by topology and name."""
    found = [load_scenario(path) for path in folder.glob(f"*/{FILE_NAME}")]
    lines = [_HEAD]
    for one in sorted(found, key=lambda s: (s.topology.workers, str(s.topology), s.name)):
        steps = " → ".join(f"`{step.name}`" for step in one.steps)
        ports = ", ".join(map(str, one.ports)) or "none"
        lines += [
            f"## [{one.name}]({one.name}/{FILE_NAME})\n",
            f"**{one.title}.**\n",
            f"{one.explain.strip()}\n",
            f"- Source: {one.source}",
            f"- Cluster: {one.topology}; node ports: {ports}",
            f"- Steps: {steps}\n",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(catalogue(Path(sys.argv[1] if len(sys.argv) > 1 else "scenarios")))
