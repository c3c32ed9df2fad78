"""Manifest files to Kubernetes objects, with the mistakes found here that the API words badly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_hostnet.manifests.yaml_source import Document, SourceError, Where, parse, read
from pytest_hostnet.watching.kinds import Obj

ManifestLike = str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""A path, YAML text (anything with a line break), one object, or a list of objects."""

_TEXT_KEYS = {"name", "namespace", "image", "nodeName", "generateName", "serviceName"}
_TEXT_MAPS = {"labels", "annotations", "matchLabels", "nodeSelector"}


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object and where it was written."""

    obj: Obj
    source: str

    @property
    def title(self) -> str:
        """Return kind/name as kubectl shows it."""
        return f"{self.obj['kind']}/{self.obj['metadata']['name']}"


def load(manifest: ManifestLike) -> list[Manifest]:
    """Read every object of a manifest, ``List`` kinds opened.

    Raises SourceError with file:line for what is not a manifest, and for values that YAML 1.1
    read as something else than the text that was meant.
    """
    found = [
        Manifest(obj, document.at(where))
        for document in _documents(manifest)
        for obj, where in _objects(document, document.data, ())
    ]
    if not found:
        raise SourceError(
            f"{manifest if isinstance(manifest, Path) else 'the manifest'}: no objects in it",
            expected="one or more Kubernetes objects",
        )
    return found


def _documents(manifest: ManifestLike) -> list[Document]:
    if isinstance(manifest, Mapping):
        return [Document(Path("<manifest>"), dict(manifest))]
    if isinstance(manifest, Path) or (isinstance(manifest, str) and "\n" not in manifest):
        path = Path(manifest)
        if "://" in str(manifest) or str(manifest).startswith(("http:/", "https:/")):
            raise SourceError(f"{manifest}: a URL", expected="a local file; nothing is downloaded")
        return read(path)
    if isinstance(manifest, str):
        return parse(manifest, Path("<manifest>"))
    return [Document(Path(f"<manifest[{n}]>"), dict(one)) for n, one in enumerate(manifest)]


def _objects(document: Document, data: Any, where: Where) -> list[tuple[Obj, Where]]:
    place = document.at(where)
    if not isinstance(data, dict):
        raise SourceError(
            f"{place}: a {type(data).__name__} where an object should be",
            expected="a mapping with apiVersion, kind and metadata",
        )
    if str(data.get("kind")).endswith("List") and isinstance(data.get("items"), list):
        return [
            one
            for n, item in enumerate(data["items"])
            for one in _objects(document, item, (*where, "items", n))
        ]
    for key in ("apiVersion", "kind"):
        if not isinstance(data.get(key), str) or not data[key]:
            raise SourceError(
                f"{place}: no {key} in this object",
                expected="apiVersion, kind and metadata.name",
            )
    metadata = data.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        if isinstance(metadata, dict) and "name" in metadata:
            _check_text(document, data, where)
        raise SourceError(f"{place}: {data['kind']} without metadata.name")
    _check_text(document, data, where)
    return [(data, where)]


def _check_text(document: Document, value: Any, where: Where) -> None:
    """Find values that must be text and are not, before the API server names only the field."""
    if isinstance(value, list):
        for n, item in enumerate(value):
            _check_text(document, item, (*where, n))
        return
    if not isinstance(value, dict):
        return
    inside_text_map = bool(where) and where[-1] in _TEXT_MAPS
    for key, item in value.items():
        if (inside_text_map or key in _TEXT_KEYS) and isinstance(item, (bool, int, float)):
            raise SourceError(
                f"{document.at((*where, key))}: {key} is {item!r}, "
                f"{'a boolean' if isinstance(item, bool) else 'a number'} in YAML 1.1",
                expected="text",
                next_step="put the value in quotes",
            )
        _check_text(document, item, (*where, key))
