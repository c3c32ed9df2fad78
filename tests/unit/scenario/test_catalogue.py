"""The catalogue page is what the scenarios say."""

from __future__ import annotations

from pytest_hostnet.glue.collection import shipped_scenarios
from pytest_hostnet.scenario.catalogue import catalogue


def test_the_catalogue_is_current() -> None:
    page = shipped_scenarios() / "README.md"
    assert page.read_text() == catalogue(page.parent), (
        "write it anew: python -m pytest_hostnet.scenario.catalogue > scenarios/README.md"
    )
