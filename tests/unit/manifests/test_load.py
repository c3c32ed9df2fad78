"""Manifests to objects, with mistakes named before the API sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_hostnet.manifests.load import load
from pytest_hostnet.manifests.yaml_source import SourceError

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"


def refusal(manifest: object) -> str:
    with pytest.raises(SourceError) as caught:
        load(manifest)
    return str(caught.value)


def titles(manifest: object) -> list[str]:
    return [one.title for one in load(manifest)]


def test_a_file_text_an_object_and_a_list_are_all_manifests(tmp_path: Path) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text(POD)
    obj = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}
    for manifest in (path, str(path), POD, obj, [obj]):
        (one,) = load(manifest)
        assert (one.obj, one.title) == (obj, "Pod/web")


def test_every_document_knows_where_it_was_written() -> None:
    other = POD.replace("web", "db")
    assert [one.source for one in load(f"{POD}---\n{other}")] == ["<manifest>:1", "<manifest>:5"]


def test_lists_are_opened_also_within_lists() -> None:
    inner = f"- {POD.replace(chr(10), chr(10) + '  ').rstrip()}\n"
    items = "".join(f"  {line}\n" for line in inner.splitlines())
    text = f"apiVersion: v1\nkind: List\nitems:\n{inner}- kind: PodList\n  items:\n{items}"
    assert titles(text) == ["Pod/web", "Pod/web"]


@pytest.mark.parametrize("text", ["\n", "---\n---\n", "# nothing\n", "kind: List\nitems: []\n"])
def test_a_manifest_without_objects_is_refused(text: str) -> None:
    assert refusal(text) == (
        "the manifest: no objects in it\n  expected: one or more Kubernetes objects"
    )


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.touch()
    assert refusal(path).startswith(f"{path}: no objects in it")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"{POD}---\nkind: Pod\nmetadata: {{name: web}}\n",
            (
                "<manifest>:5: no apiVersion in this object\n"
                "  expected: apiVersion, kind and metadata.name"
            ),
        ),
        (
            "apiVersion: v1\nmetadata: {name: web}\n",
            "<manifest>:1: no kind in this object\n  expected: apiVersion, kind and metadata.name",
        ),
        (
            "apiVersion: v1\nkind: [Pod]\nmetadata: {name: web}\n",
            "<manifest>:1: no kind in this object\n  expected: apiVersion, kind and metadata.name",
        ),
        (
            "apiVersion: v1\nkind:\nmetadata: {name: web}\n",
            "<manifest>:1: no kind in this object\n  expected: apiVersion, kind and metadata.name",
        ),
        ("apiVersion: v1\nkind: Pod\n", "<manifest>:1: Pod without metadata.name"),
        ("apiVersion: v1\nkind: Pod\nmetadata: web\n", "<manifest>:1: Pod without metadata.name"),
        (
            "- a\n- b\n",
            (
                "<manifest>:1: a list where an object should be\n"
                "  expected: a mapping with apiVersion, kind and metadata"
            ),
        ),
        (
            "kind: List\nitems:\n- text\n",
            (
                "<manifest>:3: a str where an object should be\n"
                "  expected: a mapping with apiVersion, kind and metadata"
            ),
        ),
    ],
)
def test_what_is_no_object_is_refused_with_its_line(text: str, said: str) -> None:
    assert refusal(text) == said


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("n", "False, a boolean"),
        ("on", "True, a boolean"),
        ("no", "False, a boolean"),
        ("off", "False, a boolean"),
        ("0", "0, a number"),
        ("1.5", "1.5, a number"),
    ],
)
def test_a_name_that_yaml_reads_otherwise_is_refused(written: str, read: str) -> None:
    assert refusal(f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {written}\n") == (
        f"<manifest>:4: name is {read} in YAML 1.1\n"
        "  expected: text\n  next:     put the value in quotes"
    )


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("  labels: {app: nginx, version: 1.10}", "version"),
        ("  annotations: {enabled: true}", "enabled"),
        ("spec: {nodeName: 1}", "nodeName"),
        ("spec: {nodeSelector: {gpu: yes}}", "gpu"),
        ("spec: {containers: [{name: 5}]}", "name"),
        ("spec: {containers: [{name: x, image: 1.27}]}", "image"),
    ],
)
def test_values_that_must_be_text_are_refused_with_their_line(line: str, key: str) -> None:
    text = f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n{line}\n"
    assert refusal(text).startswith(f"<manifest>:5: {key} is ")


def test_numbers_and_booleans_elsewhere_are_fine() -> None:
    assert titles(f"{POD}spec: {{hostNetwork: true, priority: 5}}\n") == ["Pod/web"]


@pytest.mark.parametrize("url", ["https://example.com/pod.yaml", "file:///etc/passwd", "http:/x"])
def test_a_url_is_refused(url: str) -> None:
    assert refusal(url) == f"{url}: a URL\n  expected: a local file; nothing is downloaded"
