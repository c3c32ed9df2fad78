"""What the set-up found, for pytest: `.bootstrap.json` beside the project's conftest.py."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from bootstrap.context import Context
from bootstrap.steps import Failure, publish, write

SCHEMA = 1
NAME = ".bootstrap.json"


@dataclass(frozen=True)
class Result:
    """Absolute paths of the programs, names of the images."""

    kubernetes: str
    node_image: str
    kind: str
    kubectl: str
    docker: str
    images: dict[str, str]

    def save(self, repository: Path) -> None:
        """Write the file, whole or not at all; an equal one is left alone."""
        text = json.dumps({"schema": SCHEMA, **vars(self)}, indent=2) + "\n"
        path = repository / NAME
        if not path.exists() or path.read_text() != text:
            write(path, text)


def kubectl(context: Context, node_image: str) -> str:
    """Find kubectl on PATH, else copy the one inside the node image out."""
    title = "kubectl"
    cached = context.cache / "kubectl" / context.kubernetes / "kubectl"
    found = context.which("kubectl") or (str(cached) if cached.exists() else None)
    if found:
        context.board.kept(title, found)
        return found
    cure = f"Install kubectl, or look at whether {node_image} is a kind node image"
    with context.board.step(title, 3):
        created = context.runner.query(["docker", "create", node_image])
        if not created.ok:
            raise Failure(f"docker create failed: {created.err}", cure)
        box = created.out.strip()
        try:
            with publish(cached) as part:
                source = f"{box}:/usr/bin/kubectl"
                context.runner.run(["docker", "cp", source, str(part)], cure=cure)
        finally:
            context.runner.query(["docker", "rm", "-v", box])
    return str(cached)
