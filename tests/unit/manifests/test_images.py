"""Stand-ins for images."""

from __future__ import annotations

import copy

import pytest

from pytest_hostnet.manifests.images import ImageMap, full_name
from pytest_hostnet.system.errors import HostnetError

MAP = ImageMap.parse(["nginx:alpine=local/nginx:1", "docker.io/library/busybox=local/busybox:1"])


def deployment(image: str, **more: object) -> dict:
    spec = {"containers": [{"name": "c", "image": image, **more}]}
    return {"kind": "Deployment", "spec": {"template": {"spec": spec}}}


def container(manifest: dict) -> dict:
    return MAP.put_in(manifest)["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:alpine", "docker.io/library/nginx:alpine"),
        ("bitnami/nginx", "docker.io/bitnami/nginx:latest"),
        ("localhost/nginx", "localhost/nginx:latest"),
        ("localhost:5000/nginx", "localhost:5000/nginx:latest"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
        ("nginx@sha256:abc", "docker.io/library/nginx@sha256:abc"),
    ],
)
def test_a_short_name_is_completed_as_the_runtime_does(image: str, full: str) -> None:
    assert full_name(image) == full


@pytest.mark.parametrize(
    "image", ["nginx:alpine", "library/nginx:alpine", "docker.io/library/nginx:alpine"]
)
def test_every_spelling_of_an_image_is_replaced(image: str) -> None:
    assert container(deployment(image))["image"] == "local/nginx:1"


def test_a_name_without_a_tag_is_the_latest() -> None:
    assert container(deployment("busybox"))["image"] == "local/busybox:1"
    assert container(deployment("busybox:1.36"))["image"] == "busybox:1.36"


@pytest.mark.parametrize("image", ["nginx", "nginx:1.27", "other/nginx:alpine", "nginx-alpine"])
def test_other_images_stay(image: str) -> None:
    assert container(deployment(image)) == {"name": "c", "image": image}


def test_a_pull_policy_that_is_open_becomes_if_not_present() -> None:
    assert container(deployment("nginx:alpine"))["imagePullPolicy"] == "IfNotPresent"
    chosen = deployment("nginx:alpine", imagePullPolicy="Always")
    assert container(chosen)["imagePullPolicy"] == "Always"


def test_init_and_ephemeral_containers_are_replaced_too() -> None:
    pod = {
        "spec": {
            kind: [{"image": "nginx:alpine"}] for kind in ("initContainers", "ephemeralContainers")
        }
    }
    spec = MAP.put_in(pod)["spec"]
    assert [spec[kind][0]["image"] for kind in spec] == ["local/nginx:1"] * 2


def test_the_given_manifest_is_not_changed() -> None:
    manifest = deployment("nginx:alpine")
    before = copy.deepcopy(manifest)
    MAP.put_in(manifest)
    assert manifest == before


def test_a_manifest_of_another_shape_passes() -> None:
    odd = {"data": {"containers": "nginx:alpine"}, "spec": {"containers": ["nginx:alpine", None]}}
    assert MAP.put_in(odd) == odd


def test_later_entries_win() -> None:
    both = ImageMap.parse(["nginx=first", " nginx = second "])
    assert both.pairs == (("nginx", "second"),)
    assert str(both) == "nginx → second"


@pytest.mark.parametrize("entry", ["nginx", "=x", "nginx=", "a b=c", "nginx=Bad", "nginx==x", ""])
def test_a_bad_entry_is_refused(entry: str) -> None:
    with pytest.raises(HostnetError) as caught:
        ImageMap.parse([entry])
    assert str(caught.value) == (
        f"--hostnet-image {entry!r}\n"
        "  expected: IMAGE=STAND-IN, such as nginx:alpine=registry.example/nginx:alpine"
    )
