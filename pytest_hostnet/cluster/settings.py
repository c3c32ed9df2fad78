"""How clusters are made: what the options say, without the options."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pytest_hostnet.manifests.images import ImageMap


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """How to make a cluster; the first five have pytest-kind's meaning."""

    image: str | None = None
    kind_bin: Path | None = None
    kubectl_bin: Path | None = None
    kubeconfig: Path | None = None
    keep: bool = False
    images: ImageMap = field(default_factory=ImageMap)
    ready_seconds: float = 180.0
