"""Container images written as files: layers are tar archives, an image is a list of them.

Images made this way need no builder, and those that share a layer share its bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from bootstrap.steps import publish

LABEL = "io.github.pytest-hostnet.recipe"  # says that, and from what, we made an image
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Entry:
    """One thing in a layer: a file with its bytes, a file copied from disk, a link or a folder."""

    path: str
    text: bytes | None = None
    source: Path | None = None
    link: str | None = None
    mode: int = 0o644


@dataclass(frozen=True)
class Layer:
    """A finished layer: its archive and the SHA-256 of that archive."""

    archive: Path
    digest: str


@dataclass(frozen=True)
class Image:
    """An image: its names, its layers from the lowest up, and how its containers start."""

    tag: str
    layers: Sequence[Layer]
    config: Mapping[str, object] = field(default_factory=dict)


class _Hashing(io.RawIOBase):
    """A file to write to that knows the SHA-256 of what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.sha = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.sha.update(data)
        return self.file.write(data)


def layer(
    final: Path,
    entries: Sequence[Entry],
    base: Path | None = None,
    keep: Callable[[str], bool] = lambda _: True,
) -> Layer:
    """Write a layer: the members of `base` whose path is to be kept, then the entries."""
    with publish(final) as part, part.open("wb") as file:
        hashing = _Hashing(file)
        with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.PAX_FORMAT) as out:
            if base:
                _copy(base, out, keep)
            # A layer has a path once (docker load insists on it): what was said last holds.
            for entry in {entry.path: entry for entry in entries}.values():
                _add(out, entry)
        digest = hashing.sha.hexdigest()
    return Layer(final, digest)


def _copy(base: Path, out: tarfile.TarFile, keep: Callable[[str], bool]) -> None:
    with tarfile.open(base, mode="r|") as source:
        for member in source:
            member.name = member.name.removeprefix("./")
            if member.islnk():
                member.linkname = member.linkname.removeprefix("./")
            if member.name in ("", ".") or not keep(member.name):
                continue
            out.addfile(member, source.extractfile(member) if member.isreg() else None)


def _add(out: tarfile.TarFile, entry: Entry) -> None:
    # Owner root and time zero: the same content is the same layer, whoever builds it.
    info = tarfile.TarInfo(entry.path.strip("/"))
    info.mode = entry.mode
    if entry.link is not None:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.link, 0o777
        out.addfile(info)
    elif entry.source is not None:
        info.size = entry.source.stat().st_size
        with entry.source.open("rb") as file:
            out.addfile(info, file)
    elif entry.text is not None:
        info.size = len(entry.text)
        out.addfile(info, io.BytesIO(entry.text))
    else:
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        out.addfile(info)


def architecture() -> str:
    """Name this machine's architecture as image configurations do."""
    machine = platform.machine()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)


def configuration(image: Image) -> bytes:
    """Make the image's configuration file, the same bytes for the same image."""
    config = {
        "architecture": architecture(),
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {"Env": [PATH], "Labels": {LABEL: "parts"}, **image.config},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{one.digest}" for one in image.layers]},
        "history": [
            {"created": "1970-01-01T00:00:00Z", "created_by": "hostnet"} for _ in image.layers
        ],
    }
    return json.dumps(config, sort_keys=True).encode()


def save(final: Path, images: Sequence[Image]) -> Path:
    """Write the images as one archive that `docker load` and `ctr images import` read."""
    manifest, blobs = [], {}
    for image in images:
        config = configuration(image)
        name = hashlib.sha256(config).hexdigest() + ".json"
        blobs[name] = config
        layers = [f"{one.digest}/layer.tar" for one in image.layers]
        manifest.append({"Config": name, "RepoTags": [image.tag], "Layers": layers})
    files = {f"{one.digest}/layer.tar": one.archive for image in images for one in image.layers}
    entries = [Entry(name, text=blob) for name, blob in blobs.items()]
    entries += [Entry(name, source=path) for name, path in files.items()]
    entries.append(Entry("manifest.json", text=json.dumps(manifest).encode()))
    layer(final, entries)
    return final
