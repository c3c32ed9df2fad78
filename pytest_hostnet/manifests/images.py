"""Local stand-ins for images that cannot be pulled."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.kinds import Obj

_REFERENCE = re.compile(r"[a-z0-9]+[\w.:/@-]*")


@dataclass(frozen=True, slots=True)
class ImageMap:
    """Which image to run in place of which; names as manifests write them."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, entries: Iterable[str], *, option: str = "--hostnet-image") -> ImageMap:
        """Read ``NAME=STAND-IN`` entries; later ones win. Raises HostnetError for bad ones."""
        pairs: dict[str, str] = {}
        for entry in entries:
            name, equals, stand_in = (part.strip() for part in entry.partition("="))
            if not (equals and _REFERENCE.fullmatch(name) and _REFERENCE.fullmatch(stand_in)):
                raise HostnetError(
                    f"{option} {entry!r}",
                    expected="IMAGE=STAND-IN, such as nginx:alpine=registry.example/nginx:alpine",
                )
            pairs[name] = stand_in
        return cls(tuple(pairs.items()))

    def put_in(self, manifest: Obj) -> Obj:
        """Return the manifest with every mapped container image replaced.

        A stand-in without a registry of its own is local: `imagePullPolicy` becomes
        IfNotPresent where the manifest leaves it open, else the kubelet would ask a registry
        for tags like `latest`.
        """
        known = {full_name(name): stand_in for name, stand_in in self.pairs}
        return {key: _replace(value, known) for key, value in manifest.items()}

    def __str__(self) -> str:
        """List the pairs for the report header."""
        return ", ".join(f"{name} → {stand_in}" for name, stand_in in self.pairs)


def full_name(image: str) -> str:
    """Complete a short name as the runtime does: nginx is docker.io/library/nginx:latest."""
    first, slash, _ = image.partition("/")
    if not slash:
        image = f"docker.io/library/{image}"
    elif "." not in first and ":" not in first and first != "localhost":
        image = f"docker.io/{image}"
    return image if re.search(r"[:@][^/]*$", image) else f"{image}:latest"


def _replace(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_replace(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    new = {key: _replace(item, known) for key, item in value.items()}
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        for container in new.get(kind) or () if isinstance(new.get(kind), list) else ():
            image = container.get("image") if isinstance(container, dict) else None
            if isinstance(image, str) and full_name(image) in known:
                container["image"] = known[full_name(image)]
                container.setdefault("imagePullPolicy", "IfNotPresent")
    return new
