"""Which node image and which nginx image are used."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stub_machine import Machine

from bootstrap import images
from bootstrap.context import Context
from bootstrap.images import Choice, Chooser, pull
from bootstrap.steps import Failure
from nodeimage.build import Build, recipe

KINDEST = "kindest/node:v1.37.2"
RELEASED = images.RELEASED["v1.37"]
FROM_HERE = {"nginx:alpine": "nginx:alpine"}
OWN = "hostnet/node:v1.37.2"
STAND_IN = {"nginx:alpine": "hostnet/nginx:trixie"}


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    monkeypatch.setattr(Build, "node", lambda _self, tag: made.append(tag))
    monkeypatch.setattr(Build, "nginx", lambda _self: made.append("nginx"))
    return made


def _pulls(machine: Machine) -> list[str]:
    return [call.split()[-1] for call in machine.calls if call.startswith("docker pull")]


@pytest.mark.parametrize(
    ("explicit", "local", "pullable", "node", "pulled", "built"),
    [
        # asked for by name: that one, wherever it comes from, and never a build
        ("my/node", ["my/node", KINDEST], [], "my/node", [], []),
        ("my/node", [], ["my/node"], "my/node", ["my/node"], []),
        # what is here comes first
        (None, [KINDEST, OWN], [], KINDEST, [], []),
        # built before
        (None, [OWN], [KINDEST], OWN, [], []),
        # a released image of the same minor version will do, here or from the registry
        (None, [RELEASED, OWN], [], RELEASED, [], []),
        (None, [], [RELEASED, KINDEST], RELEASED, [RELEASED], []),
        (None, [], [KINDEST], KINDEST, [RELEASED, KINDEST], []),
        # nowhere to be had
        (None, [], [], OWN, [RELEASED, KINDEST], [OWN]),
    ],
)
def test_node_image(
    machine: Machine,
    context: Context,
    builds: list[str],
    explicit: str | None,
    local: list[str],
    pullable: list[str],
    node: str,
    pulled: list[str],
    built: list[str],
) -> None:
    there = "|".join(pullable) or "nothing"
    machine.docker(
        "nginx:alpine",
        *local,
        pulls=f"case $2 in {there}) echo Pulling from x;; *) echo denied >&2; exit 1;; esac",
        then=f"echo {recipe('v1.37.2')}",
    )
    assert Chooser(context, explicit).choose() == Choice(node, FROM_HERE)
    assert _pulls(machine) == pulled
    assert builds == built


def test_an_exact_version_is_never_exchanged_for_another(
    machine: Machine, context: Context, builds: list[str]
) -> None:
    machine.docker("nginx:alpine", RELEASED)
    context.exact = True
    assert Chooser(context).choose().node == OWN
    assert builds == [OWN]


def test_image_of_another_recipe_is_built_again(
    machine: Machine, context: Context, builds: list[str]
) -> None:
    machine.docker("nginx:alpine", OWN, then="echo older")
    Chooser(context).choose()
    assert builds == [OWN]


def test_named_image_that_cannot_be_had_is_an_error(
    machine: Machine, context: Context, builds: list[str]
) -> None:
    machine.docker()
    with pytest.raises(Failure, match="NODE_IMAGE=my/node"):
        Chooser(context, "my/node").choose()
    assert builds == []


@pytest.mark.parametrize(
    ("local", "pullable", "mapping", "built"),
    [
        (["nginx:alpine", "hostnet/nginx:trixie"], False, FROM_HERE, []),
        (["hostnet/nginx:trixie"], False, STAND_IN, []),
        ([], True, FROM_HERE, []),
        ([], False, STAND_IN, ["nginx"]),
    ],
)
def test_nginx_image(
    machine: Machine,
    context: Context,
    builds: list[str],
    local: list[str],
    pullable: bool,
    mapping: dict[str, str],
    built: list[str],
) -> None:
    machine.docker(KINDEST, *local, pulls="exit 0" if pullable else "exit 1")
    assert Chooser(context).choose() == Choice(KINDEST, mapping)
    assert builds == built


def test_failed_pull_is_not_tried_again_until_the_network_changes(
    machine: Machine, context: Context, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.docker("nginx:alpine")
    for _ in range(2):
        Chooser(context).choose()
    assert _pulls(machine) == [RELEASED, KINDEST]
    monkeypatch.setenv("HTTPS_PROXY", "http://192.0.2.1:3128")
    Chooser(context).choose()
    assert _pulls(machine) == [RELEASED, KINDEST] * 2
    assert builds == [OWN] * 3


def test_other_registry_is_asked_and_its_images_get_their_usual_names(
    machine: Machine, context: Context, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTNET_REGISTRY", "localhost:5000/")
    machine.docker(pulls="exit 0")
    context.exact = True
    assert Chooser(context).choose() == Choice(KINDEST, FROM_HERE)
    assert _pulls(machine) == [f"localhost:5000/{KINDEST}", "localhost:5000/library/nginx:alpine"]
    assert f"docker tag localhost:5000/{KINDEST} {KINDEST}" in machine.calls
    assert "docker tag localhost:5000/library/nginx:alpine nginx:alpine" in machine.calls
    assert builds == []


def test_an_image_with_a_digest_keeps_the_name_of_its_registry(
    machine: Machine, context: Context, builds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTNET_REGISTRY", "localhost:5000")
    machine.docker("nginx:alpine", pulls="exit 0")
    assert Chooser(context).choose().node == f"localhost:5000/{RELEASED}"
    assert builds == []


def test_silent_registry_is_given_up(
    machine: Machine, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "FIRST_ANSWER", 0.3)
    machine.docker(pulls="exec sleep 60")
    with pytest.raises(Failure):
        pull(context.runner, KINDEST)


def test_registry_that_has_begun_is_waited_for(
    machine: Machine, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "FIRST_ANSWER", 0.5)
    machine.docker(pulls="echo v1.37.2: Pulling from kindest/node; sleep 1.2")
    pull(context.runner, KINDEST)


def test_why_it_builds_is_said(
    machine: Machine,
    context: Context,
    builds: list[str],
    screen: Callable[[], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine.docker("nginx:alpine", pulls="echo 'no route to host' >&2; exit 1")
    Chooser(context).choose()
    said = capsys.readouterr().out
    assert "no route to host" in said
    assert "12 minutes" in said
    assert f"pull {KINDEST}: not done" in screen()
    assert builds
