"""Texts and types that the tests of whole pytest runs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

HEAD = "title: t\nsource: s\nexplain: e\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"
Run = Callable[..., pytest.RunResult]
AddScenario = Callable[..., Path]
