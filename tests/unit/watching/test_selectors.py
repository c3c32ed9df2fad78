"""Label selectors in kubectl's own syntax."""

from __future__ import annotations

import pytest
from fakes.objects import pod

from pytest_hostnet.system.errors import HostnetError
from pytest_hostnet.watching.selectors import EVERYTHING, Selector

LABELS = {"app": "nginx", "tier": "web", "kubernetes.io/name": "x", "empty": ""}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("app=nginx", True),
        ("app==nginx", True),
        ("app = nginx", True),
        ("app=apache", False),
        ("missing=nginx", False),
        ("app!=nginx", False),
        ("app!=apache", True),
        ("missing!=nginx", True),
        ("app in (apache, nginx)", True),
        ("app in (apache)", False),
        ("missing in (nginx)", False),
        ("app notin (nginx)", False),
        ("app notin (apache,caddy)", True),
        ("missing notin (nginx)", True),
        ("app", True),
        ("missing", False),
        ("!missing", True),
        ("!app", False),
        ("kubernetes.io/name=x", True),
        ("empty=", True),
        ("app=", False),
        ("app=nginx,tier=web", True),
        ("app=nginx, tier in (db, web), !missing", True),
        ("app=nginx,tier=db", False),
    ],
)
def test_a_selector_matches_as_kubectl_would(text: str, matches: bool) -> None:
    assert Selector.parse(text).matches(pod("one", labels=LABELS)) is matches


def test_a_pod_without_labels_matches_everything_and_nothing_else() -> None:
    bare = pod("one")
    bare["metadata"]["labels"] = None
    assert EVERYTHING.matches(bare)
    assert not Selector.parse("app").matches(bare)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("=nginx", "=nginx"),
        ("app=nginx;tier=web", "app=nginx;tier=web"),
        ("app=a=b", "app=a=b"),
        ("app in nginx", "app in nginx"),
        ("app in (a", "app in (a"),
        ("app=nginx,,tier", ",tier"),
        ("app=nginx tier=web", "app=nginx tier=web"),
        ("app>1", "app>1"),
        ("app=nginx,!", "!"),
    ],
)
def test_a_selector_that_cannot_be_read_says_where(text: str, at: str) -> None:
    with pytest.raises(HostnetError) as caught:
        Selector.parse(text)
    assert str(caught.value) == (
        f"cannot read label selector {text!r} at {at!r}\n"
        "  expected: terms like app=nginx, tier!=db, app in (a, b), app, !app, "
        "separated by commas"
    )
