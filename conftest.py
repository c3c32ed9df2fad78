"""Defaults of a checkout: what `make setup` found or built on this machine.

Options given on the command line win. Other repositories have no such file; there the
options (or their ini twins) say where things are.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

_FOUND = Path(__file__).parent / ".bootstrap.json"


def pytest_configure(config: pytest.Config) -> None:
    """Fill in the options that were left open."""
    if not _FOUND.is_file():
        return
    found = json.loads(_FOUND.read_text(encoding="utf-8"))
    for option, value in (
        ("kind_image", found["node_image"]),
        ("kind_bin", found["kind"]),
        ("kind_kubectl_bin", found["kubectl"]),
    ):
        gone = option != "kind_image" and not Path(value).is_file()
        if getattr(config.option, option, None) is None and not gone:
            setattr(config.option, option, value)
    named = {entry.partition("=")[0] for entry in config.option.hostnet_image or ()}
    stand_ins = [f"{k}={v}" for k, v in found["images"].items() if k not in named]
    if stand_ins:
        config.option.hostnet_image = [*stand_ins, *(config.option.hostnet_image or ())]
