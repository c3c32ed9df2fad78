"""Kubeconfig files for the fake API server."""

from __future__ import annotations

import base64
import json
from pathlib import Path


def write_kubeconfig(path: Path, url: str, *, name: str = "fake", authority: str = "") -> Path:
    cluster = {"server": url}
    if authority:
        cluster["certificate-authority-data"] = base64.b64encode(authority.encode()).decode()
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": name,
                "clusters": [{"name": name, "cluster": cluster}],
                "users": [{"name": name, "user": {"token": "t0ken"}}],
                "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            }
        )
    )
    return path
